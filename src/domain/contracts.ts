import { contractLastMinute } from './calendar/index.ts';
import type { IsoDate, MarketMs, OptionContract, OptionType, Paise } from './types.ts';

/** A contract as the workflow carries it: looked up once, in the day's master. */
export type ContractRef = {
  tradingsymbol: string;
  instrumentToken: number;
  expiry: IsoDate;
  /** Points x 100. */
  strike: Paise;
  optionType: OptionType;
  lotSize: number;
  tickSize: Paise;
  /** Largest quantity of one order, in units, whole lots. */
  maxOrderQuantity: number;
  /** The last instant at which it trades on this date. */
  tradesUntil: MarketMs;
};

export type ContractLookup = { kind: 'found'; contract: OptionContract } | { kind: 'absent'; message: string };

/**
 * The first expiry in the day's master that still trades after `at` (STRATEGY D1): weekly or the month's last one.
 * Null for a master without such an expiry. Throws CalendarError outside the calendar.
 */
export function tradableExpiry(master: readonly OptionContract[], at: MarketMs): IsoDate | null {
  const expiries = [...new Set(master.map((contract) => contract.expiry))].sort();
  return expiries.find((expiry) => contractLastMinute(expiry, expiry) > at) ?? null;
}

/** What a contract is worth a unit when it expires: cash settled on the index's official close. Paise. */
export function settlementPrice(contract: { strike: Paise; optionType: OptionType }, indexClose: Paise): Paise {
  const { strike, optionType } = contract;
  return Math.max(0, optionType === 'CE' ? indexClose - strike : strike - indexClose);
}

/** Looks a contract up in the day's master. Symbols are never built: what the master does not list does not trade. */
export function pickContract(
  master: readonly OptionContract[],
  wanted: { expiry: IsoDate; strike: Paise; optionType: OptionType },
): ContractLookup {
  const { expiry, strike, optionType } = wanted;
  const series = master.filter((contract) => contract.expiry === expiry && contract.optionType === optionType);
  const contract = series.find((listed) => listed.strike === strike);
  if (contract) return { kind: 'found', contract };
  const what = `${strike / 100} ${optionType} of ${expiry}`;
  if (series.length === 0) {
    return { kind: 'absent', message: `${what}: the instrument master lists no ${optionType} of that expiry.` };
  }
  const strikes = series.map((listed) => listed.strike / 100);
  const range = `${Math.min(...strikes)} to ${Math.max(...strikes)}`;
  return {
    kind: 'absent',
    message: `${what} is not in the instrument master, which lists ${series.length} strikes from ${range}.`,
  };
}
