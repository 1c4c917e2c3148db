import type { Plan } from '../../src/contract/commands.ts';
import type { ManualOrder } from '../../src/domain/manual-orders.ts';

/** What S1 sells and buys on 14 July 2025. */
export const MAIN = 'NIFTY2571725000PE';
export const HEDGE = 'NIFTY2571724800PE';

export const ONE_LOT: ManualOrder = {
  symbol: MAIN,
  side: 'BUY',
  quantity: 75,
  orderType: 'MARKET',
  price: null,
  triggerPrice: null,
  product: null,
};

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
