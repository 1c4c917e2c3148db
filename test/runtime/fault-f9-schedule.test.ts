/**
 * F9: the Schedule that opens the days has been deleted or paused in Temporal's UI, and nobody logs in. The whole program on live, with
 * its own development server; the market's clock is the simulator's. The server's clock is the wall's, so that its Schedule is never due
 * here: what a day without it looks like is what is tested.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScheduleHandle } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { istAt, istTime } from '../../src/domain/clock.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import { scheduleId } from '../../src/temporal/schedule.ts';
import { type Simulator, startSimulator } from '../exchange-simulator/exchange-server.ts';
import { type Receiver, startReceiver } from '../notices/rows.ts';
import { CARRIED, tradeCarried, writeCarried } from './fixtures/carried-position.ts';
import { type Status, startTradingProgram, type TradingProgram } from './fixtures/trading-program.ts';

const ACCOUNT = { mode: 'live', account: 'SIM001', run: 1 } as const;
const TUESDAY = '2025-07-15';
/** The market is watched for the last half minute before it: longer than the program's watch over its days needs to look. */
const PAGED_BY = '09:00:00';
const WATCHED_FROM = '08:59:20';

type Seen = {
  carried: unknown[];
  stateBefore: string | null;
  schedule: { before: 'running' | 'paused' | 'gone'; then: 'running' | 'paused' | 'gone' };
  health: unknown;
  pages: string[];
  mended: boolean;
};
type Form = { name: string; left: 'paused' | 'gone'; how(schedule: ScheduleHandle): Promise<unknown> };
const FORMS: Form[] = [
  { name: 'deleted', left: 'gone', how: (schedule) => schedule.delete() },
  { name: 'paused', left: 'paused', how: (schedule) => schedule.pause('on holiday, and forgotten') },
];

let simulator: Simulator;
let receiver: Receiver;
const seen = new Map<string, Seen>();
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  // The links are for a person at a terminal.
  vi.spyOn(console, 'log').mockImplementation(() => {});
  receiver = await startReceiver();
  ends.push(() => receiver.close());
  simulator = await startSimulator({ at: '14:00' });
  ends.push(() => simulator.stop());
  const orders = await tradeCarried(simulator);
  simulator.exchange.clock.set({ market: istAt(TUESDAY, '08:40') });
  const folders = await Promise.all(FORMS.map(() => mkdtemp(join(tmpdir(), 'trading-f9-'))));
  ends.push(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });
  // All before a program runs: opening a journal holds the event loop for seconds.
  for (const dataDir of folders) await writeCarried(dataDir, ACCOUNT, simulator, orders);
  const programs: Running[] = [];
  for (const [index, form] of FORMS.entries()) {
    const dataDir = folders[index] ?? '';
    const program = await startTradingProgram(simulator, dataDir, {
      ...{ TRADING_MODE: 'live', NOTICE_WEBHOOK_URL: `${receiver.url}&of=${form.name}` },
      NOTICE_WEBHOOK_SECRET: 'a-secret-for-the-receiver',
    });
    ends.push(program.stop);
    programs.push({ form, dataDir, program });
  }
  simulator.exchange.clock.set({ market: istAt(TUESDAY, WATCHED_FROM) });
  await Promise.all(programs.map(async (one) => seen.set(one.form.name, await watch(one))));
}, 300_000);
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

type Running = { form: Form; dataDir: string; program: TradingProgram };

/** Takes the Schedule away and looks on until it has been noticed, or until the time is over. */
async function watch({ form, dataDir, program }: Running): Promise<Seen> {
  const { port } = JSON.parse(await readFile(join(dataDir, 'temporal.json'), 'utf8')) as { port: number };
  const { client, close } = await connectTemporal({ address: `127.0.0.1:${port}`, namespace: 'default' });
  const schedule = client.schedule.getHandle(scheduleId(ACCOUNT));
  const stateOf = () =>
    schedule.describe().then(
      ({ state }) => (state.paused ? ('paused' as const) : ('running' as const)),
      () => 'gone' as const,
    );
  // A day that is busy with its first minute may not answer: it is asked again.
  const today = () =>
    program.get<Status>('/live/status').then(
      ({ state }) => state,
      () => null,
    );
  const pages = () =>
    (program.lines as { msg?: string; level?: number; owner?: boolean }[])
      .filter(({ level = 0, owner, msg = '' }) => level >= 50 && owner && NAMES_IT.test(msg))
      .map(({ msg = '' }) => msg);
  const stateBefore = await today();
  const before = await stateOf();
  await form.how(schedule);
  for (;;) {
    const isMended = (await stateOf()) === 'running' || ((await today()) ?? 'no_day') !== 'no_day';
    const isOver = istTime(simulator.exchange.clock.now()) >= PAGED_BY;
    if (isOver || (isMended && pages().length > 0)) {
      const health = await program.get('/health');
      const then = await stateOf();
      await close();
      await program.stop();
      const carried = await heldOver(dataDir);
      return { carried, stateBefore, schedule: { before, then }, health, pages: pages(), mended: isMended };
    }
    await sleep(250);
  }
}

const NAMES_IT = new RegExp(`${CARRIED.main}|25000 ?PE|\\bP1\\b`);

/** What the journal says that Monday left open. */
async function heldOver(dataDir: string): Promise<unknown[]> {
  const journal = await openJournal({ dataDir });
  const handover = await journal.handover(ACCOUNT, TUESDAY);
  await journal.close();
  return (handover?.positions ?? []).flatMap(({ handedOver }) => handedOver?.plan.main.tradingsymbol ?? []);
}

describe.each(FORMS)('a carried short on a morning whose Schedule was $name, with nobody there', ({ name, left }) => {
  const of = () => seen.get(name) as Seen;

  it('is held at the exchange and in the journal, and the program is well', () => {
    const held = simulator.exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]);
    expect(held).toEqual(
      expect.arrayContaining([
        [CARRIED.main, -75],
        [CARRIED.hedge, 75],
      ]),
    );
    expect(of()).toMatchObject({ carried: [CARRIED.main], stateBefore: 'no_day', schedule: { before: 'running' } });
    // A product that mends it may have done so already.
    expect(of().mended ? left : of().schedule.then).toBe(left);
    expect(of().health).toMatchObject({ status: 'ok', temporal: 'up', worker: 'up' });
  });

  it('its owner is paged by 09:00, by the position’s name', () => {
    expect(of().pages.length).toBeGreaterThan(0);
  });

  it('the page reaches the receiver of the webhook', () => {
    const pages = receiver.received.filter(({ body, path }) => path.endsWith(name) && body.includes('day_missing'));
    expect(pages[0]).toMatchObject({ kind: 'raised', text: expect.stringMatching(NAMES_IT) });
    expect(of().health).toMatchObject({ notices: { channels: ['webhook'], undelivered: 0, last_error: null } });
  });

  it('the Schedule is there again by 09:00, or the day is open', () => {
    expect(of().mended).toBe(true);
  });
});
