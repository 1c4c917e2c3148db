/** What an order call's answer means for the facts. */
import type { OrderIntent, SendResult } from '../../src/contract/activities.ts';
import type { BookRow } from '../../src/domain/book/book.ts';
import type { Order, Position } from '../../src/domain/control/facts.ts';
import { isOver } from '../../src/domain/control/intervals.ts';
import type { Day } from '../day/day.ts';
import { attribute } from '../external/attribution.ts';
import { signed } from '../external/trades.ts';
import { checkDayLoss } from '../position/request-exit.ts';
import { cursorOfDay } from './book.ts';
import { applyRow } from './ledger.ts';
import { markAccepted, markDoubt, markNotSent } from './phases.ts';

const ADDRESS_REFUSED_MS = 30_000;
/** The longest pause after calls that met a full rate, and after how many in a row a longer one. */
const RATE_HELD_MS = 10_000;
const RATE_HELD_LONG = { from: 40, ms: 30_000 };
const MINUTE_MS = 60_000;

const OVERTAKEN = 'OVERTAKEN';
/** So many attempts in a row, and the seconds between them, wait for what the day has not heard: a watch that died is begun anew in that time. */
const WAITS_TO_HEAR = 4;

type Sent = Pick<Order, 'positionId' | 'tradingsymbol' | 'product' | 'side' | 'purpose'>;

/** What the day knows of others in the contract of what closes, or in those that cover what is sold. */
export function othersKnown({ facts }: Day, { legs }: Pick<Position, 'legs'>, of: Sent): Pick<OrderIntent, 'others'> {
  const { product, side } = of;
  const known = (tradingsymbol: string) => {
    const external = facts.external.find((one) => one.product === product && one.tradingsymbol === tradingsymbol);
    const traded = (external?.trades ?? []).reduce((sum, trade) => sum + signed(trade), 0);
    return { tradingsymbol, side, traded };
  };
  if (of.purpose === 'entry') {
    const covers = side === 'SELL' ? legs.filter(({ opens }) => opens === 'BUY') : [];
    return covers.length > 0 ? { others: covers.map(({ contract }) => known(contract.tradingsymbol)) } : {};
  }
  // An exit is held up for what was not heard for some seconds, not for ever.
  const same = (order: Order) =>
    order.positionId === of.positionId && order.tradingsymbol === of.tradingsymbol && order.side === side;
  const before = Object.values(facts.orders).filter((order) => same(order) && isOver(order));
  if (before.slice(-WAITS_TO_HEAR).filter(({ status }) => status === OVERTAKEN).length === WAITS_TO_HEAR) return {};
  return { others: [known(of.tradingsymbol)] };
}

/** What opens, or sells a surplus, needs a list of orders that has lost nothing, in one attempt or in several. */
export function listNeeded(
  { facts }: Day,
  { purpose, side }: Pick<Order, 'purpose' | 'side'>,
): Pick<OrderIntent, 'seen'> {
  const isNeeded = purpose === 'entry' || (purpose === 'unwind' && side === 'SELL');
  return isNeeded ? { seen: cursorOfDay(facts).seen } : {};
}

export function applySent(day: Day, order: Order, result: SendResult, summary: string): void {
  switch (result.kind) {
    case 'sent':
      heard(day);
      markAccepted(day, order, result.orderId, result.price, result.triggerPrice, result.touch);
      if (result.row) takeRow(day, result.row);
      return;
    case 'found':
      takeRow(day, result.row);
      return;
    case 'too_late':
      markNotSent(day, order, 'NOT SENT', 'it waited too long for a worker, or for a look at the book');
      return;
    case 'overtaken':
      markNotSent(day, order, OVERTAKEN, 'an external trade was seen in a contract of ours; it is looked at first');
      return;
    case 'no_price':
      markNotSent(day, order, 'NOT SENT', result.message);
      return;
    case 'trigger_passed':
      markNotSent(day, order, 'TRIGGER PASSED', `the last price ${result.lastPrice / 100} has passed the trigger`);
      return;
    case 'session_lost':
      markNotSent(day, order, 'NO SESSION', 'the login was lost before it was sent');
      day.loseSession(result.number);
      return;
    case 'address_refused':
    case 'rate_limited':
      hold(day, result);
      markNotSent(day, order, 'NOT SENT', result.message);
      return;
    case 'refused':
      heard(day);
      markNotSent(day, order, 'REFUSED', result.message);
      tellRefusal(day, order, `${summary}: refused. ${result.message}`);
      return;
    case 'doubt':
      markDoubt(day, order, result.message, result.since);
  }
}

/** The watcher does not tell the row of an answer again: what follows from its fills follows here. */
export function takeRow(day: Day, row: BookRow): void {
  applyRow(day, row, Date.now());
  attribute(day);
  checkDayLoss(day);
}

/** The same words of a refusal are logged once. */
export function tellRefusal(day: Day, order: Order, text: string): void {
  const words = `${order.positionId}: ${text}`;
  if (day.facts.rejections.includes(words)) return;
  day.facts.rejections.push(words);
  day.log('warn', 'order_refused', text);
}

/**
 * Nothing of ours gets through: until the next second, or until a person has mended the address. Each call has tried for ten seconds by
 * itself: where one after the other meets a full rate, they come more slowly, so that a day of them does not fill its history.
 */
export function hold(day: Day, { kind, message }: { kind: 'address_refused' | 'rate_limited'; message: string }): void {
  const now = Date.now();
  const { rates } = day.facts;
  const known = rates.held?.kind === (kind === 'rate_limited' ? 'rate' : 'address') ? rates.held : null;
  // What was sent beside a call that has met it already meets the same.
  const times = known ? known.times + (now >= known.until ? 1 : 0) : 1;
  if (kind === 'rate_limited') {
    const pause = times > RATE_HELD_LONG.from ? RATE_HELD_LONG.ms : Math.min(times * 1_000, RATE_HELD_MS);
    rates.held = { kind: 'rate', until: now + pause - (now % 1_000), message, times };
    return;
  }
  rates.held = { kind: 'address', until: now + ADDRESS_REFUSED_MS, message, times };
  const text = `Zerodha refuses orders from this machine: "${message}". Add its address on the Kite developer console.`;
  // Also where nothing is open of which a lasting page could tell: what was ordered was not sent.
  if (!day.facts.warnings.some(({ id }) => id === 'orders_refused')) day.page('orders_refused', 'day', text);
  day.warn('orders_refused', 'orders_refused', text, true);
}

/** The broker takes order calls from here again. */
export function heard(day: Day): void {
  day.facts.rates.held = null;
  day.clearWarning('orders_refused');
}

export function countCall(day: Day): void {
  const { rates } = day.facts;
  const minute = Math.floor(Date.now() / MINUTE_MS);
  if (rates.minute.at !== minute) rates.minute = { at: minute, sent: 0 };
  rates.minute.sent += 1;
  rates.day += 1;
}
