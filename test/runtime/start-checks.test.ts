import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { clockAhead } from '../../src/brokers/broker-clock.ts';
import type { Breeze } from '../../src/brokers/types.ts';
import { loadConfig } from '../../src/config/config.ts';
import { freePort } from '../../src/platform/ports.ts';
import { checkStart, servesOf, warnOfBreeze } from '../../src/runtime/start-checks.ts';
import { later, virtually, virtualNow } from '../virtual.ts';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

/** A broker whose clock differs from ours; its Date header counts whole seconds, as HTTP's does. */
async function broker(aheadMs: number): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
    response.setHeader('connection', 'close');
    response.statusCode = 404;
    response.end('{}');
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const credentials = {
  ...{ KITE_API_KEY: 'k', KITE_API_SECRET: 's', KITE_USER_ID: 'AB1234' },
  ...{ BREEZE_API_KEY: 'b', BREEZE_API_SECRET: 't', BREEZE_API_SESSION: 'u', LIVE_TRADING_CONFIRMED: 'yes' },
};
const configOf = (mode: string, root: string, more: Record<string, string> = {}) =>
  loadConfig({ TRADING_MODE: mode, KITE_ROOT: root, ...credentials, ...more });

async function start(mode: 'paper' | 'live', root: string, today = '2026-11-23'): Promise<string[]> {
  const warnings: string[] = [];
  await checkStart({
    config: configOf(mode, root),
    today,
    warn: (text) => warnings.push(text),
    signal: new AbortController().signal,
    brokerAnswersWithinMs: 100,
  });
  return warnings;
}

describe('the clock against the broker’s', () => {
  it('agrees within what a header of whole seconds can tell', async () => {
    expect(await clockAhead(await broker(0))).toBe(0);
  });

  /** What a look that starts at any tenth of a second finds, where an answer takes a twentieth each way. */
  const looksAt = async (aheadMs: number): Promise<number[]> => {
    const ask = async () => {
      await later(50);
      const said = Math.floor((virtualNow() + aheadMs) / 1_000) * 1_000;
      await later(50);
      return said;
    };
    const looks = Array.from({ length: 10 }, (_, tenth) => later(tenth * 100).then(() => clockAhead('there', ask)));
    return Promise.all(looks);
  };

  it(
    'is ahead of a broker that is behind, and behind one that is ahead: never by more than it is, nor by half a second less',
    virtually(async () => {
      for (const ahead of await looksAt(-10_000)) {
        expect(ahead).toBeGreaterThanOrEqual(9_500);
        expect(ahead).toBeLessThanOrEqual(10_000);
      }
      for (const behind of await looksAt(10_000)) {
        expect(behind).toBeLessThanOrEqual(-9_500);
        expect(behind).toBeGreaterThanOrEqual(-10_000);
      }
    }),
  );

  it(
    'is more than two seconds off at every instant at which it is two and a half off',
    virtually(async () => {
      for (const off of [...(await looksAt(2_500)), ...(await looksAt(-2_500))])
        expect(Math.abs(off)).toBeGreaterThan(2_000);
    }),
  );

  it('is read from the answers of a server', async () => {
    const [ahead, behind] = await Promise.all([
      clockAhead(await broker(-3_600_000)),
      clockAhead(await broker(3_600_000)),
    ]);
    // An hour, less what an answer takes here.
    expect(ahead).toBeGreaterThan(3_000_000);
    expect(ahead).toBeLessThanOrEqual(3_600_000);
    expect(behind).toBeLessThan(-3_000_000);
    expect(behind).toBeGreaterThanOrEqual(-3_600_000);
  });

  it('may differ by a second and a half in live mode', async () => {
    const starts = [start('live', await broker(1_500)), start('live', await broker(-1_500))];
    expect(await Promise.all(starts)).toEqual([[], []]);
  });

  it('keeps live mode from starting when it is more than two seconds off, and says what to do', async () => {
    const refused = { code: 'clock_wrong', message: expect.stringContaining('timedatectl') };
    await expect(start('live', await broker(60_000))).rejects.toMatchObject(refused);
    await expect(start('live', await broker(-60_000))).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('ahead of'),
    });
  });

  it('is a warning on paper', async () => {
    const [warning, ...others] = await start('paper', await broker(60_000));
    expect(warning).toContain("behind Zerodha's");
    expect(others).toEqual([]);
  });

  it('must be known in live mode: a broker that stays silent refuses the start, after some patience', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    await expect(start('live', nobody)).rejects.toMatchObject({ code: 'broker_clock_unknown' });
    expect(await start('paper', nobody)).toEqual([expect.stringContaining('could not be read')]);
  });

  it('is not waited for any more when the start is interrupted', async () => {
    const interrupted = new AbortController();
    const starting = checkStart({
      config: configOf('live', `http://127.0.0.1:${await freePort()}`),
      today: '2026-11-23',
      // It says that it waits, and is interrupted then.
      warn: () => interrupted.abort(),
      signal: interrupted.signal,
    });
    await expect(starting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the calendar at the start', () => {
  it('refuses a date that it does not cover, and one whose expiry lies beyond it', async () => {
    await expect(start('paper', await broker(0), '2027-01-04')).rejects.toMatchObject({ name: 'CalendarError' });
    await expect(start('live', await broker(0), '2026-12-30')).rejects.toMatchObject({ name: 'CalendarError' });
  });

  it('warns from fourteen days before its end', async () => {
    expect(await start('paper', await broker(0), '2026-12-17')).toEqual([]);
    expect(await start('paper', await broker(0), '2026-12-18')).toEqual([expect.stringContaining('2026-12-31')]);
  });
});

describe('Breeze at the start', () => {
  const says = (check: Breeze['check']): Breeze => ({
    indexCandles: async () => [],
    optionCandles: async () => [],
    check,
  });
  const warned = async (check: Breeze['check']) => {
    const warnings: string[] = [];
    await warnOfBreeze(says(check), (text) => warnings.push(text));
    return warnings;
  };

  it('warns of a session that is not taken, and of a service that is away, but never refuses', async () => {
    expect(await warned(async () => ({ authenticated: true, reason: null }))).toEqual([]);
    expect(await warned(async () => ({ authenticated: false, reason: 'Invalid session.' }))).toEqual([
      expect.stringContaining('BREEZE_API_SESSION'),
    ]);
    expect(await warned(() => Promise.reject(new Error('no route')))).toEqual([expect.stringContaining('no route')]);
  });
});

describe('whom a data folder serves', () => {
  it('names mode, account and Zerodha client', () => {
    expect(servesOf(configOf('live', 'http://localhost'))).toBe('live AB1234');
    expect(servesOf(configOf('paper', 'http://localhost', { ACCOUNT: 'family' }))).toBe('paper family of AB1234');
  });
});
