import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { API_TOKEN } from './fixtures/api-deps.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { openPosition } from './fixtures/day-facts.ts';

let program: ApiProgram;
const streams: AbortController[] = [];
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => {
  for (const stream of streams.splice(0)) stream.abort();
  program.freshAccount();
});

type Heard = { event: string; data: unknown };

/** Reads a stream into a list that grows; `ended` says whether the server has closed it. */
async function listen(): Promise<{ status: number; heard: Heard[]; ended: () => boolean; stop(): void }> {
  const stop = new AbortController();
  streams.push(stop);
  const answer = await fetch(`${program.server.origin}/live/events`, {
    headers: { authorization: `Bearer ${API_TOKEN}` },
    signal: stop.signal,
  });
  const heard: Heard[] = [];
  let ended = false;
  void (async () => {
    let rest = '';
    try {
      for await (const chunk of answer.body ?? []) {
        const blocks = (rest + new TextDecoder().decode(chunk)).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = /^event: (.*)$/m.exec(block)?.[1] ?? 'message';
          heard.push({ event, data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null') });
        }
      }
    } catch {
      // The test ended it.
    }
    ended = true;
  })();
  return { status: answer.status, heard, ended: () => ended, stop: () => stop.abort() };
}

const names = (heard: Heard[]) => heard.map(({ event }) => event);
const last = (heard: Heard[], event: string) => heard.findLast((known) => known.event === event)?.data;

describe('GET /live/events', () => {
  it('begins with a whole snapshot', async () => {
    await program.openDay({ state: 'trading', positions: [openPosition()] });
    const { status, heard } = await listen();
    expect(status).toBe(200);
    await expect.poll(() => names(heard)).toContain('snapshot');
    expect(last(heard, 'snapshot')).toMatchObject({
      status: { state: 'trading', market_time: '2025-07-14T11:42:07+05:30' },
      positions: [{ id: 'P1' }],
      orders: [],
      decisions: [],
      log: [],
      ticks: [],
    });
  });

  it('pulses each second, whatever the day does', async () => {
    const { heard } = await listen();
    await expect.poll(() => names(heard).filter((name) => name === 'pulse').length).toBeGreaterThan(3);
    expect(last(heard, 'pulse')).toMatchObject({
      market_time: '2025-07-14T11:42:07+05:30',
      clock_speed: 0,
      trouble: null,
    });
  });

  it('then sends only what changed, and of the log only what is new', async () => {
    await program.openDay({ state: 'trading' });
    const { heard } = await listen();
    await expect.poll(() => names(heard)).toContain('snapshot');
    const identity = await program.identity();
    await program.journal.recordDayOpened(identity);
    const event = { at: istAt('2025-07-14', '11:42:00'), level: 'info' as const, kind: 'note', text: 'first' };
    const batch = { identity, state: 'trading', orders: [], positions: [], decisions: [] };
    await program.journal.write({ ...batch, events: [{ ...event, seq: 1 }] });
    await expect.poll(() => last(heard, 'log')).toMatchObject([{ seq: 1, text: 'first' }]);
    await program.journal.write({ ...batch, events: [{ ...event, seq: 2, text: 'second' }] });
    await expect.poll(() => last(heard, 'log')).toMatchObject([{ seq: 2, text: 'second' }]);
    await program.change({ view: { positions: [openPosition()] } });
    await expect.poll(() => last(heard, 'positions')).toMatchObject([{ id: 'P1' }]);
    expect(names(heard)).not.toContain('orders');
    expect(names(heard).filter((name) => name === 'snapshot')).toHaveLength(1);
  });

  it('the next date begins with a new snapshot', async () => {
    const { heard } = await listen();
    await expect.poll(() => names(heard)).toContain('snapshot');
    program.setClock('2025-07-15', '08:45');
    await expect.poll(() => last(heard, 'snapshot')).toMatchObject({ status: { date: '2025-07-15' } });
  });

  it('a fifth stream of a session ends the oldest, which hears why', async () => {
    const opened = [];
    for (let count = 0; count < 5; count += 1) opened.push(await listen());
    const [oldest, ...others] = opened;
    await expect.poll(() => oldest?.ended()).toBe(true);
    expect(names(oldest?.heard ?? [])).toContain('moved');
    expect(others.map((stream) => stream.ended())).toEqual([false, false, false, false]);
  });

  it('goes on pulsing while the worker is away, and says what is wrong', async () => {
    await program.openDay({ state: 'trading' });
    const { heard } = await listen();
    await expect.poll(() => names(heard)).toContain('snapshot');
    await program.stopWorker();
    try {
      await expect.poll(() => last(heard, 'pulse')).toMatchObject({ trouble: { code: 'worker_away' } });
    } finally {
      await program.startWorker();
    }
    await expect.poll(() => last(heard, 'pulse')).toMatchObject({ trouble: null });
  });
});

describe('a stop of the program', () => {
  it('ends open streams and frees the port', async () => {
    const own = await startApiProgram();
    const answer = await fetch(`${own.server.origin}/live/events`, {
      headers: { authorization: `Bearer ${API_TOKEN}` },
    });
    const read = answer.text().catch(() => 'cut');
    await own.stop();
    // It was ended: what is still open two seconds later is cut.
    expect(await read).toContain('event: pulse');
    await expect(fetch(`${own.server.origin}/health`)).rejects.toThrow();
  });
});
