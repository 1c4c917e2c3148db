import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { faultNumber, faultText } from '../core/faults.ts';
import { announceOrders } from './order-updates.ts';
import { frame, HEARTBEAT, packet, type TickerMode } from './ticker-packets.ts';
import type { Wire } from './wire.ts';

/** At most three connections per app and 3,000 instruments on each (K-docs: "WebSocket streaming"). */
const MOST_CONNECTIONS = 3;
const MOST_TOKENS = 3_000;
const HEARTBEAT_MS = 1_000;

type Connection = {
  socket: WebSocket;
  modes: Map<number, TickerMode>;
  /** What was last sent of an instrument: only changes go out. */
  sent: Map<number, Buffer>;
};

export type Ticker = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
};

/** Kite's ticker: binary ticks after each step of the market, a heartbeat a second, order updates as text. */
export function createTicker(wire: Wire): Ticker {
  const { exchange, keys } = wire;
  const server = new WebSocketServer({ noServer: true });
  const connections = new Set<Connection>();
  let mutedUntil = 0;
  let frozenUntil = 0;

  const tick = (connection: Connection, tokens: Iterable<number>, always: boolean) => {
    const packets: Buffer[] = [];
    for (const token of tokens) {
      const mode = connection.modes.get(token);
      const instrument = mode && exchange.findToken(token);
      const quote = instrument && exchange.quote(instrument);
      if (!mode || !quote) continue;
      const bytes = packet(quote, mode);
      if (!always && connection.sent.get(token)?.equals(bytes)) continue;
      connection.sent.set(token, bytes);
      packets.push(bytes);
    }
    if (packets.length > 0) connection.socket.send(frame(packets));
  };

  const onStep = () => {
    lookForFaults();
    if (Date.now() < Math.max(mutedUntil, frozenUntil)) return;
    for (const connection of connections) tick(connection, connection.modes.keys(), false);
  };

  const lookForFaults = () => {
    const mute = exchange.takeFault('mute_ticker');
    if (mute) mutedUntil = Date.now() + faultNumber(mute, 'ms', 10_000);
    const freeze = exchange.takeFault('freeze_ticks');
    if (freeze) frozenUntil = Date.now() + faultNumber(freeze, 'ms', 10_000);
    if (connections.size === 0) return;
    if (exchange.takeFault('drop_ticker')) for (const { socket } of connections) socket.terminate();
    if (exchange.takeFault('garbage_frame')) for (const { socket } of connections) socket.send(GARBAGE);
    const error = exchange.takeFault('ticker_error');
    if (error)
      for (const { socket } of connections)
        socket.send(errorText(faultText(error, 'message', 'Something went wrong.')));
    const bad = exchange.takeFault('bad_tick');
    const instrument = bad && exchange.findToken(faultNumber(bad, 'instrument_token', 256_265));
    const quote = instrument && exchange.quote(instrument);
    if (bad && quote) {
      const wrong = packet({ ...quote, lastPrice: Math.round(faultNumber(bad, 'price', 0.05) * 100) }, 'ltp');
      for (const { socket, modes } of connections)
        if (modes.has(quote.instrument.instrumentToken)) socket.send(frame([wrong]));
    }
  };

  const heartbeat = setInterval(() => {
    lookForFaults();
    if (Date.now() < mutedUntil) return;
    for (const { socket } of connections) socket.send(HEARTBEAT);
  }, HEARTBEAT_MS);

  const unsubscribe = [
    exchange.onStep(onStep),
    announceOrders({
      exchange,
      apiSecret: keys.apiSecret,
      closing: wire.closing,
      send(message) {
        for (const { socket } of connections) socket.send(message);
      },
    }),
  ];

  const receive = (connection: Connection, data: RawData) => {
    const message = parseMessage(data.toString());
    if (typeof message === 'string') return connection.socket.send(errorText(message));
    const { modes, sent } = connection;
    for (const token of message.tokens) {
      sent.delete(token);
      if (message.action === 'unsubscribe') modes.delete(token);
      else if (message.action === 'mode') modes.set(token, message.mode);
      else if (!modes.has(token)) modes.set(token, 'quote');
    }
    if (modes.size > MOST_TOKENS) {
      for (const token of message.tokens) modes.delete(token);
      return connection.socket.send(errorText(`More than ${MOST_TOKENS} instruments.`));
    }
    if (Date.now() >= Math.max(mutedUntil, frozenUntil)) tick(connection, message.tokens, true);
  };

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const query = new URL(request.url ?? '/', 'ws://simulator').searchParams;
      // Asked here alone: a connection that stands outlives its session, prices and all (Kite forum 7088).
      if (query.get('api_key') !== keys.apiKey || !exchange.sessionAlive(query.get('access_token') ?? ''))
        return refuse(socket, '403 Forbidden');
      if (exchange.takeFault('refuse_ticker')) return refuse(socket, '503 Service Unavailable');
      if (connections.size >= MOST_CONNECTIONS) return refuse(socket, '429 Too Many Requests');
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection: Connection = { socket: webSocket, modes: new Map(), sent: new Map() };
        connections.add(connection);
        webSocket.on('message', (data) => receive(connection, data));
        webSocket.on('close', () => connections.delete(connection));
        webSocket.on('error', () => webSocket.terminate());
      });
    },
    close() {
      clearInterval(heartbeat);
      for (const stop of unsubscribe) stop();
      for (const { socket } of connections) socket.terminate();
      server.close();
    },
  };
}

/** A count of packets that are not there, and bytes that mean nothing. */
const GARBAGE = Buffer.from([0x00, 0x02, 0x00, 0x0d, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04, 0x05]);

type TickerMessage =
  | { action: 'subscribe' | 'unsubscribe'; tokens: number[] }
  | { action: 'mode'; mode: TickerMode; tokens: number[] };

/** A client's message, or the words of Kite's error text. */
function parseMessage(text: string): TickerMessage | string {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return 'Invalid JSON.';
  }
  if (typeof message !== 'object' || message === null || !('a' in message) || !('v' in message))
    return 'Invalid message.';
  const { a, v } = message;
  if (a === 'mode') {
    const [mode, tokens] = Array.isArray(v) ? v : [];
    if (mode !== 'ltp' && mode !== 'quote' && mode !== 'full') return 'Invalid mode.';
    const list = tokenList(tokens);
    return list ? { action: 'mode', mode, tokens: list } : 'Invalid instrument tokens.';
  }
  if (a !== 'subscribe' && a !== 'unsubscribe') return 'Invalid action.';
  const list = tokenList(v);
  return list ? { action: a, tokens: list } : 'Invalid instrument tokens.';
}

function tokenList(value: unknown): number[] | null {
  if (!Array.isArray(value)) return null;
  const tokens = value.map(Number);
  return tokens.every(Number.isInteger) ? tokens : null;
}

function errorText(words: string): string {
  return JSON.stringify({ type: 'error', data: words });
}

export function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
