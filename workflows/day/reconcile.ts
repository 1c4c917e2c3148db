/** Ledger against broker: what was held overnight, and what is held after the close (TRADING section 1). */
import { isCancellation } from '@temporalio/workflow';
import type { Reconciliation } from '../../src/contract/activities.ts';
import type { Holding } from '../../src/contract/ledger.ts';
import type { Overnight } from '../../src/domain/book/book.ts';
import type { Order, Position } from '../../src/domain/control/facts.ts';
import { comparing } from '../activity-proxies.ts';
import { contractsOf, externalOf, movedSince, recordForeignPosition, signed } from '../external/trades.ts';
import { bookOther, setFills } from '../orders/ledger.ts';
import { requestExit } from '../position/request-exit.ts';
import type { Day } from './day.ts';
import type { DayFacts } from './facts.ts';

const CLOSED_OVERNIGHT = 'CLOSED';

/**
 * The overnight net has three parts: what was carried, what others hold, and fills of yesterday that never reached us. It first settles
 * yesterday's orders without a known end. What remains belongs to others where we carry nothing of the contract, and is a difference where we do.
 */
export function takeOvernight(day: Day, overnight: readonly Overnight[]): void {
  const { facts } = day;
  if (facts.overnight !== null) {
    // After the close the broker settles what has expired.
    if (!facts.over) explainChange(day, overnight);
    return;
  }
  facts.overnight = [...overnight];
  facts.overnightCompared = [...overnight];
  const keys = new Map<string, { product: string; tradingsymbol: string }>();
  for (const { product, tradingsymbol } of [...overnight, ...facts.carriedOrders, ...facts.external])
    keys.set(`${product}:${tradingsymbol}`, { product, tradingsymbol });
  for (const { product, tradingsymbol } of keys.values())
    compareOvernight(day, product, tradingsymbol, quantityOf(overnight, product, tradingsymbol));
  for (const position of facts.positions) {
    if (position.unheard?.length) day.touchPosition(position);
    delete position.unheard;
  }
  day.changed();
  askAboutHoldings(day);
}

/** What others opened today before the login is not in the overnight net: until it is known, nothing new is opened. */
export function askAboutHoldings(day: Day): void {
  const { facts } = day;
  if (facts.overnight === null || facts.compared) return;
  // Before the open nobody can have traded.
  if (day.now() < (facts.timetable?.open ?? 0)) {
    facts.compared = true;
    return;
  }
  day.runOnce('holdings of others', async () => {
    while (!facts.compared && !day.ending && !facts.over) {
      const compared = await compareWithBroker(day);
      if (!compared) continue;
      for (const holding of compared.foreign) tellForeign(day, holding);
      facts.compared = true;
      day.clearWarning('uncompared');
      day.changed();
    }
  });
}

function tellForeign(day: Day, { product, tradingsymbol, quantity }: Holding): void {
  const id = `foreign:${product}:${tradingsymbol}`;
  const ours = contractsOf(day.facts.positions).some(
    (one) => one.product === product && one.tradingsymbol === tradingsymbol,
  );
  if (ours || quantity === 0 || day.facts.warnings.some((known) => known.id === id)) return;
  const text = `Zerodha holds ${quantity} ${tradingsymbol} (${product}) that was not opened here. It is never touched. Acknowledge it to allow entries.`;
  day.warn(id, 'foreign_position', text, true);
}

function quantityOf(holdings: readonly Holding[], product: string, tradingsymbol: string): number {
  return holdings.find((held) => held.product === product && held.tradingsymbol === tradingsymbol)?.quantity ?? 0;
}

function compareOvernight(day: Day, product: string, tradingsymbol: string, held: number): void {
  const { facts } = day;
  const gone = goneBefore(day, product, tradingsymbol);
  const carried = () =>
    facts.carriedOrders
      .filter((order) => order.product === product && order.tradingsymbol === tradingsymbol)
      .reduce((sum, order) => sum + signed({ side: order.side, quantity: order.filledQuantity }), gone);
  // What they have traded today before ours was there is no part of the night.
  const { foreign, before } = externalOf(facts, product, tradingsymbol);
  const known = foreign - before;
  let unknown = held - carried() - known;
  const touches = facts.positions.filter(
    ({ plan, legs, closedAt, carried: wasCarried }) =>
      closedAt === null &&
      wasCarried &&
      plan.product === product &&
      legs.some(({ contract }) => contract.tradingsymbol === tradingsymbol),
  );
  if (unknown !== 0) unknown -= settleUnheard(day, touches, tradingsymbol, unknown);
  const theirs = held - carried();
  // A foreign position that became smaller takes nothing from us.
  const shrunk = known * theirs >= 0 && Math.abs(theirs) <= Math.abs(known);
  if (unknown === 0 || touches.length === 0 || shrunk) {
    recordForeignPosition(day, { product, tradingsymbol, quantity: theirs + before });
    if (theirs !== 0) {
      const text = `Zerodha holds ${theirs} ${tradingsymbol} (${product}) that was not opened here. It is never touched. Acknowledge it to allow entries.`;
      day.warn(`foreign:${product}:${tradingsymbol}`, 'foreign_position', text, true);
    }
    return;
  }
  closedOvernight(day, touches, tradingsymbol, unknown);
}

/** What yesterday's unheard orders have filled is booked at their limits, and their position is left. Answers the signed units. */
function settleUnheard(day: Day, positions: readonly Position[], tradingsymbol: string, unknown: number): number {
  let settled = 0;
  for (const position of positions) {
    for (const { tag, units } of position.unheard ?? []) {
      const order = day.facts.carriedOrders.find((known) => known.tag === tag && known.positionId === position.id);
      if (order?.tradingsymbol !== tradingsymbol) continue;
      const left = unknown - settled;
      const filled = Math.max(0, Math.min(units, order.side === 'BUY' ? left : -left));
      if (filled === 0) continue;
      order.fills.push({ tradeId: `UNHEARD-${tag}`, quantity: filled, price: order.price, at: order.intendedAt });
      setFills(order, order.filledQuantity + filled);
      settled += signed({ side: order.side, quantity: filled });
      tellUnpriced(day, position, order, filled);
    }
  }
  return settled;
}

function tellUnpriced(day: Day, position: Position, order: Order, filled: number): void {
  const what = `${order.side} ${filled} ${order.tradingsymbol}`;
  const text = `${position.id}: ${what} was filled yesterday after the day had lost sight of it. It is booked at its limit ${(order.price / 100).toFixed(2)}: look up the price in Kite. The position is left.`;
  day.warn(`unpriced:${order.tag}`, 'unpriced', text, true);
  day.page('unpriced', position.id, text);
  requestExit(day, position, 'leftover');
}

/** What a run that was lost has booked as closed overnight. Signed units. */
function goneBefore(day: Day, product: string, tradingsymbol: string): number {
  const booked = Object.values(day.facts.orders).filter(
    (order) => order.status === CLOSED_OVERNIGHT && order.product === product && order.tradingsymbol === tradingsymbol,
  );
  for (const order of booked) recordOvernightTrade(day, order);
  return booked.reduce((sum, { side, filledQuantity: quantity }) => sum + signed({ side, quantity }), 0);
}

/** As an external trade of today, so that attribution finds it. */
function recordOvernightTrade(
  { facts }: Day,
  { tag, side, quantity, price, product, tradingsymbol, intendedAt }: Order,
) {
  const trade = { tradeId: tag, quantity, price, at: intendedAt, side, orderId: '', byBroker: false };
  externalOf(facts, product, tradingsymbol).trades.push(trade);
}

/** Less of ours than was carried: it was closed where no trade of today shows it. Asked about; until then it is not closed again. */
function closedOvernight(day: Day, positions: readonly Position[], tradingsymbol: string, unknown: number): void {
  let left = unknown;
  for (const position of positions) {
    const leg = position.legs.find(({ contract }) => contract.tradingsymbol === tradingsymbol);
    if (!leg) continue;
    const closing = leg.opens === 'SELL' ? left : -left;
    const carried = day.facts.carriedOrders
      .filter((order) => order.positionId === position.id && order.tradingsymbol === tradingsymbol)
      .reduce((sum, order) => sum + (order.side === leg.opens ? order.filledQuantity : -order.filledQuantity), 0);
    const units = Math.max(0, Math.min(closing, carried));
    if (units === 0) continue;
    left -= leg.opens === 'SELL' ? units : -units;
    const price =
      day.facts.carriedOrders.find((order) => order.positionId === position.id && order.side === leg.opens)
        ?.averagePrice ?? 0;
    const tag = `OVERNIGHT-${tradingsymbol}-${position.id}`;
    const order = bookOther(day, position, leg, {
      ...{
        tag,
        side: leg.opens === 'SELL' ? 'BUY' : 'SELL',
        quantity: units,
        status: CLOSED_OVERNIGHT,
        price,
        takenFrom: 'person',
        booked: false,
      },
      statusMessage: 'Closed overnight at a price that Zerodha does not show',
      fills: [{ tradeId: tag, quantity: units, price, at: day.now() }],
    });
    const text = `${position.id}: ${units} ${tradingsymbol} of it are missing at Zerodha since yesterday; no trade shows why. Only what is left is protected and closed here. Acknowledge it to book them at ${(price / 100).toFixed(2)}.`;
    day.warn(`external:${position.id}`, 'foreign_position', text, true);
    recordOvernightTrade(day, order);
  }
  if (left === 0) return;
  const [first] = positions;
  const text = `Zerodha holds ${left > 0 ? 'more' : 'less'} ${tradingsymbol} than the ledger, by ${Math.abs(left)} units, and no trade explains it. Look at Kite.`;
  day.warn(`difference:${tradingsymbol}`, 'difference', text, true);
  day.page('difference', first?.id ?? 'day', text);
}

/** What the broker holds beyond the night and the trades of the day. Signed units. */
export function unexplainedUnits({ overnight, overnightCompared }: DayFacts): (Holding & { before: number })[] {
  const all = new Map(
    [...overnightCompared, ...(overnight ?? [])].map((held) => [`${held.product}:${held.tradingsymbol}`, held]),
  );
  return [...all.values()].flatMap(({ product, tradingsymbol }) => {
    const [now, then] = [overnight ?? [], overnightCompared].map((held) => quantityOf(held, product, tradingsymbol));
    const before = then ?? 0;
    const quantity = (now ?? 0) - before;
    return quantity === 0 ? [] : [{ product, tradingsymbol, quantity, before }];
  });
}

/** A conversion, or a correction by the broker: it never stops an exit, and never cancels a stop. A list that is right again ends it. */
function explainChange(day: Day, overnight: readonly Overnight[]): void {
  const { facts } = day;
  facts.overnight = [...overnight];
  const before = facts.unexplained;
  facts.unexplained = {};
  for (const { product, tradingsymbol, quantity } of unexplainedUnits(facts)) {
    const key = `${product}:${tradingsymbol}`;
    const text = `Zerodha holds ${quantity > 0 ? '+' : ''}${quantity} ${tradingsymbol} (${product}) that no trade of today explains. Look at Kite.`;
    facts.unexplained[key] = text;
    day.warn(`unexplained:${key}`, 'difference', text, true);
  }
  for (const key of Object.keys(before)) if (!facts.unexplained[key]) day.clearWarning(`unexplained:${key}`);
  day.changed();
}

/** Compares what is ours with the broker; null when nobody can ask it any more. */
export async function compareWithBroker(day: Day): Promise<Reconciliation | null> {
  const { facts } = day;
  const ours = new Map<string, Holding>();
  const filled: Record<string, number> = {};
  const orders = Object.values(facts.orders).filter(({ booked }) => booked !== false);
  for (const order of [...facts.carriedOrders, ...orders]) {
    const key = `${order.product}:${order.tradingsymbol}`;
    const known = ours.get(key) ?? { tradingsymbol: order.tradingsymbol, product: order.product, quantity: 0 };
    known.quantity += signed({ side: order.side, quantity: order.filledQuantity });
    ours.set(key, known);
  }
  const isSettlement = (order: Order) => order.purpose === 'settlement';
  for (const order of orders)
    if (order.takenFrom === undefined && !isSettlement(order)) filled[order.tag] = order.filledQuantity;
  // The broker shows neither what was settled nor what expired before: there is nothing to compare.
  const settled = [
    ...orders.filter(isSettlement).map(({ tradingsymbol }) => tradingsymbol),
    ...facts.positions
      .filter(({ plan }) => plan.main.expiry < facts.identity.date)
      .flatMap(({ legs }) => legs.map(({ contract }) => contract.tradingsymbol)),
  ];
  const spent = facts.dropped.map(({ orderId }) => orderId);
  const input = { identity: day.identity, ours: [...ours.values()], foreign: theirsNow(day), filled, spent, settled };
  try {
    return await day.withSession('reconcile', () =>
      comparing.reconcile.executeWithOptions({ summary: 'Comparing the ledger with Zerodha' }, [input]),
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    return null;
  }
}

/** What others hold now, as far as their trades show it. */
function theirsNow({ facts }: Day): Holding[] {
  return facts.external.flatMap((external) => {
    const { product, tradingsymbol, foreign } = external;
    const quantity = foreign + movedSince(facts, external);
    return quantity === 0 ? [] : [{ product, tradingsymbol, quantity }];
  });
}
