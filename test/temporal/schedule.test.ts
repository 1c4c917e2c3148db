/** The Schedule of paper and live mode on the development server, with server, worker and client in another time zone. */
import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayTaskQueue, dayWorkflowId } from '../../src/contract/identity.ts';
import { istAt, istIso } from '../../src/domain/clock.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import { keepSchedule, scheduleId } from '../../src/temporal/schedule.ts';
import { startDay } from '../../src/temporal/start-day.ts';
import type { OpenDayInput, OpenedDay } from '../../workflows/open-day.ts';
import { createLocal } from '../temporal-environments.ts';

const ZONE = process.env.TZ;
let env: TestWorkflowEnvironment;
let worker: Worker;
let running: Promise<void>;
let runs = 0;
const pages: string[] = [];
/** The worker's; runs keep the tests apart. */
const ACCOUNT = { mode: 'paper', account: 'ZX0001' } as const;

beforeAll(async () => {
  // Before the server starts: it inherits the zone.
  process.env.TZ = 'America/New_York';
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  env = await createLocal();
  const { codePath } = await workflowBundle();
  // The days are opened, and stay at their first activity.
  worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: dayTaskQueue(ACCOUNT),
    workflowBundle: { codePath },
    activities: {
      loadDayContext: () => Context.current().cancelled,
      notifyOwner: async ({ text }: { text: string }) => void pages.push(text),
    },
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await env.teardown();
  if (ZONE === undefined) delete process.env.TZ;
  else process.env.TZ = ZONE;
});

/** A run of its own, with its Schedule. */
async function scheduled(): Promise<OpenDayInput> {
  runs += 1;
  const account: OpenDayInput = { ...ACCOUNT, run: runs };
  await keepSchedule(env.client, account);
  return account;
}

const handleOf = (account: OpenDayInput) => env.client.schedule.getHandle(scheduleId(account));

/** What the Schedule would have done in these days, first to last, India's dates. */
async function backfill(account: OpenDayInput, from: string, to = from): Promise<void> {
  const start = new Date(istAt(from, '00:00'));
  await handleOf(account).backfill({ start, end: new Date(istAt(to, '23:59')), overlap: 'BUFFER_ALL' });
}

/** What came of each scheduled start, in order of its time. */
async function outcomes(account: OpenDayInput, count: number): Promise<OpenedDay[]> {
  const query = `WorkflowType = 'openDayWorkflow' AND TemporalScheduledById = '${scheduleId(account)}'`;
  const found: OpenedDay[] = [];
  await expect
    .poll(async () => {
      found.length = 0;
      for await (const { workflowId, status } of env.client.workflow.list({ query })) {
        if (status.name === 'COMPLETED') found.push(await env.client.workflow.getHandle(workflowId).result());
      }
      return found.length;
    })
    .toBe(count);
  return found.sort((a, b) => a.date.localeCompare(b.date));
}

async function days(account: OpenDayInput): Promise<string[]> {
  const found: string[] = [];
  const query = `WorkflowType = 'tradingDay' AND TradingMode = 'paper'`;
  for await (const { workflowId } of env.client.workflow.list({ query })) found.push(workflowId);
  return found.filter((id) => id.startsWith(`day:paper:${account.account}:${account.run}:`)).sort();
}

const idOf = (account: OpenDayInput, date: string) => dayWorkflowId({ ...account, date });

describe('the Schedule of trading days', () => {
  it('is due at 08:45 in India each day, whatever the zone of the host', async () => {
    expect(new Date(istAt('2026-02-02', '08:45')).getHours()).toBe(22);
    const { spec, info, policies, action } = await handleOf(await scheduled()).describe();
    expect(spec.timezone).toBe('Asia/Kolkata');
    // Its own mode's and account's: no other worker of a shared server opens this day.
    expect(action).toMatchObject({ taskQueue: 'trading-day:paper:ZX0001' });
    expect(info.nextActionTimes.slice(0, 7).map((at) => istIso(at.getTime()).slice(11))).toEqual(
      Array.from({ length: 7 }, () => '08:45:00+05:30'),
    );
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 6 * 3_600_000 });
  });

  it('opens the day of its date in India, Sunday and Muhurat sessions too, and nothing on a holiday or a weekend', async () => {
    const account = await scheduled();
    // Friday to Tuesday: Saturday is closed, Sunday 1 February 2026 was a Budget session; 26 January is a holiday.
    await backfill(account, '2026-01-30', '2026-02-03');
    // The server takes one such request after the other.
    await outcomes(account, 5);
    await backfill(account, '2026-01-26');
    await outcomes(account, 6);
    await backfill(account, '2025-10-21');
    const seen = await outcomes(account, 7);
    expect(seen.map(({ date, outcome }) => [date, outcome])).toEqual([
      ['2025-10-21', 'opened'],
      ['2026-01-26', 'not_opened'],
      ['2026-01-30', 'opened'],
      ['2026-01-31', 'not_opened'],
      ['2026-02-01', 'opened'],
      ['2026-02-02', 'opened'],
      ['2026-02-03', 'opened'],
    ]);
    expect(seen[1]?.reason).toContain('Republic Day; next trading day 2026-01-27');
    const opened = ['2025-10-21', '2026-01-30', '2026-02-01', '2026-02-02', '2026-02-03'];
    await expect.poll(() => days(account)).toEqual(opened.map((date) => idOf(account, date)));
  });

  it('opens a date once, however often it is asked, and leaves the day running', async () => {
    const account = await scheduled();
    const date = '2025-07-14';
    await backfill(account, date);
    expect(await outcomes(account, 1)).toMatchObject([{ date, outcome: 'opened' }]);
    const first = await env.client.workflow.getHandle(idOf(account, date)).describe();
    await backfill(account, date);
    // Asked again and again until another of its days is there: the first one is not touched meanwhile.
    const known = async () => {
      await backfill(account, '2025-07-15');
      return days(account);
    };
    await expect.poll(known, { interval: 1_000 }).toEqual([idOf(account, date), idOf(account, '2025-07-15')]);
    const again = await env.client.workflow.getHandle(idOf(account, date)).describe();
    expect(again.runId).toBe(first.runId);
    expect(again.status.name).toBe('RUNNING');
  });

  it('lets the day be that a login opened before 08:45', async () => {
    const account = await scheduled();
    expect(await startDay(env.client, { ...account, date: '2025-07-15' }, [])).toBe('opened');
    await backfill(account, '2025-07-15');
    expect(await outcomes(account, 1)).toMatchObject([{ date: '2025-07-15', outcome: 'was_open' }]);
    expect(await startDay(env.client, { ...account, date: '2025-07-15' }, [])).toBe('there');
  });

  it('is brought up to date by each start, and stays paused where a person has paused it', async () => {
    const account = await scheduled();
    const zone = async () => (await handleOf(account).describe()).spec.timezone;
    const isPaused = async () => (await handleOf(account).describe()).state.paused;
    await handleOf(account).update((before) => ({ ...before, spec: { intervals: [{ every: '1 hour' }] } }));
    await expect.poll(zone).not.toBe('Asia/Kolkata');
    await handleOf(account).pause('on holiday myself');
    await expect.poll(isPaused).toBe(true);
    expect(await keepSchedule(env.client, account)).toEqual({ paused: true });
    await expect.poll(zone).toBe('Asia/Kolkata');
    const { spec, state } = await handleOf(account).describe();
    expect(spec.intervals ?? []).toEqual([]);
    expect(state).toMatchObject({ paused: true, note: 'on holiday myself' });
  });

  it('pages its owner for a date outside the calendar, and for a session whose hours are not in it', async () => {
    const account = await scheduled();
    const query = `WorkflowType = 'openDayWorkflow' AND ExecutionStatus = 'Failed' AND TemporalScheduledById = '${scheduleId(account)}'`;
    const failed = async () => (await env.client.workflow.count(query)).count;
    await backfill(account, '2021-03-10');
    await expect.poll(failed).toBe(1);
    await backfill(account, '2026-11-08');
    await expect.poll(failed).toBe(2);
    expect(await days(account)).toEqual([]);
    expect(pages.sort()).toEqual([
      expect.stringContaining('2021-03-10 is outside the market calendar'),
      expect.stringContaining('hours of the special session on 2026-11-08'),
    ]);
  });
});
