/** The day's logins: exchanged one after the other, and asked for (TRADING section 9). That one has died the book watcher sees. */
import type { TokenExchange } from '../../src/contract/activities.ts';
import type { AuthCompleted } from '../../src/contract/commands.ts';
import { logins } from '../activity-proxies.ts';
import type { Day } from './day.ts';

const MINUTE_MS = 60_000;
/** Nobody logged in: told before the open, and then again. Market time. */
const REMIND_BEFORE_OPEN_MS = 15 * MINUTE_MS;
const REMIND_EVERY_MS = 15 * MINUTE_MS;

/** One login after the other. A refused token is a state with its reason: the next one tries again. */
export async function keepLogins(day: Day): Promise<void> {
  const { facts } = day;
  for (;;) {
    await day.until('logins', () => facts.logins.length > 0 || facts.step === 'done');
    const [auth] = facts.logins;
    if (!auth || day.ending || facts.step === 'done') return;
    const result = await exchange(day, auth);
    facts.logins = facts.logins.filter(({ attempt }) => attempt !== auth.attempt);
    const attempt = facts.authAttempts.find((known) => known.attempt === auth.attempt);
    if (attempt) {
      attempt.outcome = result.ok ? 'accepted' : 'refused';
      attempt.reason = result.ok ? null : result.reason;
    }
    if (result.ok) {
      facts.session = result.session;
      facts.sessionLives = true;
      day.clearWarning('login_lost');
      day.log('info', 'login', `Logged in at Zerodha as ${result.session.userId}.`);
    } else day.log('warn', 'login_refused', `Zerodha refused the login: "${result.reason}". Log in again.`);
  }
}

async function exchange(day: Day, auth: AuthCompleted): Promise<TokenExchange> {
  try {
    return await logins.exchangeRequestToken.executeWithOptions({ summary: 'Exchanging the request token' }, [
      { identity: day.identity, auth },
    ]);
  } catch {
    // A request token works once: in doubt it may be used up, so a new login is the only way on.
    return { ok: false, reason: 'no clear answer to the exchange' };
  }
}

/** Reminds of the login while nobody is logged in. With something open the deadlines page instead. */
export async function remindOfLogin(day: Day): Promise<void> {
  const { facts } = day;
  const { timetable } = facts;
  if (!timetable) return;
  let next = timetable.open - REMIND_BEFORE_OPEN_MS;
  while (!day.ending && next < timetable.squareOff) {
    // Reminders that a late start has missed are not made up for.
    if (next + REMIND_EVERY_MS <= day.now()) {
      next += REMIND_EVERY_MS;
      continue;
    }
    await day.until(
      'login reminder',
      () => day.now() >= next || facts.over,
      () => (facts.sessionLives ? null : day.wallOf(next)),
    );
    if (day.ending || facts.over) return;
    next += REMIND_EVERY_MS;
    const open = facts.positions.some(({ closedAt }) => closedAt === null);
    if (facts.sessionLives || open) continue;
    const text = `Nobody is logged in at Zerodha for ${facts.identity.date}. Nothing is traded until then.`;
    day.page('login_reminder', 'day', text);
  }
}

/** A session ends at 06:00 of the next day: what would be asked with it is another day's book. */
export function expireSession(day: Day): void {
  const { session } = day.facts;
  if (session && day.now() >= session.expiresAt) day.loseSession(session.number);
}
