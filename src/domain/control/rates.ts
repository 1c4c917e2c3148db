/** How many order calls the broker still takes of the account, and what they are kept for (CONTROL, rates). */
import type { Action, Look } from './action.ts';
import type { ControlFacts, Now } from './facts.ts';

/** Orders a minute and a day that Kite takes of an account, less some for what it counts otherwise (FACTS section 3). */
const MINUTE_BUDGET = 380;
const DAY_BUDGET = 4_900;
/** Shares of the minute's and the day's calls: entries stop first, the rest is for exits. */
const FOR_ENTRIES = 0.6;
const FOR_OTHERS = 0.8;
const MINUTE_MS = 60_000;

/** Of the current minute: what was counted in an earlier one is over. */
function sentThisMinute({ rates }: ControlFacts, { wall }: Now): number {
  return rates.minute.at === Math.floor(wall / MINUTE_MS) ? rates.minute.sent : 0;
}

/** Cancelling and placing takes two calls, and one more where the first is not heard. */
export function callsLeft(facts: ControlFacts, now: Now): boolean {
  return sentThisMinute(facts, now) <= MINUTE_BUDGET - 3 && facts.rates.day <= DAY_BUDGET - 3;
}

/** The share of the minute's or the day's calls that is used up, whichever is larger. */
export function shareUsed(facts: ControlFacts, now: Now): number {
  return Math.max(sentThisMinute(facts, now) / MINUTE_BUDGET, facts.rates.day / DAY_BUDGET);
}

/** What was decided, in CONTROL's order; what the minute or the day has no room for waits. */
export function withinRates(look: Look): Action[] {
  const { facts, position, actions, now } = look;
  const used = shareUsed(facts, now);
  const allowed = actions.filter((action) => {
    const rank = rankOf(facts, action);
    if (rank === 5) return used < FOR_ENTRIES;
    if (rank === 4 || rank === 6) return used < FOR_OTHERS || (position.exit !== null && used < 1);
    return used < 1 || rank < 0 || (action.do === 'change' && action.kind === 'to_limit');
  });
  if (allowed.length < actions.length) look.again((Math.floor(now.wall / MINUTE_MS) + 1) * MINUTE_MS);
  return allowed.toSorted((one, other) => rankOf(facts, one) - rankOf(facts, other));
}

function rankOf(facts: ControlFacts, action: Action): number {
  if (action.do === 'cancel') return 0;
  if (action.do === 'send')
    return action.purpose === 'entry' ? 5 : action.purpose === 'stop' ? 3 : action.side === 'BUY' ? 1 : 4;
  if (action.do === 'begin') return facts.orders[action.tag]?.purpose === 'entry' ? 5 : 2;
  if (action.do === 'change') return action.kind === 'to_limit' ? 1 : 6;
  return -1;
}
