/** Why a position is left: the first that is true wins (TRADING section 5); what a person asked for comes before everything. */

export const EXIT_REASONS = [
  'emergency',
  'leftover',
  'manual',
  'stopped',
  'day_loss_limit',
  'loss_cap',
  'resting_stop',
  'protection_refused',
  'cover_lost',
  'index_stop',
  'target',
  'external',
  'broker_square_off',
  'exit_time',
  'entry_failed',
  'expired',
] as const;

export type ExitReason = (typeof EXIT_REASONS)[number];

export function takesPrecedence(reason: ExitReason, over: ExitReason): boolean {
  return EXIT_REASONS.indexOf(reason) < EXIT_REASONS.indexOf(over);
}
