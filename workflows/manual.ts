/** Orders by hand: commands of a person, carried out within their eight seconds or not at all (DESIGN section 4). */
import { ActivityFailure, ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { type ManualCheck, SESSION_LOST } from '../activities/contract.ts';
import { checkCover, type ManualHolding } from '../src/domain/manual-orders.ts';
import type { Product } from '../src/domain/types.ts';
import { heldBefore } from './by-hand.ts';
import type { Day } from './day.ts';
import { submitWatched } from './late.ts';
import { cancelByHand, refuseCancel } from './manual-cancel.ts';
import { ManualPosition } from './manual-position.ts';
import { openByHand } from './manual-series.ts';
import {
  type ContractRef,
  cancelOrderUpdate,
  type ManualChecks,
  type OrderView,
  type PlacedOrder,
  type PlaceOrder,
  placeOrderUpdate,
} from './messages.ts';
import { checking } from './proxies.ts';
import { refusal } from './refusal.ts';
import { limitsOf } from './view.ts';

/** Positions by hand and the sales that open them have one letter of the tag each. */
const MOST = 35;
/** A workflow takes 2,000 updates: the rest is kept for closing and cancelling, and for answers to keys that were used before. */
const MOST_COMMANDS = 500;
const MOST_WITH_REPEATS = 1_000;
/** An exit by hand is answered as soon as it is done, or where it stands after so long. Wall milliseconds. */
const EXIT_WAIT_MS = 5_000;

type Carried = { tag: string | null; checks: ManualChecks };
type Known = { body: string; result: Promise<Carried> };

export function listenToOrdersByHand(day: Day): void {
  /** What was asked for under a key, so that asking again answers the same order. */
  const keys = new Map<string, Known>();
  let commands = 0;

  async function once(command: PlaceOrder): Promise<Carried> {
    const { key } = command;
    if (key === null) return carryOut(day, command);
    const known = keys.get(key);
    if (known) return known.result;
    const result = carryOut(day, command);
    keys.set(key, { body: bodyOf(command), result });
    // What was refused did not happen: its key may be used again.
    result.catch(() => keys.delete(key));
    return result;
  }

  setHandler(
    placeOrderUpdate,
    async (command): Promise<PlacedOrder> => {
      commands += 1;
      const { tag, checks } = await once(command);
      return { order: tag === null ? null : (day.orders.get(tag) ?? null), checks };
    },
    {
      validator: (command) => {
        const known = keys.get(command.key ?? '');
        refusePlace(day, command, known);
        refuseTooMany(commands, known ? MOST_WITH_REPEATS : MOST_COMMANDS);
      },
    },
  );
  setHandler(cancelOrderUpdate, (command) => cancelByHand(day, command), {
    validator: (command) => refuseCancel(day, command),
  });
}

function bodyOf({ order, checkOnly }: PlaceOrder): string {
  return JSON.stringify([order, checkOnly]);
}

/** An expired command is refused first: it may come long after its caller heard that nobody answered. */
function refusePlace(day: Day, command: PlaceOrder, known: Known | undefined): void {
  refuseExpired(command);
  if (known) {
    if (known.body === bodyOf(command)) return;
    throw refusal(
      'idempotency_key_reused',
      'this Idempotency-Key was sent with another order: send another key for another order',
    );
  }
  refuseState(day);
}

function refuseTooMany(commands: number, most: number): void {
  if (commands < most) return;
  const message = `${most} orders by hand, placed or tested, are the most of a day: what is open can still be closed, and orders cancelled`;
  throw refusal('limit_exceeded', message, { limit: 'day', sent: commands });
}

function refuseExpired({ expiresAt }: { expiresAt: number }): void {
  if (Date.now() > expiresAt)
    throw refusal('expired', 'the command came too late and was not carried out; send it again');
}

function refuseState(day: Day): void {
  if (day.over || day.report) throw refusal('day_over', 'the market is closed for today');
  if (day.holiday !== null) throw refusal('market_closed', `market holiday: ${day.holiday}`);
  if (!day.session) throw refusal('not_authenticated', 'nobody is logged in at Zerodha: log in first');
}

/** What only opens something: an emergency, the day's loss limit and differences that nobody acknowledged keep it from happening. */
function refuseOpening(day: Day): void {
  if (day.entriesOff !== null)
    throw refusal('entries_off', `nothing new is opened today: ${day.entriesOff}. What is open can be closed`);
  const block = day.entriesBlockedBy();
  if (block) throw refusal('not_acknowledged', `acknowledge it first: ${block.message}`, { warning: block.id });
}

async function carryOut(day: Day, command: PlaceOrder): Promise<Carried> {
  let begun = false;
  const work = day.inTurn(async () => {
    refuseExpired(command);
    begun = true;
    return begin(day, command);
  });
  work.catch(() => {});
  const left = Math.max(1, command.expiresAt - Date.now());
  // Whoever still waits for his turn by then finds that he has expired.
  await condition(() => begun, left, { summary: 'an order by hand waits for its turn' });
  if (!begun) refuseExpired({ expiresAt: 0 });
  const started = await work;
  return started.kind === 'placed' ? answered(started) : started.carried;
}

type Begun =
  | { kind: 'placed'; order: OrderView; taken: Promise<void>; carried: Carried }
  | { kind: 'done'; carried: Carried };

/** Looks at everything, and sends: from here on what the order may lose is reserved. */
async function begin(day: Day, command: PlaceOrder): Promise<Begun> {
  day.plan ??= command.plan;
  const product: Product = command.order.product ?? (day.plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML');
  const key = `order by hand ${day.orders.size}`;
  await day.hold(key, true);
  try {
    const checked = await check(day, command, product);
    refuseExpired(command);
    refuseState(day);
    if (checked.kind === 'refused') throw refuseChecked(day, command, checked);
    const { checks, contract } = checked;
    if (checks.effect.startsWith('opens')) refuseOpening(day);
    refuseSince(day, command, contract, product);
    if (command.checkOnly) return { kind: 'done', carried: { tag: null, checks } };
    const position = positionFor(day, checked, product);
    if (checks.effect === 'closes_short') return { kind: 'done', carried: await buyBack(position, checks) };
    return place(day, command, checked, position);
  } finally {
    await day.hold(key, false);
  }
}

/** What has become of the day while it was looked at. Nothing is waited for between this and the sending. */
function refuseSince(day: Day, { order }: PlaceOrder, contract: ContractRef, product: Product): void {
  if (day.squaringOff)
    throw refusal('too_late', 'the square-off began while it was looked at: nothing is ordered by hand after it');
  const naked = checkCover(order, contract, product, holdingsOf(day));
  if (naked) throw refusal(naked.code, naked.message, naked.details);
}

/** What others sold of a position by hand is out of its holding already: it is not looked for once more. */
function heldBeside(day: Day, product: Product, tradingsymbol: string): number {
  const ours = openByHand(day).filter(
    ({ plan }) => plan.main.tradingsymbol === tradingsymbol && plan.product === product,
  );
  return heldBefore(day, product, tradingsymbol) - ours.reduce((sum, { outside }) => sum + outside.sold, 0);
}

function holdingsOf(day: Day): ManualHolding[] {
  return openByHand(day).map((position) => position.holding());
}

async function check(day: Day, command: PlaceOrder, product: Product): Promise<ManualCheck> {
  await condition(() => day.compared || day.over, Math.max(1, command.expiresAt - Date.now()));
  const { reserved, lostToday, capitalAtRisk, openPositions } = limitsOf(day);
  const { order } = command;
  const holdings = holdingsOf(day);
  const symbols = [...new Set([order.symbol, ...holdings.map(({ tradingsymbol }) => tradingsymbol)])];
  try {
    return await checking.checkManualOrder.executeWithOptions(
      { summary: `${order.side} ${order.quantity} ${order.symbol} by hand: what would it take?` },
      [
        {
          identity: day.identity,
          at: day.now(),
          order,
          product,
          plan: day.plan ?? command.plan,
          book: { reserved, lostToday, capitalAtRisk, openPositions },
          holdings,
          heldBefore: Object.fromEntries(symbols.map((symbol) => [symbol, heldBeside(day, product, symbol)])),
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
    day.beside(day.lookAtSession());
    return refusal('not_authenticated', 'Zerodha does not accept the login any more: log in again');
  }
  return ApplicationFailure.nonRetryable(cause.message, cause.type ?? 'kite_doubt');
}

function refuseChecked(day: Day, { by, order }: PlaceOrder, { refusals }: { refusals: ManualRefusals }): Error {
  const [first] = refusals;
  const message = refusals.map((one) => one.message).join('; ');
  const details = Object.assign({}, ...refusals.map((one) => one.details)) as Record<string, unknown>;
  const code = first?.code ?? 'no_price';
  const words = `${order.side} ${order.quantity} ${order.symbol} by ${by} refused: ${message}.`;
  day.log('warn', 'limit_refused', words, { code, ...details });
  return refusal(code, message, details);
}
type ManualRefusals = Extract<ManualCheck, { kind: 'refused' }>['refusals'];

/** The open position of this contract and product, or a new one. */
function positionFor(
  day: Day,
  { contract }: Extract<ManualCheck, { kind: 'allowed' }>,
  product: Product,
): ManualPosition {
  const known = openByHand(day).find(
    ({ plan }) => plan.main.tradingsymbol === contract.tradingsymbol && plan.product === product,
  );
  if (known?.isLeaving() || (known && known.exitReason !== null))
    throw refusal('already_closing', `${known.id} is being closed: wait until it is`);
  if (known) return known;
  const number = day.positions.filter((position) => position instanceof ManualPosition).length + 1;
  if (number > MOST)
    throw refusal('limit_exceeded', `${MOST} positions by hand are the most of a day`, { limit: 'day' });
  return new ManualPosition(day, number, contract, product);
}

function place(
  day: Day,
  { by, expiresAt, order: asked }: PlaceOrder,
  { checks, pricing }: Extract<ManualCheck, { kind: 'allowed' }>,
  position: ManualPosition,
): Begun {
  const opens = checks.effect !== 'closes_long';
  const role = checks.effect === 'opens_short' ? 'main' : 'hedge';
  const sales = position.orders().filter((known) => known.role === 'main' && known.purpose === 'entry').length;
  const slice = role === 'main' ? sales + 1 : 1;
  if (slice > MOST)
    throw refusal('limit_exceeded', `${MOST} sales of a contract are the most of a day`, { limit: 'day' });
  const intended = position.intend({
    ...{ role, purpose: opens ? 'entry' : 'exit', side: asked.side, slice, quantity: asked.quantity, pricing },
  });
  if (!day.positions.includes(position)) {
    day.positions.push(position);
    day.beside(position.run());
  }
  const words = `${asked.side} ${asked.quantity} ${checks.tradingsymbol} ${asked.orderType}`;
  day.log('info', 'order_by_hand', `${words} ordered by ${by}.`, { tag: intended.tag, reserved: checks.reserved });
  const sending = submitWatched(position, intended, expiresAt);
  const order = day.orders.get(intended.tag);
  if (!order) throw refusal('no_price', 'the order was not taken');
  order.price = checks.price;
  const taken = position.take(order, sending);
  day.beside(taken);
  return { kind: 'placed', order, taken, carried: { tag: order.tag, checks } };
}

/** Waits until the order is in the book or in doubt; one that was not sent, or refused, is a refusal of the command. */
async function answered({ order, taken, carried }: Extract<Begun, { kind: 'placed' }>): Promise<Carried> {
  let done = false;
  void taken.then(() => {
    done = true;
  });
  await condition(() => done || order.status === 'IN DOUBT');
  const words = order.statusMessage ?? 'no reason given';
  if (order.status === 'REFUSED') throw refusal('kite_refused', `Zerodha refused it: ${words}`, { words });
  if (order.status === 'NOT SENT') throw refusal('expired', `it was not sent: ${words}; send it again`);
  return carried;
}

/** Buying back a short is its exit: the resting stop becomes the order that does it. */
async function buyBack(position: ManualPosition, checks: ManualChecks): Promise<Carried> {
  position.requestExit('manual');
  await condition(() => !position.isOpen() || position.day.over, EXIT_WAIT_MS, { summary: 'buying back by hand' });
  const bought = position.orders().filter(({ role, side }) => role === 'main' && side === 'BUY');
  return { tag: bought.at(-1)?.tag ?? null, checks };
}
