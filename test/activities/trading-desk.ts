/** Activities outside a workflow: the real clients and the real feed at the simulated exchange, in the market's own time. */
import { randomBytes } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createOrderActivities } from '../../activities/orders.ts';
import type { KiteSession } from '../../src/brokers/types.ts';
import type { DayActivities, GuardInput, GuardResult, OrderIntent } from '../../src/contract/activities.ts';
import type { DayIdentity } from '../../src/contract/identity.ts';
import type { ContractRef } from '../../src/contract/ledger.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { TradingMode } from '../../src/domain/types.ts';
import type { Exchange, SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import { type ExchangeServer, startExchangeServer } from '../../src/exchange-simulator/replay/server.ts';
import { DEFAULT_KEYS } from '../../src/exchange-simulator/wire/keys.ts';
import { createSimulatorClock } from '../../src/market/clock-source.ts';
import { createSealer, type Sealer } from '../../src/platform/secrets.ts';
import { type Composition, createComposition } from '../../src/runtime/composition.ts';
import { PATIENCE_MS } from '../patience.ts';
import { sharedJournal } from '../shared-journal.ts';
import { MAIN } from '../workflows/plan.ts';
import { addressesOf } from '../workflows/surroundings.ts';

const IDENTITY: DayIdentity = { mode: 'replay', account: 'desk', run: 1, date: '2025-07-14' };

export { HEDGE, MAIN } from '../workflows/plan.ts';

export type Desk = {
  exchange: Exchange;
  server: ExchangeServer;
  parts: Composition;
  orders: Pick<DayActivities, 'sendOrder' | 'changeOrder'>;
  identity: DayIdentity;
  sealer: Sealer;
  kite: KiteSession;
  contract(tradingsymbol: string): ContractRef;
  /** Runs an activity as a worker would; `environment` cancels it and hears its heartbeats. */
  run<T>(activity: () => Promise<T>, environment?: MockActivityEnvironment): Promise<T>;
  intent(of: Partial<OrderIntent> & Pick<OrderIntent, 'tag' | 'side'>): OrderIntent;
  /** Sells the main leg and rests a stop for it; what a guard is given then. */
  openPosition(): Promise<{ stop: SimOrder; input: GuardInput }>;
  guard(input: GuardInput, environment?: MockActivityEnvironment): Promise<GuardResult>;
  order(orderId: string): SimOrder;
  eventually<T>(what: string, look: () => T | undefined | false): Promise<T>;
  close(): Promise<void>;
};

let desks = 0;

/** The same account in another mode: logged in there as well. */
export async function inMode({ parts, identity }: Desk, mode: TradingMode): Promise<DayIdentity> {
  const other: DayIdentity = { ...identity, mode };
  const { journal } = parts.activities;
  const session = await journal.currentSession(identity);
  if (session && mode !== identity.mode && !(await journal.currentSession(other)))
    await journal.addSession(other, session);
  return other;
}

export async function openDesk(options: ExchangeOptions = {}, kiteTimeoutMs = 600): Promise<Desk> {
  const exchange = await createExchange({
    at: istAt(IDENTITY.date, '11:20'),
    speed: 1,
    latency: { minMs: 1, maxMs: 5 },
    ...options,
  });
  const limits = { quote: 1_000, orders: 1_000, other: 1_000 };
  const server = await startExchangeServer({
    exchange,
    port: 0,
    redirectUrl: 'http://127.0.0.1:1/',
    keys: DEFAULT_KEYS,
    limits,
  });
  desks += 1;
  const identity: DayIdentity = { ...IDENTITY, account: `desk${desks}` };
  const sealer = createSealer(randomBytes(32));
  const clock = await createSimulatorClock({ root: server.addresses.kite_root });
  const parts = createComposition({
    addresses: addressesOf(server),
    account: identity,
    journal: await sharedJournal(),
    sealer,
    clock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    onSecret: () => {},
    waits: { kiteTimeoutMs, kitePace: async () => {} },
  });
  const login = await parts.day.exchangeRequestToken({
    identity,
    auth: { attempt: 'login', sealedRequestToken: sealer.seal(exchange.newRequestToken()) },
  });
  const kite = await parts.activities.sessions.current(identity);
  if (!login.ok || !kite) throw new Error('the desk could not log in');

  const orders = createOrderActivities(parts.activities);

  const desk: Desk = {
    exchange,
    server,
    parts,
    orders,
    identity,
    sealer,
    kite,
    contract(tradingsymbol) {
      const found = exchange.find('NFO', tradingsymbol);
      if (found?.kind !== 'option') throw new Error(`${tradingsymbol} is not listed`);
      const { instrumentToken, expiry, strike, optionType, lotSize, tickSize } = found;
      const tradesUntil = istAt(IDENTITY.date, '15:30');
      return {
        tradingsymbol,
        instrumentToken,
        expiry,
        strike,
        optionType,
        lotSize,
        tickSize,
        maxOrderQuantity: 1800,
        tradesUntil,
      };
    },
    run: (activity, environment = new MockActivityEnvironment()) => environment.run(activity),
    intent: (of) => ({
      identity,
      role: 'main',
      purpose: 'entry',
      contract: desk.contract(MAIN),
      quantity: 75,
      product: 'MIS',
      pricing: { kind: 'cross', widen: 0, noWorseThan: null },
      // Only the tests of what comes too late say when that is.
      sendBy: Date.now() + PATIENCE_MS,
      mayGoUnseen: false,
      ...of,
    }),
    async openPosition() {
      const main = desk.contract(MAIN);
      parts.feed.subscribe([main.instrumentToken]);
      const sold = await desk.run(() => orders.sendOrder(desk.intent({ tag: 'R001D25071401ME01001', side: 'SELL' })));
      if (sold.kind !== 'sent') throw new Error(`the main leg was not sold: ${sold.kind}`);
      const filled = await desk.eventually('the sale', () => {
        const order = desk.order(sold.orderId);
        return order.status === 'COMPLETE' && order;
      });
      const entryPrice = Math.round(filled.averagePrice);
      const pricing = {
        kind: 'stop',
        triggerPrice: 2 * entryPrice,
        price: Math.ceil((2.2 * entryPrice) / 5) * 5,
      } as const;
      const rested = await desk.run(() =>
        orders.sendOrder(
          desk.intent({
            tag: 'R001D25071401MS01001',
            side: 'BUY',
            purpose: 'stop',
            pricing: { ...pricing, triggerPrice: Math.ceil(pricing.triggerPrice / 5) * 5 },
          }),
        ),
      );
      if (rested.kind !== 'sent') throw new Error(`the stop was not sent: ${rested.kind}`);
      const stop = await desk.eventually('the resting stop', () => {
        const order = desk.order(rested.orderId);
        return order.status === 'TRIGGER PENDING' && order;
      });
      const now = exchange.clock.now();
      const input: GuardInput = {
        identity,
        positionId: 'P1',
        main: { contract: main, quantity: 75, entryPrice },
        hedge: null,
        product: 'MIS',
        epoch: 1,
        stop: { orderId: stop.orderId, tag: 'R001D25071401MS01001', quantity: 75, modifications: 0 },
        maxLoss: 1_500_00,
        target: null,
        charges: 0,
        exitAt: null,
        blind: false,
        until: now + 3_600_000,
      };
      return { stop, input };
    },
    guard: (input, environment) => desk.run(() => parts.guards.guardPosition(input), environment),
    order(orderId) {
      const order = exchange.order(orderId);
      if (!order) throw new Error(`no order ${orderId}`);
      return order;
    },
    async eventually(what, look) {
      for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
        const found = look();
        if (found) return found;
        await new Promise((done) => setTimeout(done, 25));
      }
      throw new Error(`never seen: ${what}`);
    },
    async close() {
      await parts.close();
      await clock.stop();
      await server.close();
      await exchange.close();
    },
  };
  return desk;
}
