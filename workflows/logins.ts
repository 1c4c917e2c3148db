/** The day's logins: exchanged one after the other, looked at, asked for (TRADING section 9). */
import { condition } from '@temporalio/workflow';
import type { MarketMs } from '../src/domain/types.ts';
import type { Day } from './day.ts';
import type { AuthCompleted } from './messages.ts';
import { sending, world } from './proxies.ts';

const MINUTE_MS = 60_000;
/** When the login is looked at: before the open, and then again and again. Market time. */
const FIRST_LOOK_BEFORE_OPEN_MS = 15 * MINUTE_MS;
const LOOK_EVERY_MS = 15 * MINUTE_MS;
/** With a position open and nobody logged in its owner is paged so often (TRADING section 6). */
const PAGE_EVERY_MS = 5 * MINUTE_MS;

/** One login after the other. A refused token is a state with its reason: the next one tries again. */
export async function keepLogins(day: Day, logins: AuthCompleted[]): Promise<void> {
  for (;;) {
    await condition(() => logins.length > 0 || day.over);
    const auth = logins.shift();
    if (!auth) return;
    const attempt = day.authAttempts.find((known) => known.attempt === auth.attempt);
    const result = await exchange(day, auth);
    if (attempt) {
      attempt.outcome = result.ok ? 'accepted' : 'refused';
      attempt.reason = result.ok ? null : result.reason;
    }
    if (result.ok) {
      day.session = result.session;
      day.clearWarning('login_lost');
      day.log('info', 'login', `Logged in at Zerodha as ${result.session.userId}.`);
    } else {
      day.log('warn', 'login_refused', `Zerodha refused the login: "${result.reason}" Log in again.`);
    }
  }
}

async function exchange(day: Day, auth: AuthCompleted) {
  try {
    return await sending.exchangeRequestToken.executeWithOptions({ summary: 'Exchanging the request token' }, [
      { identity: day.identity, auth },
    ]);
  } catch {
    // A request token works once: in doubt it may be used up, so a new login is the only way on.
    return { ok: false as const, reason: 'no clear answer to the exchange' };
  }
}

/** Looks every now and then whether the login still holds, and reminds a person as long as nobody is logged in. */
export async function keepLookingAtLogin(day: Day): Promise<void> {
  if (!day.timetable) return;
  const { open, squareOff, close } = day.timetable;
  const isOpen = () => day.positions.some((position) => position.isOpen());
  let at: MarketMs = open - FIRST_LOOK_BEFORE_OPEN_MS;
  for (;;) {
    // Looks that a late start has missed are not made up for.
    while (at + PAGE_EVERY_MS < day.now()) at += PAGE_EVERY_MS;
    if (at >= (isOpen() ? close : squareOff)) return;
    await day.until(at, 'is somebody logged in?', () => day.over);
    if (day.over) return;
    await day.lookAtSession();
    const unguarded = isOpen() && !day.session;
    at += unguarded ? PAGE_EVERY_MS : LOOK_EVERY_MS;
    if (day.session) continue;
    const text = unguarded
      ? `Nobody is logged in at Zerodha for ${day.identity.date}, and positions are open that nothing protects. Log in now.`
      : `Nobody is logged in at Zerodha for ${day.identity.date}. Nothing is traded until then.`;
    const level = unguarded ? 'alert' : 'warn';
    day.log(level, 'login_reminder', text);
    await world.notifyOwner.executeWithOptions({ summary: text }, [{ level, text }]);
  }
}
