import { CalendarError, listedExpiries, lotSizeFor } from '../../domain/calendar/index.ts';
import { istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import { optionSymbol } from './symbols.ts';
import type { SimInstrument } from './types.ts';

export type OptionInstrument = OptionContract & { kind: 'option' };
export type IndexInstrument = Extract<SimInstrument, { kind: 'index' }>;

export const NIFTY: IndexInstrument = {
  kind: 'index',
  exchange: 'NSE',
  tradingsymbol: 'NIFTY 50',
  instrumentToken: 256_265,
};
export const INDIA_VIX: IndexInstrument = {
  kind: 'index',
  exchange: 'NSE',
  tradingsymbol: 'INDIA VIX',
  instrumentToken: 264_969,
};

/** NIFTY's strike step near the money; the exchange's wider steps of far months are not modelled. */
const STRIKE_STEP: Paise = 5_000;
/** Strikes on each side of the index. */
const STRIKES_A_SIDE = 40;

const TOKENS_BEGIN: IsoDate = '2021-01-01';
/** Kite's instrument tokens carry the segment in their last byte; 2 is NFO. */
const NFO_SEGMENT = 2;

/** The option contracts that are listed on a date around an index price: the dated expiries, 81 strikes each, both types. */
function listContracts(date: IsoDate, index: Paise): OptionInstrument[] {
  const middle = middleOf(index);
  return listedExpiries(date).flatMap((expiry) => {
    const lotSize = lotSizeFor(expiry);
    const contracts: OptionInstrument[] = [];
    for (let step = -STRIKES_A_SIDE; step <= STRIKES_A_SIDE; step++) {
      for (const optionType of ['CE', 'PE'] as const) {
        const strike = middle + step * STRIKE_STEP;
        contracts.push({
          kind: 'option',
          exchange: 'NFO',
          tradingsymbol: optionSymbol('NIFTY', expiry, strike, optionType),
          instrumentToken: tokenOf(expiry, strike, optionType === 'CE'),
          name: 'NIFTY',
          expiry,
          strike,
          optionType,
          lotSize,
          tickSize: 5,
        });
      }
    }
    return contracts;
  });
}

function middleOf(index: Paise): Paise {
  return Math.round(index / STRIKE_STEP) * STRIKE_STEP;
}

/** What a contract is worth at its end, by the index's official close: European and settled in cash. */
export function valueAtExpiry({ optionType, strike }: OptionContract, close: Paise): Paise {
  return Math.max(0, optionType === 'CE' ? close - strike : strike - close);
}

/** What is listed on one date, and where to find it. */
type DayList = {
  contracts: readonly OptionInstrument[];
  bySymbol: ReadonlyMap<string, OptionInstrument>;
  byToken: ReadonlyMap<number, OptionInstrument>;
};

/** A process opens many exchanges on the same dates, and a list is made of over a thousand contracts. */
const KEPT_LISTS = 100;
const lists = new Map<string, DayList>();

function listOf(date: IsoDate, index: Paise): DayList {
  const key = `${date} ${middleOf(index)}`;
  const known = lists.get(key);
  if (known) return known;
  const list = indexed(listIfCovered(date, index));
  if (lists.size >= KEPT_LISTS) lists.delete(lists.keys().next().value as string);
  lists.set(key, list);
  return list;
}

/** Beyond the calendar's tables nothing is listed, so nothing can be traded. */
function listIfCovered(date: IsoDate, index: Paise): OptionInstrument[] {
  try {
    return listContracts(date, index);
  } catch (error) {
    if (error instanceof CalendarError) return [];
    throw error;
  }
}

function indexed(contracts: readonly OptionInstrument[]): DayList {
  return {
    contracts,
    bySymbol: new Map(contracts.map((contract) => [contract.tradingsymbol, contract])),
    byToken: new Map(contracts.map((contract) => [contract.instrumentToken, contract])),
  };
}

/** One token a contract for ever: 12 bits of days, 10 of strike steps, 1 of type, 8 of segment; positive as a signed 32-bit number. */
function tokenOf(expiry: IsoDate, strike: Paise, call: boolean): number {
  const days = Math.round((Date.parse(expiry) - Date.parse(TOKENS_BEGIN)) / 86_400_000);
  return (((days * 1024 + strike / STRIKE_STEP) * 2 + (call ? 1 : 0)) << 8) | NFO_SEGMENT;
}

function lookedUp({ bySymbol, byToken }: DayList, key: string | number): OptionInstrument | undefined {
  return typeof key === 'string' ? bySymbol.get(key) : byToken.get(key);
}

/** Finds what is or was listed. `known` are contracts that must be found whatever is listed today: those of the book. */
export function createListing(indexBefore: (date: IsoDate) => Paise, known: readonly OptionContract[]) {
  const byDate = new Map<IsoDate, DayList>();
  const ofBook = indexed(known.map((contract) => ({ ...contract, kind: 'option' })));

  function on(date: IsoDate): DayList {
    const listed = byDate.get(date);
    if (listed) return listed;
    const list = listOf(date, indexBefore(date));
    byDate.set(date, list);
    return list;
  }

  return {
    on: (date: IsoDate): readonly OptionInstrument[] => on(date).contracts,
    /** A contract that has not expired, by symbol or token, on the date of `at`: listed then, or on another date that was asked for. */
    find(at: MarketMs, key: string | number): OptionInstrument | undefined {
      const date = istDate(at);
      let found = lookedUp(on(date), key);
      if (!found) for (const list of [...byDate.values(), ofBook]) found ??= lookedUp(list, key);
      return found && found.expiry >= date ? found : undefined;
    },
  };
}
