import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Paise } from '../../src/domain/types.ts';
import { PATIENCE_MS } from '../patience.ts';

export const INDEX = 256_265;
export const OPTION = 11_001 * 256 + 2;

/** A ticker whose every frame is a test's decision. It can be killed and come back on the same port. */
export async function scriptedTicker() {
  let server: Server;
  let port = 0;
  const raw = new Set<Socket>();
  const ticker = {
    root: () => `ws://127.0.0.1:${port}`,
    /** Open connections, oldest first, and what each was asked. */
    connections: [] as { socket: WebSocket; url: string; asked: { a: string; v: unknown }[] }[],
    handshakes: 0,
    /** An HTTP status refuses the upgrade; `silence` never answers it. */
    refuse: null as null | number | 'silence',
    send(data: Buffer | string): void {
      for (const { socket } of ticker.connections) socket.send(data);
    },
    async start(): Promise<void> {
      server = createServer();
      server.on('connection', (socket: Socket) => {
        raw.add(socket);
        socket.on('close', () => raw.delete(socket));
      });
      const sockets = new WebSocketServer({ noServer: true });
      server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
        ticker.handshakes += 1;
        socket.on('error', () => socket.destroy());
        if (ticker.refuse === 'silence') return;
        if (ticker.refuse) return socket.end(`HTTP/1.1 ${ticker.refuse} No\r\nContent-Length: 0\r\n\r\n`);
        sockets.handleUpgrade(request, socket, head, (webSocket) => {
          const connection = { socket: webSocket, url: request.url ?? '', asked: [] as { a: string; v: unknown }[] };
          ticker.connections.push(connection);
          webSocket.on('message', (data) => connection.asked.push(JSON.parse(String(data))));
          webSocket.on('error', () => undefined);
          webSocket.on('close', () => {
            ticker.connections = ticker.connections.filter((other) => other !== connection);
          });
        });
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    },
    /** As a killed process: connections are cut, the port is closed. */
    async kill(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of raw) socket.destroy();
      await closed;
    },
  };
  await ticker.start();
  return ticker;
}

export function frame(...packets: Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.alloc(2)];
  parts[0]?.writeInt16BE(packets.length);
  for (const packet of packets) {
    const length = Buffer.alloc(2);
    length.writeInt16BE(packet.length);
    parts.push(length, packet);
  }
  return Buffer.concat(parts);
}

/** A full index packet: 32 bytes, the exchange's time at 28. */
export function indexPacket(price: Paise, exchangeMs: number, token = INDEX): Buffer {
  const packet = Buffer.alloc(32);
  packet.writeInt32BE(token, 0);
  packet.writeInt32BE(price, 4);
  packet.writeInt32BE(Math.floor(exchangeMs / 1000), 28);
  return packet;
}

/** A full option packet: 184 bytes, five bids from 64 and five asks from 124 of 12 bytes each. */
export function optionPacket(price: Paise, bid: [Paise, number], ask: [Paise, number], exchangeMs: number): Buffer {
  const packet = Buffer.alloc(184);
  packet.writeInt32BE(OPTION, 0);
  packet.writeInt32BE(price, 4);
  packet.writeInt32BE(Math.floor(exchangeMs / 1000), 60);
  for (const [at, [level, quantity]] of [[64, bid] as const, [124, ask] as const]) {
    packet.writeInt32BE(quantity, at);
    packet.writeInt32BE(level, at + 4);
    packet.writeInt16BE(1, at + 8);
  }
  return packet;
}

/** A quote packet without depth: 44 bytes. */
export function quotePacket(price: Paise): Buffer {
  const packet = Buffer.alloc(44);
  packet.writeInt32BE(OPTION, 0);
  packet.writeInt32BE(price, 4);
  return packet;
}

/** Looks again until it holds. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`it did not come true within ${PATIENCE_MS} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
