import { createRequire } from 'node:module';
import type { KiteTicker as KiteTickerClass } from 'kiteconnect';

export type TickerEvents = {
  onOpen(): void;
  /** Any frame, heartbeats included. */
  onFrame(): void;
  onTicks(ticks: unknown[]): void;
  onOrder(order: unknown): void;
  /** `refused` when the server answered 401 or 403: the session is dead, and asking again at once is of no use. */
  onClose(refused: boolean): void;
};

export type Ticker = {
  state(): 'closed' | 'connecting' | 'open';
  /** Leaves the connection there is, if any, and makes a new one. */
  connect(accessToken: string): void;
  /** Full mode; nothing while not open. */
  subscribe(tokens: number[]): void;
  unsubscribe(tokens: number[]): void;
  /** Ends the connection at once, without waiting for the other side, and without onClose. */
  leave(): void;
};

/** What is used of the package's own `ws`, which is older than ours. */
type Socket = NodeJS.EventEmitter & { readyState: number; terminate(): void };
type SocketClass = new (url: string, options: object) => Socket;

const HANDSHAKE_MS = 5_000;
const CONNECTING = 0;
const OPEN = 1;

const require = createRequire(import.meta.url);

/**
 * The official KiteTicker, made fit for a process that must not die and must not lose its feed:
 * - `reconnect: false`, since its own reconnect ends in process.exit(1), and so does its disconnect() with reconnect on;
 * - its socket, handlers and counters are module globals. A copy of the module of our own keeps other KiteTickers of the process out of
 *   them, and a socket class of our own makes each socket reachable: a socket that was left is silent from then on, so that its late
 *   `close` cannot null the newer one (KiteTicker compares it with the first address it ever opened);
 * - it has no time-out for the handshake, and its close waits 30 s for a server that is gone: sockets are terminated;
 * - it throws inside the socket's handler (a text frame `null` is enough), which would end the process: contained.
 * Handlers are attached once. After leave() its read timer holds the process for up to 10 s more: nothing can reach it.
 */
export function createTicker(apiKey: string, root: string, events: TickerEvents): Ticker {
  let socket: Socket | null = null;
  let ticker: InstanceType<typeof KiteTickerClass> | null = null;
  let attached = false;

  const KiteTicker = loadTicker((Base) => {
    return class TickerSocket extends Base {
      constructor(url: string, options: object) {
        super(url, { ...options, handshakeTimeout: HANDSHAKE_MS });
        socket = this;
      }

      override emit(event: string, ...args: unknown[]): boolean {
        if (socket !== this) return false;
        try {
          tell(event, args);
          return super.emit(event, ...args);
        } catch {
          return true;
        }
      }
    };
  });

  let refused = false;
  function tell(event: string, args: unknown[]): void {
    if (event === 'message') events.onFrame();
    // The words of ws for an answer that is no upgrade.
    if (event === 'error') refused = /response: 40[13]$/.test((args[0] as Error).message);
    if (event === 'close') events.onClose(refused);
  }

  function leave(): void {
    const left = socket;
    socket = null;
    left?.terminate();
  }

  return {
    state: () => (socket?.readyState === OPEN ? 'open' : socket?.readyState === CONNECTING ? 'connecting' : 'closed'),
    connect(accessToken) {
      leave();
      refused = false;
      // `root` is missing in the package's types.
      const params = { api_key: apiKey, access_token: accessToken, reconnect: false, root };
      ticker = new KiteTicker(params);
      if (!attached) {
        ticker.on('connect', events.onOpen);
        ticker.on('ticks', events.onTicks);
        ticker.on('order_update', events.onOrder);
      }
      attached = true;
      ticker.connect();
    },
    subscribe(tokens) {
      ticker?.subscribe(tokens);
      ticker?.setMode('full', tokens);
    },
    unsubscribe(tokens) {
      ticker?.unsubscribe(tokens);
    },
    leave,
  };
}

/** A fresh copy of KiteTicker's module, which finds our socket class where it looks for `ws`. */
function loadTicker(derive: (Base: SocketClass) => SocketClass): typeof KiteTickerClass {
  const tickerFile = require.resolve('kiteconnect/dist/lib/ticker.js');
  const requireOfKite = createRequire(tickerFile);
  const Base = requireOfKite('ws') as SocketClass;
  const ws = require.cache[requireOfKite.resolve('ws')];
  const shared = require.cache[tickerFile];
  if (!ws) throw new TypeError('kiteconnect has changed: its ticker does not load ws as a module any more');
  try {
    ws.exports = derive(Base);
    delete require.cache[tickerFile];
    return (require(tickerFile) as { KiteTicker: typeof KiteTickerClass }).KiteTicker;
  } finally {
    ws.exports = Base;
    if (shared) require.cache[tickerFile] = shared;
    else delete require.cache[tickerFile];
  }
}
