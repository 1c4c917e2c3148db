/** Positions that are carried: left on another day than their own, or handed over in part. */
import type { Case } from '../case.ts';
import type { Mutation } from './mutation.ts';
import { at, quietDay } from './own-days.ts';

const QUIET = [25_060_00, 25_064_00, 25_056_00, 25_060_00] as const;
const WEEK = {
  market: { hours: [[25_063_95, 25_070_00, 25_055_00, 25_060_00]], later: [[QUIET], [QUIET]] },
  dates: ['2025-07-14', '2025-07-15', '2025-07-16'],
  plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, exitPolicy: 'weekly' as const, weeklyExitDay: 2 },
  pace: 'slow' as const,
} satisfies Partial<Case>;

export const WEEK_MUTATIONS: readonly Mutation[] = [
  {
    name: 'weekly-exit-a-day-late',
    why: 'What is carried leaves a day after its weekday.',
    file: 'src/domain/calendar/expiries.ts',
    find: 'return exit > entry ? exit : expiry;',
    replace: 'return addDays(exit, 1);',
    by: 5,
    days: { cases: [quietDay([], WEEK)] },
  },
  {
    name: 'weekly-exit-a-day-early',
    why: 'What is carried leaves on the day before its expiry.',
    file: 'src/domain/calendar/expiries.ts',
    find: 'if (exitWeekday === null) return expiry;',
    replace: 'if (exitWeekday === null) return addDays(expiry, -1);',
    by: 5,
    days: { cases: [quietDay([], { ...WEEK, plan: { ...WEEK.plan, weeklyExitDay: null } })] },
  },
  {
    name: 'leg-not-handed-over',
    why: 'The next day is told of the short, and not of its hedge.',
    file: 'workflows/day/handover.ts',
    find: `      order.fills.length > 0 ||
      order.filledQuantity > 0 ||`,
    replace: `      (order.role === 'main' && order.fills.length > 0) ||`,
    by: 5,
    days: {
      cases: [
        quietDay([at('09:30:00', { do: 'command', of: { command: 'close_all' } }, 1)], {
          ...WEEK,
          dates: WEEK.dates.slice(0, 2),
        }),
      ],
    },
  },
];
