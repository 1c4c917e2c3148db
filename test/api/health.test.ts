/** What /health says beside up and down: whether the day runs that should, and whether the owner would hear of anything. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NoticesStatus } from '../../src/contract/notices.ts';
import { istAt } from '../../src/domain/clock.ts';
import { keptNoticesStatus } from '../../src/notices/kept-status.ts';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import { ACCOUNT, AT, kept } from '../notices/rows.ts';
import { API_TOKEN, DEFAULTS } from './fixtures/api-deps.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';

const WELL: NoticesStatus = { channels: ['webhook'], undelivered: 0, oldestAt: null, lastError: null };
const config = { mode: 'live', host: '127.0.0.1', allowedHosts: [], defaults: DEFAULTS } as const;

let program: ApiProgram;
let notices: NoticesStatus | null = WELL;
beforeAll(async () => {
  const noticesStatus = async () => notices ?? Promise.reject(new Error('the journal is away'));
  program = await startApiProgram({ deps: { apiToken: API_TOKEN, config, noticesStatus } });
});
afterAll(() => program.stop());
beforeEach(() => {
  program.freshAccount();
  notices = WELL;
});

const health = async () => (await program.get('/health')).body;

describe('/health', () => {
  it('says whether the day runs that should', async () => {
    expect(await health()).toMatchObject({
      ...{ status: 'ok', day: { expected: true, running: false } },
      problems: ['No trading day runs, and one should.'],
    });
    await program.openDay();
    expect(await health()).toMatchObject({ day: { expected: true, running: true }, problems: [] });
    await program.endDay();
    expect(await health()).toMatchObject({ day: { expected: false, running: false }, problems: [] });
  });

  it('expects a day from 08:55 to the close of trading dates', async () => {
    const expected = async (date: string, time: string) => {
      program.setClock(date, time);
      return (await health()).day;
    };
    expect(await expected('2025-07-14', '08:54')).toMatchObject({ expected: false });
    expect(await expected('2025-07-14', '08:55')).toMatchObject({ expected: true });
    expect(await expected('2025-07-14', '15:30')).toMatchObject({ expected: false });
    expect(await expected('2025-07-12', '11:00')).toMatchObject({ expected: false });
    expect(await expected('2031-07-14', '11:00')).toMatchObject({ expected: false });
  });

  it('says what of the notices is not delivered, since when, and what the channel said', async () => {
    await program.openDay();
    const at = istAt('2025-07-14', '11:20');
    notices = { ...WELL, undelivered: 2, oldestAt: at, lastError: { channel: 'webhook', text: 'it answered 500', at } };
    expect(await health()).toMatchObject({
      notices: {
        ...{ channels: ['webhook'], undelivered: 2, oldest_at: '2025-07-14T11:20:00+05:30' },
        last_error: { channel: 'webhook', message: 'it answered 500', at: '2025-07-14T11:20:00+05:30' },
      },
      problems: ['2 notices to the owner are not delivered yet.'],
    });
  });

  it('says that there is no channel beside the log, and does not count what nobody knows', async () => {
    await program.openDay();
    notices = { ...WELL, channels: [] };
    expect((await health()).problems).toEqual(['Notices go to the log alone: NOTICE_WEBHOOK_URL is not set.']);
    notices = null;
    expect(await health()).toMatchObject({ notices: { undelivered: null }, problems: [] });
  });
});

describe('an API apart from its workers', () => {
  it('shows the queue of the journal, but for what is under way', async () => {
    const journal = createMemoryJournal();
    await journal.saveNotice(ACCOUNT, kept('P1:0', { queuedAt: Date.now() - 60_000 }));
    await journal.saveNotice(ACCOUNT, kept('P2:0', { queuedAt: Date.now() - 1_000 }));
    expect(await keptNoticesStatus(journal, ACCOUNT, [])).toEqual({
      ...{ channels: [], undelivered: 1, oldestAt: AT, lastError: null },
    });
  });
});
