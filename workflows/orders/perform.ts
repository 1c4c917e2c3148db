/** The only order calls of the day: send, change, cancel. Each begins in the facts, is bounded in time, and ends as a fact. */
import type { ChangeResult, SendResult } from '../../src/contract/activities.ts';
import type { ContractRef } from '../../src/contract/ledger.ts';
import { type Action, CANCEL_OFTEN } from '../../src/domain/control/action.ts';
import type { Order, Position } from '../../src/domain/control/facts.ts';
import { lastPlacement } from '../../src/domain/control/hours.ts';
import { isOver, priceAsked } from '../../src/domain/control/intervals.ts';
import { orderCalls, wordsOf } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import { recordIntent } from './intents.ts';
import { clearEndedChange } from './ledger.ts';
import { applySent, countCall, heard, hold, listNeeded, othersKnown, takeRow, tellRefusal } from './outcomes.ts';
import { markInFlight } from './phases.ts';
import { sendRepeatedly } from './repeated-exit.ts';
import { watchPrice } from './watched-price.ts';

/** A call that waited longer than this for a worker does nothing. Wall milliseconds. */
const SEND_WITHIN_MS = 10_000;
/** An entry that has not left by then is decided anew: nobody can call it off once everything is to be closed. */
const ENTER_WITHIN_MS = 2_500;

type Send = Extract<Action, { do: 'send' }>;
type Change = Extract<Action, { do: 'change' }>;

/** A new order leaves. */
export function send(day: Day, position: Position, action: Send): void {
  if (action.repeats) {
    sendRepeatedly(day, position, action, action.repeats);
    return;
  }
  const { leg, purpose, side, quantity, pricing } = action;
  const sendBy = Date.now() + (purpose === 'entry' ? ENTER_WITHIN_MS : SEND_WITHIN_MS);
  leaves(day, position, recordIntent(day, position, { leg, purpose, side, quantity, pricing }, sendBy));
}

/** An order leaves that is in the facts already. */
export function leaves(day: Day, position: Position, order: Order): void {
  const { intent } = order;
  const contract = contractOf(position, order);
  if (!intent || !contract || order.purpose === 'settlement') return;
  markInFlight(day, order);
  countCall(day);
  const until = order.purpose === 'entry' && position.entry ? day.wallOf(position.entry.until) : null;
  // What waits for the book may not leave after the last minute for new orders.
  const last = day.wallOf(lastPlacement(day.facts, position, contract));
  const sendBy = Math.min(intent.sendBy, until ?? intent.sendBy, last ?? intent.sendBy);
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
    mayGoUnseen: (purpose === 'exit' || purpose === 'stop') && day.facts.book.readAt !== null,
    ...listNeeded(day, order),
    ...othersKnown(day, position, order),
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

/** A live order becomes a limit, or gets another price. */
export function change(day: Day, position: Position, action: Change): void {
  const { tag, kind, widen, noWorseThan, bound, watch } = action;
  const order = day.facts.orders[tag];
  const contract = order && contractOf(position, order);
  if (!order?.orderId || !contract) return;
  const shown = order.orderType === 'LIMIT' ? priceAsked(order) : null;
  const crossed = order.crossed ?? 0;
  const how = {
    ...{ kind, widen, noWorseThan, shown, crossed },
    ...(bound === undefined ? {} : { bound }),
    ...(watch ? { watch } : {}),
  };
  const filled = order.filledQuantity;
  order.modifications += 1;
  const isFirst = order.changeSince === undefined;
  if (!watch) order.changeSince ??= Date.now();
  const summary = `${kind === 'to_limit' ? 'Stop into limit' : 'New price'}: ${order.side} ${order.tradingsymbol}`;
  call(day, order, contract, how, summary, (result) => {
    const step = result.kind === 'sent' || result.kind === 'unchanged' || result.kind === 'refused';
    if (step) order.steps = widen;
    // What never left is none of the broker's 25.
    if (!REACHED.has(result.kind)) order.modifications -= 1;
    if (SETTLED.has(result.kind) || (result.kind === 'no_price' && isFirst)) delete order.changeSince;
    takeLook(day, order, result, filled);
    if (result.kind === 'unchanged') return;
    // What the book shows by now, or an order that has ended meanwhile, is no refusal of the conversion.
    if (
      kind === 'to_limit' &&
      result.kind === 'refused' &&
      !result.busy &&
      order.orderType !== 'LIMIT' &&
      !isOver(order)
    ) {
      order.conversionRefused = true;
      const text = `${position.id}: Zerodha did not turn the stop into a limit order ("${result.message}"): it is cancelled and replaced.`;
      tellRefusal(day, order, text);
    }
  });
}

/** What has filled meanwhile is filling: nobody crosses it in vain. */
function takeLook(day: Day, order: Order, result: ChangeResult, filledBefore: number): void {
  const isBest = result.kind === 'unchanged';
  const crossed = isBest && order.filledQuantity === filledBefore ? result.crossed : 0;
  if (crossed > 0) order.crossed = crossed;
  else delete order.crossed;
  if (result.kind === 'no_price') order.priceless = (order.priceless ?? 0) + 1;
  else delete order.priceless;
  if (isBest) order.atBest = true;
  else if (order.atBest) {
    delete order.atBest;
    day.touchOrder(order.tag);
  }
}

export function cancel(day: Day, position: Position, tag: string, onlyIfPriced: boolean): void {
  const order = day.facts.orders[tag];
  const contract = order && contractOf(position, order);
  if (!order?.orderId || !contract) return;
  if (order.watched) {
    // Its watch may be about to change it: once that has come back, the loop cancels.
    if (order.watched === 'on') day.changed();
    order.watched = 'over';
    return;
  }
  const now = Date.now();
  const { first = now, times = 0 } = order.cancelAsked ?? {};
  const asked = { first, last: now, times: times + 1 };
  if (!onlyIfPriced) order.cancelAsked = asked;
  const summary = `Cancelling ${order.side} ${order.tradingsymbol}`;
  call(day, order, contract, { kind: 'cancel', onlyIfPriced }, summary, ({ kind }) => {
    // Without a price for what would replace it nothing was asked.
    if (kind === 'no_price') order.cancelUnpriced = { last: now, times: (order.cancelUnpriced?.times ?? 0) + 1 };
    else {
      order.cancelAsked = asked;
      delete order.cancelUnpriced;
    }
  });
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
  countCall(day);
  const touch = () => (isOldNews(order) ? day.changed() : day.touchOrder(order.tag));
  const input = { identity: day.identity, orderId, contract, side, how, sendBy: Date.now() + SEND_WITHIN_MS };
  const apply = (result: ChangeResult) => {
    applyChanged(day, order, result);
    rememberPrice(order, how.kind, result);
    applied(result);
    order.steppedAt = Date.now();
    touch();
  };
  if (how.kind !== 'cancel' && how.watch) {
    watchPrice(day, order, input, summary, apply);
    return;
  }
  order.change = { kind: how.kind, since: Date.now(), inFlight: true, price: null };
  touch();
  day.run(`change ${order.tag}`, async () => {
    let result: ChangeResult;
    try {
      result = await orderCalls.changeOrder.executeWithOptions({ summary }, [input]);
    } catch (error) {
      result = { kind: 'doubt', message: wordsOf(error) };
    }
    apply(result);
  });
}

const OLD_NEWS_MS = 60_000;

/** Neither a look whether a better price is possible nor the tenth attempt at a change is worth writing down. */
function isOldNews({ atBest, cancelAsked, changeSince }: Order): boolean {
  const tried = changeSince !== undefined && Date.now() - changeSince > OLD_NEWS_MS;
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
  if (result.kind === 'sent' || result.kind === 'refused') heard(day);
  if (result.kind === 'address_refused' || result.kind === 'rate_limited') hold(day, result);
  if (result.kind === 'session_lost') day.loseSession(result.number);
  if ((result.kind === 'sent' || result.kind === 'refused') && result.row) takeRow(day, result.row);
  clearEndedChange(order);
}

/** Of what buys to leave: the price of an entry may fall. What is refused because the order is busy, or not cancelled, says nothing of a price. */
function rememberPrice(order: Order, kind: How['kind'], result: ChangeResult): void {
  if (order.side !== 'BUY' || order.purpose === 'entry') return;
  if (result.kind === 'sent' && result.price !== null) order.accepted = Math.max(result.price, order.accepted ?? 0);
  if (result.kind === 'refused' && !result.busy && kind !== 'cancel') delete order.accepted;
}

/** The contract of one of the position's legs. */
function contractOf(
  position: Position,
  { role, tradingsymbol }: Pick<Order, 'role' | 'tradingsymbol'>,
): ContractRef | null {
  const leg = position.legs.find((one) => one.role === role && one.contract.tradingsymbol === tradingsymbol);
  return leg?.contract ?? null;
}
