/** Notices on their way: to the log at once, to the receiver as soon as it takes them, through the journal over a restart. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Journal } from '../../src/journal/types.ts';
import { createNotices, type NoticesOptions, type RunningNotices } from '../../src/notices/notices.ts';
import { createWebhookChannel } from '../../src/notices/webhook.ts';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import { ACCOUNT, AT, input, kept, type Receiver, startReceiver } from './rows.ts';

const QUICK = { pausesMs: [20, 40], answerWithinMs: 2_500, journalFirstMs: 50, journalWithinMs: 200, refreshMs: 50 };
const SECRET = 'a secret for the receiver';
const away = () => Promise.reject(new Error('No space left on device'));
const AWAY = { saveNotice: away, undeliveredNotices: away };

let receiver: Receiver;
let journal: Journal;
let log: { level: string; data: object; text: string }[];
const open: RunningNotices[] = [];

beforeEach(async () => {
  receiver = await startReceiver();
  journal = createMemoryJournal();
  log = [];
});
afterEach(async () => {
  for (const notices of open.splice(0)) await notices.close();
  await receiver.close();
});

function start(change: Partial<NoticesOptions> = {}): RunningNotices {
  const write = (level: string) => (data: object, text: string) => void log.push({ level, data, text });
  const notices = createNotices({
    ...{ account: ACCOUNT, journal, clock: { now: () => AT } },
    channels: [createWebhookChannel({ url: receiver.url, secret: SECRET, answerWithinMs: 2_000 })],
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    pace: QUICK,
    ...change,
  });
  open.push(notices);
  return notices;
}

const ids = () => receiver.received.map(({ id }) => id);
const linesOf = (id: string) => log.filter(({ data }) => 'notice' in data && data.notice === id);
const undelivered = async () => (await journal.undeliveredNotices(ACCOUNT, 10)).map(({ notice }) => notice.id);

describe('a notice', () => {
  it('reaches the receiver and the log at once, and the journal keeps when', async () => {
    const { deliveredAt } = await start().send(input('P1:0'));
    expect(deliveredAt).toBeGreaterThan(Date.now() - 60_000);
    expect(ids()).toEqual(['P1:0']);
    expect(linesOf('P1:0')).toMatchObject([{ level: 'error', data: { owner: true }, text: 'text of P1:0' }]);
    await expect.poll(async () => (await journal.notices(ACCOUNT, 1))[0]?.deliveredAt).toBe(deliveredAt);
  });

  it('leaves from memory while the journal is away, and while it hangs', async () => {
    const hangs = () => new Promise<never>(() => {});
    for (const [id, gone] of [
      ['P1:0', AWAY],
      ['P2:0', { saveNotice: hangs, undeliveredNotices: hangs }],
    ] as const)
      expect((await start({ journal: gone }).send(input(id))).deliveredAt).not.toBeNull();
    expect(ids()).toEqual(['P1:0', 'P2:0']);
  });

  it('is written down when the journal is back, with the instant of its delivery', async () => {
    let isAway = true;
    const saveNotice: Journal['saveNotice'] = (...args) => (isAway ? away() : journal.saveNotice(...args));
    const { deliveredAt } = await start({ journal: { ...journal, saveNotice } }).send(input('P1:0'));
    isAway = false;
    await expect.poll(async () => (await journal.notices(ACCOUNT, 1))[0]?.deliveredAt).toBe(deliveredAt);
  });

  it('is answered within the bound and queued while the receiver is away, then delivered, all in their order', async () => {
    receiver.answer(() => null);
    const notices = start({ pace: { ...QUICK, answerWithinMs: 100 } });
    expect(await notices.send(input('P1:0'))).toEqual({ deliveredAt: null });
    expect(await notices.send(input('P2:0', { subject: 'P2' }))).toEqual({ deliveredAt: null });
    expect(await undelivered()).toEqual(['P1:0', 'P2:0']);
    receiver.received.length = 0;
    receiver.answer(() => 200);
    await expect.poll(undelivered).toEqual([]);
    expect(ids()).toEqual(['P1:0', 'P2:0']);
    expect(notices.status()).toMatchObject({ undelivered: 0, lastError: null });
  });

  it('of one id is delivered once, also by a process that was started again', async () => {
    const notices = start();
    const [first, again] = await Promise.all([notices.send(input('P1:0')), notices.send(input('P1:0'))]);
    expect(again).toEqual(first);
    await expect.poll(undelivered).toEqual([]);
    expect(await start().send(input('P1:0'))).toEqual(first);
    expect(ids()).toEqual(['P1:0']);
  });

  it('that the receiver refuses does not hold up the next one', async () => {
    receiver.answer((id) => (id === 'P1:0' ? 400 : 204));
    const notices = start();
    await notices.send(input('P1:0'));
    expect((await notices.send(input('P2:0', { subject: 'P2' }))).deliveredAt).not.toBeNull();
    expect(notices.status()).toMatchObject({
      undelivered: 1,
      lastError: { channel: 'webhook', text: 'it answered 400' },
    });
  });

  it('leaves without the secrets that its text has in it', async () => {
    await start({ redact: (text) => text.replace('hunter2', '…') }).send(input('P1:0', { text: 'it said hunter2' }));
    expect(receiver.received).toMatchObject([{ text: 'it said …' }]);
    expect(JSON.stringify([log, await journal.notices(ACCOUNT, 1)])).not.toContain('hunter2');
  });

  it('goes to the next channel where the first one fails', async () => {
    const taken: string[] = [];
    const gone = createWebhookChannel({ url: 'http://127.0.0.1:1/', secret: SECRET });
    const second = { name: 'second', deliver: async ({ id }: { id: string }) => void taken.push(id) };
    expect((await start({ channels: [gone, second] }).send(input('P1:0'))).deliveredAt).not.toBeNull();
    expect(taken).toEqual(['P1:0']);
  });

  it('is delivered by the log where there is no other channel', async () => {
    const notices = start({ channels: [] });
    expect((await notices.send(input('P1:0'))).deliveredAt).not.toBeNull();
    expect(linesOf('P1:0')).toHaveLength(1);
    expect(notices.status()).toEqual({ channels: [], undelivered: 0, oldestAt: null, lastError: null });
  });
});

describe('a page', () => {
  it('that ended before it was ever delivered is one message', async () => {
    receiver.answer(() => 503);
    const notices = start({ pace: { ...QUICK, answerWithinMs: 100 } });
    await notices.send(input('P1:0'));
    await notices.send(input('P1:1', { kind: 'repeated' }));
    await notices.send(input('P1:end', { kind: 'ended', text: 'P1 is protected again.' }));
    await notices.send(input('P2:0', { subject: 'P2' }));
    receiver.received.length = 0;
    receiver.answer(() => 204);
    await expect.poll(undelivered).toEqual([]);
    expect(receiver.received.map(({ id, kind, text }) => ({ id, kind, text }))).toEqual([
      { id: 'P1:end', kind: 'ended', text: 'text of P1:0 Over since 11:20:00: P1 is protected again.' },
      { id: 'P2:0', kind: 'raised', text: 'text of P2:0' },
    ]);
    const rows = await journal.notices(ACCOUNT, 10);
    expect(rows.filter(({ deliveredAt }) => deliveredAt === null)).toEqual([]);
  });

  it('that was delivered has its end delivered too, without what was missed in between', async () => {
    const notices = start({ pace: { ...QUICK, answerWithinMs: 1_000 } });
    await notices.send(input('P1:0'));
    receiver.answer(() => 503);
    await notices.send(input('P1:1', { kind: 'repeated' }));
    receiver.answer(() => 204);
    await notices.send(input('P1:end', { kind: 'ended', text: 'P1 is protected again.' }));
    await expect.poll(undelivered).toEqual([]);
    expect(receiver.received.at(-1)).toMatchObject({ id: 'P1:end', text: 'P1 is protected again.' });
  });

  it('of which only a repetition gets through is raised by it', async () => {
    receiver.answer(() => 503);
    const notices = start({ pace: { ...QUICK, answerWithinMs: 100 } });
    await notices.send(input('P1:0'));
    await notices.send(input('P1:1', { kind: 'repeated' }));
    receiver.received.length = 0;
    receiver.answer(() => 204);
    await expect.poll(undelivered).toEqual([]);
    expect(receiver.received).toMatchObject([{ id: 'P1:1', kind: 'raised' }]);
  });
});

describe('what an earlier process left in the journal', () => {
  it('goes on at the next start, in its order', async () => {
    for (const n of [2, 1]) {
      const row = kept(`P${n}:0`, { queuedAt: AT + n });
      await journal.saveNotice(ACCOUNT, { ...row, notice: { ...row.notice, subject: `P${n}` } });
    }
    const notices = start();
    await notices.resume();
    await expect.poll(undelivered).toEqual([]);
    expect(ids()).toEqual(['P1:0', 'P2:0']);
  });

  it('is not delivered once more where another process has done it meanwhile', async () => {
    receiver.answer(() => 503);
    const notices = start();
    await notices.resume();
    await notices.send(input('P1:0'));
    await journal.saveNotice(ACCOUNT, kept('P1:0', { deliveredAt: AT }));
    await expect.poll(() => notices.status().undelivered).toBe(0);
  });
});
