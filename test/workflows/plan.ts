import type { Plan } from '../../workflows/messages.ts';

/** The defaults, for the week of 14 July 2025. */
export const PLAN: Plan = {
  lotSize: 75,
  numLots: 10,
  useHedging: true,
  maxPositions: 3,
  exitPolicy: 'intraday',
  weeklyExitDay: null,
  maxLossPerTrade: 25_000_00,
  maxLossPerDay: 50_000_00,
  maxCapitalAtRisk: 500_000_00,
  target: null,
  allowUnhedged: false,
  hedgeDistance: 200_00,
  signals: ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'],
};
