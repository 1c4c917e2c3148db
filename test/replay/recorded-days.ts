/** The days whose histories are recorded: each goes another way through the workflow, and proves that it did. */
import type { Plan } from '../../src/contract/commands.ts';
import type { Hour } from '../workflows/candles.ts';
import { HEDGE, MAIN } from '../workflows/plan.ts';
import type { DayOptions, SharedDay } from '../workflows/stage.ts';
import type { Told } from './histories.ts';

export type RecordedDay = {
  options?: DayOptions;
  /** Hours of Monday 14 July after S1 fired, other than the real ones. */
  hours?: readonly Hour[];
  /** Monday 14 July before it, under `weekly`: what it carries is handed over to this day. */
  carriesFromMonday?: Partial<Plan>;
  /** What people and the broker do to it, until nothing more is done. */
  play(day: SharedDay): Promise<void>;
  /** Whether the history shows what the day was recorded for. */
  shows(told: Told): boolean;
};

async function tradingStarts(day: SharedDay, plan: Parameters<SharedDay['start']>[0] = {}): Promise<void> {
  await day.logIn();
  await day.start(plan);
}

const leftFor =
  (reason: string) =>
  ({ report }: Told): boolean =>
    report.positions.some(({ state, exitReason }) => state === 'closed' && exitReason === reason);

const logged =
  (...kinds: string[]) =>
  (told: Told): boolean =>
    kinds.every((kind) => told.kinds.includes(kind));

export const recordedDays: Readonly<Record<string, RecordedDay>> = {
  traded: { play: tradingStarts, shows: leftFor('exit_time') },
  'week-used': {
    options: { date: '2025-07-15' },
    play: tradingStarts,
    shows: ({ report }) => report.decisions.every(({ outcome }) => outcome === 'week_used'),
  },
  holiday: {
    options: { date: '2025-08-15' },
    play: async () => {},
    shows: ({ report }) => report.result === 'holiday',
  },
  'nobody-logged-in': { play: async () => {}, shows: logged('login_reminder') },
  'never-started': {
    play: (day) => day.logIn(),
    shows: ({ report, kinds }) => kinds.includes('login') && report.decisions.length === 0,
  },
  'woken-after-close': {
    options: { from: '16:10' },
    play: async () => {},
    shows: ({ report, kinds }) => report.result === 'flat' && !kinds.includes('login_reminder'),
  },
  'live-one-lot': {
    options: { mode: 'live' },
    play: (day) => tradingStarts(day, { numLots: 3 }),
    shows: (told) =>
      logged('preflight', 'one_lot')(told) && leftFor('exit_time')(told) && told.report.positions[0]?.lots === 1,
  },
  'carried-over-night': {
    play: (day) => tradingStarts(day, { exitPolicy: 'weekly' }),
    shows: ({ report }) => report.result === 'carried',
  },
  'protected-in-the-morning': {
    options: { date: '2025-07-15' },
    carriesFromMonday: {},
    play: (day) => day.logIn(),
    shows: (told) =>
      told.report.result === 'carried' &&
      logged('taken_over')(told) &&
      told.report.positions[0]?.restingStop?.state === 'CANCELLED',
  },
  'weekly-exit-day': {
    options: { date: '2025-07-15' },
    carriesFromMonday: { weeklyExitDay: 2 },
    play: (day) => day.logIn(),
    shows: (told) => logged('taken_over')(told) && leftFor('exit_time')(told),
  },
  'login-refused': {
    async play(day) {
      await day.logIn('not-a-token-of-this-broker');
      await day.seen('the refusal', ({ authAttempts }) => authAttempts[0]?.outcome === 'refused');
      await tradingStarts(day);
    },
    shows: (told) => logged('login_refused')(told) && leftFor('exit_time')(told),
  },
  'login-lost': {
    async play(day) {
      await tradingStarts(day);
      await day.opened();
      day.exchange.killSessions();
      await day.at('15:15');
      await day.seen('the loss', ({ warnings }) => warnings.some(({ code }) => code === 'login_lost'));
      await day.logIn();
    },
    shows: (told) => logged('login_lost')(told) && leftFor('exit_time')(told),
  },
  'limit-refused': {
    play: (day) => tradingStarts(day, { maxCapitalAtRisk: 50_000_00 }),
    shows: logged('limit_refused'),
  },
  'stopped-and-started': {
    async play(day) {
      await tradingStarts(day);
      await day.opened();
      await day.stop();
      await day.at('12:00');
      await day.start();
    },
    shows: (told) => logged('trading_stopped')(told) && leftFor('exit_time')(told),
  },
  'external-trade': {
    async play(day) {
      await tradingStarts(day);
      await day.opened();
      day.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
      await day.at('12:15:30');
      const { warnings } = await day.seen('the question', ({ warnings: now }) => now.length > 0);
      await day.acknowledge(warnings.map(({ id }) => id));
    },
    shows: (told) => logged('foreign_position', 'acknowledged')(told) && leftFor('exit_time')(told),
  },
  'hedge-rejected': {
    async play(day) {
      day.exchange.addFault({ kind: 'reject_order', count: 5, tradingsymbol: HEDGE });
      await tradingStarts(day);
    },
    shows: (told) => leftFor('entry_failed')(told) && told.report.trades.length === 0,
  },
  'main-leg-rejected': {
    async play(day) {
      day.exchange.addFault({ kind: 'reject_order', count: 5, tradingsymbol: MAIN });
      await tradingStarts(day);
    },
    shows: (told) => leftFor('entry_failed')(told) && told.report.trades.length > 0,
  },
  'orders-in-doubt': {
    async play(day) {
      day.exchange.addFault({ kind: 'timeout_after_accept', count: 2 });
      await tradingStarts(day);
    },
    shows: (told) => logged('order_in_doubt')(told) && leftFor('exit_time')(told),
  },
  'sell-never-arrived': {
    async play(day) {
      // The hedge waits for a seller, so that the connection is cut under the next order and not under this one.
      day.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: HEDGE });
      await tradingStarts(day);
      await day.at('11:15');
      await day.seen('the hedge order', ({ orders }) => orders.some(({ orderId }) => orderId !== null));
      day.exchange.clearFaults();
      day.exchange.addFault({ kind: 'drop_connection', count: 1, path: '/orders', method: 'POST' });
    },
    shows: (told) => logged('order_absent')(told) && leftFor('entry_failed')(told),
  },
  'filled-in-parts': {
    async play(day) {
      day.exchange.addFault({ kind: 'thin_depth', count: 2, tradingsymbol: MAIN, quantity: 225 });
      await tradingStarts(day);
    },
    shows: leftFor('exit_time'),
  },
  'stop-refused': {
    async play(day) {
      day.exchange.addFault({ kind: 'reject_order', count: 2, tradingsymbol: MAIN, transaction_type: 'BUY' });
      await tradingStarts(day);
    },
    shows: leftFor('protection_refused'),
  },
  'conversion-refused': {
    options: { exchange: { typeChange: 'refuse' } },
    play: tradingStarts,
    shows: (told) => logged('order_refused')(told) && leftFor('exit_time')(told),
  },
  target: {
    hours: [[25063.95, 25260, 25060, 25250]],
    play: (day) => tradingStarts(day, { target: 0.3 }),
    shows: leftFor('target'),
  },
  'index-stop': {
    hours: [[25063.95, 25070, 24995, 25000]],
    play: (day) => tradingStarts(day, { maxLossPerTrade: 50_000_00 }),
    shows: leftFor('index_stop'),
  },
  'loss-cap': {
    hours: [[25063.95, 25070, 24880, 25050]],
    play: (day) => tradingStarts(day, { maxLossPerTrade: 10_000_00 }),
    shows: leftFor('loss_cap'),
  },
  emergency: {
    async play(day) {
      await tradingStarts(day);
      await day.opened();
      await day.at('12:00');
      await day.closeAll();
    },
    shows: leftFor('emergency'),
  },
  'closed-manually': {
    async play(day) {
      await tradingStarts(day);
      await day.opened();
      await day.at('13:00');
      await day.closePosition({ id: 'P1' });
    },
    shows: leftFor('manual'),
  },
};
