import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/api/errors.ts';
import { BrokerError, type BrokerErrorKind } from '../../src/errors.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/types.ts';
import { type PostgresServer, startPostgres } from '../journal/postgres.ts';
import { API_TOKEN } from './fixtures/api-deps.ts';
import { startApiProgram } from './fixtures/api-program.ts';
import { openPosition, restingStop, TIMETABLE } from './fixtures/day-facts.ts';
import { type ReadingApi, startReadingApi } from './fixtures/reading-api.ts';

describe('a broker’s failure', () => {
  it.each<['kite' | 'breeze', BrokerErrorKind, number, string]>([
    ['kite', 'token', 409, 'not_authenticated'],
    ['kite', 'rate_limited', 429, 'kite_rate_limited'],
    ['kite', 'refused', 502, 'kite_refused'],
    ['kite', 'ip_refused', 502, 'kite_ip_refused'],
    ['kite', 'doubt', 502, 'kite_doubt'],
    ['breeze', 'token', 503, 'breeze_away'],
    ['breeze', 'rate_limited', 429, 'breeze_rate_limited'],
    ['breeze', 'refused', 502, 'breeze_refused'],
    ['breeze', 'ip_refused', 502, 'breeze_ip_refused'],
    ['breeze', 'doubt', 502, 'breeze_doubt'],
  ])('of %s, %s, is %i %s with its words in the details', (broker, kind, status, code) => {
    const known = explain(new BrokerError(broker, kind, 'its own words', { status: 400 }));
    expect(known).toMatchObject({ httpStatus: status, code, details: { broker, words: 'its own words', status: 400 } });
    expect(known?.message).toMatch(/^(Zerodha|Breeze) .*\.|: its own words$/);
  });
});

describe('a PostgreSQL server that is gone', () => {
  let postgres: PostgresServer | null;
  let journal: Journal;
  let api: ReadingApi;
  let stopped = false;
  beforeAll(async () => {
    postgres = await startPostgres();
    if (!postgres) return;
    journal = await openJournal({ databaseUrl: postgres.databaseUrl });
    api = await startReadingApi({ journal });
  });
  afterAll(async () => {
    await api?.stop();
    await journal?.close();
    if (!stopped) await postgres?.stop();
  });

  it('is 503 journal_unavailable, not a defect', async (context) => {
    if (!postgres) return context.skip();
    expect(await api.get('/live/log')).toMatchObject({ status: 200, body: { events: [] } });
    await postgres.stop();
    stopped = true;
    for (const path of ['/live/log', '/live/report/2025-07-14', '/live/websocket/status']) {
      expect(await api.get(path)).toMatchObject({ status: 503, body: { error: { code: 'journal_unavailable' } } });
    }
    expect(await api.get('/health')).toMatchObject({ status: 503, body: { database: 'down' } });
    expect(api.logged).toEqual([]);
  });

  it('leaves nobody in the dark with open positions: the day is shown without prices, and closes them', async (context) => {
    if (!postgres) return context.skip();
    const program = await startApiProgram({ deps: { journal } });
    try {
      await program.openDay({
        state: 'trading',
        timetable: TIMETABLE,
        positions: [openPosition()],
        orders: [restingStop()],
      });
      expect(await program.get('/live/status')).toMatchObject({
        status: 200,
        body: {
          ...{ state: 'trading', open_positions: 1 },
          pnl: { unrealised: null },
          warnings: [{ code: 'journal_away', message: expect.stringContaining('does not answer') }],
        },
      });
      expect((await program.get('/live/positions')).body).toMatchObject({ positions: [{ id: 'P1', pnl: null }] });
      expect(await program.get('/live/orders')).toMatchObject({ status: 200, body: { orders: [{ purpose: 'stop' }] } });
      expect(await program.get('/live/orders?source=broker')).toMatchObject({
        ...{ status: 503, body: { error: { code: 'journal_unavailable' } } },
      });
      const events = await fetch(`${program.server.origin}/live/events`, {
        headers: { authorization: `Bearer ${API_TOKEN}` },
      });
      expect(await snapshotOf(events)).toMatchObject({
        ...{ status: { warnings: [{ code: 'journal_away' }] }, positions: [{ id: 'P1' }], log: [] },
      });
      expect(await program.post('/live/close-position/P1')).toMatchObject({ status: 200, body: { state: 'closed' } });
    } finally {
      await program.stop();
    }
  });
});

/** What an event stream sends first of the day. */
async function snapshotOf(answer: Response): Promise<unknown> {
  let heard = '';
  for await (const chunk of answer.body ?? []) {
    heard += Buffer.from(chunk).toString('utf8');
    const found = heard.match(/event: snapshot\ndata: (.*)\n/)?.[1];
    if (found) return JSON.parse(found);
  }
  throw new Error(`no snapshot in ${heard}`);
}
