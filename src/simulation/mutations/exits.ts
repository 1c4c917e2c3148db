/** Exits that buy too much, sell too early, or do not end. */
import type { Mutation } from './mutation.ts';
import { after, at, callFault, quietDay, shortDay } from './own-days.ts';

const refused = (of: { count: number } | { forMs: number }) =>
  callFault({
    ...{ kind: 'place.refused', calls: ['placeOrder'], order: { side: 'BUY' }, ...of },
    effect: { do: 'refuse', status: 400, errorType: 'InputException', message: 'Invalid order' },
  });

/** The short costs 150 points more, so many seconds long. */
const spike = (seconds: number) =>
  after('stop_rests', 20_000, {
    ...{ do: 'exchange_fault', kind: 'price.spike' },
    fault: { kind: 'price_shift', count: 1, role: 'main', points: 150, seconds },
  });

/** A stop that is triggered is cancelled. */
const cancelsTriggered = after('stop_rests', 0, {
  ...{ do: 'exchange_fault', kind: 'order.cancelled_at_trigger' },
  fault: { kind: 'cancel_triggered', count: 1 },
});

/** So that the stop is what ends it, and not the loss. */
const CAPLESS = {
  ...{ numLots: 10, maxCapitalAtRisk: 50_000_000_00 },
  ...{ maxLossPerTrade: 500_000_00, maxLossPerDay: 900_000_00 },
};

/** The index falls to a price within the hour of the entry; a position may lose so much. Paise. */
const fallingDay = (to: number, maxLossPerTrade: number) =>
  quietDay([], {
    market: {
      hours: [
        [25_063_95, 25_066_00, to, to],
        [to, to + 200, to - 200, to],
      ],
    },
    plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, maxLossPerTrade, maxLossPerDay: 2 * maxLossPerTrade },
  });

export const EXIT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'stop-far-away',
    why: 'The resting stop stands at twenty times the entry price.',
    file: 'src/domain/stops.ts',
    find: 'Math.max(2 * entryPrice,',
    replace: 'Math.max(20 * entryPrice,',
    by: 3,
  },
  {
    name: 'exit-given-up',
    why: 'An exit that is refused once is not tried again.',
    file: 'src/domain/control/closing.ts',
    find: '  if (last && now.wall < last.since + pause) {',
    replace: '  if (last && failures > 0) {',
    by: 5,
    days: { cases: [shortDay([after('exit_asked', 0, refused({ count: 1 }))], { typeChange: 'refuse' })] },
  },
  {
    name: 'attempts-not-gathered',
    why: 'Exits that are refused for ever go one by one, each with a history of its own: it fills up within hours.',
    file: 'src/domain/control/closing.ts',
    find: 'const repeats = isRepeated ? { attempts: REPEATS, pauseMs: pause } : undefined;',
    replace: 'const repeats = failures < 0 ? { attempts: REPEATS, pauseMs: pause } : undefined;',
    by: 8,
    days: { cases: [shortDay([after('exit_asked', 0, refused({ forMs: 4_500_000 }))], { typeChange: 'refuse' })] },
  },
  {
    name: 'crossed-in-vain',
    why: 'An exit that stands above what others ask, and is not filled, is left where it stands.',
    file: 'src/domain/control/closing.ts',
    find: '(order.crossed ?? 0) >= crossings;',
    replace: '(order.crossed ?? 0) < 0;',
    by: 5,
    days: {
      cases: [
        quietDay(
          [
            after('hedge_filled', 0, {
              ...{ do: 'exchange_fault', kind: 'order.thin_entry' },
              fault: { kind: 'thin_depth', count: 7, quantity: 75, transaction_type: 'BUY' },
            }),
          ],
          {
            ...{ seed: 2_730_146_090, dates: ['2025-09-22'], from: '14:10', market: { signal: 'S8' } },
            plan: {
              numLots: 10,
              maxLossPerTrade: 34_375_00,
              maxLossPerDay: 34_375_00,
              maxCapitalAtRisk: 50_000_000_00,
            },
          },
        ),
      ],
    },
  },
  {
    name: 'square-off-an-hour-late',
    why: 'The day’s timetable has its square-off an hour later.',
    file: 'activities/journal.ts',
    find: 'timetable: timetable(identity.date),',
    replace: 'timetable: { ...timetable(identity.date), squareOff: timetable(identity.date).squareOff + 3_600_000 },',
    by: 5,
    days: { cases: [quietDay()] },
  },
  {
    name: 'others-not-looked-at',
    why: 'What somebody bought back in the app is bought back once more.',
    file: 'workflows/orders/book.ts',
    find: `      recordExternalTrades(day, news.externalTrades);
`,
    replace: '',
    by: 2,
    days: {
      cases: [
        shortDay([
          after('main_filled', 10_000, {
            ...{ do: 'external', kind: 'external.bought_back', role: 'main', side: 'BUY', lots: 4 },
          }),
          // Without an answer the day is called not flat.
          at('11:40:00', { do: 'command', of: { command: 'acknowledge' } }),
        ]),
      ],
    },
  },
  {
    name: 'index-stop-not-taken',
    why: 'An hourly close beyond the strike ends nothing.',
    file: 'workflows/day/hourly-close.ts',
    find: `  requestExit(day, position, 'index_stop');
}`,
    replace: '}',
    by: 5,
    days: { cases: [fallingDay(24_980_00, 500_000_00)] },
  },
  {
    name: 'loss-cap-not-taken',
    why: 'The guard sees the loss beyond the cap, and goes on.',
    file: 'src/domain/price-exits.ts',
    find: 'lossCapHit(result, maxLoss)',
    replace: 'lossCapHit(result, Number.POSITIVE_INFINITY)',
    by: 5,
    days: { cases: [fallingDay(25_015_00, 3_000_00)] },
  },
  {
    name: 'garbage-tick-exits',
    why: 'One packet beyond the cap is enough: the breach has lost its second look.',
    file: 'activities/guard.ts',
    find: 'if (this.breach.packets < 2 && performance.now() - this.breach.since < BREACH_LASTS_MS) return;',
    replace: '',
    by: 5,
    days: {
      cases: [
        shortDay([
          after('main_filled', 20_000, {
            do: 'ticker_fault',
            fault: {
              ...{ kind: 'ticks.lie', effect: { do: 'lies', factor: 1.8 }, forMs: 10_000, count: 1 },
              role: 'main',
            },
          }),
        ]),
      ],
    },
  },
  {
    name: 'next-exit-cheaper',
    why: 'What an exit has left over is bought by another one, at a lower price each time.',
    file: 'src/domain/control/closing.ts',
    find: `{ do: 'change', tag: order.tag, kind: 'reprice', widen: order.steps + 1, noWorseThan };`,
    replace: `{ do: 'change', tag: order.tag, kind: 'reprice', widen: Math.max(0, 4 - order.steps), noWorseThan: noWorseThan && null };`,
    by: 5,
    days: {
      cases: [
        shortDay(
          [
            after('exit_asked', 0, {
              ...{ do: 'exchange_fault', kind: 'order.thin' },
              fault: { kind: 'thin_depth', count: 3, quantity: 150, transaction_type: 'BUY' },
            }),
          ],
          { typeChange: 'refuse' },
        ),
      ],
    },
  },
  {
    name: 'stop-refused-for-ever',
    why: 'A stop that was refused twice is tried again, and again.',
    file: 'src/domain/control/protection.ts',
    find: 'const REFUSALS = 2;',
    replace: 'const REFUSALS = 20;',
    by: 5,
    days: {
      cases: [
        shortDay(
          [
            after('main_filled', 0, {
              ...{ do: 'exchange_fault', kind: 'order.rejected' },
              fault: { kind: 'reject_order', count: 2, role: 'main', transaction_type: 'BUY' },
            }),
          ],
          {},
          120_000,
        ),
      ],
    },
  },
  {
    name: 'triggered-stop-waits',
    why: 'The market has gone past a stop that was triggered, and it is waited for.',
    file: 'src/domain/control/protection.ts',
    find: 'const TRIGGERED_MS = 2_000;',
    replace: 'const TRIGGERED_MS = 2_000_000;',
    by: 5,
    days: { cases: [shortDay([spike(120)], { plan: CAPLESS }, 180_000)] },
  },
  {
    name: 'cancelled-stop-rested-again',
    why: 'The exchange has cancelled a stop that was triggered, and another one is rested in its place.',
    file: 'src/domain/control/protection.ts',
    find: "  if (stop.phase === 'ended') return !stop.cancelAsked && stop.status !== 'REJECTED';",
    replace: "  if (stop.phase === 'ended') return false;",
    by: 5,
    days: { cases: [shortDay([cancelsTriggered, spike(2)], { plan: CAPLESS }, 120_000)] },
  },
  {
    name: 'word-of-the-ticker-forgotten',
    why: 'The ticker tells of the end of a stop, and a list that stands still is believed instead.',
    file: 'activities/book.ts',
    find: '    ended.set(row.orderId, { row, heardMono: ended.get(row.orderId)?.heardMono ?? performance.now() });\n',
    replace: '',
    by: 3,
    days: {
      cases: [
        shortDay(
          [
            cancelsTriggered,
            spike(2),
            after(
              'stop_rests',
              10_000,
              callFault({
                kind: 'orders.frozen',
                calls: ['orders', 'trades'],
                effect: { do: 'frozen' },
                forMs: 60_000,
              }),
            ),
          ],
          { plan: CAPLESS },
          120_000,
        ),
      ],
    },
  },
];
