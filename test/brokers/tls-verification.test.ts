import { get, createServer as httpsServer, type Server } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import axios from 'axios';
import { KiteConnect, KiteTicker } from 'kiteconnect';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createBreeze } from '../../src/brokers/breeze.ts';
import { createKite } from '../../src/brokers/kite.ts';
import { BAD_CERTIFICATE } from './bad-certificate.ts';
import { failureOf } from './scripted-server.ts';

/*
 * The official Breeze client switches TLS verification off for its whole process when it is loaded. After our adapter has loaded it, no
 * client of this process may talk to a server whose certificate is bad. `served` counts requests that got through.
 */
const require = createRequire(import.meta.url);
let server: Server;
let port: number;
let served = 0;
let warned: string[] = [];

beforeAll(async () => {
  process.on('warning', (warning) => warned.push(warning.message));
  server = httpsServer(BAD_CERTIFICATE, (_request, response) => {
    served += 1;
    response.end('{}');
  });
  server.on('upgrade', (_request, socket) => {
    served += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  served = 0;
  warned = [];
  createBreeze({ apiKey: 'k', apiSecret: 's', session: '1', root: url() });
});

const url = () => `https://127.0.0.1:${port}`;

function certificateRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ||
    /self-signed certificate/.test(error.message) ||
    certificateRefused(error.cause)
  );
}

const ticker = (url: string) =>
  new Promise((_resolve, reject) => {
    const kite = new KiteTicker({ api_key: 'k', access_token: 'a', reconnect: false, root: url } as never);
    kite.on('error', (event: unknown) => reject((event as { error: Error }).error));
    kite.connect();
  });

describe('after the Breeze adapter is loaded, a server with a bad certificate is refused', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['node:https', () => new Promise((resolve, reject) => get(url(), resolve).on('error', reject))],
    [
      'node:tls',
      () =>
        new Promise((resolve, reject) => connect({ host: '127.0.0.1', port }, () => resolve(0)).on('error', reject)),
    ],
    ['fetch', () => fetch(url())],
    ['axios as a module', () => axios.get(url())],
    ['axios as the official clients load it', () => (require('axios') as typeof axios).get(url())],
    [
      'ws',
      () =>
        new Promise((resolve, reject) =>
          new WebSocket(`wss://127.0.0.1:${port}`).on('open', resolve).on('error', reject),
        ),
    ],
    ["kiteconnect's ticker", () => ticker(`wss://127.0.0.1:${port}`)],
  ])('by %s', async (_client, call) => {
    expect(certificateRefused(await failureOf(call()))).toBe(true);
    expect(served).toBe(0);
  });

  test('by kiteconnect', async () => {
    const kite = new KiteConnect({ api_key: 'k', root: url() } as never);
    expect(await failureOf(kite.getProfile())).toMatchObject({ message: expect.stringContaining('SELF_SIGNED') });
    expect(served).toBe(0);
  });

  test('by our Kite adapter, which knows that nothing was sent', async () => {
    const kite = createKite({ apiKey: 'k', apiSecret: 's', root: url() });
    expect(await failureOf(kite.session('a').profile())).toMatchObject({
      kind: 'refused',
      details: { not_sent: true },
    });
  });

  test('by the Breeze client itself', async () => {
    const breeze = createBreeze({ apiKey: 'k', apiSecret: 's', session: '1', root: url() });
    expect(await breeze.check()).toMatchObject({
      authenticated: false,
      reason: expect.stringContaining('self-signed'),
    });
    expect(served).toBe(0);
  });

  test("and nobody's verification was ever switched off", () => {
    expect(process.env.NODE_TLS_REJECT_UNAUTHORIZED).toBeUndefined();
    expect(warned.filter((message) => message.includes('NODE_TLS_REJECT_UNAUTHORIZED'))).toEqual([]);
  });

  test('while a choice that was made before is kept', () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1';
    createBreeze({ apiKey: 'k', apiSecret: 's', session: '1', root: url() });
    expect(process.env.NODE_TLS_REJECT_UNAUTHORIZED).toBe('1');
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  });
});

/** PostgreSQL asks for TLS inside its own protocol: this server says yes and shows the bad certificate. */
test('after the Breeze adapter is loaded, pg refuses a database with a bad certificate', async () => {
  const { createServer } = await import('node:net');
  const { TLSSocket } = await import('node:tls');
  let startups = 0;
  const database = createServer((socket) => {
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, ...BAD_CERTIFICATE });
      secure.on('data', () => {
        startups += 1;
      });
      secure.on('error', () => socket.destroy());
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => database.listen(0, '127.0.0.1', resolve));
  const client = new Client({
    host: '127.0.0.1',
    port: (database.address() as AddressInfo).port,
    user: 'u',
    ssl: true,
  });
  client.on('error', () => undefined);
  expect(certificateRefused(await failureOf(client.connect()))).toBe(true);
  expect(startups).toBe(0);
  database.close();
});
