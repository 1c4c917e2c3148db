/** F10: the data folder is full, and with it the journal and Temporal's database. Real programs on a disk that is really full. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUN } from '../run-typescript.ts';
import { MAIN } from './book-invariants.ts';
import { fillDisk, fullDiskTestsRun, onSmallDisk } from './full-disk.ts';
import * as seen from './program.ts';
import { type BookOrder, type Installation, type Program, read, type SimulatorBook, until } from './program.ts';

/**
 * The row says 15:14:50. From then to 15:15 the guard's heartbeats may just have failed or not, and with them the guard: seen both ways.
 * Half a minute earlier they have, also on a busy machine, which takes seconds to fill a disk.
 */
const FULL_FROM = '15:14:15';
const LEFT_BY = '15:15:20';
const PAGE_WITHIN_MS = 60_000;
/** A start, and the market's way to an open position, on a machine that has other things to do. */
const START_WITHIN_MS = 240_000;
/** After there is space again. */
const LEAVE_WITHIN_MS = 60_000;

const folder = await mkdtemp(join(tmpdir(), 'trading-day-full-'));
const runs = await fullDiskTestsRun(folder);
afterAll(() => rm(folder, { recursive: true, force: true }));

const CHILD = [RUN, 'test/chaos/full-disk-live.child.ts'];

type Line = { ready?: boolean; exchange?: string; level?: number; owner?: boolean; msg?: string };

function linesOf({ output }: Program): Line[] {
  return output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

const pagesOf = (program: Program) =>
  linesOf(program).flatMap(({ level = 0, owner, msg = '' }) => (level >= 50 && owner ? [msg] : []));

const stopOf = ({ orders }: SimulatorBook): BookOrder | undefined =>
  orders.find((order) => order.tradingsymbol === MAIN && order.transaction_type === 'BUY');

async function small(name: string): Promise<{ at: Installation; programs: Program[] }> {
  const at = await seen.installation(await mkdtemp(join(tmpdir(), `trading-day-full-${name}-`)));
  return { at, programs: [] };
}

async function sweep({ at, programs }: { at: Installation; programs: Program[] }): Promise<void> {
  await seen.sweep(at, programs);
  await rm(at.dataDir, { recursive: true, force: true, maxRetries: 5 });
}

describe.skipIf(!runs)('live, with a data folder that is full from 15:14:15 on', () => {
  const happened = {
    stopBefore: undefined as BookOrder | undefined,
    stopWhileFull: undefined as BookOrder | undefined,
    full: [] as boolean[],
    pages: [] as string[],
    flatAfterwards: false,
  };
  let life: Awaited<ReturnType<typeof small>>;

  beforeAll(async () => {
    life = await small('live');
    const { at, programs } = life;
    const program = seen.start(at, {}, onSmallDisk(at.dataDir, [process.execPath, ...CHILD, at.dataDir]));
    programs.push(program);
    const ready = await until('the position', async () => linesOf(program).find((line) => line.ready), START_WITHIN_MS);
    const look = async <T>(path: string) =>
      until('the exchange', () => read<T>(`${ready.exchange}/simulator${path}`), 5_000);
    const book = () => look<SimulatorBook>('/book');
    const time = async () => (await look<{ market_time: string }>('/clock')).market_time.slice(11, 19);
    await until(FULL_FROM, async () => (await time()) >= FULL_FROM, 30_000);

    happened.stopBefore = stopOf(await book());
    const pagedBefore = pagesOf(program).length;
    const disk = await fillDisk(program.child.pid ?? 0, at.dataDir);
    const end = performance.now() + PAGE_WITHIN_MS;
    happened.full.push(await disk.isFull());
    for (;;) {
      happened.stopWhileFull = stopOf(await book());
      happened.pages = pagesOf(program).slice(pagedBefore);
      const isOver = happened.stopWhileFull?.status === 'COMPLETE' && happened.pages.length > 0;
      if (isOver || (performance.now() > end && (await time()) > LEFT_BY)) break;
      await sleep(200);
    }
    happened.full.push(await disk.isFull());
    await disk.free();
    const isFlat = async () => (await book()).positions.every(({ quantity }) => quantity === 0);
    happened.flatAfterwards = await until('the exit', isFlat, LEAVE_WITHIN_MS).catch(() => false);
  }, 600_000);
  afterAll(() => sweep(life));

  it('has a short whose stop rests when the disk fills up, and leaves once there is space: nothing else holds it', () => {
    expect(happened.stopBefore).toMatchObject({ order_type: 'SL', status: 'TRIGGER PENDING', quantity: 75 });
    expect(happened.full).toEqual([true, true]);
    expect(happened.flatAfterwards).toBe(true);
  });

  it('the guard turns the resting stop into the exit at 15:15, or it is said that it cannot', () => {
    const isExit = happened.stopWhileFull?.order_type === 'LIMIT';
    expect(isExit || happened.pages.some((text) => /P1\b|25000/.test(text))).toBe(true);
  });

  it('a page that needs no disk says within a minute that the data folder is full', () => {
    expect(happened.pages).toContainEqual(expect.stringMatching(/disk|space|data folder|DATA_DIR/i));
  });
});

describe.skipIf(!runs)('a replay whose data folder is full', () => {
  const happened = { stop: undefined as BookOrder | undefined, full: false, saidThen: '' };
  let life: Awaited<ReturnType<typeof small>>;

  beforeAll(async () => {
    life = await small('replay');
    const { at, programs } = life;
    const program = seen.start(at, {}, onSmallDisk(at.dataDir, seen.NODE));
    programs.push(program);
    const resting = async () => {
      const shown = await seen.book(at);
      const stop = shown && stopOf(shown);
      return stop?.status === 'TRIGGER PENDING' && stop;
    };
    happened.stop = await until('the resting stop', resting, START_WITHIN_MS);
    const before = program.output().length;
    const disk = await fillDisk(program.child.pid ?? 0, at.dataDir);
    happened.full = await disk.isFull();
    const said = () => program.output().slice(before);
    const ended = program.exited.then(() => true);
    await Promise.race([ended, until('words', async () => NAMES_THE_DISK.test(said()), 20_000).catch(() => {})]);
    // What it says while it ends is said too.
    await Promise.race([ended, sleep(2_000)]);
    happened.saidThen = said();
    await disk.free().catch(() => {});
  }, 600_000);
  afterAll(() => sweep(life));

  it('has a position when its disk fills up', () => {
    expect(happened.stop).toMatchObject({ tradingsymbol: MAIN, quantity: 750 });
    expect(happened.full).toBe(true);
  });

  it('says in words that the disk is full, without a stack', () => {
    expect({ words: NAMES_THE_DISK.test(happened.saidThen), stack: STACK.test(happened.saidThen) }).toEqual({
      words: true,
      stack: false,
    });
  });
});

/** What a person is told, not what the system calls it. */
const NAMES_THE_DISK = /(disk|folder|DATA_DIR)[^\n]*(full|space)|(full|space)[^\n]*(disk|folder|DATA_DIR)/i;
const STACK = /^\s+at \S.*:\d+:\d+\)?$/m;
