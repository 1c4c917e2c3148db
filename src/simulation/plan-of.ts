import type { Plan } from '../contract/commands.ts';
import { lotSizeFor, weeklyExpiry } from '../domain/calendar/index.ts';
import type { IsoDate } from '../domain/types.ts';
import type { Case } from './case.ts';

/** The limits with which trading is started, where the case says nothing else. */
export function planOf(of: Case, date: IsoDate): Plan {
  return {
    lotSize: lotSizeFor(weeklyExpiry(date)),
    useHedging: true,
    maxPositions: 3,
    exitPolicy: 'intraday' as const,
    weeklyExitDay: null,
    maxLossPerTrade: 25_000_00,
    maxLossPerDay: 50_000_00,
    maxCapitalAtRisk: 500_000_00,
    target: null,
    allowUnhedged: false,
    hedgeDistance: 200_00,
    signals: ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'],
    ...of.plan,
  };
}
