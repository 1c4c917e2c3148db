import { contractLastMinute, sessionOf, timetable } from './calendar/index.ts';
import { orderCharges, sumCharges } from './charges.ts';
import { istAt, istDate, istTime } from './clock.ts';
import type { ExitPolicy, IsoDate, MarketMs, Paise } from './types.ts';

type RefusalCode =
  | 'market_closed'
  | 'special_session'
  | 'too_late'
  | 'lot_size_mismatch'
  | 'no_lots'
  | 'unhedged_not_allowed'
  | 'max_positions'
  | 'max_loss_per_day'
  | 'max_capital_at_risk'
  | 'insufficient_cash'
  | 'insufficient_margin';

/** Why an entry may not be made: a sentence for people and its numbers (money in paise, times in epoch ms). */
export type Refusal = { code: RefusalCode; message: string; numbers: Record<string, number> };

/** What is already on: sums over all positions of the day that are not flat, in paise. */
export type RiskBook = { reserved: Paise; lostToday: Paise; capitalAtRisk: Paise; openPositions: number };

export type RiskLimits = {
  lotSize: number;
  numLots: number;
  maxPositions: number;
  maxLossPerTrade: Paise;
  maxLossPerDay: Paise;
  maxCapitalAtRisk: Paise;
  allowUnhedged: boolean;
  exitPolicy: ExitPolicy;
};

export type EntryCheck = {
  /** The decision's time: the end of the bar that fired, or now for a manual order. */
  at: MarketMs;
  limits: RiskLimits;
  contract: { expiry: IsoDate; lotSize: number };
  hedged: boolean;
  /** Of `worstLoss`; null without a hedge. */
  worstLoss: Paise | null;
  book: RiskBook;
  /** The hedge's premium at its limit, and the broker's answers; null while they are not known. */
  funds: { available: Paise; premium: Paise; marginInitial: Paise; marginFinal: Paise } | null;
};

/** On expiry day nothing is entered after it. */
export const LAST_ENTRY_ON_EXPIRY_DAY = '15:00';

/** What is reserved out of the day's loss limit for one position: twice the cap without a hedge (TRADING section 7). */
export function plannedLoss(maxLossPerTrade: Paise, hedged: boolean): Paise {
  return hedged ? maxLossPerTrade : 2 * maxLossPerTrade;
}

/**
 * The most that a hedged position can lose: max(0, width - (lowest sell price - highest hedge price)) x quantity, and
 * the charges of a round trip. Paise; quantity in units.
 */
export function worstLoss(spread: {
  width: Paise;
  sellPrice: Paise;
  hedgePrice: Paise;
  quantity: number;
  charges: Paise;
}): Paise {
  const { width, sellPrice, hedgePrice, quantity, charges } = spread;
  return Math.max(0, width - (sellPrice - hedgePrice)) * quantity + charges;
}

/** Charges of entering and leaving both legs at their entry prices, in paise. `hedgePrice` null: no hedge. */
export function roundTripCharges(trade: {
  date: IsoDate;
  sellPrice: Paise;
  hedgePrice: Paise | null;
  quantity: number;
}): Paise {
  const { date, quantity } = trade;
  const prices = [trade.sellPrice, ...(trade.hedgePrice === null ? [] : [trade.hedgePrice])];
  const orders = prices.flatMap((price) => {
    const turnover = price * quantity;
    return [orderCharges({ date, side: 'BUY', turnover }), orderCharges({ date, side: 'SELL', turnover })];
  });
  return sumCharges(orders).total;
}

/** Every rule of TRADING sections 3 and 7 that refuses this entry; none when it may be made. Throws CalendarError. */
export function checkEntry(entry: EntryCheck): Refusal[] {
  const planned = plannedLoss(entry.limits.maxLossPerTrade, entry.hedged);
  const loss = checkLoss(planned, entry.worstLoss, entry.limits, entry.book);
  const checks = [checkTime(entry), ...checkSize(entry), ...loss, ...checkFunds(entry)];
  return checks.filter((refusal) => refusal !== null);
}

/** `intraday`: nothing decided after 14:15. `weekly`: up to 15:15, and up to 15:00 on expiry day; never rolled over. */
function checkTime({ at, limits, contract }: EntryCheck): Refusal | null {
  const date = istDate(at);
  const session = sessionOf(date);
  if (session.kind === 'holiday') {
    return refusal('market_closed', `the market is closed on ${date} (${session.reason})`, { at });
  }
  if (session.special === 'short') {
    return refusal('special_session', `nothing is entered in the special session of ${date}`, { at });
  }
  const times = timetable(date);
  const closes = contractLastMinute(contract.expiry, date);
  if (at < times.open || at >= closes || contract.expiry < date) {
    return refusal('market_closed', `${istTime(at)} is outside the contract's trading hours`, { at, closes });
  }
  const onExpiryDay = contract.expiry === date;
  const lastOfWeekly = onExpiryDay ? istAt(date, LAST_ENTRY_ON_EXPIRY_DAY) : times.squareOff;
  const last = limits.exitPolicy === 'intraday' ? times.lastEntry : lastOfWeekly;
  if (at <= last) return null;
  const why = limits.exitPolicy === 'weekly' && onExpiryDay ? ' on expiry day' : '';
  return refusal('too_late', `too late: decided at ${istTime(at)}, the last entry${why} is at ${istTime(last)}`, {
    at,
    last,
  });
}

function checkSize({ limits, contract, hedged, book }: EntryCheck): (Refusal | null)[] {
  const { lotSize, numLots, allowUnhedged } = limits;
  return [
    lotSize === contract.lotSize
      ? null
      : refusal('lot_size_mismatch', `the plan's lot size is ${lotSize}, the contract's is ${contract.lotSize}`, {
          planned: lotSize,
          actual: contract.lotSize,
        }),
    Number.isInteger(numLots) && numLots > 0
      ? null
      : refusal('no_lots', `${numLots} lots cannot be traded: plan a whole number from 1 on`, { numLots }),
    hedged || allowUnhedged
      ? null
      : refusal('unhedged_not_allowed', 'an unhedged position needs allow_unhedged in the plan', {}),
    checkPositions(limits.maxPositions, book.openPositions),
  ];
}

function checkPositions(limit: number, open: number): Refusal | null {
  if (open < limit) return null;
  return refusal('max_positions', `${open} positions are open, max_positions is ${limit}`, { open, limit });
}

/**
 * Whether the day's limits leave room for one more manual order (TRADING section 7): what it may lose is reserved in full. `opens`: it
 * begins a position of its own. Paise.
 */
export function checkReservation(order: {
  loss: Paise;
  opens: boolean;
  limits: Pick<RiskLimits, 'maxPositions' | 'maxLossPerDay' | 'maxCapitalAtRisk'>;
  book: RiskBook;
}): Refusal[] {
  const { loss, opens, limits, book } = order;
  const checks = [
    opens ? checkPositions(limits.maxPositions, book.openPositions) : null,
    ...checkLoss(loss, loss, limits, book),
  ];
  return checks.filter((refusal) => refusal !== null);
}

function checkLoss(
  planned: Paise,
  worst: Paise | null,
  limits: Pick<RiskLimits, 'maxLossPerDay' | 'maxCapitalAtRisk'>,
  book: RiskBook,
): (Refusal | null)[] {
  const committed = book.lostToday + book.reserved;
  const risked = book.capitalAtRisk + (worst ?? 0);
  return [
    committed + planned <= limits.maxLossPerDay
      ? null
      : refusal(
          'max_loss_per_day',
          `planned loss ${rupees(planned)} + reserved ${rupees(book.reserved)} + lost today ${rupees(book.lostToday)} exceeds max_loss_per_day ${rupees(limits.maxLossPerDay)}`,
          { planned, reserved: book.reserved, lostToday: book.lostToday, limit: limits.maxLossPerDay },
        ),
    risked <= limits.maxCapitalAtRisk
      ? null
      : refusal(
          'max_capital_at_risk',
          `worst loss ${rupees(worst ?? 0)} + ${rupees(book.capitalAtRisk)} already at risk exceeds max_capital_at_risk ${rupees(limits.maxCapitalAtRisk)}`,
          { worstLoss: worst ?? 0, atRisk: book.capitalAtRisk, limit: limits.maxCapitalAtRisk },
        ),
  ];
}

/** Cash for the premium; 1.1 times the larger of the basket's final margin and the peak on the way (TRADING section 3). */
function checkFunds({ funds }: EntryCheck): (Refusal | null)[] {
  if (!funds) return [];
  const { available, premium } = funds;
  const required = Math.ceil((Math.max(funds.marginInitial, funds.marginFinal) * 11) / 10);
  return [
    premium <= available
      ? null
      : refusal(
          'insufficient_cash',
          `the hedge costs ${rupees(premium)}, available are ${rupees(available)}: ${rupees(premium - available)} short`,
          { premium, available, shortfall: premium - available },
        ),
    required <= available
      ? null
      : refusal(
          'insufficient_margin',
          `1.1 times the margin is ${rupees(required)}, available are ${rupees(available)}: ${rupees(required - available)} short`,
          { required, available, shortfall: required - available },
        ),
  ];
}

function refusal(code: RefusalCode, message: string, numbers: Record<string, number>): Refusal {
  return { code, message, numbers };
}

function rupees(paise: Paise): string {
  return (paise / 100).toFixed(2);
}
