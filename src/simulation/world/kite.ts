/**
 * Kite for one process of the product: its interface over the exchange's core, with the broker's limits, sessions and faults between.
 * A request that has left a process goes its way also when that process dies; its answer then reaches nobody.
 */
import { kiteError, noLongerWanted } from '../../brokers/kite-errors.ts';
import { createPace, type Pace, type Priority, paceOf } from '../../brokers/kite-pace.ts';
import type { Kite, KiteSession, StillWanted } from '../../brokers/types.ts';
import { istDate } from '../../domain/clock.ts';
import { BrokerError } from '../../errors.ts';
import { type Exchange, type SimOrder, SimRefusal } from '../../exchange-simulator/core/types.ts';
import type { RateLimiter } from '../../exchange-simulator/wire/rate-limits.ts';
import type { SimProcess } from '../process.ts';
import { after, later, virtualNow } from '../virtual-time.ts';
import type { ActiveFault, Call, CallFaults, CallName } from './call-faults.ts';
import { brokerOrder, historyOf, inSeconds, positionsOf, quotesOf, requestOf, tradesOf } from './kite-answers.ts';
import { changed, lateFailure, listsWithout, meddled, misbehaved, refusedEarly } from './kite-faults.ts';

/** `answered` with a value, `failed` with an error or with nothing in time. */
export type KitePoint = 'leaves' | 'handled' | 'answered' | 'failed';

export type KiteWorld = {
  exchange: Exchange;
  limiter: RateLimiter;
  faults: CallFaults;
  /** One way, in wall milliseconds. */
  latencyMs(): number;
  /** The client gives up after so long. */
  timeoutMs: number;
  /** Where a call is on its way: for those who kill a process just there, and for those who count. */
  onPoint(point: KitePoint, call: Call, process: SimProcess, more?: { isDoubt?: boolean; answer?: unknown }): void;
  /** The broker has given out an access token: a secret, also where the product does not treat it as one. */
  onToken?(accessToken: string): void;
};

const INTERVAL_MINUTES = { minute: 1, '30minute': 30, '60minute': 60, day: 1_440 } as const;
const INSTRUMENTS_TIMEOUT_MS = 60_000;

type Asked = { priority?: Priority; isStillWanted?: StillWanted | undefined; wait?: number };
type Request = { call: Call; token: string | null; process: SimProcess; timeoutMs: number };

export function createSimulatedKite(world: KiteWorld, process: SimProcess, pace: Pace = createPace()): Kite {
  const { exchange, timeoutMs } = world;

  async function askFor<T>(call: Call, token: string | null, work: () => T, asked: Asked = {}): Promise<T> {
    await pace(paceOf(call.method, call.path), asked.priority);
    if (asked.isStillWanted && !asked.isStillWanted()) throw noLongerWanted();
    return send(world, { call, token, process, timeoutMs: asked.wait ?? timeoutMs }, work);
  }

  const get = (name: CallName, path: string): Call => ({ name, method: 'GET', path });
  const todays = (orderId: string): SimOrder => {
    const order = exchange.orders().find((candidate) => candidate.orderId === orderId);
    if (!order) throw new SimRefusal(404, 'GeneralException', "Couldn't find that `order_id`.");
    return order;
  };
  const about = (orderId: string) => {
    const order = exchange.order(orderId);
    return order
      ? { order: { tradingsymbol: order.tradingsymbol, side: order.side, orderType: order.orderType, tag: order.tag } }
      : {};
  };
  const listed = () => listsWithout(exchange);

  function session(token: string, priority: Priority = 'routine'): KiteSession {
    const ask = <T>(call: Call, of: string, work: () => T, more: Asked = {}) =>
      askFor(call, of, work, { priority, ...more });
    return {
      withPriority: (other) => session(token, other),
      profile: () => ask(get('profile', '/user/profile'), token, () => ({ userId: exchange.userId })),
      placeOrder: (order, isStillWanted) => {
        const { tradingsymbol, side, orderType, tag } = order;
        const call: Call = {
          name: 'placeOrder',
          method: 'POST',
          path: '/orders/regular',
          order: { tradingsymbol, side, orderType, tag },
        };
        return ask(call, token, () => ({ orderId: exchange.place(requestOf(order)).orderId }), { isStillWanted });
      },
      modifyOrder: (orderId, change, isStillWanted) =>
        ask(
          { name: 'modifyOrder', method: 'PUT', path: `/orders/regular/${orderId}`, ...about(orderId) },
          token,
          () => {
            todays(orderId);
            exchange.modify(orderId, changed(change));
          },
          { isStillWanted },
        ),
      cancelOrder: (orderId, isStillWanted) =>
        ask(
          { name: 'cancelOrder', method: 'DELETE', path: `/orders/regular/${orderId}`, ...about(orderId) },
          token,
          () => {
            todays(orderId);
            exchange.cancel(orderId);
          },
          { isStillWanted },
        ),
      orders: () => ask(get('orders', '/orders'), token, () => listed().map(brokerOrder)),
      orderHistory: (orderId) =>
        ask(get('orderHistory', `/orders/${orderId}`), token, () => historyOf(todays(orderId))),
      trades: () => ask(get('trades', '/trades'), token, () => tradesOf(listed())),
      orderTrades: (orderId) =>
        ask(get('orderTrades', `/orders/${orderId}/trades`), token, () => tradesOf([todays(orderId)])),
      positions: () => ask(get('positions', '/portfolio/positions'), token, () => positionsOf(exchange)),
      funds: () =>
        ask(get('funds', '/user/margins/equity'), token, () => {
          const { available, used } = exchange.cash();
          return { available, used };
        }),
      basketMargin: (orders) =>
        ask({ name: 'basketMargin', method: 'POST', path: '/margins/basket' }, token, () => {
          const { initial, final } = exchange.margin(orders.map(requestOf), true);
          return { initial: initial.total, final: final.total };
        }),
      quotes: async (keys) =>
        keys.length === 0 ? new Map() : ask(get('quotes', '/quote'), token, () => quotesOf(exchange, keys)),
      optionContracts: (name) =>
        ask(
          get('optionContracts', '/instruments/NFO'),
          token,
          () =>
            exchange.instruments(istDate(exchange.clock.now())).flatMap((instrument) => {
              if (instrument.kind !== 'option' || instrument.name !== name) return [];
              const { kind: _, ...contract } = instrument;
              return [contract];
            }),
          { wait: INSTRUMENTS_TIMEOUT_MS },
        ),
      historical: (instrumentToken, interval, from, to) =>
        ask(get('historical', `/instruments/historical/${instrumentToken}/${interval}`), token, () => {
          const instrument = exchange.findToken(instrumentToken);
          if (!instrument) throw new SimRefusal(400, 'InputException', 'invalid token');
          return exchange.candles(instrument, inSeconds(from), inSeconds(to), INTERVAL_MINUTES[interval]);
        }),
    };
  }

  return {
    loginUrl: (state) => `simulated login ${state}`,
    session: (accessToken) => session(accessToken),
    exchange: (requestToken) =>
      askFor({ name: 'exchange', method: 'POST', path: '/session/token' }, null, () => {
        const { accessToken, loginAt } = exchange.exchangeRequestToken(requestToken);
        world.onToken?.(accessToken);
        return {
          accessToken,
          userId: exchange.userId,
          userName: 'Simulated Account',
          loginAt: inSeconds(loginAt),
        };
      }),
  };
}

/** Rejects with BrokerError alone, as the adapter does. */
function send<T>(world: KiteWorld, request: Request, work: () => T): Promise<T> {
  const { call, process, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    let over = false;
    const toClient = (point: KitePoint, then: () => void, more: Parameters<KiteWorld['onPoint']>[3] = {}) => {
      if (over || process.dead) return;
      const wait = process.stoppedUntil - virtualNow();
      if (wait > 0) return void after(wait, () => toClient(point, then, more));
      over = true;
      noAnswer();
      world.onPoint(point, call, process, more);
      if (!process.dead) then();
    };
    const noAnswer = after(timeoutMs, () =>
      toClient(
        'failed',
        () =>
          reject(
            kiteError({
              status: null,
              errorType: null,
              message: 'No answer from Kite: canceled',
              code: 'ERR_CANCELED',
            }),
          ),
        { isDoubt: true },
      ),
    );
    world.onPoint('leaves', call, process);
    if (process.dead) return;
    const back = (...[point, then, more]: Parameters<typeof toClient>) =>
      after(world.latencyMs(), () => toClient(point, then, more));
    after(world.latencyMs(), () => {
      serve(world, request, work).then(
        (value) => back('answered', () => resolve(value), { answer: value }),
        (thrown: unknown) => {
          const error = brokerErrorOf(thrown);
          const isDoubt = error instanceof BrokerError && error.kind === 'doubt';
          back('failed', () => reject(error), { isDoubt, answer: error });
        },
      );
    });
  });
}

/** The broker's side: in the order in which the simulated Kite's HTTP routes do it. */
async function serve<T>(world: KiteWorld, { call, token, process }: Request, work: () => T): Promise<T> {
  const { exchange, limiter, faults } = world;
  // As there, a login is not counted, and the exchange's own faults do not meet it.
  const isLogin = token === null;
  if (!isLogin) {
    if (!limiter.kite(call.path, call.method)) throw new SimRefusal(429, 'NetworkException', 'Too many requests');
    refusedEarly(exchange, call);
    await misbehaved(exchange, call, false);
  }
  const fault = faults.take(call);
  await before(fault);
  const answer = await answerOf(async () => {
    if (!isLogin && !exchange.sessionAlive(token))
      throw new SimRefusal(403, 'TokenException', 'Incorrect `api_key` or `access_token`.');
    await lateFailure(exchange, call, work);
    const value = fault ? meddled(fault, call, work()) : work();
    world.onPoint('handled', call, process);
    return value;
  });
  if (!isLogin) await misbehaved(exchange, call, true);
  await afterwards(fault);
  return answer();
}

/** A refusal is an answer too: it can get lost on its way back. */
async function answerOf<T>(handle: () => Promise<T>): Promise<() => T> {
  try {
    const value = await handle();
    return () => value;
  } catch (refusal) {
    return () => {
      throw refusal;
    };
  }
}

const never = (): Promise<never> => new Promise(() => {});

/** What a fault does before the request is handled. */
async function before(active: ActiveFault | null): Promise<void> {
  const effect = active?.fault.effect;
  switch (effect?.do) {
    case 'refuse':
      throw new SimRefusal(effect.status, effect.errorType, effect.message);
    case 'gateway':
      throw GATEWAY();
    case 'cut':
      throw CUT();
    case 'lost':
      return never();
    case 'slow':
    case 'late':
      return later(effect.ms);
    default:
  }
}

/** What a fault does once it was handled. */
async function afterwards(active: ActiveFault | null): Promise<void> {
  const effect = active?.fault.effect;
  switch (effect?.do) {
    case 'gateway_after':
      throw GATEWAY();
    case 'cut_after':
      throw CUT();
    case 'late':
      return never();
    case 'late_answer':
      return later(effect.ms);
    case 'garbage':
      throw kiteError({ status: 200, errorType: null, message: "Kite's answer has an unexpected shape" });
    default:
  }
}

const GATEWAY = (): BrokerError =>
  kiteError({ status: 502, errorType: null, message: 'Kite answered 502 Bad Gateway' });
const CUT = (): BrokerError =>
  kiteError({ status: null, errorType: null, message: 'No answer from Kite: socket hang up', code: 'ECONNRESET' });

function brokerErrorOf(error: unknown): unknown {
  if (!(error instanceof SimRefusal)) return error;
  return kiteError({ status: error.status, errorType: error.errorType, message: error.message });
}
