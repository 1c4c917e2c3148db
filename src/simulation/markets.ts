/** Markets of a case: the recorded week before, a Monday on which a signal fires, and hours of the case's own after it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addDays, istAt, istDate } from '../domain/clock.ts';
import type { Bar, IsoDate } from '../domain/types.ts';
import { generateBars } from '../exchange-simulator/core/market/generated-bars.ts';
import { createMarket, type Market } from '../exchange-simulator/core/market/market.ts';
import { parseCandles } from '../platform/candle-files.ts';
import { repositoryRoot } from '../platform/repository-root.ts';
import type { Case, Hour } from './case.ts';

/** The Monday of the recorded weeks on which S1 fired. */
export const SIGNAL_MONDAY: IsoDate = '2025-07-14';
const STARTS = ['09:15', '10:15', '11:15', '12:15', '13:15', '14:15', '15:15'];
/** Until the first hour that closes above it: quiet, and beyond nothing. */
const QUIET_ABOVE: Hour = [25_520_00, 25_540_00, 25_516_00, 25_530_00];
const FIRST_HOUR: Hour = [25_520_00, 25_545_00, 25_515_00, 25_530_00];
const QUIET_BELOW: Hour = [25_550_00, 25_560_00, 25_545_00, 25_552_00];

/** Below the first hour, after a touch of the resistance and so many quiet hours. */
function closesBelow(quietHours: number) {
  const hours: readonly Hour[] = [
    [25_560_00, 25_580_00, 25_540_00, 25_550_00],
    ...Array<Hour>(quietHours).fill(QUIET_BELOW),
    [25_552_00, 25_555_00, 25_525_00, 25_530_00],
  ];
  return { sells: { strike: 25_600, type: 'CE' }, hours } as const;
}

/**
 * After the recorded week 7 to 11 July 2025 (STRATEGY section 10): the hours until the signal, the time of its close, and what is sold.
 * Late in the day a position lives an hour instead of four, which is what a soak of thousands of days is after.
 */
export const SIGNALS = {
  /** As it was on 14 July 2025. */
  S1: {
    at: '11:15',
    sells: { strike: 25_000, type: 'PE' },
    hours: [
      [25_149_50, 25_151_10, 25_041_90, 25_119_80],
      [25_120_75, 25_127_05, 25_061_85, 25_063_95],
    ],
  },
  /** Above the first hour and last week's high. */
  S7: {
    at: '14:15',
    sells: { strike: 25_500, type: 'PE' },
    hours: [FIRST_HOUR, QUIET_ABOVE, QUIET_ABOVE, QUIET_ABOVE, [25_530_00, 25_570_00, 25_525_00, 25_563_95]],
  },
  S8: { at: '14:15', ...closesBelow(3) },
  /** The same early: a call that is held over hourly closes. */
  S8_EARLY: { at: '11:15', ...closesBelow(0) },
  /** S7 on the Friday of a quiet week: the next Monday has a signal of its own. */
  FRIDAY: {
    at: '11:15',
    sells: { strike: 25_500, type: 'PE' },
    hours: [
      [25_530_00, 25_570_00, 25_525_00, 25_563_95],
      [25_563_95, 25_600_00, 25_560_00, 25_590_00],
    ],
  },
} as const satisfies Record<
  string,
  { at: string; sells: { strike: number; type: 'CE' | 'PE' }; hours: readonly Hour[] }
>;

export function signalOf({ market }: Pick<Case, 'market'>): (typeof SIGNALS)[keyof typeof SIGNALS] {
  return SIGNALS[market.signal ?? 'S1'];
}

/** S7 once more, on the Monday after FRIDAY: above the first hour, and above all of the week before. */
export const SECOND_SIGNAL = {
  at: '11:15',
  sells: { strike: 25_550, type: 'PE' },
  hours: [
    [25_592_00, 25_610_00, 25_580_00, 25_600_00],
    [25_600_00, 25_650_00, 25_595_00, 25_645_00],
  ],
} as const;

type Signal = { at: string; sells: { strike: number; type: 'CE' | 'PE' }; hours: readonly Hour[] };

/** What fires on a date of a case, null on one without a signal of its own. */
export function signalOn({ market, dates }: Pick<Case, 'market' | 'dates'>, date: IsoDate): Signal | null {
  if (date === dates[0]) return signalOf({ market });
  return market.signal === 'FRIDAY' && date === dates[1] ? SECOND_SIGNAL : null;
}

const DAY_MS = 86_400_000;
const GENERATED_FROM_DAYS = 14;
const GENERATED_START = 25_000_00;
const PATHS = 4;
const KEPT = 400;

let recorded: readonly Bar[] | null = null;
const made = new Map<string, Market>();

function recordedBars(): readonly Bar[] {
  if (recorded) return recorded;
  const file = join(repositoryRoot, 'data', 'nifty_1h_2025-07-07_2025-07-18.csv');
  recorded = parseCandles(readFileSync(file, 'utf8'), file).bars;
  return recorded;
}

/** The same case, the same market; kept, since a market is only read. */
export function marketOf({ market, dates, seed: ofCase }: Pick<Case, 'market' | 'dates' | 'seed'>): Market {
  // A few paths inside the same bars are enough: walking through them costs more than a short day.
  const seed = ofCase % PATHS;
  const key = JSON.stringify([market, dates, seed]);
  const known = made.get(key);
  if (known) return known;
  if (made.size >= KEPT) made.delete(made.keys().next().value as string);
  const provenance = 'a market of the simulation';
  const fresh = createMarket({ bars: barsOf(market, dates), minutes: 60, provenance, seed });
  made.set(key, fresh);
  return fresh;
}

function barsOf(market: Case['market'], dates: readonly IsoDate[]): Bar[] {
  const [first = SIGNAL_MONDAY] = dates;
  if (market.generated !== undefined) {
    const days = Array.from({ length: GENERATED_FROM_DAYS + dates.length + 2 }, (_, index) =>
      addDays(first, index - GENERATED_FROM_DAYS),
    );
    return generateBars(days.filter(isWeekday), GENERATED_START, market.generated);
  }
  const isFriday = market.signal === 'FRIDAY';
  const monday = isFriday ? addDays(first, -4) : first;
  const days = Math.round((Date.parse(monday) - Date.parse(SIGNAL_MONDAY)) / DAY_MS);
  const moved = recordedBars().map((bar) => ({ ...bar, start: bar.start + days * DAY_MS }));
  if (!market.hours && !market.signal) return moved;
  const before = moved.filter(({ start }) => istDate(start) < monday);
  const quiet = isFriday
    ? [0, 1, 2, 3].flatMap((index) => dayOf(addDays(monday, index), [FIRST_HOUR, QUIET_ABOVE]))
    : [];
  const later = (market.later ?? []).map((hours, index) => [
    ...(signalOn({ market, dates }, dates[index + 1] ?? '')?.hours ?? []),
    ...hours,
  ]);
  const own = [[...signalOf({ market }).hours, ...(market.hours ?? [])], ...later];
  const last = own.at(-1)?.at(-1)?.[3] ?? 0;
  // Days that a case says nothing of are quiet ones.
  const rest = dates.slice(own.length).map((): Hour[] => [[last, last, last, last]]);
  const all = [...own, ...rest];
  return [...before, ...quiet, ...all.flatMap((hours, index) => dayOf(dates[index] ?? addDays(first, index), hours))];
}

function dayOf(date: IsoDate, hours: readonly Hour[]): Bar[] {
  const last = hours.at(-1)?.[3] ?? 0;
  return STARTS.map((time, index) => {
    const [open, high, low, close] = hours[index] ?? [last, last, last, last];
    return { start: istAt(date, time), open, high, low, close, volume: 0 };
  });
}

function isWeekday(date: IsoDate): boolean {
  const day = new Date(`${date}T00:00:00Z`).getUTCDay();
  return day > 0 && day < 6;
}
