import type { ExitPolicy, Paise, SignalName } from '../domain/types.ts';

/** What a person asks for when they start trading. Money in paise. */
export type Plan = {
  lotSize: number;
  numLots: number;
  useHedging: boolean;
  maxPositions: number;
  exitPolicy: ExitPolicy;
  /** 0 is Sunday; null means expiry day. */
  weeklyExitDay: number | null;
  maxLossPerTrade: Paise;
  maxLossPerDay: Paise;
  maxCapitalAtRisk: Paise;
  /** Share of the net credit earned at which to leave, e.g. 0.8; null is off. */
  target: number | null;
  allowUnhedged: boolean;
  /** Points x 100. */
  hedgeDistance: Paise;
  signals: SignalName[];
};
