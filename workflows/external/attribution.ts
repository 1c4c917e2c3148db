/**
 * Which of others' trades closed what was ours (CONTROL, external trades): shares are allotted to positions when first seen, oldest first,
 * and kept as closings that nobody has booked yet, until a person says whose they are. The broker's own square-off is booked at once.
 */
import type { BookRow } from '../../src/domain/book/book.ts';
import { externalWords } from '../../src/domain/control/deadlines.ts';
import type { Leg, Order, Position } from '../../src/domain/control/facts.ts';
import { ordersOf, ordersOfLeg } from '../../src/domain/control/intervals.ts';
import { type ExternalFill, shareOfFills, tradeOfShare } from '../../src/domain/external-fills.ts';
import type { Day } from '../day/day.ts';
import type { DayFacts } from '../day/facts.ts';
import { bookOther, setFills } from '../orders/ledger.ts';
import { requestExit } from '../position/request-exit.ts';
import { contractsOf, externalOf, keepBaselines, movedSince } from './trades.ts';

/** Looks at all contracts of ours anew. Answers nothing: what it finds is in the ledger. */
export function attribute(day: Day): void {
  keepBaselines(day);
  for (const { product, tradingsymbol } of contractsOf(day.facts.positions)) {
    for (const opens of ['SELL', 'BUY'] as const) attributeSide(day, product, tradingsymbol, opens);
  }
  askAnew(day);
  takeAnswers(day);
}

type Holder = { position: Position; leg: Leg; held: number; open: Order[] };

function attributeSide(day: Day, product: string, tradingsymbol: string, opens: 'SELL' | 'BUY'): void {
  const { facts } = day;
  const external = externalOf(facts, product, tradingsymbol);
  const holders = holdersOf(facts, product, tradingsymbol, opens);
  const all = holders.flatMap(({ open }) => open);
  if (holders.length === 0) return;
  const moved = movedSince(facts, external);
  const ours = holders.reduce((sum, { held }) => sum + held, 0);
  const closing = opens === 'SELL' ? moved - Math.max(0, -external.foreign) : -moved - Math.max(0, external.foreign);
  const share = Math.max(0, Math.min(ours, closing));
  const allotted = all.reduce((sum, order) => sum + order.filledQuantity, 0);
  if (share > allotted) allot(day, holders, share - allotted, external.trades);
  else if (share < allotted) withdraw(day, all, allotted - share);
}

function isExternal({ takenFrom }: Order): boolean {
  return takenFrom === 'broker' || takenFrom === 'person';
}

/** Oldest first. `held` is what our own fills and booked closings leave. */
function holdersOf(facts: DayFacts, product: string, tradingsymbol: string, opens: 'SELL' | 'BUY'): Holder[] {
  return facts.positions.flatMap((position) => {
    if (position.plan.product !== product) return [];
    const leg = position.legs.find(
      ({ contract, opens: side }) => contract.tradingsymbol === tradingsymbol && side === opens,
    );
    if (!leg) return [];
    const orders = ordersOfLeg(ordersOf(facts, position), leg);
    const open = orders.filter((order) => isExternal(order) && order.booked === false);
    const held = orders
      .filter((order) => !open.includes(order))
      .reduce((sum, order) => sum + (order.side === opens ? order.filledQuantity : -order.filledQuantity), 0);
    return held > 0 || open.length > 0 ? [{ position, leg, held: Math.max(0, held), open }] : [];
  });
}

function allot(
  day: Day,
  holders: readonly Holder[],
  units: number,
  trades: readonly (ExternalFill & { side: string; orderId: string; byBroker: boolean })[],
): void {
  let left = units;
  for (const { position, leg, held, open } of holders) {
    const free = held - open.reduce((sum, order) => sum + order.filledQuantity, 0);
    const part = Math.min(left, free);
    if (part <= 0) continue;
    const side = leg.opens === 'SELL' ? 'BUY' : 'SELL';
    const shares = shareOfFills(
      trades.filter((trade) => trade.side === side),
      part,
      takenBefore(day.facts),
    );
    const byBroker = shares.filter((share) => bookShare(day, position, leg, share, trades) === 'broker');
    const closed = byBroker.reduce((sum, { quantity }) => sum + quantity, 0);
    if (closed > 0) {
      const what = `${closed} ${leg.contract.tradingsymbol}`;
      day.page('broker_square_off', position.id, `${position.id}: Zerodha's own square-off closed ${what}.`);
    }
    left -= shares.reduce((sum, { quantity }) => sum + quantity, 0);
  }
}

function bookShare(
  day: Day,
  position: Position,
  leg: Leg,
  share: ExternalFill,
  trades: readonly { tradeId: string; orderId: string; byBroker: boolean }[],
): 'broker' | 'person' {
  const trade = trades.find(({ tradeId }) => tradeId === tradeOfShare(share.tradeId));
  const byBroker = trade?.byBroker === true;
  bookOther(day, position, leg, {
    ...{
      tag: `EXTERNAL-${share.tradeId}-${position.id}`,
      orderId: trade?.orderId ?? null,
      side: leg.opens === 'SELL' ? 'BUY' : 'SELL',
    },
    ...{ quantity: share.quantity, fills: [share], status: 'COMPLETE', price: share.price },
    statusMessage: byBroker ? "Zerodha's own square-off" : 'Closed in Kite, not from here',
    ...{ takenFrom: byBroker ? ('broker' as const) : ('person' as const), booked: byBroker },
  });
  if (byBroker) {
    fillBrokerOrder(day, `BROKER-${trade?.orderId}-${position.id}`, share.quantity);
    requestExit(day, position, 'broker_square_off');
    return 'broker';
  }
  ask(day, position);
  return 'person';
}

function ask(day: Day, position: Position): void {
  const text = externalWords(ordersOf(day.facts, position), position);
  if (text !== null) day.warn(questionOf(position), 'foreign_position', text, true);
}

/** A run that was lost, or a day that never ended, has left questions that nobody could answer any more. */
function askAnew(day: Day): void {
  for (const position of day.facts.positions)
    if (!day.facts.warnings.some(({ id }) => id === questionOf(position))) ask(day, position);
}

/** What its live order has filled may not fill once more. */
function fillBrokerOrder({ facts }: Day, tag: string, units: number): void {
  const order = facts.orders[tag];
  if (!order) return;
  order.quantity -= units;
  order.since = Date.now();
  if (order.quantity <= 0) delete facts.orders[tag];
}

function questionOf({ id }: Position): string {
  return `external:${id}`;
}

/** They have traded it back: the newest shares go first. */
function withdraw(day: Day, open: readonly Order[], units: number): void {
  let left = units;
  for (const order of [...open].reverse()) {
    if (left <= 0) return;
    const part = Math.min(left, order.filledQuantity);
    left -= part;
    const [fill] = order.fills;
    if (part === order.filledQuantity || !fill) delete day.facts.orders[order.tag];
    else {
      order.fills = [{ ...fill, quantity: fill.quantity - part }];
      order.quantity -= part;
      setFills(order, 0);
    }
    day.touchOrder(order.tag);
    const position = day.facts.positions.find(({ id }) => id === order.positionId);
    if (!position) continue;
    const none = !ordersOf(day.facts, position).some((other) => other.booked === false);
    if (none) day.clearWarning(questionOf(position));
    day.log(
      'info',
      'external_withdrawn',
      `${position.id}: ${part} ${order.tradingsymbol} were traded back in Kite: the question is withdrawn.`,
    );
  }
}

/** A person has said that the trades were theirs. */
export function takeAnswers(day: Day): void {
  for (const position of day.facts.positions) {
    const question = questionOf(position);
    if (!day.isAcknowledged(question)) continue;
    const open = ordersOf(day.facts, position).filter(({ booked }) => booked === false);
    for (const order of open) {
      order.booked = true;
      day.touchOrder(order.tag);
    }
    // The next trade of theirs is another question.
    day.clearWarning(question);
    const what = open.map(({ filledQuantity, tradingsymbol }) => `${filledQuantity} ${tradingsymbol}`).join(' and ');
    if (open.length > 0) day.log('info', 'external_booked', `${position.id}: booked as closed in Kite: ${what}.`);
  }
}

/** Units by the broker's trade id that are in the ledger. */
function takenBefore(facts: DayFacts): Map<string, number> {
  const taken = new Map<string, number>();
  for (const order of Object.values(facts.orders)) {
    if (!isExternal(order)) continue;
    for (const { tradeId, quantity } of order.fills) {
      const trade = tradeOfShare(tradeId);
      taken.set(trade, (taken.get(trade) ?? 0) + quantity);
    }
  }
  return taken;
}

/** Units of an order of others that the ledger has as closings of ours. */
function bookedOf({ orders }: DayFacts, orderId: string): number {
  const shares = Object.values(orders).filter((order) => isExternal(order) && order.orderId === orderId);
  return shares.reduce((sum, { filledQuantity }) => sum + filledQuantity, 0);
}

/** Live orders of the broker's own square-off may fill: our buys beside them would buy twice. */
export function recordSquareOffOrders(day: Day, rows: readonly BookRow[]): void {
  const { facts } = day;
  for (const row of rows) {
    // Its trades may come before its row, or after: what is booked of them may not fill once more.
    let left = row.quantity - bookedOf(facts, row.orderId);
    for (const { position, leg, held } of holdersOf(
      facts,
      row.product,
      row.tradingsymbol,
      row.side === 'BUY' ? 'SELL' : 'BUY',
    )) {
      const tag = `BROKER-${row.orderId}-${position.id}`;
      const known = facts.orders[tag]?.quantity ?? 0;
      const part = Math.min(left, held);
      left -= known || Math.max(0, part);
      if (part <= 0 || known > 0) continue;
      bookOther(day, position, leg, {
        ...{
          tag,
          orderId: row.orderId,
          side: row.side,
          quantity: part,
          fills: [],
          status: row.status,
          price: row.price,
        },
        ...{ statusMessage: "Zerodha's own square-off", takenFrom: 'broker', phase: 'working' },
      });
      day.page(
        'broker_square_off',
        position.id,
        `${position.id}: Zerodha's own square-off has placed ${row.side} ${row.quantity} ${row.tradingsymbol}.`,
      );
      requestExit(day, position, 'broker_square_off');
    }
  }
}
