/** Draws what a person has set before the day: the plan, and what the account has. */
import type { Plan } from '../contract/commands.ts';
import { weekday } from '../domain/clock.ts';
import type { IsoDate } from '../domain/types.ts';
import type { Case } from './case.ts';
import type { Dice } from './dice.ts';

/** `dates` of a week that is carried through. Most plans are alike; some have another width, no hedge, a weekday to leave on, or an account that is tight. */
export function limits(
  dice: Dice,
  numLots: number,
  dates: readonly IsoDate[] | null,
): Pick<Case, 'plan' | 'cash' | 'isTight'> {
  const usual = plan(dice, numLots);
  const hedgeDistance = dice.is(0.15) ? dice.of([100_00, 150_00, 250_00, 300_00]) : 200_00;
  const exit = dates
    ? { exitPolicy: 'weekly' as const, ...(dice.is(0.6) ? { weeklyExitDay: exitDay(dice, dates) } : {}) }
    : {};
  const whole = { ...usual, ...(hedgeDistance === 200_00 ? {} : { hedgeDistance }), ...exit };
  if (dice.is(0.02)) {
    // Without a hedge twice the loss is reserved.
    return { plan: { ...whole, useHedging: false, allowUnhedged: true, maxLossPerDay: 2 * usual.maxLossPerDay } };
  }
  if (!dice.is(0.05)) return { plan: whole };
  const units = numLots * 75;
  // About what it takes: sometimes it is there, sometimes it is not. The short's margin is some 500 rupees a unit beside the spread's loss.
  const share = dice.between(40, 180) / 100;
  const risk = Math.round((hedgeDistance - 45_00) * units * share);
  return dice.is(0.5)
    ? { plan: { ...whole, maxCapitalAtRisk: risk }, isTight: true }
    : { plan: whole, cash: Math.round((hedgeDistance + 500_00) * units * share), isTight: true };
}

/** Mostly a day that is played. */
function exitDay(dice: Dice, dates: readonly IsoDate[]): number {
  return dice.is(0.7) ? weekday(dice.of(dates.slice(1))) : dice.between(1, 5);
}

/** Limits that let the lots in, and do not always let them live: a loss cap is an exit like others. */
function plan(dice: Dice, numLots: number): Case['plan'] & Pick<Plan, 'maxLossPerDay'> {
  const scale = Math.max(1, numLots / 8);
  const cap = Math.round((dice.is(0.15) ? dice.between(1_500, 8_000) : 25_000) * scale) * 100;
  return {
    numLots,
    maxLossPerTrade: cap,
    maxLossPerDay: cap * dice.between(1, 3),
    maxCapitalAtRisk: 50_000_000_00,
    target: dice.is(0.2) ? dice.of([0.05, 0.1, 0.3]) : null,
  };
}
