import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { announceOrders } from '../wire/order-updates.ts';
import { refuse, type Ticker } from '../wire/ticker.ts';
import type { PaperExchange } from './exchange.ts';

const HANDSHAKE_MS = 5_000;

/**
 * Kite's ticker passed through, a connection there for each connection here: frames go on as they come, but the account's real order
 * updates, in whose place those of the paper book are told. Kite allows three connections an app; our own quote feed is one of them.
 */
export function createFrameRelay(exchange: PaperExchange, closing: AbortSignal): Ticker {
  const server = new WebSocketServer({ noServer: true });
  const clients = new Set<WebSocket>();
  const root = exchange.kite.tickerRoot.replace(/\/*$/, '/');
  const stop = announceOrders({
    exchange,
    apiSecret: null,
    closing,
    send(message) {
      for (const client of clients) client.send(message);
    },
  });

  function join(client: WebSocket, kite: WebSocket): void {
    clients.add(client);
    client.on('message', (data, isBinary) => {
      if (kite.readyState === WebSocket.OPEN) kite.send(data, { binary: isBinary });
    });
    kite.on('message', (data, isBinary) => {
      if (client.readyState === WebSocket.OPEN && (isBinary || !isOrderUpdate(data)))
        client.send(data, { binary: isBinary });
    });
    client.on('close', () => {
      clients.delete(client);
      kite.terminate();
    });
    client.on('error', () => client.terminate());
    // A client that lost the market must see it at once, to connect anew when there is one.
    kite.on('close', () => client.terminate());
  }

  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
      const { search, searchParams } = new URL(request.url ?? '/', 'ws://paper');
      const kite = new WebSocket(root + search, {
        headers: { 'X-Kite-Version': '3' },
        handshakeTimeout: HANDSHAKE_MS,
      });
      let answered = false;
      const answer = (work: () => void) => {
        if (!answered) work();
        answered = true;
      };
      socket.on('error', () => socket.destroy());
      socket.on('close', () => answer(() => kite.terminate()));
      kite.on('unexpected-response', (_request, response) => {
        answer(() => refuse(socket, `${response.statusCode} ${response.statusMessage}`));
        kite.terminate();
      });
      kite.on('error', () => answer(() => refuse(socket, '503 Service Unavailable')));
      kite.on('open', () =>
        answer(() => {
          const authorization = `token ${searchParams.get('api_key')}:${searchParams.get('access_token')}`;
          // The ticker took it: a session that lives, whose prices we may use ourselves.
          exchange.sessions.check(authorization).catch(() => undefined);
          server.handleUpgrade(request, socket, head, (client) => join(client, kite));
        }),
      );
    },
    close() {
      stop();
      for (const client of clients) client.terminate();
      server.close();
    },
  };
}

function isOrderUpdate(data: RawData): boolean {
  try {
    const message: unknown = JSON.parse(data.toString());
    return typeof message === 'object' && message !== null && 'type' in message && message.type === 'order';
  } catch {
    return false;
  }
}
