import { type Charges, NO_CHARGES, orderCharges, sumCharges } from './charges.ts';
import type { IsoDate, Paise } from './types.ts';

/** The resting stop's trigger is at least this far above the entry. */
const LEAST_STOP_DISTANCE: Paise = 20_00;
/** Up to this trigger the limit lies a fixed amount above it, beyond it a tenth (NSE allows 20 %, or ₹10 up to ₹50). */
const SMALL_TRIGGER: Paise = 50_00;
const SMALL_LIMIT_DISTANCE: Paise = 5_00;

/**
 * The buy that rests at the broker for a sold option: trigger max(2 x entry, entry + 20), limit 10 % above the trigger,
 * 5 rupees up to a trigger of 50 (TRADING section 5). Paise in and out, both rounded up to the tick.
 */
export function restingStop(entryPrice: Paise, tick: Paise): { triggerPrice: Paise; limitPrice: Paise } {
  const triggerPrice = ceilTo(Math.max(2 * entryPrice, entryPrice + LEAST_STOP_DISTANCE), tick);
  const distance = triggerPrice <= SMALL_TRIGGER ? SMALL_LIMIT_DISTANCE : triggerPrice / 10;
  return { triggerPrice, limitPrice: ceilTo(triggerPrice + distance, tick) };
}

/** An open leg: units, and the average price at which it was opened. */
export type HeldLeg = { quantity: number; entryPrice: Paise };

/**
 * What a position would have made if it were closed now: the short bought at `ask`, the hedge sold at `bid` (nobody
 * bids: worth nothing), after the charges already paid and those of the two closing orders. Negative is a loss.
 * A closing in slices costs another brokerage each, which is not counted. Throws CalendarError outside the dated tables.
 */
export function closingResult(position: {
  date: IsoDate;
  main: HeldLeg;
  hedge: HeldLeg | null;
  ask: Paise;
  bid: Paise | null;
  paidCharges: Paise;
}): Paise {
  const { date, main, hedge, ask, paidCharges } = position;
  const bid = position.bid ?? 0;
  const hedgeGain = hedge ? hedge.quantity * (bid - hedge.entryPrice) : 0;
  const gross = main.quantity * (main.entryPrice - ask) + hedgeGain;
  const closing: Charges[] = [
    main.quantity > 0 ? orderCharges({ date, side: 'BUY', turnover: main.quantity * ask }) : NO_CHARGES,
    hedge && hedge.quantity > 0 && bid > 0
      ? orderCharges({ date, side: 'SELL', turnover: hedge.quantity * bid })
      : NO_CHARGES,
  ];
  return gross - paidCharges - sumCharges(closing).total;
}

/** At or beyond the cap counts. `maxLoss` is positive, `result` as of `closingResult`. */
export function lossCapHit(result: Paise, maxLoss: Paise): boolean {
  return result <= -maxLoss;
}

/** Paise that a position has to make to be left: a share of the net credit, null without a target or a credit. */
export function targetProfit(share: number | null, main: HeldLeg, hedge: HeldLeg | null): Paise | null {
  if (share === null) return null;
  const credit = main.quantity * main.entryPrice - (hedge ? hedge.quantity * hedge.entryPrice : 0);
  return credit > 0 ? Math.ceil(credit * share) : null;
}

export function targetHit(result: Paise, target: Paise | null): boolean {
  return target !== null && result >= target;
}

function ceilTo(price: number, tick: Paise): Paise {
  return Math.ceil(price / tick) * tick;
}
