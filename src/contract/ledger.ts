/** Orders and positions as the day, the journal and the API speak of them. Shapes are the control loop's own. */
import type { Leg, Order, Position, PositionPlan } from '../domain/control/facts.ts';
import type { IsoDate, MarketMs, SignalName } from '../domain/types.ts';

export type { ContractRef } from '../domain/contracts.ts';
export type { ExitReason } from '../domain/control/exit-reasons.ts';
export type { LegRole, Order as OrderView, Pricing } from '../domain/control/facts.ts';

/** Signed net units of a contract and product; + is long. */
export type Holding = { tradingsymbol: string; product: string; quantity: number };

/** A position that was open at a day's end: everything that the next day needs to go on with it. */
export type HandedOver = {
  id: string;
  signal: SignalName | 'manual';
  enteredOn: IsoDate;
  openedAt: MarketMs;
  plan: PositionPlan;
  /** Its legs, where they are not the plan's two: cover that it was given, a manual contract. */
  legs?: Leg[];
  /** It was being left, or its entry had not come to its end: the next day leaves it first of all. */
  leaving: boolean;
  /** What others held of its contracts. Absent: nothing. */
  foreign?: Holding[];
  /** Of an earlier day, and no overnight net has settled it yet. */
  unheard?: NonNullable<Position['unheard']>;
  /** Its orders with fills, or without a known end, of all days so far. */
  orders: Order[];
};
