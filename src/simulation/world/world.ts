/** Everything outside the product for some days: the exchange, the brokers' ways to it, Temporal, the journal, and time itself. */

import { createHash } from 'node:crypto';
import type { NoticeInput } from '../../contract/notices.ts';
import { istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs } from '../../domain/types.ts';
import { hash } from '../../exchange-simulator/core/random.ts';
import { type Exchange, isFinal } from '../../exchange-simulator/core/types.ts';
import { createExchange, type ExchangeOptions } from '../../exchange-simulator/replay/exchange.ts';
import { createRateLimiter, type RateLimits, REAL_LIMITS } from '../../exchange-simulator/wire/rate-limits.ts';
import { createSealer, type Sealer } from '../../platform/secrets.ts';
import type { SimProcess } from '../process.ts';
import { processes } from '../temporal/activity-task.ts';
import type { Payload } from '../temporal/payloads.ts';
import { Temporal } from '../temporal/server.ts';
import type { Command } from '../temporal/workflow-vm.ts';
import { after, asProcess, installVirtualTime, nothingToSettle, virtualNow } from '../virtual-time.ts';
import { type Call, CallFaults } from './call-faults.ts';
import { ExchangeFaults } from './exchange-faults.ts';
import { createMemoryJournal, type MemoryJournal } from './journal.ts';
import type { KitePoint } from './kite.ts';
import { type Product, type ProductSettings, type ProductWorld, startProduct } from './product.ts';
import { TickerServer } from './ticker.ts';

/** Where something of the product has just come to: for those who kill it there, and for those who count. */
export type Point =
  /** `isDoubt`: it failed, and nobody knows whether it was carried out. `answer`: what it was answered, as it was shown, also a refusal. */
  | { kind: 'call'; point: KitePoint; call: Call; process: SimProcess; isDoubt: boolean; answer?: unknown }
  | { kind: 'activity'; point: 'started' | 'ended'; type: string; process: SimProcess };

type Latencies = {
  /** Of Temporal, each in wall milliseconds: to give out a task, to work on a workflow task, to report an activity. */
  temporal: { dispatch: Range; task: Range; report: Range };
  /** One way to Kite, to Breeze, to the journal. */
  kite: Range;
  breeze: Range;
  journal: Range;
};
export type Range = readonly [least: number, most: number];

export type WorldOptions = {
  seed: number;
  exchange: ExchangeOptions & { at: MarketMs };
  latencies: Latencies;
  limits?: RateLimits;
  journal?: MemoryJournal;
  kiteTimeoutMs?: number;
  tickPace: { fastMs: number; slowMs: number };
  suggestNewRunAt?: number;
  onCommands?(at: number, commands: readonly Command[]): void;
};

const KITE_TIMEOUT_MS = 5_000;
/** Nothing of these keeps an exchange from answering. */
const HARMLESS = ['command.', 'journal.', 'workflow.evicted', 'price.', 'external.other', 'external.order_rests'];

/** What bends, hides or delays the prices that the product decides by, or the clock that it measures them with. */
const OF_PRICES = ['price.', 'market.', 'order.no_liquidity', 'quotes.', 'ticks.', 'worker.'];

/** Puts virtual time in place for this process; answers how to put the real one back. */
export function enterVirtualTime(): () => void {
  return installVirtualTime((context) => processes.get(context) ?? null);
}

/** What reached the owner. */
export type Page = { at: number; kind: NoticeInput['kind']; cause: string; subject: string; text: string };
export type LogLine = { at: number; process: string; level: string; text: string; data: object };

export class World {
  readonly exchange: Exchange;
  readonly temporal: Temporal;
  readonly journal: MemoryJournal;
  readonly faults: CallFaults;
  readonly exchangeFaults: ExchangeFaults;
  readonly ticker: TickerServer;
  readonly sealer: Sealer;
  readonly pages: Page[] = [];
  readonly lines: LogLine[] = [];
  readonly secrets = new Set<string>();
  readonly taskFailures: string[] = [];
  /** Secrets that were seen where none may be. */
  readonly leaks: string[] = [];
  /** How often each kind of fault has met a call, a packet or an update: in all, and while something was open. */
  readonly uses = new Map<string, { all: number; atStake: number }>();
  /** When the last fault met something: of Breeze alone, and of all the rest. */
  readonly metAt = { exchange: 0, breeze: 0, prices: 0, journal: 0, placing: 0, address: 0 };
  /** When somebody last logged in at the broker's page, when the broker last ended all sessions, and on which day nobody logs in again. */
  readonly logins = { givenAt: 0, endedAt: 0, nobodyOn: '' };
  readonly hooks = new Set<(point: Point) => void>();
  journalAway = false;
  /** The day's run was terminated, and no other one can go on with it yet. */
  runLost = false;
  contradiction: (at: MarketMs) => number = () => 0;
  /** Breeze has shown, or shows, another bar than there was. */
  contradicted = false;
  readonly products: Product[] = [];
  private readonly seed: number;
  private readonly productWorld: ProductWorld;
  private draws = 0;
  private stopStepping: () => void = () => {};
  /** Until an order changes, or the date. */
  private stake: { date: IsoDate; is: boolean } | null = null;
  private steppingAt = Number.POSITIVE_INFINITY;
  private bootNumber = 0;
  private readonly lineListeners = new Set<(line: LogLine) => void>();

  static async open(options: WorldOptions): Promise<World> {
    const exchange = await createExchange({
      speed: 1,
      ...options.exchange,
      steps: 'manual',
      randomToken: tokens(options.seed),
    });
    return new World(options, exchange);
  }

  private constructor(options: WorldOptions, exchange: Exchange) {
    const { seed, latencies, tickPace } = options;
    this.seed = seed;
    this.exchange = exchange;
    this.journal = options.journal ?? createMemoryJournal();
    const nonces = tokens(seed + 1);
    this.sealer = createSealer(bytes(seed, 32), (length) => Buffer.from(nonces(), 'hex').subarray(0, length));
    this.faults = new CallFaults((kind) => this.used(kind));
    const limiter = createRateLimiter(options.limits ?? REAL_LIMITS, virtualNow);
    this.ticker = new TickerServer({
      exchange,
      latencyMs: () => this.within(latencies.kite),
      pace: () => tickPace,
      atStake: () => this.atStake(),
      onUse: (kind, tradingsymbol) =>
        this.used(kind, tradingsymbol === undefined ? undefined : this.isHeld(tradingsymbol)),
    });
    this.temporal = new Temporal({
      seed,
      dispatchMs: () => this.within(latencies.temporal.dispatch),
      taskMs: () => this.within(latencies.temporal.task),
      reportMs: () => this.within(latencies.temporal.report),
      note: () => {},
      onPayload: (payload, where) => this.lookForSecrets(payload, where),
      ...(options.onCommands ? { onCommands: options.onCommands } : {}),
      onTaskFailure: (message) => this.taskFailures.push(message),
      at: (point, type, { process }) => this.reached({ kind: 'activity', point, type, process }),
      ...(options.suggestNewRunAt === undefined ? {} : { suggestNewRunAt: options.suggestNewRunAt }),
    });
    this.productWorld = {
      kite: {
        ...{ exchange, limiter, faults: this.faults },
        latencyMs: () => this.within(latencies.kite),
        timeoutMs: options.kiteTimeoutMs ?? KITE_TIMEOUT_MS,
        onPoint: (point, call, process, { isDoubt = false, answer } = {}) =>
          this.reached({ kind: 'call', point, call, process, isDoubt, answer }),
        onToken: (token) => this.secrets.add(token),
      },
      breeze: {
        ...{ exchange, limiter, faults: this.faults },
        latencyMs: () => this.within(latencies.breeze),
        contradicts: ({ start }) => {
          const points = this.contradiction(start);
          if (points !== 0) this.used('breeze.contradicts');
          return points;
        },
      },
      ticker: this.ticker,
      journal: this.journal,
      journalLatencyMs: () => this.within(latencies.journal),
      journalIsAway: () => {
        if (this.journalAway) this.used('journal.away');
        return this.journalAway;
      },
      log: (process, level, data, text) => this.log({ at: virtualNow(), process: process.name, level, text, data }),
      onSecret: (secret) => this.secrets.add(secret),
      onPage: ({ kind, cause, subject, text }) => this.pages.push({ at: virtualNow(), kind, cause, subject, text }),
    };
    this.exchangeFaults = new ExchangeFaults(exchange, (kind, isOpen) => this.used(kind, isOpen));
    exchange.onOrder((order) => {
      this.stake = null;
      this.exchangeFaults.look(order);
      this.followExchange();
    });
    // What is refused at the order entry changes no order.
    this.hooks.add((point) => {
      if (point.kind === 'call' && point.point === 'failed') this.exchangeFaults.look();
    });
    this.followExchange();
  }

  /** Hears of each line of the product's log. */
  onLine(listener: (line: LogLine) => void): void {
    this.lineListeners.add(listener);
  }

  private log(line: LogLine): void {
    this.lines.push(line);
    for (const listener of this.lineListeners) listener(line);
  }

  /** A request token of a login at the broker, which is a secret from then on. */
  requestToken(): string {
    const token = this.exchange.newRequestToken();
    this.secrets.add(token);
    return token;
  }

  /** Something of ours or of others is open, or an order is on its way. */
  atStake(): boolean {
    const date = istDate(this.exchange.clock.now());
    if (this.stake === null || this.stake.date !== date) this.stake = { date, is: this.isAtStake() };
    return this.stake.is;
  }

  private isAtStake(): boolean {
    return (
      this.exchange.positions().some(({ quantity }) => quantity !== 0) ||
      this.exchange.orders().some(({ status }) => !isFinal(status))
    );
  }

  private isHeld(tradingsymbol: string): boolean {
    return this.exchange.positions().some((held) => held.tradingsymbol === tradingsymbol && held.quantity !== 0);
  }

  /** A process of the product starts, takes up the stored login, and polls after `bootMs`. */
  boot(settings: ProductSettings, bootMs = 0): Product {
    this.bootNumber += 1;
    const product = startProduct(`worker ${this.bootNumber}`, this.productWorld, settings);
    this.products.push(product);
    const poll = () => {
      if (product.process.dead) return;
      product.process.atWork = true;
      asProcess(product.process, () => void product.parts.resumeSession().catch(() => {}));
      this.temporal.addWorker(product.worker);
    };
    if (bootMs > 0) after(bootMs, poll);
    else poll();
    return product;
  }

  kill(process: SimProcess): void {
    process.kill();
  }

  /** Stands still for `ms`; a `laptop` that sleeps stops its monotonic clock too. */
  stop(process: SimProcess, ms: number, laptop = false): void {
    process.stop(ms, laptop);
    after(ms, () => this.temporal.polledAgain());
  }

  draw(range: Range): number {
    return this.within(range);
  }

  private within([least, most]: Range): number {
    if (least === most) return least;
    this.draws += 1;
    return least + (hash(this.seed, 77, this.draws) % (most - least + 1));
  }

  private reached(point: Point): void {
    for (const hook of this.hooks) hook(point);
  }

  /** A fault of this kind has met something, or a person has done something. */
  used(kind: string, isOpen = this.atStake()): void {
    if (kind.startsWith('place.') || kind === 'order.rejected') this.metAt.placing = virtualNow();
    if (kind === 'place.address_refused') this.metAt.address = virtualNow();
    if (kind.startsWith('journal.')) this.metAt.journal = virtualNow();
    if (kind.startsWith('breeze.')) this.metAt.breeze = virtualNow();
    else if (!HARMLESS.some((harmless) => kind.startsWith(harmless))) this.metAt.exchange = virtualNow();
    if (kind !== 'ticks.lie' && OF_PRICES.some((part) => kind.startsWith(part))) this.metAt.prices = virtualNow();
    const known = this.uses.get(kind) ?? { all: 0, atStake: 0 };
    known.all += 1;
    if (isOpen) known.atStake += 1;
    this.uses.set(kind, known);
  }

  private lookForSecrets(payload: Payload, where: string): void {
    if (this.secrets.size === 0 || !payload.data) return;
    const { data } = payload;
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (const secret of this.secrets) if (text.includes(secret)) this.leaks.push(`${where} holds a secret`);
  }

  /** The exchange is stepped when something could happen by itself. */
  private followExchange(): void {
    const { exchange } = this;
    const next = exchange.nextAt();
    const now = exchange.clock.now();
    const due =
      next === Number.POSITIVE_INFINITY
        ? next
        : virtualNow() + Math.max(0, next - now) / Math.max(exchange.clock.speed(), 1e-9);
    if (due >= this.steppingAt) return;
    this.stopStepping();
    this.steppingAt = due;
    if (due === Number.POSITIVE_INFINITY) return;
    this.stopStepping = after(due - virtualNow(), () => {
      this.steppingAt = Number.POSITIVE_INFINITY;
      exchange.step();
      this.followExchange();
      // Each listener hears of an order by an event of its own.
      nothingToSettle();
    });
  }
}

function bytes(seed: number, count: number): Buffer {
  return createHash('sha256').update(`key of seed ${seed}`).digest().subarray(0, count);
}

/** Tokens that look like a broker's, by a seed. */
function tokens(seed: number): () => string {
  let number = 0;
  return () => {
    number += 1;
    return createHash('sha256').update(`${seed} ${number}`).digest('hex').slice(0, 32);
  };
}
