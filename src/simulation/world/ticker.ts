/** Kite's ticker without a socket, behind the real feed: connections, packets as KiteTicker decodes them, order updates, and their faults. */
import type { Paise } from '../../domain/types.ts';
import { faultNumber } from '../../exchange-simulator/core/faults.ts';
import { type Exchange, isLasting, type SimLevel, type SimOrder } from '../../exchange-simulator/core/types.ts';
import { orderRow } from '../../exchange-simulator/wire/order-rows.ts';
import type { createTicker, Ticker, TickerEvents } from '../../market/ticker.ts';
import type { SimProcess } from '../process.ts';
import { after, asProcess, nothingToSettle, virtualNow } from '../virtual-time.ts';
import { Lies } from './lies.ts';
import { packet } from './packet.ts';

/** States that Kite announces. The interim ones appear in an order's history alone. */

/** After a lie the next look comes so soon. Wall milliseconds. */
const CORRECTED_MS = 500;

/** What is wrong with the ticks. Plain data. */
export type TickerFault = {
  kind: string;
  effect: /** No frame at all; frames without prices; connections refused, by the gateway or as if the session were dead; connections cut. */
    | { do: 'silent' }
    | { do: 'no_prices' }
    | { do: 'unavailable' }
    | { do: 'refused' }
    | { do: 'cut' }
    /** Packets of a contract multiplied in all their prices, or with one side of the book gone. */
    | { do: 'lies'; factor: number }
    | { do: 'one_sided'; side: 'bids' | 'asks' }
    /** Packets of a contract with another last price than the book's; with `spread` that is what the best of each side lies around, too. */
    | { do: 'shows'; last: Paise; spread?: Paise }
    /** Order updates that do not come, come late, come twice. */
    | { do: 'no_updates' }
    | { do: 'late_updates'; ms: number }
    | { do: 'double_updates' };
  /** Connections are cut as it begins. */
  cuts?: boolean;
  /** Absent: all. */
  tradingsymbol?: string;
  forMs: number;
  /** How many packets or updates it meets; absent is all of them while it lasts. */
  count?: number;
};

export type TickerWorld = {
  exchange: Exchange;
  latencyMs(): number;
  /** Between two looks at the prices while something is at stake, and while nothing is. Wall milliseconds. */
  pace(): { fastMs: number; slowMs: number };
  atStake(): boolean;
  onUse(kind: string, tradingsymbol?: string): void;
};

type Connection = {
  process: SimProcess;
  events: TickerEvents;
  tokens: Set<number>;
  sent: Map<number, string>;
  open: boolean;
};
type ActiveFault = { fault: TickerFault; until: number; left: number };

export class TickerServer {
  private readonly world: TickerWorld;
  private readonly connections = new Set<Connection>();
  private readonly announced = new Map<string, string>();
  private readonly updateListeners = new Set<(order: SimOrder) => void>();
  private faults: ActiveFault[] = [];
  /** When true prices of a contract last went to somebody who works: also where nothing had changed, for then the last ones hold. */
  private readonly shownAt = new Map<string, number>();
  readonly lies = new Lies();
  private stopTicking: () => void = () => {};
  private isSlow = false;

  constructor(world: TickerWorld) {
    this.world = world;
    world.exchange.onOrder((order) => {
      this.announce(order);
      // What has just come to be at stake is not ticked at the pace of a quiet market until its next tick.
      if (this.isSlow && world.atStake()) this.hurry();
    });
    this.schedule();
  }

  /** Hears of each update that has come to a process: of the order as it was told. */
  onUpdate(listener: (order: SimOrder) => void): void {
    this.updateListeners.add(listener);
  }

  addFault(fault: TickerFault): void {
    this.faults.push({ fault, until: virtualNow() + fault.forMs, left: fault.count ?? Number.POSITIVE_INFINITY });
    if (fault.cuts || (fault.effect.do === 'cut' && this.met(fault.effect.do)))
      for (const one of this.connections) this.drop(one);
  }

  clearFaults(): void {
    this.faults = [];
  }

  /** For how long nobody has been shown a contract's prices. Milliseconds. */
  darkFor(tradingsymbol: string): number {
    return virtualNow() - (this.shownAt.get(tradingsymbol) ?? 0);
  }

  hasFaults(): boolean {
    const now = virtualNow();
    return this.faults.some(({ until, left }) => now < until && left > 0);
  }

  /** Somebody has just come, or asked for something new: the next look comes soon. */
  private hurry(): void {
    this.stopTicking();
    this.schedule(true);
  }

  createTicker(process: SimProcess): typeof createTicker {
    return (_apiKey, _root, events) => this.tickerOf(process, events);
  }

  private tickerOf(process: SimProcess, events: TickerEvents): Ticker {
    let mine: Connection | null = null;
    let state: ReturnType<Ticker['state']> = 'closed';
    const leave = () => {
      if (mine) this.connections.delete(mine);
      mine = null;
      state = 'closed';
    };
    return {
      state: () => state,
      connect: (token) => {
        leave();
        const connection: Connection = {
          process,
          events: closing(events),
          tokens: new Set(),
          sent: new Map(),
          open: false,
        };
        mine = connection;
        state = 'connecting';
        after(this.world.latencyMs(), () => {
          if (mine !== connection || process.dead) return;
          // A connection that stands outlives its session; only a new one is asked for it.
          const refused = this.met('refused') || !this.world.exchange.sessionAlive(token);
          if (refused || this.met('unavailable')) return this.to(connection, () => connection.events.onClose(refused));
          connection.open = true;
          state = 'open';
          this.connections.add(connection);
          this.hurry();
          this.to(connection, () => events.onOpen());
        });
      },
      subscribe: (tokens) => {
        if (!mine?.open) return;
        for (const token of tokens) {
          mine.tokens.add(token);
          mine.sent.delete(token);
        }
        this.hurry();
      },
      unsubscribe: (tokens) => {
        for (const token of tokens) {
          mine?.tokens.delete(token);
          this.lies.corrected(process, token);
        }
      },
      leave,
    };

    function closing(of: TickerEvents): TickerEvents {
      return {
        ...of,
        onClose(refused) {
          leave();
          of.onClose(refused);
        },
      };
    }
  }

  private drop(connection: Connection): void {
    this.connections.delete(connection);
    this.to(connection, () => connection.events.onClose(false));
  }

  /** In its process, if that lives; what reaches one that stands still waits in its socket. */
  private to(connection: Connection, tell: () => void): void {
    const { process } = connection;
    if (process.dead) return;
    const wait = process.stoppedUntil - virtualNow();
    if (wait > 0) return void after(wait, () => this.to(connection, tell));
    asProcess(process, tell);
  }

  private schedule(soon = false): void {
    const { fastMs, slowMs } = this.world.pace();
    this.isSlow = !soon && !this.world.atStake();
    const usual = this.isSlow ? slowMs : fastMs;
    const ms = this.lies.any() ? Math.min(usual, CORRECTED_MS) : usual;
    this.stopTicking = after(Math.max(1, ms - (virtualNow() % ms)), () => {
      this.tick();
      this.schedule();
    });
  }

  private tick(): void {
    for (const connection of this.connections) if (connection.process.dead) this.connections.delete(connection);
    if (this.connections.size === 0) {
      nothingToSettle();
      return;
    }
    if (this.met('silent')) return;
    const noPrices = this.active('no_prices');
    for (const connection of this.connections) {
      const packets = [...connection.tokens].flatMap((token) => this.packetFor(connection, token, noPrices));
      this.to(connection, () => {
        connection.events.onFrame();
        if (packets.length > 0) connection.events.onTicks(packets);
      });
    }
  }

  private packetFor(connection: Connection, token: number, noPrices: ActiveFault | null): object[] {
    const { exchange } = this.world;
    const instrument = exchange.findToken(token);
    const touch = instrument && exchange.touch(instrument);
    if (!instrument || !touch) return [];
    const { tradingsymbol } = instrument;
    if (noPrices && [undefined, tradingsymbol].includes(noPrices.fault.tradingsymbol)) {
      this.use(noPrices);
      return [];
    }
    const isIndex = instrument.kind === 'index';
    let { lastPrice, depth } = touch;
    const lie = this.active('lies', tradingsymbol);
    if (lie?.fault.effect.do === 'lies') {
      const { factor } = lie.fault.effect;
      const wrong = (price: number) => Math.max(5, Math.round((price * factor) / 5) * 5);
      const all = (levels: readonly SimLevel[]) => levels.map((level) => ({ ...level, price: wrong(level.price) }));
      lastPrice = wrong(lastPrice);
      depth = { bids: all(depth.bids), asks: all(depth.asks) };
      this.use(lie, tradingsymbol);
    }
    const half = this.active('one_sided', tradingsymbol);
    if (half?.fault.effect.do === 'one_sided') {
      depth = { ...depth, [half.fault.effect.side]: [] };
      this.use(half);
    }
    const shown = this.active('shows', tradingsymbol);
    if (shown?.fault.effect.do === 'shows') {
      const { last, spread } = shown.fault.effect;
      lastPrice = last;
      if (spread !== undefined) {
        const level = (price: Paise): SimLevel[] => [{ price, quantity: 750, orders: 1 }];
        depth = { bids: level(last - spread), asks: level(last + spread) };
      }
      this.use(shown);
    }
    const key = `${lastPrice} ${depth.bids[0]?.price} ${depth.bids[0]?.quantity} ${depth.asks[0]?.price} ${depth.asks[0]?.quantity}`;
    // Only changes go out, but for an index, whose every second is a packet.
    // One side is enough to value a leg cautiously.
    if (!lie && connection.process.running) this.shownAt.set(tradingsymbol, virtualNow());
    if (!isIndex && connection.sent.get(token) === key) return [];
    connection.sent.set(token, key);
    if (lie) this.lies.told(connection.process, token);
    else this.lies.corrected(connection.process, token);
    return [packet(token, !isIndex, lastPrice, depth, touch.at)];
  }

  private announce(order: SimOrder): void {
    if (!isLasting(order.status)) return;
    const repeated = this.announced.get(order.orderId) === order.status;
    this.announced.set(order.orderId, order.status);
    const { exchange } = this.world;
    if (exchange.takeFault('drop_order_update') || this.met('no_updates')) return;
    const late = exchange.takeFault('late_order_update');
    const delayed = this.active('late_updates');
    const ms = late
      ? faultNumber(late, 'ms', 5_000)
      : delayed?.fault.effect.do === 'late_updates'
        ? delayed.fault.effect.ms
        : 0;
    if (delayed) this.use(delayed);
    const told = { ...order };
    const row = { ...orderRow(exchange, order), status: repeated ? 'UPDATE' : order.status };
    const times = this.met('double_updates') ? 2 : 1;
    for (const connection of this.connections)
      for (let time = 0; time < times; time++)
        after(this.world.latencyMs() + ms, () =>
          this.to(connection, () => {
            if (!connection.open) return;
            connection.events.onOrder(row);
            for (const listener of this.updateListeners) listener(told);
          }),
        );
  }

  private active(effect: TickerFault['effect']['do'], tradingsymbol?: string): ActiveFault | null {
    if (this.faults.length === 0) return null;
    const now = virtualNow();
    this.faults = this.faults.filter(({ until, left }) => now < until && left > 0);
    const matches = ({ fault }: ActiveFault) =>
      fault.effect.do === effect &&
      (tradingsymbol === undefined || fault.tradingsymbol === undefined || fault.tradingsymbol === tradingsymbol);
    return this.faults.find(matches) ?? null;
  }

  private use(active: ActiveFault, tradingsymbol?: string): void {
    active.left -= 1;
    this.world.onUse(active.fault.kind, tradingsymbol);
  }

  private met(effect: TickerFault['effect']['do']): boolean {
    const found = this.active(effect);
    if (found) this.use(found);
    return found !== null;
  }
}
