import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/api/errors.ts';
import { BrokerError, type BrokerErrorKind } from '../../src/errors.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/types.ts';
import { type ReadingApi, startReadingApi } from './fixtures/reading-api.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

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
});
