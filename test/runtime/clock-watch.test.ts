import { describe, expect, it } from 'vitest';
import { lookAtBrokerClock } from '../../src/brokers/broker-clock.ts';
import type { KeptNotice, NoticeInput } from '../../src/contract/notices.ts';
import { watchClock } from '../../src/runtime/clock-watch.ts';
import { createServerClock } from '../../src/temporal/server-clock.ts';
import { later, virtually, virtualNow } from '../virtual.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A broker whose clock can be set, and the notices of a process on a machine. */
function start(machine = 'desk') {
  const sent: (NoticeInput & { at: number })[] = [];
  const kept: KeptNotice[] = [];
  const broker = { aheadMs: 0, answers: true };
  const server = createServerClock();
  const watch = () =>
    watchClock({
      account: { mode: 'live', account: 'main', run: 1 },
      ...{ machine, aheadOfServer: server.ahead },
      look: () =>
        lookAtBrokerClock('there', async () => {
          await later(50);
          if (!broker.answers) throw new Error('no route');
          return Math.floor((virtualNow() + broker.aheadMs) / SECOND) * SECOND;
        }),
      journal: { notices: async () => kept },
      notices: {
        async send(notice, date) {
          sent.push({ ...notice, at: virtualNow() });
          const about = { at: virtualNow(), account: 'main', mode: 'live' as const, date: date ?? '' };
          kept.push({ notice: { ...notice, ...about }, queuedAt: virtualNow(), deliveredAt: virtualNow() });
          return { deliveredAt: virtualNow() };
        },
      },
    });
  return { sent, broker, server, watch };
}

describe('the clock of a process', () => {
  it(
    'is compared with the broker’s all day: one that drifts two seconds away is paged within half a minute, again while it is off, and its end',
    virtually(async () => {
      const { sent, broker, watch } = start();
      const stop = watch();
      await later(10 * MINUTE);
      expect(sent).toEqual([]);
      broker.aheadMs = 3_500;
      await later(30 * SECOND);
      expect(sent.map(({ kind, cause, subject }) => [kind, cause, subject])).toEqual([['raised', 'clocks', 'desk']]);
      expect(sent[0]?.text).toMatch(/^The clock of desk is [23]\.\d s behind Zerodha's/);
      await later(5 * MINUTE);
      expect(sent.map(({ kind }) => kind)).toEqual(['raised', 'repeated', 'repeated']);
      const minutes = sent.map(({ at }) => Math.round((at - (sent[0]?.at ?? 0)) / MINUTE));
      expect(minutes).toEqual([0, 1, 5]);
      broker.aheadMs = 0;
      await later(MINUTE);
      expect(sent.slice(3)).toMatchObject([{ kind: 'ended', text: "The clock of desk agrees with Zerodha's again." }]);
      stop();
    }),
  );

  it(
    'a second and a half away is not paged, whatever the moment of a look: the broker shows whole seconds',
    virtually(async () => {
      const { sent, broker, watch } = start();
      const stop = watch();
      for (const aheadMs of [1_500, -1_500]) {
        broker.aheadMs = aheadMs;
        await later(10 * MINUTE);
      }
      expect(sent).toEqual([]);
      stop();
    }),
  );

  it(
    'that was off stays paged while the broker says nothing',
    virtually(async () => {
      const { sent, broker, watch } = start();
      broker.aheadMs = -5_000;
      const stop = watch();
      await later(SECOND);
      broker.answers = false;
      broker.aheadMs = 0;
      await later(2 * MINUTE);
      expect(sent.map(({ kind }) => kind)).toEqual(['raised', 'repeated']);
      stop();
    }),
  );

  it(
    'that was set while its process was away ends the page of before',
    virtually(async () => {
      const { sent, broker, watch } = start();
      broker.aheadMs = -5_000;
      const stop = watch();
      await later(SECOND);
      stop();
      broker.aheadMs = 0;
      broker.answers = false;
      const again = watch();
      await later(SECOND);
      // Nothing is known yet of the clock as it is now.
      expect(sent.map(({ kind }) => kind)).toEqual(['raised']);
      broker.answers = true;
      await later(30 * SECOND);
      expect(sent.map(({ kind }) => kind)).toEqual(['raised', 'ended']);
      again();
    }),
  );

  it.each([
    ['behind', 5_000, 'behind'],
    ['ahead of', -5_000, 'ahead of'],
  ])(
    'that is %s the Temporal server’s is paged by the tasks that it is given, and a server that is slow once is not',
    (_where, serverAheadMs, words) =>
      virtually(async () => {
        const { sent, server, watch } = start();
        const stop = watch();
        let ahead = 0;
        let isOver = false;
        const tasks = (async () => {
          for (let task = 0; !isOver; task += 1) {
            // Each tenth one waits for a worker; after a stop some come late together.
            const late = task === 5 ? 20_000 : task % 10 === 9 ? 4_000 : 30;
            server.take(virtualNow() + ahead - late);
            await later(7_000);
          }
        })();
        await later(5 * MINUTE);
        expect(sent).toEqual([]);
        ahead = serverAheadMs;
        await later(2 * MINUTE);
        const [first] = sent;
        expect(first).toMatchObject({ kind: 'raised', cause: 'temporal_clock', subject: 'desk' });
        expect(first?.text).toContain(`5.0 s ${words} the Temporal server's`);
        ahead = 0;
        await later(2 * MINUTE);
        expect(sent.at(-1)?.kind).toBe('ended');
        isOver = true;
        stop();
        await tasks;
      })(),
  );
});
