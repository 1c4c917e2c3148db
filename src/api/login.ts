import { randomUUID } from 'node:crypto';
import { authCompletedSignal } from '../contract/commands.ts';
import type { AuthAttempt, DayView } from '../contract/views.ts';
import type { MarketMs } from '../domain/types.ts';
import type { ApiContext } from './context.ts';

/** How long a caller waits for the exchange of the request token before being told that it goes on. */
const EXCHANGE_WAIT_MS = 8_000;

export type LoginOutcome =
  | { kind: 'accepted'; userId: string; expiresAt: MarketMs }
  | { kind: 'refused'; reason: string }
  | { kind: 'exchanging' };

/**
 * Hands the broker's request token, sealed, to the day, opening it where nobody has, and waits for what the broker says.
 * Throws AppError 409 `market_closed` or `day_over` where no day can be opened.
 */
export async function completeLogin({ deps, day }: ApiContext, requestToken: string): Promise<LoginOutcome> {
  await day.open();
  const attempt = randomUUID();
  await day.send(authCompletedSignal, { attempt, sealedRequestToken: deps.sealer.seal(requestToken) });
  const view = await day.watch(EXCHANGE_WAIT_MS, (seen) => isDecided(attemptOf(seen, attempt)));
  const found = view ? attemptOf(view, attempt) : undefined;
  if (found?.outcome === 'refused') return { kind: 'refused', reason: found.reason ?? 'no reason given' };
  if (found?.outcome !== 'accepted' || !view?.session) return { kind: 'exchanging' };
  return { kind: 'accepted', userId: view.session.userId, expiresAt: view.session.expiresAt };
}

function attemptOf(view: DayView, id: string): AuthAttempt | undefined {
  return view.authAttempts.find((known) => known.attempt === id);
}

function isDecided(attempt: AuthAttempt | undefined): boolean {
  return attempt !== undefined && attempt.outcome !== 'exchanging';
}
