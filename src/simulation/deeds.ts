/** What people do and what goes wrong, carried out in the world of a case. */

import type { DayView, Plan } from '../../workflows/messages.ts';
import { parseTag } from '../domain/tags.ts';
import type { SimOrder } from '../exchange-simulator/types.ts';
import type { Command, Deed } from './case.ts';
import type { Execution } from './temporal/execution.ts';
import { after, virtualNow } from './virtual-time.ts';
import type { World } from './world/world.ts';

/** Who carries deeds out. */
export interface Actor {
  readonly world: World;
  readonly execution: Execution | null;
  /** The limits in force where nobody has started trading. */
  readonly plan: Plan;
  disturbed: boolean;
  note(text: string): void;
  logIn(): void;
  start(): void;
  /** A process is started so much later. */
  boot(downMs: number): void;
}

const EXPIRES_MS = 8_000;
const TWICE_AFTER_MS = 900;
const FINAL = ['COMPLETE', 'CANCELLED', 'REJECTED'];

export function carryOut(actor: Actor, deed: Deed): void {
  const { world } = actor;
  actor.disturbed = true;
  switch (deed.do) {
    case 'command':
      ask(actor, deed.of);
      if (deed.twice) after(TWICE_AFTER_MS, () => ask(actor, deed.of));
      return;
    case 'call_fault':
      actor.note(`fault ${deed.fault.kind} ${JSON.stringify(deed.fault)}`);
      return world.faults.add(deed.fault);
    case 'ticker_fault':
      actor.note(`fault ${deed.fault.kind} ${JSON.stringify(deed.fault)}`);
      return world.ticker.addFault(deed.fault);
    case 'exchange_fault':
      return exchangeFault(actor, deed);
    case 'external':
      return external(actor, deed);
    case 'kill':
      return withWorker(actor, deed.worker, (product) => {
        actor.note(`SIGKILL ${product.process.name}, down for ${deed.downMs} ms`);
        world.used('worker.killed');
        world.kill(product.process);
        actor.boot(deed.downMs);
      });
    case 'stop_process':
      return withWorker(actor, deed.worker, (product) => {
        actor.note(`${deed.laptop ? 'the laptop sleeps' : 'SIGSTOP'} ${product.process.name} for ${deed.ms} ms`);
        world.used(deed.laptop ? 'worker.asleep' : 'worker.stopped');
        world.stop(product.process, deed.ms, deed.laptop);
      });
    case 'clock_jump':
      return withWorker(actor, deed.worker, (product) => {
        actor.note(`the clock of ${product.process.name} jumps by ${deed.ms} ms`);
        world.used('worker.clock_jumps');
        product.process.jumpClock(deed.ms);
      });
    case 'evict':
      world.used('workflow.evicted');
      return void actor.execution?.evict();
    case 'token_death':
      actor.note('the broker ends the session');
      world.used('session.dies');
      return world.exchange.killSessions();
    case 'journal_away':
      actor.note(`the journal is away for ${deed.ms} ms`);
      world.used('journal.away');
      world.journalAway = true;
      after(deed.ms, () => {
        world.journalAway = false;
      });
      return;
    case 'breeze_contradicts':
      return contradict(actor, deed.points);
  }
}

/** The half hour that is being formed, and no other. */
function contradict(actor: Actor, points: number): void {
  const { world } = actor;
  const half = 30 * 60_000;
  const start = Math.floor(virtualNow() / half) * half + half / 2;
  const bar = start > virtualNow() ? start - half : start;
  actor.note(`Breeze shows ${points / 100} points more in the half hour that is being formed`);
  world.used('breeze.contradicts');
  world.contradiction = (at) => (Math.abs(at - bar) < half ? points : 0);
}

function withWorker(actor: Actor, number: number, then: (product: World['products'][number]) => void): void {
  const alive = actor.world.products.filter(({ process }) => !process.dead);
  const product = alive[number % Math.max(1, alive.length)];
  if (product) then(product);
}

/** Our order of a leg, or the contract that a signal would take: by the first order of that role. */
function symbolOf(world: World, role: 'main' | 'hedge'): string | undefined {
  return ours(world).find(({ tag }) => parseTag(tag ?? '')?.role === role)?.tradingsymbol;
}

export function ours({ exchange }: World): SimOrder[] {
  return exchange
    .allOrders()
    .filter(({ source, tag }) => source === undefined && tag !== null && parseTag(tag) !== null);
}

function exchangeFault(actor: Actor, { kind, fault }: Extract<Deed, { do: 'exchange_fault' }>): void {
  const { role, ...rest } = fault;
  const tradingsymbol = role && symbolOf(actor.world, role);
  const whole = { ...rest, ...(tradingsymbol ? { tradingsymbol } : {}) };
  actor.note(`fault ${kind} ${JSON.stringify(whole)}`);
  actor.world.used(kind);
  actor.world.exchange.addFault(whole);
}

/** A trade in the broker's app. What is ours of a leg can be closed there, not turned round. */
function external(actor: Actor, { kind, role, side, lots }: Extract<Deed, { do: 'external' }>): void {
  const { world } = actor;
  const { exchange } = world;
  const first = ours(world)[0];
  const symbol = role === 'other' ? first?.tradingsymbol.replace(/\d{5}(CE|PE)$/, '24000PE') : symbolOf(world, role);
  const instrument = symbol && exchange.find('NFO', symbol);
  if (!instrument || instrument.kind !== 'option' || !first) return;
  const net =
    exchange.positions().find(({ tradingsymbol, product }) => tradingsymbol === symbol && product === first.product)
      ?.quantity ?? 0;
  const open = role === 'other' ? Number.POSITIVE_INFINITY : Math.max(0, side === 'BUY' ? -net : net);
  const quantity = Math.min(lots * instrument.lotSize, open);
  if (quantity <= 0) return;
  actor.note(`in the app: ${side} ${quantity} ${symbol}`);
  world.used(kind);
  exchange.foreignTrade({ tradingsymbol: instrument.tradingsymbol, product: first.product, side, quantity });
}

function ask(actor: Actor, command: Command): void {
  const { execution, world } = actor;
  if (!execution || execution.state !== 'running') return;
  actor.note(`command ${JSON.stringify(command)}`);
  world.used(`command.${command.command}`);
  const by = 'a person';
  switch (command.command) {
    case 'login':
      return actor.logIn();
    case 'start':
      return actor.start();
    case 'stop':
    case 'stop_and_close':
      return execution.signal('stopTrading', [{ closePositions: command.command === 'stop_and_close', by }]);
    case 'close_all':
      return execution.signal('closeAll', [{ by }]);
    case 'acknowledge':
      return execution.signal('acknowledge', [{ ids: 'all', by }]);
    case 'cancel_workflow':
      return execution.cancel();
    case 'close_position':
      return answered(
        actor,
        openIds(execution).then((ids) => {
          const id = ids[command.which % Math.max(1, ids.length)];
          return id === undefined
            ? 'nothing is open'
            : execution.update('closePosition', [{ id, expiresAt: virtualNow() + EXPIRES_MS, by }]);
        }),
      );
    case 'place_order':
      return placeOrder(actor, execution, command);
    case 'cancel_orders':
      for (const { orderId, status } of ours(world))
        if (!FINAL.includes(status))
          answered(actor, execution.update('cancelOrder', [{ orderId, expiresAt: virtualNow() + EXPIRES_MS, by }]));
  }
}

async function openIds(execution: Execution): Promise<string[]> {
  const { positions } = (await execution.query('day')) as DayView;
  return positions.filter(({ state }) => state !== 'closed').map(({ id }) => id);
}

/** A spread of a person's own: two legs beside those of signals. */
function placeOrder(actor: Actor, execution: Execution, { order }: Extract<Command, { command: 'place_order' }>): void {
  const { leg, lots, ...own } = order;
  const { exchange } = actor.world;
  const expiry = exchange
    .instruments(new Date(virtualNow() + 19_800_000).toISOString().slice(0, 10))
    .find(({ kind }) => kind === 'option');
  if (!expiry || expiry.kind !== 'option') return;
  const strike = leg === 'far' ? 24_700 : 24_900;
  const symbol = expiry.tradingsymbol.replace(/\d{5}(CE|PE)$/, `${strike}PE`);
  const whole = {
    symbol,
    side: 'BUY',
    orderType: 'MARKET',
    price: null,
    triggerPrice: null,
    product: null,
    quantity: lots * expiry.lotSize,
    ...own,
  };
  const command = {
    order: whole,
    key: null,
    checkOnly: false,
    plan: actor.plan,
    expiresAt: virtualNow() + EXPIRES_MS,
    by: 'a person',
  };
  answered(actor, execution.update('placeOrder', [command]));
}

/** A refusal is an answer: a person reads it. */
function answered(actor: Actor, answer: Promise<unknown>): void {
  answer.then(
    (value) => actor.note(`answered ${typeof value === 'string' ? value : 'yes'}`),
    (error: unknown) => actor.note(`refused: ${error instanceof Error ? error.message : String(error)}`),
  );
}
