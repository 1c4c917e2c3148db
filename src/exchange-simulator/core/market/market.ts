import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CalendarError, isFullTradingDay } from '../../../domain/calendar/index.ts';
import { addDays, istDate } from '../../../domain/clock.ts';
import type { Bar, IsoDate, MarketMs, OptionContract, Paise } from '../../../domain/types.ts';
import { readCandleFile } from '../../../platform/candle-files.ts';
import { valueAtExpiry } from '../contracts.ts';
import { type DayTables, readDayTables, vixAt } from './day-tables.ts';
import { generateBars } from './generated-bars.ts';
import { createIndexHistory } from './index-history.ts';
import { premium } from './premium.ts';

const BUNDLE = fileURLToPath(new URL('../../../../data/', import.meta.url));
const BUNDLED_CANDLES = `${BUNDLE}nifty_1h_2025-07-07_2025-07-18.csv`;

/** A generated market begins so many days before the asked date, since signals need the week before, and goes on so long after it. */
const GENERATED_DAYS_BEFORE = 21;
const GENERATED_DAYS_AFTER = 60;
const GENERATED_START: Paise = 2_500_000;

export type MarketOptions = { candles?: string; at?: MarketMs; from?: IsoDate; to?: IsoDate; seed: number };

export type MarketSource = {
  /** Ascending bars of the index, at least one, of `minutes` each (a day's last one may be shorter). */
  bars: readonly Bar[];
  minutes: number;
  /** Where they come from, in words for a person. */
  provenance: string;
  /** Decides the path inside each bar. */
  seed: number;
  /** Whose tables of India VIX and official closes override the bundled ones. */
  candlesFolder?: string;
  from?: IsoDate;
};

export type Market = ReturnType<typeof createMarket>;

/** The market of a candle file, or a generated one. Throws AppError when the file is missing or broken. */
export async function openMarket(options: MarketOptions): Promise<Market> {
  const { candles, from, seed } = options;
  return createMarket({
    ...(await chooseBars(options)),
    seed,
    ...(candles === undefined ? {} : { candlesFolder: dirname(candles) }),
    ...(from === undefined ? {} : { from }),
  });
}

/**
 * The prices of one market: the recorded index, India VIX and official closes where they are known, and option prices modelled from
 * them. All are pure functions of the market time, so that one market serves any number of exchanges.
 */
export function createMarket({ bars, minutes, provenance, seed, candlesFolder, from = '' }: MarketSource) {
  const index = createIndexHistory(bars, minutes * 60_000, seed);
  const tables = tablesWith(candlesFolder);
  const vix = (at: MarketMs): number => vixAt(tables.vix, istDate(at), at);
  const officialClose = (date: IsoDate): Paise | undefined => tables.officialClose.get(date) ?? index.closeOf(date);

  return {
    /** Where the prices come from, in words for a person. */
    provenance,
    index,
    vix,
    /** The first instant with a bar on or after a date, for a clock that was not told where to begin. */
    firstDate: index.dates.find((date) => date >= from) ?? istDate(index.first),

    /** An option's modelled price at an instant. */
    premium: (contract: OptionContract, at: MarketMs): Paise => premium(contract, index.priceAt(at), vix(at), at),

    /** NSE's official close, a half-hour average, or the last bar's close where no table has it. */
    officialClose,

    /** The newest official close before a date; the first bar's open where there is none. */
    closeBefore(date: IsoDate): Paise {
      const before = index.dateBefore(date);
      return (before === undefined ? undefined : officialClose(before)) ?? index.priceAt(index.first);
    },

    /** What a contract is worth at its end, by the official close of its expiry day. */
    settlement(contract: OptionContract): Paise {
      const close = officialClose(contract.expiry) ?? index.priceAt(Date.parse(`${contract.expiry}T10:00:00Z`));
      return valueAtExpiry(contract, close);
    },
  };
}

let bundled: DayTables | undefined;

/** The bundle's tables, which no process sees change, and a folder's own over them. */
function tablesWith(folder: string | undefined): DayTables {
  bundled ??= readDayTables([BUNDLE]);
  if (folder === undefined) return bundled;
  const own = readDayTables([folder]);
  return {
    vix: new Map([...bundled.vix, ...own.vix]),
    officialClose: new Map([...bundled.officialClose, ...own.officialClose]),
  };
}

type ChosenBars = { bars: Bar[]; minutes: number; provenance: string };

async function chooseBars({ candles, at, from, to, seed }: MarketOptions): Promise<ChosenBars> {
  const file = candles ?? BUNDLED_CANDLES;
  const recorded = await readCandleFile(file);
  const date = from ?? (at === undefined ? undefined : istDate(at));
  if (date === undefined || covers(recorded.bars, date))
    return {
      ...recorded,
      provenance: `Recorded index candles (${basename(file)}); the path inside a candle and all option prices are modelled.`,
    };
  const days = fullTradingDays(addDays(date, -GENERATED_DAYS_BEFORE), to ?? addDays(date, GENERATED_DAYS_AFTER));
  if (days.length === 0)
    throw new CalendarError(
      date ?? '',
      `The market calendar has no trading days around ${date}, so no market can be made. Choose a date inside its tables.`,
    );
  return {
    bars: generateBars(days, GENERATED_START, seed),
    minutes: 60,
    provenance: `Generated from seed ${seed}: no candle file covers ${date}. A market that never was; all prices are modelled.`,
  };
}

function covers(bars: readonly Bar[], date: IsoDate): boolean {
  const [first, last] = [bars[0], bars.at(-1)];
  return first !== undefined && last !== undefined && date >= istDate(first.start) && date <= istDate(last.start);
}

function fullTradingDays(from: IsoDate, to: IsoDate): IsoDate[] {
  const days: IsoDate[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    try {
      if (isFullTradingDay(day)) days.push(day);
    } catch {
      // Beyond the calendar's tables: the generated market ends there.
    }
  }
  return days;
}
