/** Manual orders: commands of a person, carried out within their eight seconds or not at all (DESIGN section 4). */
import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { ManualCheck } from '../../src/contract/activities.ts';
import { type ManualChecks, type PlacedOrder, type PlaceOrder, placeOrderUpdate } from '../../src/contract/commands.ts';
import type { ContractRef } from '../../src/contract/ledger.ts';
import type { Leg, Order, Position } from '../../src/domain/control/facts.ts';
import { isOver, ordersOf } from '../../src/domain/control/intervals.ts';
import type { Product } from '../../src/domain/types.ts';
import type { Day } from '../day/day.ts';
import { openManual } from '../day/limits.ts';
import { recordIntent } from '../orders/intents.ts';
import { refusal, refuseExpired } from '../refusal.ts';
import { listenToCancels } from './cancel-command.ts';
import { check, refuseChecked, refuseOpening, refuseSince, refuseState } from './command-checks.ts';
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
  listenToCancels(day);
}

/** The same key with the same order is one order. What was refused did not happen: its key may be used again. */
async function once(day: Day, running: Map<string, Promise<Carried>>, command: PlaceOrder): Promise<Carried> {
  const { key } = command;
  if (key === null) return carryOut(day, command);
  const known = running.get(key) ?? day.facts.keys[key];
  if (known) return known;
  const under = carryOut(day, command);
  running.set(key, under);
  try {
    return await under;
  } finally {
    running.delete(key);
  }
}

/** From the moment it is recorded: a run that is lost while its outcome is waited for leaves the key in the journal. */
function remember({ facts }: Day, { key, ...command }: PlaceOrder, carried: Carried): void {
  if (key === null) return;
  facts.keys[key] = { body: bodyOf(command), ...carried };
  const [oldest] = Object.keys(facts.keys);
  if (oldest !== undefined && Object.keys(facts.keys).length > MOST_KEYS) delete facts.keys[oldest];
}

function bodyOf({ order, checkOnly }: Pick<PlaceOrder, 'order' | 'checkOnly'>): string {
  return JSON.stringify([order, checkOnly]);
}

function refuseTooMany(commands: number, most: number): void {
  if (commands < most) return;
  const message = `${most} manual orders, placed or tested, are the most of a day: what is open can still be closed, and orders cancelled`;
  throw refusal('limit_exceeded', message, { limit: 'day', sent: commands });
}

async function carryOut(day: Day, command: PlaceOrder): Promise<Carried> {
  let begun = false;
  const { closing } = day.facts;
  const work = day.inTurn(async () => {
    refuseExpired(command);
    begun = true;
    day.ordersChecked += 1;
    day.changed();
    try {
      return await begin(day, command, closing);
    } finally {
      day.ordersChecked -= 1;
      day.changed();
    }
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
  remember(day, command, { tag, checks });
  if (wait) await wait();
  const order = tag === null ? undefined : day.facts.orders[tag];
  const refused = order && refusalOf(order);
  if (!refused) return { tag, checks };
  if (command.key !== null) delete day.facts.keys[command.key];
  throw refused;
}

type Begun = Carried & { wait: (() => Promise<void>) | null };

/** Looks at everything, and records the order: from here on what it may lose is reserved. */
async function begin(day: Day, command: PlaceOrder, closing: Day['facts']['closing']): Promise<Begun> {
  const { facts } = day;
  facts.plan ??= command.plan;
  const product: Product = command.order.product ?? (facts.plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML');
  const checked = await check(day, command, product);
  refuseExpired(command);
  refuseState(day);
  if (checked.kind === 'refused') throw refuseChecked(day, command, checked);
  const { checks, contract } = checked;
  if (checks.effect.startsWith('opens')) refuseOpening(day, closing);
  refuseSince(day, command, contract, product);
  if (command.checkOnly) return { tag: null, checks, wait: null };
  const position = positionFor(day, contract, product, checks.effect === 'opens_short' ? 'SELL' : 'BUY');
  if (checks.effect === 'closes_short') return buyBack(day, position, checks);
  return place(day, command, checked, position);
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

function manualPlan(contract: ContractRef, product: Product, quantity: number, exitOn: string): Position['plan'] {
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
function refusalOf(order: Order): Error | null {
  const words = order.statusMessage ?? 'no reason given';
  if (order.status === 'REFUSED') return refusal('kite_refused', `Zerodha refused it: ${words}`, { words });
  if (order.phase === 'not_sent') return refusal('expired', `it was not sent: ${words}; send it again`);
  return null;
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
