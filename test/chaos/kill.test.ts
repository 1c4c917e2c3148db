import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import type { ReportBody } from '../../src/api/report-schema.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import {
  expectFlat,
  expectNeverNaked,
  expectNoTagTwice,
  expectReportEqualsBook,
  expectTradedOnce,
  MAIN,
} from './book-invariants.ts';
import * as seen from './program.ts';
import { api, book, DATE, fault, type Installation, marketTime, type Program, until } from './program.ts';

/** The market of a replay: it writes its clock ten times a second, which is a minute of the market. */
const SPEED = 600;
const MOMENT_MS = 10 * 60_000;

/** Market time as it was last seen, and the wall milliseconds from that look until nothing of the program was left. */
type Death = { market: number; tookMs: number };

type Life = { at: Installation; programs: Program[] };

async function life(): Promise<Life> {
  return { at: await seen.installation(await mkdtemp(join(tmpdir(), 'trading-day-chaos-'))), programs: [] };
}

async function end({ at, programs }: Life): Promise<void> {
  await seen.sweep(at, programs);
  await rm(at.dataDir, { recursive: true, force: true, maxRetries: 5 });
}

/** Starts the program, and holds it against what it showed before it died. */
async function rise({ at, programs }: Life, death: Death | null = null): Promise<Program> {
  const program = seen.start(at);
  programs.push(program);
  if (death) await expectTheMarketOf(at, death);
  await seen.ready(at, program);
  return program;
}

/** Waits for the market to be back: it has not gone on without its program. */
async function expectTheMarketOf(at: Installation, { market, tookMs }: Death): Promise<void> {
  let askedAt = performance.now();
  let lastInVain = askedAt;
  const first = await until('the market to be back', () => {
    lastInVain = askedAt;
    askedAt = performance.now();
    return marketTime(at);
  });
  // It can only have run on while it was dying, and since it was last asked in vain.
  const running = tookMs + performance.now() - lastInVain;
  expect(first).toBeGreaterThanOrEqual(market - MOMENT_MS);
  expect(first).toBeLessThanOrEqual(market + SPEED * running);
}

/** SIGKILL to everything, or to everything but the Temporal server. */
async function die({ at, programs }: Life, temporal: 'with Temporal' | 'Temporal lives on'): Promise<Death> {
  let askedAt = performance.now();
  const market = await until('the market time', () => {
    askedAt = performance.now();
    return marketTime(at);
  });
  await programs.at(-1)?.kill();
  const tookMs = performance.now() - askedAt;
  const servers = await seen.temporalServers(at);
  expect(servers).toHaveLength(1);
  if (temporal === 'with Temporal') await seen.killTemporal(at);
  return { market, tookMs };
}

/** An order of the book, as soon as it looks like this. */
function order(at: Installation, symbol: string, side: 'BUY' | 'SELL', like: (found: seen.BookOrder) => boolean) {
  return until(`${side} ${symbol}`, async () =>
    (await book(at))?.orders.find((one) => one.tradingsymbol === symbol && one.transaction_type === side && like(one)),
  );
}

/** In part, for as long as the depth is thin: on a busy machine it may have been filled in full when it is seen. */
const beingFilled = ({ filled_quantity }: seen.BookOrder) => filled_quantity > 0;
const resting = ({ status }: seen.BookOrder) => status === 'TRIGGER PENDING';

/** A market that runs 600 times faster would reach the broker's own square-off before a busy machine had noticed the day's. */
async function closeAll(at: Installation): Promise<void> {
  // A day that is busy says what it closes later.
  expect(await seen.post(at, '/live/close-all', {})).not.toHaveProperty('error');
}

/** Nothing happens in the hours before the signal. */
async function jumpToTheSignal(at: Installation): Promise<void> {
  await until('trading', async () => (await api<{ state: string }>(at, '/live/status'))?.state === 'trading');
  await seen.steer(at, '/clock', { market_time: `${DATE}T11:13:00+05:30` });
}

/** Nor in those that are left once all is flat. */
async function hurryToTheEnd(at: Installation): Promise<void> {
  await until('nothing to be open', async () => (await book(at))?.positions.every(({ quantity }) => quantity === 0));
  await seen.steer(at, '/clock', { speed: 3_600 });
}

/** The book is loaded when it is back, and what it shows is a whole day's trade, done once. */
async function expectAWholeDay({ at }: Life): Promise<void> {
  const report = await until('the report', () => api<ReportBody>(at, `/live/report/${DATE}`));
  const shown = await until('the book', () => book(at));
  expectNoTagTwice(shown);
  expectNeverNaked(shown);
  expectFlat(shown);
  expectTradedOnce(shown);
  expectReportEqualsBook(report, shown);
  expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });

  const temporal = await connectTemporal({
    address: `127.0.0.1:${await seen.temporalPort(at)}`,
    namespace: 'default',
  });
  try {
    const days = await temporal.connection.workflowService.listWorkflowExecutions({
      namespace: 'default',
      query: 'WorkflowType = "tradingDay"',
    });
    expect(days.executions.map(({ execution }) => execution?.workflowId)).toEqual([`day:replay:demo:1:${DATE}`]);
  } finally {
    await temporal.close();
  }
}

/** A life of its own for a test; when it fails, what its programs said is shown. */
async function living(
  { onTestFailed, onTestFinished }: Pick<TestContext, 'onTestFailed' | 'onTestFinished'>,
  test: (day: Life) => Promise<void>,
) {
  const day = await life();
  onTestFailed(() => console.error(day.programs.map((program) => program.output()).join('\n--- killed ---\n')));
  onTestFinished(() => end(day));
  await test(day);
}

describe('a day whose program is killed again and again', () => {
  it('ends flat and accounted for, killed in mid-entry, in mid-guard, while it starts and in mid-exit, with its Temporal server or without', ({
    onTestFailed,
    onTestFinished,
  }) =>
    living({ onTestFailed, onTestFinished }, async (day) => {
      const { at } = day;
      await rise(day);
      await fault(at, {
        ...{ kind: 'thin_depth', tradingsymbol: MAIN, transaction_type: 'SELL' },
        ...{ quantity: 150, count: 3 },
      });
      await jumpToTheSignal(at);
      await order(at, MAIN, 'SELL', beingFilled);
      await rise(day, await die(day, 'with Temporal'));

      await order(at, MAIN, 'BUY', resting);
      await seen.killTemporal(at);
      await until('a new Temporal server', async () => (await seen.temporalServers(at)).length === 1);
      await until('days to run again', () => api(at, '/health'));
      const guarded = await die(day, 'Temporal lives on');
      day.programs.push(seen.start(at));
      await expectTheMarketOf(at, guarded);
      await rise(day, await die(day, 'with Temporal'));

      await fault(at, {
        ...{ kind: 'thin_depth', tradingsymbol: MAIN, transaction_type: 'BUY' },
        ...{ quantity: 150, count: 4 },
      });
      await closeAll(at);
      await order(at, MAIN, 'BUY', beingFilled);
      await rise(day, await die(day, 'Temporal lives on'));
      await hurryToTheEnd(at);
      await expectAWholeDay(day);
    }));
});
