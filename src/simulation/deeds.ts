/** What people do and what goes wrong, carried out in the world of a case. */

import { istDate } from '../domain/clock.ts';
import { parseTag } from '../domain/tags.ts';
import { isFinal, SimRefusal } from '../exchange-simulator/core/types.ts';
import type { Actor } from './actor.ts';
import { nearestOption, ours } from './at-the-broker.ts';
import type { Deed } from './case.ts';
import { ask } from './commands.ts';
import { after, virtualNow } from './virtual-time.ts';
import type { World } from './world/world.ts';

const TWICE_AFTER_MS = 900;
const RESTS_MS = 10 * 60_000;

export function carryOut(actor: Actor, deed: Deed): void {
  const { world } = actor;
  const harmless = deed.do === 'evict' || (deed.do === 'command' && deed.of.command !== 'cancel_workflow');
  if (!harmless) actor.accidentAt ??= virtualNow();
  switch (deed.do) {
    case 'command':
      ask(actor, deed.of);
      if (deed.twice) after(TWICE_AFTER_MS, () => ask(actor, deed.of));
      return;
    case 'call_fault':
      actor.note(`fault ${deed.fault.kind} ${JSON.stringify(deed.fault)}`);
      world.faults.add(deed.fault);
      return;
    case 'ticker_fault':
      tickerFault(actor, deed);
      return;
    case 'exchange_fault':
      exchangeFault(actor, deed);
      return;
    case 'external':
      external(actor, deed);
      return;
    case 'foreign_order':
      foreignOrder(actor, deed);
      return;
    case 'kill':
      withWorker(actor, deed.worker, (product) => {
        actor.note(`SIGKILL ${product.process.name}, down for ${deed.downMs} ms`);
        world.used('worker.killed');
        world.kill(product.process);
        actor.boot(deed.downMs);
      });
      return;
    case 'stop_process':
      withWorker(actor, deed.worker, (product) => {
        actor.note(`${deed.laptop ? 'the laptop sleeps' : 'SIGSTOP'} ${product.process.name} for ${deed.ms} ms`);
        world.used(deed.laptop ? 'worker.asleep' : 'worker.stopped');
        world.stop(product.process, deed.ms, deed.laptop);
      });
      return;
    case 'clock_jump':
      withWorker(actor, deed.worker, (product) => {
        actor.note(`the clock of ${product.process.name} jumps by ${deed.ms} ms`);
        world.used('worker.clock_jumps');
        product.process.jumpClock(deed.ms);
      });
      return;
    case 'evict':
      world.used('workflow.evicted');
      void actor.execution?.evict();
      return;
    case 'lose_run':
      actor.loseRun(deed.forMs);
      return;
    case 'token_death':
      actor.note(`the broker ends the session${deed.forGood ? ', and nobody logs in again today' : ''}`);
      world.used(deed.forGood ? 'session.dies_for_good' : 'session.dies');
      world.logins.endedAt = virtualNow();
      if (deed.forGood) world.logins.nobodyOn = istDate(virtualNow());
      world.exchange.killSessions();
      return;
    case 'journal_away':
      actor.note(`the journal is away for ${deed.ms} ms`);
      world.journalAway = true;
      after(deed.ms, () => {
        world.journalAway = false;
      });
      return;
    case 'breeze_contradicts':
      contradict(actor, deed.points);
      return;
  }
}

/** The half hour that is being formed, and no other. */
function contradict(actor: Actor, points: number): void {
  const { world } = actor;
  const half = 30 * 60_000;
  const start = Math.floor(virtualNow() / half) * half + half / 2;
  const bar = start > virtualNow() ? start - half : start;
  actor.note(`Breeze shows ${points / 100} points more in the half hour that is being formed`);
  world.contradicted = true;
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

function exchangeFault(actor: Actor, { kind, fault }: Extract<Deed, { do: 'exchange_fault' }>): void {
  const { role, ...rest } = fault;
  const tradingsymbol = role && symbolOf(actor.world, role);
  // The exchange fills whole lots: cases are written in those of 75.
  const lots = typeof rest.quantity === 'number' ? { quantity: (rest.quantity / 75) * actor.plan.lotSize } : {};
  const whole = { ...rest, ...lots, ...(tradingsymbol ? { tradingsymbol } : {}) };
  actor.note(`fault ${kind} ${JSON.stringify(whole)}`);
  actor.world.exchangeFaults.add(kind, whole);
}

/** Of a leg's own contract, where it names one. */
function tickerFault(actor: Actor, { fault }: Extract<Deed, { do: 'ticker_fault' }>): void {
  const { role, ...rest } = fault;
  const tradingsymbol = role && symbolOf(actor.world, role);
  const whole = { ...rest, ...(tradingsymbol ? { tradingsymbol } : {}) };
  actor.note(`fault ${whole.kind} ${JSON.stringify(whole)}`);
  actor.world.ticker.addFault(whole);
}

/** A trade in the broker's app. What is ours of a leg can be closed there, not turned round, unless it is to open something. */
function external(actor: Actor, { kind, role, side, lots, opens }: Extract<Deed, { do: 'external' }>): void {
  const { world } = actor;
  const { exchange } = world;
  const first = ours(world)[0];
  if (!first && role !== 'other') return;
  const near = first?.tradingsymbol ?? nearestOption(world)?.tradingsymbol;
  const symbol = role === 'other' ? near?.replace(/\d{5}(CE|PE)$/, '24000PE') : symbolOf(world, role);
  const instrument = symbol ? exchange.find('NFO', symbol) : undefined;
  if (instrument?.kind !== 'option') return;
  const traded = first?.product ?? 'NRML';
  const net =
    exchange.positions().find(({ tradingsymbol, product }) => tradingsymbol === symbol && product === traded)
      ?.quantity ?? 0;
  const open = role === 'other' || opens ? Number.POSITIVE_INFINITY : Math.max(0, side === 'BUY' ? -net : net);
  const quantity = Math.min(lots * instrument.lotSize, open);
  if (quantity <= 0) return;
  actor.note(`in the app: ${side} ${quantity} ${symbol}`);
  world.used(kind);
  exchange.foreignTrade({ tradingsymbol: instrument.tradingsymbol, product: traded, side, quantity });
}

/** An order that a person has resting in the app, far from the market: nobody of ours may touch it. */
function foreignOrder(actor: Actor, { side, lots }: Extract<Deed, { do: 'foreign_order' }>): void {
  const { world } = actor;
  const { exchange } = world;
  const tradingsymbol = symbolOf(world, 'main');
  const instrument = tradingsymbol ? exchange.find('NFO', tradingsymbol) : undefined;
  const touch = instrument && exchange.touch(instrument);
  if (instrument?.kind !== 'option' || !touch) return;
  const far = side === 'BUY' ? 0.8 : 1.2;
  const price = Math.round((touch.lastPrice * far) / instrument.tickSize) * instrument.tickSize;
  actor.note(`in the app: an order to ${side} ${lots} lots of ${tradingsymbol} at ${price / 100} rests`);
  world.used('external.order_rests');
  let orderId: string;
  try {
    ({ orderId } = exchange.place({
      ...{
        variety: 'regular',
        exchange: 'NFO',
        tradingsymbol: instrument.tradingsymbol,
        side,
        orderType: 'LIMIT',
        product: 'NRML',
      },
      ...{ validity: 'DAY', quantity: lots * instrument.lotSize, price, triggerPrice: 0, disclosedQuantity: 0 },
      ...{ marketProtection: null, tag: null },
    }));
  } catch (error) {
    // Beyond the day's circuits it is refused: a person reads that.
    if (!(error instanceof SimRefusal)) throw error;
    actor.note(`refused: ${error.message}`);
    return;
  }
  // The person takes it back, if it is still there: an order that waits keeps the exchange busy each second.
  after(RESTS_MS, () => {
    const order = exchange.order(orderId);
    if (order && !isFinal(order.status)) exchange.cancel(orderId);
  });
}
