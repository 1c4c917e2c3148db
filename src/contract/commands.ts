/** What people ask of a day: signals are kept by the server even while no worker runs, updates are answered or refused. */
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Charges } from '../domain/charges.ts';
import type { ClockSegments } from '../domain/clock.ts';
import type { ManualEffect, ManualOrder, ManualRefusalCode } from '../domain/manual-orders.ts';
import type { IsoDate, Paise, Product, WallMs } from '../domain/types.ts';
import type { DayIdentity } from './identity.ts';
import type { OrderView } from './ledger.ts';
import type { Plan } from './plan.ts';
import type { PositionView } from './views.ts';

export type { Plan } from './plan.ts';

/** `facts` are those of the run before, where a long day goes on in a new one. */
export type DayInput = { identity: DayIdentity; clock: ClockSegments; facts?: unknown };

/** Tokens are sealed. */
export type AuthCompleted =
  | { attempt: string; sealedRequestToken: string }
  /** A session that was made elsewhere today: it is checked, not exchanged. */
  | { attempt: string; sealedAccessToken: string };

/** Commands carry an id, under which their answer is kept: the same id twice is one command. */
type Asked = { by: string; id?: string };
export type StartTrading = Asked & { plan: Plan };
export type StopTrading = Asked & { closePositions: boolean };
export type CloseAll = Asked;
/** No order call at all while it is on: stops rest, nothing else happens. `confirm` repeats the account's name. */
export type HandsOff = Asked & { on: boolean; confirm: string };
export type Acknowledge = Asked & { ids: string[] | 'all' };
/** A person has looked at Kite: an order in doubt is there, or is not. */
export type SettleOrder = Asked & { tag: string; found: boolean };
export type ClockChanged = { clock: ClockSegments };

export const authCompletedSignal = defineSignal<[AuthCompleted]>('authCompleted');
export const startTradingSignal = defineSignal<[StartTrading]>('startTrading');
export const stopTradingSignal = defineSignal<[StopTrading]>('stopTrading');
export const closeAllSignal = defineSignal<[CloseAll]>('closeAll');
export const handsOffSignal = defineSignal<[HandsOff]>('handsOff');
export const acknowledgeSignal = defineSignal<[Acknowledge]>('acknowledge');
export const settleOrderSignal = defineSignal<[SettleOrder]>('settleOrder');
export const clockChangedSignal = defineSignal<[ClockChanged]>('clockChanged');

export const COMMAND_EXPIRES_MS = 8_000;
/** Refused with ApplicationFailure of a type from `CommandRefusal` when it cannot be done; expired ones are refused first. */
export type CommandRefusal =
  | 'expired'
  | 'unknown_position'
  | 'already_closed'
  | 'day_over'
  | 'not_authenticated'
  | 'entries_off'
  | 'hands_off'
  | 'not_acknowledged'
  | 'idempotency_key_reused'
  | 'unknown_order'
  | 'protective_order'
  | 'signal_order'
  | 'already_final'
  | 'kite_refused'
  | ManualRefusalCode;

export type ClosePosition = { id: string; expiresAt: WallMs; by: string };
/** Answers as soon as the close is under way: poll the query for its end. */
export const closePositionUpdate = defineUpdate<PositionView, [ClosePosition]>('closePosition');

/** A manual order. `key` makes it repeatable: the same key with the same order answers what came of the first. */
export type PlaceOrder = {
  order: ManualOrder;
  key: string | null;
  /** Only says what it would take; nothing is placed. */
  checkOnly: boolean;
  /** In force where nobody has started trading: its limits hold for manual orders as well. */
  plan: Plan;
  expiresAt: WallMs;
  by: string;
};
/** What was looked at before a manual order. Money in paise. */
export type ManualChecks = {
  tradingsymbol: string;
  expiry: IsoDate;
  lotSize: number;
  product: Product;
  effect: ManualEffect;
  /** The price of the limit that it would be sent with. */
  price: Paise;
  /** What it costs, or for a sale fetches, at that price. */
  premium: Paise;
  available: Paise;
  marginRequired: Paise;
  /** Reserved out of the day's loss limit: what the order can lose, charges included. */
  reserved: Paise;
  /** Of this one order at that price. */
  charges: Charges;
};
/** `order` is null when it was only checked. A doubtful one is answered as `IN DOUBT`: the day looks into it. */
export type PlacedOrder = { order: OrderView | null; checks: ManualChecks };
/** What was answered under a key, as its repetition is. `body` is the order as it was sent. */
export type KeyedOrder = { body: string; tag: string | null; checks: ManualChecks };
export const placeOrderUpdate = defineUpdate<PlacedOrder, [PlaceOrder]>('placeOrder');

/** Only manual orders that are still live; answers the order after it. */
export type CancelOrder = { orderId: string; expiresAt: WallMs; by: string };
export const cancelOrderUpdate = defineUpdate<OrderView, [CancelOrder]>('cancelOrder');
