import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createWeekSignals } from '../../src/api/week-signals.ts';
import { createBreeze } from '../../src/brokers/breeze.ts';
import type { Breeze } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import { type Simulator, startSimulator } from '../exchange-simulator/exchange-server.ts';
import { type ReadingApi, startReadingApi } from './fixtures/reading-api.ts';

/* The real Breeze client in front of the simulated exchange; the market's clock stands where a test puts it. */

let simulator: Simulator;
let api: ReadingApi;
let breeze: Breeze;
let calls = 0;
beforeAll(async () => {
  simulator = await startSimulator({ at: '11:42', speed: 0 });
  const { breeze_api_key, breeze_api_secret, breeze_session, kite_root } = simulator.server.addresses;
  breeze = counted(
    createBreeze({
      apiKey: breeze_api_key,
      apiSecret: breeze_api_secret,
      session: breeze_session,
      root: kite_root,
    }),
  );
  api = await startReadingApi({ deps: { breeze } });
});
afterAll(async () => {
  await api.stop();
  await simulator.stop();
});
afterEach(() => moveTo('2025-07-14', '11:42:07'));

function counted(client: Breeze): Breeze {
  return {
    ...client,
    indexCandles(...query) {
      calls += 1;
      return client.indexCandles(...query);
    },
  };
}

function moveTo(date: string, time: string): void {
  simulator.exchange.clock.set({ market: istAt(date, time), speed: 0 });
  api.setClock(date, time);
}

type Week = { signals: { signal: string; fired: boolean; why: string }[]; missing: string[]; bars: number };
const week = async () => {
  const answer = await api.get('/live/signals');
  expect(answer.status).toBe(200);
  return answer.body as unknown as Week;
};

describe('GET /live/signals', () => {
  it('shows the week of 14 July 2025: S1 fired at 11:15, the others say why not', async () => {
    moveTo('2025-07-14', '11:42:07');
    const seen = await week();
    expect(seen).toMatchObject({
      market_time: '2025-07-14T11:42:07+05:30',
      week_start: '2025-07-13',
      skipped: null,
      bars: 2,
      signal: 'S1',
      triggered_at: '2025-07-14T11:15:00+05:30',
      checked_at: '2025-07-14T11:15:00+05:30',
      bar_number: 2,
      strike: 25_000,
      option_type: 'PE',
      missing: [],
      source: 'breeze',
    });
    expect(seen.signals.map(({ signal }) => signal)).toEqual(['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8']);
    expect(seen.signals.filter(({ fired }) => fired)).toEqual([
      { signal: 'S1', fired: true, why: 'every condition is met' },
    ]);
    for (const { why } of seen.signals) expect(why).not.toBe('');
  });

  it('before the first hourly close knows the context, and that no bar has ended', async () => {
    moveTo('2025-07-14', '10:14:59');
    const seen = await week();
    expect(seen).toMatchObject({ bars: 0, signal: null, checked_at: null, levels: { high: expect.any(Number) } });
    expect(seen.signals[0]).toEqual({ signal: 'S1', fired: false, why: 'no hourly bar of this week has ended yet' });
    moveTo('2025-07-14', '10:15');
    expect(await week()).toMatchObject({ bars: 1, signal: null });
  });

  it('asks Breeze once an hour, however often it is asked', async () => {
    moveTo('2025-07-14', '12:50');
    calls = 0;
    await Promise.all([week(), week(), week()]);
    await week();
    moveTo('2025-07-14', '13:14:59');
    await week();
    expect(calls).toBe(1);
    moveTo('2025-07-14', '13:15');
    expect(await week()).toMatchObject({ bars: 4 });
    expect(calls).toBe(2);
  });

  it('names what is missing, and does not evaluate the week without its context', async () => {
    moveTo('2025-07-14', '14:20');
    simulator.exchange.addFault({ kind: 'breeze_empty', count: 1 });
    const empty = await week();
    expect(empty).toMatchObject({ bars: 0, skipped: expect.stringContaining('previous calendar week has 0') });
    expect(empty.missing).toContain('2025-07-14T13:15:00+05:30');
    expect(empty.signals[7]).toMatchObject({ fired: false, why: expect.stringContaining('the week is not evaluated') });
  });

  it('asks again for an hour that no later bar confirms, but not for every caller', async () => {
    moveTo('2025-07-14', '15:45');
    const now = () => istAt('2025-07-14', '15:45');
    const patient = createWeekSignals(breeze, now);
    const impatient = createWeekSignals(breeze, now, 0);
    for (const [ask, asked] of [
      [patient, 1],
      [impatient, 2],
    ] as const) {
      calls = 0;
      expect(await ask()).toMatchObject({ confirmed: false, missing: [] });
      await ask();
      expect(calls).toBe(asked);
    }
  });

  it.each([
    ['breeze_down', '10:20', 502, 'breeze_doubt'],
    ['breeze_invalid_session', '11:20', 503, 'breeze_away'],
  ] as const)(
    'with %s at %s is %i %s with the words of Breeze, and is asked anew',
    async (kind, time, status, code) => {
      moveTo('2025-07-15', time);
      simulator.exchange.addFault({ kind, count: 1 });
      expect(await api.get('/live/signals')).toMatchObject({
        status,
        body: { error: { code, details: { broker: 'breeze', words: expect.any(String) } } },
      });
      expect((await api.get('/live/signals')).status).toBe(200);
    },
  );

  it('with nobody at Breeze’s address is 502, and 503 where Breeze is not set up', async () => {
    const unreachable = createBreeze({ apiKey: 'k', apiSecret: 's', session: 'x', root: 'http://127.0.0.1:9' });
    for (const [breeze, status, code] of [
      [unreachable, 502, 'breeze_refused'],
      [null, 503, 'breeze_away'],
    ] as const) {
      const other = await startReadingApi({ deps: { breeze }, journal: api.journal });
      try {
        expect(await other.get('/live/signals')).toMatchObject({ status, body: { error: { code } } });
      } finally {
        await other.stop();
      }
    }
  });
});
