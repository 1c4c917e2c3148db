/** After the close: what was under way ends, what expired is settled, the ledger is compared, and the day says what came of it. */
import { condition } from '@temporalio/workflow';
import type { Reconciliation } from '../../src/contract/activities.ts';
import type { Position } from '../../src/domain/control/facts.ts';
import { filledOf, isOver, isUnseen, ordersOf, ordersOfLeg, possibly } from '../../src/domain/control/intervals.ts';
import { lastLook } from '../orders/last-look.ts';
import { bookOther } from '../orders/ledger.ts';
import type { Day } from './day.ts';
import { settleExpired, settleExpiring } from './expiry-settlement.ts';
import { compareWithBroker } from './reconcile.ts';
import { makeReport } from './report.ts';
import { expiryOf, stateOfPosition, staysOvernight } from './view.ts';

const SETTLE_WITHIN_MS = 10 * 60_000;
/** The broker cancels DAY orders some seconds after the close: what differs is looked at again before it is told. */
const COMPARE_AGAIN_MS = 20_000;
const COMPARISONS = 3;

export async function closeTheDay(day: Day): Promise<void> {
  const { facts } = day;
  const pending = () => ['send ', 'change ', 'book', 'hour '].some((prefix) => day.anyRunning(prefix));
  const until = Date.now() + SETTLE_WITHIN_MS;
  await day.until(
    'what is under way comes to its end',
    () => !pending() || Date.now() >= until,
    () => until,
  );
  await lastLook(day);
  await settleExpired(day);
  await settleExpiring(day);
  const compared = await compare(day);
  bookExternal(day);
  for (const position of facts.positions) recordUnseen(day, position);
  // Nobody could see which of them were filled before they died: the next day's overnight net settles that.
  if (compared?.differences.length === 0) endOrders(day);
  closeWhatIsFlat(day);
  for (const position of facts.positions) tellLeftOpen(day, position.id);
  for (const difference of compared?.differences ?? [])
    day.warn(`difference:${difference}`, 'difference', difference, true);
  const report = makeReport(facts, compared);
  if (report.result === 'not_flat') {
    const text = `${facts.identity.date} did not end flat.${leftOpen(day)} Look at Kite now and close what is open.`;
    day.warn('not_flat', 'not_flat', text, true);
    day.page('not_flat', 'day', text);
  }
  facts.report = { ...report, warnings: facts.warnings };
  const { net, charges } = report.pnl;
  const rupees = (paise: number) => (paise / 100).toFixed(2);
  const level = report.result === 'not_flat' ? 'alert' : 'info';
  day.log(
    level,
    'day_over',
    `Day over: ${report.result.replace('_', ' ')}. Net ${rupees(net)} rupees after ${rupees(charges)} charges.`,
  );
  await condition(() => true);
}

async function compare(day: Day): Promise<Reconciliation | null> {
  const { facts } = day;
  let compared: Reconciliation | null = null;
  for (let looks = 1; looks <= COMPARISONS; looks += 1) {
    compared = await compareWithBroker(day);
    if (!compared || (compared.differences.length === 0 && compared.liveOrders.length === 0)) break;
    if (looks < COMPARISONS) {
      await day.pause('looking again at what differs', COMPARE_AGAIN_MS);
      await lastLook(day);
    }
  }
  if (!compared && (Object.keys(facts.orders).length > 0 || facts.carriedOrders.length > 0)) {
    const text = 'Zerodha could not be asked after the close: the result is by our own ledger alone. Look at Kite.';
    day.warn('unverified', 'unverified', text, true);
    day.page('unverified', 'day', text);
  }
  return compared;
}

/** Books external closings that were not answered: the day's result says what is held at the broker. */
function bookExternal(day: Day): void {
  for (const order of Object.values(day.facts.orders)) {
    if (order.booked !== false) continue;
    order.booked = true;
    day.touchOrder(order.tag);
    day.log(
      'warn',
      'external_booked',
      `${order.positionId}: ${order.filledQuantity} ${order.tradingsymbol} are booked as closed in Kite: it was not acknowledged.`,
    );
  }
}

/** What a lost run may have entered with is in doubt: the next day's overnight net settles it. */
function recordUnseen(day: Day, position: Position): void {
  const { facts } = day;
  const { id, plan, legs, closedAt, signal } = position;
  if (closedAt !== null || signal === 'manual' || !isUnseen(facts, position)) return;
  const orders = ordersOf(facts, position);
  for (const leg of legs) {
    const known = ordersOfLeg(orders, leg).filter(({ side }) => side === leg.opens);
    const quantity = plan.quantity - known.reduce((sum, order) => sum + possibly(order), 0);
    if (quantity <= 0) continue;
    const { lowestSell = 0, highestHedge = 0 } = plan.bounds ?? {};
    bookOther(day, position, leg, {
      ...{ tag: `UNSEEN-${id}-${leg.contract.tradingsymbol}`, purpose: 'entry', phase: 'doubt', status: 'IN DOUBT' },
      ...{ side: leg.opens, quantity, price: leg.opens === 'BUY' ? highestHedge : lowestSell, fills: [] },
      statusMessage: 'A run that was lost may have sent it',
    });
  }
}

/** DAY orders have died with the market. */
function endOrders(day: Day): void {
  const { facts } = day;
  for (const order of facts.positions.flatMap((position) => ordersOf(facts, position))) {
    if (isOver(order) || order.phase === 'doubt' || order.phase === 'in_flight') continue;
    order.phase = 'ended';
    order.status = order.filledQuantity < order.quantity ? 'CANCELLED' : 'COMPLETE';
    day.touchOrder(order.tag);
  }
}

/** By the fills of its orders a position is flat, or it is not. */
function closeWhatIsFlat(day: Day): void {
  const { facts } = day;
  for (const position of facts.positions) {
    const orders = ordersOf(facts, position);
    const flat = position.legs.every((leg) => filledOf(orders, leg) === 0);
    const isKnown = orders.every(isOver) && !position.unheard?.length;
    if (position.closedAt === null && flat && isKnown) position.closedAt = day.now();
    day.touchPosition(position);
  }
}

const UNSEEN = 'orders whose end nobody has seen';

function tellLeftOpen(day: Day, id: string): void {
  const { facts } = day;
  const position = facts.positions.find((known) => known.id === id);
  if (!position || position.closedAt !== null) return;
  const state = stateOfPosition(facts, position);
  const held = holdingsOf(day, id);
  if (staysOvernight(facts, position) && state === 'open') {
    const text = `${id}: carried to the next day. Its stop died with the day: nothing guards it until the login of tomorrow; the stop rests again at the open.`;
    day.log('info', 'position_carried', text);
    return;
  }
  const isResidual = state === 'residual_hedge' && held !== UNSEEN;
  const text = isResidual
    ? `${id}: ${held} found no buyer. They can lose no more than they cost, and settle on ${expiryOf(position)} at the latest.`
    : held === UNSEEN
      ? `${id}: nobody has seen the end of its orders. Look at Kite, and close what is open.`
      : `${id}: ${held} still open. Close them in Kite.`;
  day.warn(`${state}:${id}`, isResidual ? 'residual_hedge' : 'not_flat', text, true);
}

function leftOpen(day: Day): string {
  const open = day.facts.positions.filter(
    (position) => position.closedAt === null && !staysOvernight(day.facts, position),
  );
  return open.length === 0 ? '' : ` ${open.map(({ id }) => `${id}: ${holdingsOf(day, id)}`).join('; ')}.`;
}

function holdingsOf(day: Day, id: string): string {
  const position = day.facts.positions.find((known) => known.id === id);
  if (!position) return '';
  const orders = ordersOf(day.facts, position);
  const held = position.legs
    .map((leg) => {
      const net = filledOf(orders, leg);
      return net === 0 ? '' : `${net} ${leg.contract.tradingsymbol} ${leg.opens === 'SELL' ? 'short' : 'long'}`;
    })
    .filter((words) => words !== '')
    .join(', ');
  return held || UNSEEN;
}
