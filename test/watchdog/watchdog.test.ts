/** The watch over days, at a real Temporal server: what is terminated is opened again, what fails is paged about. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DayIdentity, dayTaskQueue, dayWorkflowId, guardTaskQueue } from '../../src/contract/identity.ts';
import type { NoticeInput } from '../../src/contract/notices.ts';
import { type ClockSegments, istAt, marketAt } from '../../src/domain/clock.ts';
import type { Account, Journal } from '../../src/journal/types.ts';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import { keepSchedule, scheduleId } from '../../src/temporal/schedule.ts';
import { startDay } from '../../src/temporal/start-day.ts';
import { createWatchdog, type WatchdogOptions, watch } from '../../src/watchdog/watchdog.ts';
import { openPosition } from '../api/fixtures/day-facts.ts';
import { batch } from '../journal/journal-rows.ts';
import { connectToShared } from '../temporal-environments.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const DATE = '2025-07-15';
const LOOK_MS = 100;
const CARRIED = openPosition('P1', { enteredOn: '2025-07-14' });

let env: TestWorkflowEnvironment;
let code: Awaited<ReturnType<typeof bundleWorkflowCode>>;
const workers: { worker: Worker; running: Promise<void> }[] = [];
const watching: AbortController[] = [];

beforeAll(async () => {
  env = await connectToShared();
  code = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./fixtures/days.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
});
afterEach(async () => {
  for (const stopping of watching.splice(0)) stopping.abort();
  for (const { worker, running } of workers.splice(0)) {
    worker.shutdown();
    await running;
  }
});
afterAll(() => env.teardown());

/** A day's surroundings, at a time of Tuesday 15 July 2025. */
async function desk(options: { at: string; behaves?: 'FAILS' | 'ENDS' | 'GUARDED' } & Partial<WatchdogOptions>) {
  const { at, behaves = 'WAITS', ...rest } = options;
  const name = `${behaves}${randomBytes(4).toString('hex')}`;
  const account: Account = { mode: 'live', account: name, run: 1 };
  const identity: DayIdentity = { ...account, date: DATE };
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: dayTaskQueue(account),
    workflowBundle: code,
  });
  workers.push({ worker, running: worker.run() });
  const segments: ClockSegments = [{ real: Date.now(), market: istAt(DATE, at), speed: 1 }];
  const journal: Journal = createMemoryJournal();
  const sent: NoticeInput[] = [];
  const settings: WatchdogOptions = {
    ...{ account, client: env.client, journal, identity: () => identity, dataDir: null },
    notices: {
      async send(notice) {
        sent.push(notice);
        return { deliveredAt: Date.now() };
      },
    },
    log: { info: () => {}, warn: () => {}, error: (_data, text) => void sent.push({ text } as NoticeInput) },
    clock: { now: () => marketAt(segments, Date.now()), current: () => segments },
    opensDays: false,
    ...rest,
  };
  const handle = env.client.workflow.getHandle(dayWorkflowId(identity));
  return {
    ...{ account, identity, journal, sent, handle, settings },
    open: () => startDay(env.client, identity, segments),
    status: async () => (await handle.describe().catch(() => null))?.status.name ?? 'none',
    look: () => createWatchdog(settings).look(),
    start() {
      const stopping = new AbortController();
      watching.push(stopping);
      void watch(settings, stopping.signal, LOOK_MS);
    },
    kinds: () => sent.map(({ cause, kind }) => `${cause} ${kind}`),
  };
}

describe('a day that was terminated', () => {
  it('with a position in the journal is paged about and opened again, and the page ends', async () => {
    const { open, journal, identity, handle, status, start, sent, kinds } = await desk({ at: '11:20' });
    await open();
    await journal.write(batch(identity, { positions: [openPosition('P1', { enteredOn: DATE })] }));
    start();
    await handle.terminate('by somebody');
    await expect.poll(kinds).toEqual(['day_lost raised', 'day_lost ended']);
    expect(await status()).toBe('RUNNING');
    expect(sent[0]?.text).toMatch(
      /^The day of 2025-07-15 ended without a report at 11:20:\d\d \(terminated\).*750 NIFTY2571725000PE short/,
    );
    await handle.terminate('by the test');
  });

  it('with nothing open is paged about and left as it is', async () => {
    const { open, handle, status, look, kinds } = await desk({ at: '11:20' });
    await open();
    await handle.terminate('by somebody');
    await look();
    expect(kinds()).toEqual(['day_lost raised']);
    expect(await status()).toBe('TERMINATED');
  });

  it('is opened again while the journal is away, by what it said last', async () => {
    const { open, journal, identity, handle, status, start, kinds, settings } = await desk({ at: '11:20' });
    await open();
    await journal.write(batch(identity, { positions: [openPosition('P1', { enteredOn: DATE })] }));
    let looks = 0;
    settings.journal = {
      ...journal,
      async positions(day) {
        looks += 1;
        if (looks > 1) throw new Error('No space left on device');
        return journal.positions(day);
      },
    };
    start();
    await expect.poll(() => looks).toBeGreaterThan(1);
    await handle.terminate('by somebody');
    await expect.poll(kinds).toContain('day_lost ended');
    expect(await status()).toBe('RUNNING');
    await handle.terminate('by the test');
  });

  it('is another one than a day that came to its end, which is not opened again', async () => {
    const { journal, identity, look, sent, handle, open } = await desk({ at: '16:00', behaves: 'ENDS' });
    await journal.write(batch(identity, { positions: [openPosition('P1', { enteredOn: DATE })] }));
    await open();
    await handle.result();
    await look();
    expect(sent).toEqual([]);
  });
});

describe('a day whose code fails for ever', () => {
  it('is paged about with the reason, and not opened again', async () => {
    const { open, handle, status, start, sent, kinds } = await desk({
      at: '11:20',
      behaves: 'FAILS',
      limits: { failingMs: 1_000 },
    });
    await open();
    start();
    await expect.poll(kinds).toEqual(['day_failing raised']);
    expect(sent[0]?.text).toContain('code that cannot follow its history');
    expect(await status()).toBe('RUNNING');
    await handle.terminate('by the test');
  });

  it('is not one whose worker is away', async () => {
    const { open, handle, look, sent } = await desk({ at: '11:20', limits: { failingMs: 0 } });
    const [only] = workers.splice(0);
    only?.worker.shutdown();
    await only?.running;
    await open();
    await look();
    expect(sent).toEqual([]);
    await handle.terminate('by the test');
  });
});

describe('a morning without its day', () => {
  it('with a position carried: it is opened, once its time has passed, and the page names the position', async () => {
    const { journal, account, status, look, sent, kinds, handle, settings } = await desk({
      at: '08:54',
      opensDays: true,
    });
    await keepSchedule(env.client, account);
    await journal.write(batch({ ...account, date: '2025-07-14' }, { positions: [CARRIED] }));
    await look();
    expect([sent, await status()]).toEqual([[], 'none']);
    settings.clock = { ...settings.clock, now: () => istAt(DATE, '08:55') };
    await look();
    expect(kinds()).toEqual(['day_missing raised']);
    expect(sent[0]?.text).toContain('750 NIFTY2571725000PE short');
    expect(await status()).toBe('RUNNING');
    await handle.terminate('by the test');
    await env.client.schedule.getHandle(scheduleId(account)).delete();
  });

  it('with a position carried and a Schedule that a person has paused: it is opened, and nobody is told to open it', async () => {
    const { journal, account, look, kinds, sent, handle, status } = await desk({ at: '08:56', opensDays: true });
    await keepSchedule(env.client, account);
    const schedule = env.client.schedule.getHandle(scheduleId(account));
    await schedule.pause('on holiday myself');
    await expect.poll(async () => (await schedule.describe()).state.paused).toBe(true);
    await journal.write(batch({ ...account, date: '2025-07-14' }, { positions: [CARRIED] }));
    await look();
    expect(kinds()).toEqual(['day_missing raised']);
    expect(sent[0]?.text).toContain('The Schedule is paused. The day is opened now');
    expect([await status(), (await schedule.describe()).state.paused]).toEqual(['RUNNING', true]);
    await handle.terminate('by the test');
    await schedule.delete();
  });

  it('whose Schedule was deleted has it again, and its owner is told', async () => {
    const { account, look, kinds } = await desk({ at: '08:00', opensDays: true });
    await look();
    expect(kinds()).toEqual(['schedule_restored told']);
    const schedule = env.client.schedule.getHandle(scheduleId(account));
    expect((await schedule.describe()).state.paused).toBe(false);
    await schedule.delete();
  });

  it('whose Schedule a person has paused keeps it paused, and says so once where nothing is carried', async () => {
    const { account, status, look, kinds, sent } = await desk({ at: '08:56', opensDays: true });
    await keepSchedule(env.client, account);
    const schedule = env.client.schedule.getHandle(scheduleId(account));
    await schedule.pause('on holiday myself');
    await expect.poll(async () => (await schedule.describe()).state.paused).toBe(true);
    await look();
    await look();
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(new Set(kinds())).toEqual(new Set(['schedule_paused told']));
    expect([await status(), (await schedule.describe()).state.paused]).toEqual(['none', true]);
    await schedule.delete();
  });

  it('in a replay is its operator’s to open', async () => {
    const { journal, account, status, look, sent } = await desk({ at: '09:00' });
    await journal.write(batch({ ...account, date: '2025-07-14' }, { positions: [CARRIED] }));
    await look();
    expect([sent, await status()]).toEqual([[], 'none']);
  });
});

describe('positions that today has taken over', () => {
  it('and closed are not open any more, whatever yesterday left', async () => {
    const { journal, account, identity, look, sent, handle, open, status } = await desk({ at: '11:20' });
    await journal.write(batch({ ...account, date: '2025-07-14' }, { positions: [CARRIED] }));
    await journal.write(batch(identity, { positions: [{ ...CARRIED, id: 'P7', state: 'closed' }] }));
    await open();
    await handle.terminate('by somebody');
    await look();
    expect(sent[0]?.text).toContain('Nothing is open by the journal');
    expect(await status()).toBe('TERMINATED');
  });
});

describe('a journal that is read-only', () => {
  it('is paged about: it answers, and no day can be opened', async () => {
    const { settings, journal, start, kinds } = await desk({ at: '08:50' });
    settings.limits = { awayMs: 0 };
    settings.journal = {
      ...journal,
      async ping() {
        throw new Error('cannot execute DELETE in a read-only transaction');
      },
    };
    start();
    await expect.poll(kinds).toContain('journal_away raised');
    settings.journal.ping = journal.ping;
    await expect.poll(kinds).toContain('journal_away ended');
  });
});

describe('a guard', () => {
  it('that no worker takes is paged about, and is over when one does', async () => {
    const { account, settings, open, start, sent, kinds, handle } = await desk({ at: '11:20', behaves: 'GUARDED' });
    settings.limits = { failingMs: 3_000 };
    await open();
    start();
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(['unwatched raised']);
    expect(sent[0]?.text).toContain('No worker has watched prices and loss caps');
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: guardTaskQueue(dayTaskQueue(account)),
      activities: {
        async guardPosition() {
          for (;;) {
            Context.current().heartbeat();
            await Context.current().sleep(200);
          }
        },
      },
    });
    workers.push({ worker, running: worker.run() });
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(['unwatched raised', 'unwatched ended']);
    await handle.terminate('by the test');
  });
});

describe('a full disk', () => {
  it('is paged about, also when Temporal and the journal are away', async () => {
    const away = () => Promise.reject(new Error('away'));
    const { look, kinds } = await desk({
      ...{ at: '15:14', dataDir: '/full', freeBytes: async () => 0 },
      journal: { ping: away, positions: away, handover: away, notices: away },
    });
    await look();
    expect(kinds()).toEqual(['disk_full raised']);
  });
});
