/** The only order calls of the day: send, change, cancel. Each begins in the facts, is bounded in time, and ends as a fact. */
import type { ChangeResult, SendResult } from '../../src/contract/activities.ts';
import type { ContractRef } from '../../src/contract/ledger.ts';
import { type Action, CANCEL_OFTEN } from '../../src/domain/control/action.ts';
import type { Order, Position } from '../../src/domain/control/facts.ts';
import { isOver } from '../../src/domain/control/intervals.ts';
import { orderCalls, wordsOf } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import {
  applyRow,
  clearEndedChange,
  markAccepted,
  markDoubt,
  markInFlight,
  markNotSent,
  recordIntent,
} from './ledger.ts';

/** A call that waited longer than this for a worker does nothing. Wall milliseconds. */
const SEND_WITHIN_MS = 10_000;
const ADDRESS_REFUSED_MS = 30_000;
/** The longest pause after calls that met a full rate: at first, and after ten minutes of them. */
const RATE_HELD_MS = 10_000;
const RATE_HELD_LONG_MS = 30_000;
const RATE_LONG = 40;
const MINUTE_MS = 60_000;

type Send = Extract<Action, { do: 'send' }>;
type Change = Extract<Action, { do: 'change' }>;

/** A new order leaves. */
export function send(day: Day, position: Position, { leg, purpose, side, quantity, pricing }: Send): void {
  const sendBy = Date.now() + SEND_WITHIN_MS;
  leaves(day, position, recordIntent(day, position, { leg, purpose, side, quantity, pricing }, sendBy));
}

/** An order leaves that is in the facts already. */
export function leaves(day: Day, position: Position, order: Order): void {
  const { intent } = order;
  const contract = contractOf(position, order);
  if (!intent || !contract || order.purpose === 'settlement') return;
  markInFlight(day, order);
  countCall(day);
  const entry = order.purpose === 'entry';
  const sendBy = Math.min(intent.sendBy, (entry ? position.entry?.until : undefined) ?? intent.sendBy);
  const { tag, role, purpose, side, quantity, product } = order;
  const asked = {
    ...{
      identity: day.identity,
      tag,
      role,
      purpose,
      contract,
      side,
      quantity,
      product,
      pricing: intent.pricing,
      sendBy,
    },
    mayGoUnseen: !entry && day.facts.book.readAt !== null,
  };
  const summary = `${side} ${quantity} ${order.tradingsymbol} (${role} ${purpose})`;
  day.run(`send ${tag}`, async () => {
    let result: SendResult;
    try {
      result = await orderCalls.sendOrder.executeWithOptions({ summary }, [asked]);
    } catch (error) {
      result = { kind: 'doubt', message: wordsOf(error) };
    }
    applySent(day, order, result, summary);
  });
}

function applySent(day: Day, order: Order, result: SendResult, summary: string): void {
  if (result.kind === 'sent' || result.kind === 'refused') getsThrough(day);
  switch (result.kind) {
    case 'sent':
      markAccepted(day, order, result.orderId, result.price, result.triggerPrice, result.touch);
      if (result.row) applyRow(day, result.row, Date.now());
      return;
    case 'found':
      applyRow(day, result.row, Date.now());
      return;
    case 'too_late':
      markNotSent(day, order, 'NOT SENT', 'it waited too long for a worker, or for a look at the book');
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
      markNotSent(day, order, 'REFUSED', result.message);
      tellRefusal(day, order, `${summary}: refused. ${result.message}`);
      return;
    case 'doubt':
      markDoubt(day, order, result.message);
  }
}

/** The same words of a refusal are logged once. */
function tellRefusal(day: Day, order: Order, text: string): void {
  const words = `${order.positionId}: ${text}`;
  if (day.facts.rejections.includes(words)) return;
  day.facts.rejections.push(words);
  day.log('warn', 'order_refused', text);
}

/** A live order becomes a limit, or gets another price. */
export function change(day: Day, position: Position, { tag, kind, widen, noWorseThan, bound }: Change): void {
  const order = day.facts.orders[tag];
  const contract = order && contractOf(position, order);
  if (!order?.orderId || !contract) return;
  order.modifications += 1;
  const isFirst = order.changeSince === undefined;
  order.changeSince ??= Date.now();
  const shown = order.orderType === 'LIMIT' ? order.price : null;
  const how = { kind, widen, noWorseThan, shown, ...(bound === undefined ? {} : { bound }) };
  const summary = `${kind === 'to_limit' ? 'Stop into limit' : 'New price'}: ${order.side} ${order.tradingsymbol}`;
  call(day, order, contract, how, summary, (result) => {
    const step = result.kind === 'sent' || result.kind === 'unchanged' || result.kind === 'refused';
    if (step) order.steps = widen;
    // What never left is none of the broker's 25.
    if (!REACHED.has(result.kind)) order.modifications -= 1;
    if (SETTLED.has(result.kind) || (result.kind === 'no_price' && isFirst)) delete order.changeSince;
    if (result.kind === 'unchanged') {
      order.atBest = true;
      return;
    }
    if (order.atBest) {
      delete order.atBest;
      day.touchOrder(order.tag);
    }
    // What the book shows by now, or an order that has ended meanwhile, is no refusal of the conversion.
    if (kind === 'to_limit' && result.kind === 'refused' && order.orderType !== 'LIMIT' && !isOver(order)) {
      order.conversionRefused = true;
      const text = `${position.id}: Zerodha did not turn the stop into a limit order ("${result.message}"): it is cancelled and replaced.`;
      tellRefusal(day, order, text);
    }
  });
}

export function cancel(day: Day, position: Position, tag: string, onlyIfPriced: boolean): void {
  const order = day.facts.orders[tag];
  const contract = order && contractOf(position, order);
  if (!order?.orderId || !contract) return;
  const now = Date.now();
  const asked = order.cancelAsked;
  order.cancelAsked = { first: asked?.first ?? now, last: now, times: (asked?.times ?? 0) + 1 };
  const summary = `Cancelling ${order.side} ${order.tradingsymbol}`;
  call(day, order, contract, { kind: 'cancel', onlyIfPriced }, summary, () => {});
}

/** Answers to a change that reached the broker, or may have, and those after which nothing of it is waited for. */
const REACHED = new Set<ChangeResult['kind']>(['sent', 'refused', 'doubt']);
const SETTLED = new Set<ChangeResult['kind']>(['refused', 'unchanged']);

type How = Parameters<typeof orderCalls.changeOrder>[0]['how'];

function call(
  day: Day,
  order: Order,
  contract: ContractRef,
  how: How,
  summary: string,
  applied: (result: ChangeResult) => void,
): void {
  const { orderId, side } = order;
  if (orderId === null) return;
  order.change = { kind: how.kind, since: Date.now(), inFlight: true, price: null };
  countCall(day);
  const touch = () => (isOldNews(order) ? day.changed() : day.touchOrder(order.tag));
  touch();
  const input = { identity: day.identity, orderId, contract, side, how, sendBy: Date.now() + SEND_WITHIN_MS };
  day.run(`change ${order.tag}`, async () => {
    let result: ChangeResult;
    try {
      result = await orderCalls.changeOrder.executeWithOptions({ summary }, [input]);
    } catch (error) {
      result = { kind: 'doubt', message: wordsOf(error) };
    }
    applyChanged(day, order, result);
    applied(result);
    order.steppedAt = Date.now();
    touch();
  });
}

/** Neither a look whether a better price is possible nor the tenth attempt at a change is worth writing down. */
function isOldNews({ atBest, cancelAsked, changeSince }: Order): boolean {
  const tried = changeSince !== undefined && Date.now() - changeSince > MINUTE_MS;
  return atBest === true || tried || (cancelAsked?.times ?? 0) > CANCEL_OFTEN;
}

function applyChanged(day: Day, order: Order, result: ChangeResult): void {
  const { change: pending } = order;
  if (result.kind === 'sent' || result.kind === 'doubt') {
    // It waits for the book to show it; what is not shown in time is given up.
    if (pending)
      order.change = {
        ...pending,
        inFlight: false,
        since: Date.now(),
        price: result.kind === 'sent' ? result.price : null,
      };
  } else delete order.change;
  if (result.kind === 'sent' || result.kind === 'refused') getsThrough(day);
  if (result.kind === 'address_refused' || result.kind === 'rate_limited') hold(day, result);
  if (result.kind === 'session_lost') day.loseSession(result.number);
  if ((result.kind === 'sent' || result.kind === 'refused') && result.row) applyRow(day, result.row, Date.now());
  clearEndedChange(order);
}

/** The broker has taken up an order call: neither the address nor the rate is in the way any more. */
function getsThrough(day: Day): void {
  day.facts.rates.held = null;
  day.clearWarning('orders_refused');
}

/**
 * Nothing of ours gets through: until the next second, or until a person has mended the address. Each call has tried for ten seconds by
 * itself: where one after the other meets a full rate, they come more slowly, so that a day of them does not fill its history.
 */
function hold(day: Day, { kind, message }: { kind: 'address_refused' | 'rate_limited'; message: string }): void {
  const now = Date.now();
  const { rates } = day.facts;
  const known = rates.held?.kind === (kind === 'rate_limited' ? 'rate' : 'address') ? rates.held : null;
  // What was sent beside a call that has met it already meets the same.
  const times = known ? known.times + (now >= known.until ? 1 : 0) : 1;
  if (kind === 'rate_limited') {
    const pause = Math.min(times * 1_000, times < RATE_LONG ? RATE_HELD_MS : RATE_HELD_LONG_MS);
    rates.held = { kind: 'rate', until: now + pause - (now % 1_000), message, times };
    return;
  }
  rates.held = { kind: 'address', until: now + ADDRESS_REFUSED_MS, message, times };
  const text = `Zerodha refuses orders from this machine: "${message}". Add its address on the Kite developer console.`;
  if (!day.facts.warnings.some(({ id }) => id === 'orders_refused')) day.page('orders_refused', 'day', text);
  day.warn('orders_refused', 'orders_refused', text, true);
}

function countCall(day: Day): void {
  const { rates } = day.facts;
  const minute = Math.floor(Date.now() / MINUTE_MS);
  if (rates.minute.at !== minute) rates.minute = { at: minute, sent: 0 };
  rates.minute.sent += 1;
  rates.day += 1;
}

/** The contract of one of the position's legs. */
export function contractOf(
  position: Position,
  { role, tradingsymbol }: Pick<Order, 'role' | 'tradingsymbol'>,
): ContractRef | null {
  const leg = position.legs.find((one) => one.role === role && one.contract.tradingsymbol === tradingsymbol);
  return leg?.contract ?? null;
}
