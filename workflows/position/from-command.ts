/** Manual orders: commands of a person, carried out within their eight seconds or not at all (DESIGN section 4). */
import { ActivityFailure, ApplicationFailure, CancellationScope, setHandler } from '@temporalio/workflow';
import { type ManualCheck, SESSION_LOST } from '../../src/contract/activities.ts';
import {
  type CancelOrder,
  cancelOrderUpdate,
  type ManualChecks,
  type PlacedOrder,
  type PlaceOrder,
  placeOrderUpdate,
} from '../../src/contract/commands.ts';
import type { ContractRef, OrderView } from '../../src/contract/ledger.ts';
import type { Leg, Order, Position } from '../../src/domain/control/facts.ts';
import { isOver, ordersOf } from '../../src/domain/control/intervals.ts';
import { checkCover, type ManualHolding } from '../../src/domain/manual-orders.ts';
import type { Product } from '../../src/domain/types.ts';
import { checking } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import { holdingOf, limitsOf, openManual } from '../day/limits.ts';
import { recordIntent } from '../orders/ledger.ts';
import { refusal, refuseExpired } from '../refusal.ts';
import { runPosition } from './position.ts';
import { requestExit } from './request-exit.ts';

/** A workflow takes 2,000 updates: the rest is kept for closing and cancelling, and for answers to keys that were used before. */
const MOST_COMMANDS = 500;
const MOST_WITH_REPEATS = 1_000;
/** Keys that are remembered: the facts of a day are bounded. */
const MOST_KEYS = 200;
/** Two characters of the tag. */
const MOST_POSITIONS = 1_000;
/** How long a command's outcome is waited for before its standing is answered. Wall milliseconds. */
const OUTCOME_MS = 5_000;
const CANCELLED_MS = 8_000;

type Carried = { tag: string | null; checks: ManualChecks };

export function listenToManualOrders(day: Day): void {
  const { facts } = day;
  const running = new Map<string, Promise<Carried>>();
  setHandler(
    placeOrderUpdate,
    (command): Promise<PlacedOrder> =>
      CancellationScope.nonCancellable(async () => {
        facts.commands += 1;
        const { tag, checks } = await once(day, running, command);
        return { order: tag === null ? null : (facts.orders[tag] ?? null), checks };
      }),
    {
      validator: (command) => {
        refuseExpired(command);
        const known = command.key === null ? undefined : facts.keys[command.key];
        const isRepeat = known !== undefined || running.has(command.key ?? '');
        if (known && known.body !== bodyOf(command)) {
          const message = 'this Idempotency-Key was sent with another order: send another key for another order';
          throw refusal('idempotency_key_reused', message);
        }
        if (!isRepeat) refuseState(day);
        refuseTooMany(facts.commands, isRepeat ? MOST_WITH_REPEATS : MOST_COMMANDS);
      },
    },
  );
  setHandler(cancelOrderUpdate, (command) => CancellationScope.nonCancellable(() => cancelManual(day, command)), {
    validator: (command) => refuseCancel(day, command),
  });
}

/** The same key with the same order is one order. What was refused did not happen: its key may be used again. */
async function once(day: Day, running: Map<string, Promise<Carried>>, command: PlaceOrder): Promise<Carried> {
  const { key } = command;
  if (key === null) return carryOut(day, command);
  const known = day.facts.keys[key];
  if (known) return known;
  const under = running.get(key) ?? carryOut(day, command);
  running.set(key, under);
  try {
    const carried = await under;
    day.facts.keys[key] = { body: bodyOf(command), ...carried };
    const [oldest] = Object.keys(day.facts.keys);
    if (oldest !== undefined && Object.keys(day.facts.keys).length > MOST_KEYS) delete day.facts.keys[oldest];
    return carried;
  } finally {
    running.delete(key);
  }
}

function bodyOf({ order, checkOnly }: PlaceOrder): string {
  return JSON.stringify([order, checkOnly]);
}

function refuseTooMany(commands: number, most: number): void {
  if (commands < most) return;
  const message = `${most} manual orders, placed or tested, are the most of a day: what is open can still be closed, and orders cancelled`;
  throw refusal('limit_exceeded', message, { limit: 'day', sent: commands });
}

function refuseState({ facts }: Day): void {
  if (facts.over || facts.report) throw refusal('day_over', 'the market is closed for today');
  if (facts.holiday !== null) throw refusal('market_closed', `market holiday: ${facts.holiday}`);
  if (!facts.sessionLives) throw refusal('not_authenticated', 'nobody is logged in at Zerodha: log in first');
  if (facts.handsOff) throw refusal('hands_off', 'hands off: no order is sent from here until it is taken back');
}

/** What only opens something: an emergency, the day's loss limit and differences that nobody acknowledged keep it from happening. */
function refuseOpening(day: Day): void {
  const { entriesOff } = day.facts;
  if (entriesOff !== null)
    throw refusal('entries_off', `nothing new is opened today: ${entriesOff}. What is open can be closed`);
  const block = day.entriesBlockedBy();
  if (block) throw refusal('not_acknowledged', `acknowledge it first: ${block.message}`, { warning: block.id });
}

async function carryOut(day: Day, command: PlaceOrder): Promise<Carried> {
  let begun = false;
  const work = day.inTurn(async () => {
    refuseExpired(command);
    begun = true;
    day.changed();
    return begin(day, command);
  });
  work.catch(() => {});
  // A command that still waits for its turn by then has expired.
  await day.until(
    'a manual order waits for its turn',
    () => begun || Date.now() > command.expiresAt,
    () => command.expiresAt + 1,
  );
  if (!begun) refuseExpired({ expiresAt: 0 });
  const { tag, checks, wait } = await work;
  if (wait) await wait();
  const order = tag === null ? undefined : day.facts.orders[tag];
  if (order) refuseUnsent(order);
  return { tag, checks };
}

type Begun = Carried & { wait: (() => Promise<void>) | null };

/** Looks at everything, and records the order: from here on what it may lose is reserved. */
async function begin(day: Day, command: PlaceOrder): Promise<Begun> {
  const { facts } = day;
  facts.plan ??= command.plan;
  const product: Product = command.order.product ?? (facts.plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML');
  const checked = await check(day, command, product);
  refuseExpired(command);
  refuseState(day);
  if (checked.kind === 'refused') throw refuseChecked(day, command, checked);
  const { checks, contract } = checked;
  if (checks.effect.startsWith('opens')) refuseOpening(day);
  refuseSince(day, command, contract, product);
  if (command.checkOnly) return { tag: null, checks, wait: null };
  const position = positionFor(day, contract, product, checks.effect === 'opens_short' ? 'SELL' : 'BUY');
  if (checks.effect === 'closes_short') return buyBack(day, position, checks);
  return place(day, command, checked, position);
}

/** What has become of the day while it was looked at. Nothing is waited for between this and the recording. */
function refuseSince({ facts }: Day, { order }: PlaceOrder, contract: ContractRef, product: Product): void {
  if (facts.squaringOff)
    throw refusal('too_late', 'the square-off began while it was looked at: no manual order is taken after it');
  const naked = checkCover(order, contract, product, holdings(facts));
  if (naked) throw refusal(naked.code, naked.message, naked.details);
}

function holdings(facts: Day['facts']): ManualHolding[] {
  return openManual(facts).map((position) => holdingOf(facts, position));
}

async function check(day: Day, command: PlaceOrder, product: Product): Promise<ManualCheck> {
  const { facts } = day;
  const { order, expiresAt, plan } = command;
  await day.until(
    'a manual order: what the account holds',
    () => facts.compared || facts.over || Date.now() > expiresAt,
    () => expiresAt + 1,
  );
  const { reserved, lostToday, capitalAtRisk, openPositions } = limitsOf(facts);
  try {
    return await checking.checkManualOrder.executeWithOptions(
      { summary: `${order.side} ${order.quantity} ${order.symbol}, manual: what would it take?` },
      [
        {
          ...{ identity: day.identity, at: day.now(), order, product, plan: facts.plan ?? plan },
          ...{ book: { reserved, lostToday, capitalAtRisk, openPositions }, holdings: holdings(facts) },
        },
      ],
    );
  } catch (error) {
    throw checkFailed(day, error);
  }
}

function checkFailed(day: Day, error: unknown): ApplicationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure))
    return refusal('expired', 'Zerodha did not answer in time, and nothing was ordered; send it again');
  if (cause.type === SESSION_LOST) {
    day.loseSession(Number(cause.details?.[0] ?? 0));
    return refusal('not_authenticated', 'Zerodha does not accept the login any more: log in again');
  }
  return ApplicationFailure.nonRetryable(cause.message, cause.type ?? 'kite_doubt');
}

function refuseChecked(
  day: Day,
  { by, order }: PlaceOrder,
  { refusals }: Extract<ManualCheck, { kind: 'refused' }>,
): Error {
  const [first] = refusals;
  const message = refusals.map((one) => one.message).join('; ');
  const details = Object.assign({}, ...refusals.map((one) => one.details)) as Record<string, unknown>;
  const code = first?.code ?? 'no_price';
  day.log('warn', 'limit_refused', `${order.side} ${order.quantity} ${order.symbol} by ${by} refused: ${message}.`, {
    code,
    ...details,
  });
  return refusal(code, message, details);
}

/** The open position of this contract and product, or a new one. */
function positionFor(day: Day, contract: ContractRef, product: Product, opens: Leg['opens']): Position {
  const { facts } = day;
  const known = openManual(facts).find(
    ({ plan }) => plan.main.tradingsymbol === contract.tradingsymbol && plan.product === product,
  );
  if (known?.exit) throw refusal('already_closing', `${known.id} is being closed: wait until it is`);
  if (known) return known;
  const number = facts.positions.filter(({ signal }) => signal === 'manual').length + 1;
  if (number > MOST_POSITIONS)
    throw refusal('limit_exceeded', `${MOST_POSITIONS} manual positions are the most of a day`, { limit: 'day' });
  return {
    ...{ id: `M${number}`, number, signal: 'manual', enteredOn: facts.identity.date, openedAt: day.now() },
    legs: [{ role: opens === 'SELL' ? 'main' : 'hedge', contract, opens }],
    plan: manualPlan(contract, product, 0, facts.identity.date),
    ...{ closedAt: null, entry: null, exit: null, inJournal: false, carried: false, guardEpoch: 0, problem: null },
  };
}

export function manualPlan(
  contract: ContractRef,
  product: Product,
  quantity: number,
  exitOn: string,
): Position['plan'] {
  return {
    ...{ main: contract, hedge: null, nearerHedges: [], lots: quantity / contract.lotSize, quantity, product },
    ...{ plannedLoss: 0, maxLoss: 0, worstLoss: null, target: null, exitOn },
  };
}

function place(
  day: Day,
  { by, expiresAt, order: asked }: PlaceOrder,
  { checks, pricing }: Extract<ManualCheck, { kind: 'allowed' }>,
  position: Position,
): Begun {
  const { facts } = day;
  const [leg] = position.legs;
  if (!leg) throw refusal('no_price', 'the order was not taken');
  if (!facts.positions.includes(position)) {
    facts.positions.push(position);
    runPosition(day, position);
  }
  const purpose = checks.effect === 'closes_long' ? 'exit' : 'entry';
  const draft = { leg, purpose, side: asked.side, quantity: asked.quantity, pricing } as const;
  const order = recordIntent(day, position, draft, expiresAt);
  order.price = checks.price;
  const words = `${asked.side} ${asked.quantity} ${checks.tradingsymbol} ${asked.orderType}`;
  day.log('info', 'manual_order', `${words} ordered by ${by}.`, { tag: order.tag, reserved: checks.reserved });
  // What crosses the touch fills at once or not at all; what rests is answered as it stands.
  const stands = () => pricing.kind !== 'cross' && (order.phase === 'working' || order.phase === 'resting');
  const known = () => isOver(order) || order.phase === 'doubt' || stands();
  const until = Date.now() + OUTCOME_MS;
  return {
    tag: order.tag,
    checks,
    wait: () =>
      day.until(
        `order of ${by}`,
        () => known() || Date.now() >= until,
        () => until,
      ),
  };
}

/** One that was not sent, or refused, is a refusal of the command. */
function refuseUnsent(order: Order): void {
  const words = order.statusMessage ?? 'no reason given';
  if (order.status === 'REFUSED') throw refusal('kite_refused', `Zerodha refused it: ${words}`, { words });
  if (order.phase === 'not_sent') throw refusal('expired', `it was not sent: ${words}; send it again`);
}

/** Buying back a short is its exit: the resting stop becomes the order that does it. */
function buyBack(day: Day, position: Position, checks: ManualChecks): Begun {
  requestExit(day, position, 'manual');
  const bought = () => ordersOf(day.facts, position).findLast(({ role, side }) => role === 'main' && side === 'BUY');
  const until = Date.now() + OUTCOME_MS;
  const wait = () =>
    day.until(
      `closing ${position.id}`,
      () => position.closedAt !== null || day.facts.over || Date.now() >= until,
      () => until,
    );
  return { tag: bought()?.tag ?? null, checks, wait };
}

function refuseCancel(day: Day, command: CancelOrder): void {
  refuseExpired(command);
  const { orderId } = command;
  const order = find(day, orderId);
  if (!order) throw refusal('unknown_order', `no order ${orderId} of this day: /live/orders lists them`);
  if (isOver(order)) throw refusal('already_final', `order ${orderId} is ${order.status.toLowerCase()} already`);
  const position = day.facts.positions.find(({ id }) => id === order.positionId);
  const manual = position?.signal === 'manual';
  if (order.purpose === 'stop' || (order.purpose !== 'entry' && (!manual || position.exit))) {
    const what = order.purpose === 'stop' ? 'protects' : 'closes';
    throw refusal('protective_order', `order ${orderId} ${what} ${order.positionId}: close the position instead`);
  }
  if (!manual)
    throw refusal(
      'signal_order',
      `order ${orderId} belongs to ${order.positionId} of a signal: close the position instead`,
    );
  if (day.facts.over) throw refusal('day_over', 'the market is closed for today');
  if (day.facts.handsOff) throw refusal('hands_off', 'hands off: nothing is cancelled from here; use Kite');
}

async function cancelManual(day: Day, { orderId, by }: CancelOrder): Promise<OrderView> {
  const order = find(day, orderId);
  const position = day.facts.positions.find(({ id }) => id === order?.positionId);
  if (!order || !position) throw refusal('unknown_order', `no order ${orderId} of this day`);
  day.log(
    'info',
    'manual_cancel',
    `${order.side} ${order.quantity} ${order.tradingsymbol}: cancel asked for by ${by}.`,
  );
  order.unwanted = true;
  day.touchOrder(order.tag);
  const until = Date.now() + CANCELLED_MS;
  await day.until(
    `cancelling ${orderId}`,
    () => isOver(order) || Date.now() >= until,
    () => until,
  );
  return order;
}

function find(day: Day, orderId: string): Order | undefined {
  return Object.values(day.facts.orders).find((order) => order.orderId === orderId && order.takenFrom === undefined);
}
