/** From start-trading's body to the plan that the day keeps: rupees to paise, defaults, and what cannot be. */
import type { Plan } from '../contract/commands.ts';
import { lotSizeFor, weeklyExpiry } from '../domain/calendar/index.ts';
import type { IsoDate } from '../domain/types.ts';
import type { ApiConfig } from './deps.ts';
import { refuse } from './refusals.ts';
import type { StartTradingBody } from './schemas.ts';
import { toPaise } from './units.ts';

/** The lot of the contracts that a position of this date would be in. Throws CalendarError outside the dated tables. */
function lotSizeOn(date: IsoDate): number {
  return lotSizeFor(weeklyExpiry(date));
}

/** Throws AppError 422 `lot_size_mismatch`, `limit_exceeded` or `unhedged_not_allowed`. */
export function planFrom(
  body: StartTradingBody,
  { defaults, mode }: Pick<ApiConfig, 'defaults' | 'mode'>,
  date: IsoDate,
): Plan {
  const lotSize = lotSizeOn(date);
  if (body.lot_size !== undefined && body.lot_size !== lotSize) {
    throw refuse(
      'lot_size_mismatch',
      `The lot on ${date} is ${lotSize}, not ${body.lot_size}. Send lot_size ${lotSize}, or leave it out.`,
      { lot_size: lotSize, sent: body.lot_size },
    );
  }
  const plan: Plan = {
    lotSize,
    numLots: body.num_lots ?? defaults.numLots,
    useHedging: body.use_hedging ?? defaults.useHedging,
    maxPositions: body.max_positions ?? defaults.maxPositions,
    exitPolicy: body.exit_policy ?? defaults.exitPolicy,
    weeklyExitDay: body.weekly_exit_day === undefined ? defaults.weeklyExitDay : body.weekly_exit_day,
    maxLossPerTrade: paiseOr(body.max_loss_per_trade, defaults.maxLossPerTrade),
    maxLossPerDay: paiseOr(body.max_loss_per_day, defaults.maxLossPerDay),
    maxCapitalAtRisk: paiseOr(body.max_capital_at_risk, defaults.maxCapitalAtRisk),
    target: body.target === undefined ? defaults.target : body.target,
    allowUnhedged: body.allow_unhedged ?? defaults.allowUnhedged,
    hedgeDistance: paiseOr(body.hedge_distance, defaults.hedgeDistance),
    signals: body.signals ? [...new Set(body.signals)] : defaults.signals,
  };
  refuseImpossible(plan);
  if (mode === 'live' && !plan.useHedging && body.confirm_live !== true) {
    throw refuse(
      'unhedged_not_allowed',
      'Nothing bounds what a position without a hedge can lose. In live mode send confirm_live true as well, if you mean it.',
    );
  }
  return plan;
}

function refuseImpossible(plan: Plan): void {
  if (!plan.useHedging && !plan.allowUnhedged) {
    throw refuse(
      'unhedged_not_allowed',
      'Without a hedge a position has no worst loss. Send use_hedging true, or allow_unhedged true if you mean it.',
    );
  }
  if (plan.maxLossPerTrade > plan.maxLossPerDay) {
    throw refuse(
      'limit_exceeded',
      'max_loss_per_trade is above max_loss_per_day: no position could ever be opened. Lower the one or raise the other.',
      {
        limit: 'max_loss_per_day',
        max_loss_per_trade: plan.maxLossPerTrade / 100,
        max_loss_per_day: plan.maxLossPerDay / 100,
      },
    );
  }
}

function paiseOr(rupees: number | undefined, otherwise: number): number {
  return rupees === undefined ? otherwise : toPaise(rupees);
}
