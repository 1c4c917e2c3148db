import { describe, expect, it } from 'vitest';
import type { KeptNotice, NoticeInput } from '../../src/contract/notices.ts';
import { createPages, type Finding } from '../../src/watchdog/pages.ts';

const MINUTE = 60_000;
const NONE: ReadonlySet<string> = new Set<string>();
const finding = (change: Partial<Finding> = {}): Finding => ({
  ...{
    cause: 'day_lost',
    subject: '2025-07-14',
    since: 1_000,
    date: '2025-07-14',
    text: 'It is lost.',
    over: 'It runs.',
  },
  ...change,
});

function start() {
  const sent: NoticeInput[] = [];
  let wall = 0;
  const open = () =>
    createPages({
      ...{ prefix: 'watchdog:1', wall: () => wall },
      notices: {
        async send(notice) {
          sent.push(notice);
          return { deliveredAt: 1 };
        },
      },
    });
  const at = (minutes: number) => {
    wall = minutes * MINUTE;
  };
  return { sent, open, at };
}

describe('a page of the watchdog', () => {
  it('is repeated after 1, 5 and 15 minutes and then every 15, and its end is sent', async () => {
    const { sent, open, at } = start();
    const pages = open();
    const minutes: number[] = [];
    for (let halves = 0; halves <= 122; halves += 1) {
      at(halves / 2);
      const before = sent.length;
      await pages.look([finding()], NONE, '2025-07-14');
      if (sent.length > before) minutes.push(halves / 2);
    }
    expect(minutes).toEqual([0, 1, 5, 15, 30, 45, 60]);
    expect(sent.map(({ id }) => id).slice(0, 2)).toEqual([
      'watchdog:1:day_lost:2025-07-14:1000:0',
      'watchdog:1:day_lost:2025-07-14:1000:1',
    ]);
    expect(sent.map(({ kind }) => kind)).toEqual(['raised', ...Array.from({ length: 6 }, () => 'repeated')]);
    await pages.look([], NONE, '2025-07-14');
    await pages.look([], NONE, '2025-07-14');
    expect(sent.slice(7)).toMatchObject([
      { id: 'watchdog:1:day_lost:2025-07-14:1000:end', kind: 'ended', text: 'It runs.' },
    ]);
  });

  it('is not repeated once for each repetition that a sleeping machine has missed', async () => {
    const { sent, open, at } = start();
    const pages = open();
    await pages.look([finding()], NONE, '2025-07-14');
    at(31);
    await pages.look([finding()], NONE, '2025-07-14');
    expect(sent.map(({ id }) => id.split(':').at(-1))).toEqual(['0', '4']);
  });

  it('does not end while nobody can say whether its cause has', async () => {
    const { sent, open } = start();
    const pages = open();
    await pages.look([finding()], NONE, '2025-07-14');
    await pages.look([], new Set(['day_lost']), '2025-07-14');
    expect(sent).toHaveLength(1);
    await pages.look([], NONE, '2025-07-14');
    expect(sent).toHaveLength(2);
  });

  it('about a date ends with the date, and does not say that all is well', async () => {
    const { sent, open } = start();
    const pages = open();
    await pages.look(
      [finding(), finding({ cause: 'disk_full', subject: 'disk', over: 'It has space.' })],
      NONE,
      '2025-07-14',
    );
    await pages.look([], NONE, '2025-07-15');
    expect(sent.slice(2).map(({ text }) => text)).toEqual([
      '2025-07-14 is over: its day is not looked at any more.',
      'It has space.',
    ]);
  });

  it('of the same facts after its end has another id', async () => {
    const { sent, open, at } = start();
    const pages = open();
    for (const found of [[finding()], [], [finding()]]) {
      await pages.look(found, NONE, '2025-07-14');
      at(2);
    }
    expect(new Set(sent.map(({ id }) => id)).size).toBe(3);
  });

  it('that was told once is no page that goes on after a restart', async () => {
    const { sent, open } = start();
    const again = open();
    again.restore([
      {
        notice: {
          ...{ id: 'watchdog:1:schedule_paused:2025-07-15:08:55:00', kind: 'told', cause: 'schedule_paused' },
          ...{
            subject: '2025-07-15',
            text: 'It is paused.',
            since: 0,
            at: 0,
            account: 'a',
            mode: 'live',
            date: '2025-07-15',
          },
        },
        ...{ queuedAt: 0, deliveredAt: 1 },
      },
    ]);
    await again.look([], NONE, '2025-07-15');
    expect(sent).toEqual([]);
  });

  it('goes on after a restart where it was, with its end', async () => {
    const { sent, open, at } = start();
    await open().look([finding()], NONE, '2025-07-14');
    const kept: KeptNotice[] = sent.map((input) => ({
      notice: { ...input, at: 0, account: 'a', mode: 'live', date: '2025-07-14' },
      ...{ queuedAt: 0, deliveredAt: 1 },
    }));
    at(5);
    const again = open();
    again.restore(kept);
    // Seen anew, its cause has another beginning.
    await again.look([finding({ since: 5_000 })], NONE, '2025-07-14');
    expect(sent.map(({ id, kind }) => [id, kind])[1]).toEqual(['watchdog:1:day_lost:2025-07-14:1000:2', 'repeated']);
    await again.look([], NONE, '2025-07-14');
    expect(sent[2]).toMatchObject({ id: 'watchdog:1:day_lost:2025-07-14:1000:end', kind: 'ended' });
    const third = open();
    third.restore([
      ...kept,
      ...sent.slice(1).map((input) => ({
        ...(kept[0] as KeptNotice),
        notice: { ...(kept[0] as KeptNotice).notice, ...input },
        queuedAt: 1,
      })),
    ]);
    await third.look([], NONE, '2025-07-14');
    expect(sent).toHaveLength(3);
  });
});
