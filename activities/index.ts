import { ApplicationFailure } from '@temporalio/common';
import type { AskBrokerClock } from '../src/brokers/broker-clock.ts';
import type { DayActivities, GuardActivities } from '../src/contract/activities.ts';
import { CalendarError } from '../src/domain/calendar/index.ts';
import { AppError, BrokerError } from '../src/errors.ts';
import type { Account } from '../src/journal/types.ts';
import type { BookPace } from './book-pace.ts';
import { createClockActivities } from './clock.ts';
import type { Deps } from './deps.ts';
import { createGuardActivities, type GuardPace } from './guard.ts';
import { sightOf } from './guard-exit.ts';
import { createJournalActivities } from './journal.ts';
import { createManualActivities } from './manual-orders.ts';
import { createNotifyActivities } from './notify.ts';
import { createOrderActivities } from './orders.ts';
import { createPlanActivities } from './plan-entry.ts';
import { createPreflightActivities } from './preflight.ts';
import { createReconcileActivities } from './reconcile.ts';
import { createSessionActivities } from './session.ts';
import { createSignalActivities } from './signals.ts';
import { createUnderlyingActivities } from './underlying.ts';
import { beating } from './waiting.ts';
import { createBookActivities } from './watch-book.ts';

export type ActivityOptions = Deps & {
  account: Account;
  /** Whose login is accepted; null takes any (replay). */
  expectedUserId: string | null;
  /** Whose Date header this machine's clock is compared with before the open: Kite's own, also on paper. */
  clockRoot: string;
  /** How it is asked, where it is not by HTTP. */
  askBrokerClock?: AskBrokerClock;
  /** False where this process has no ticker: another worker's guards watch. */
  watches: boolean;
  /** How long Breeze is waited for before our own bar decides an index stop. Wall milliseconds; 20 s unless given. */
  stopBarWithinMs?: number;
  /** How often guards look; GUARD_PACE unless given. */
  guardPace?: GuardPace;
  /** How often the book is looked at; BOOK_PACE unless given. */
  bookPace?: BookPace;
};

/** Often enough for each time-out in workflows/activity-proxies.ts. */
const BEAT_MS = 2_000;

export function createDayActivities(options: ActivityOptions): DayActivities {
  const activities = asTemporalFailures({
    ...createJournalActivities(options),
    ...createSessionActivities(options),
    ...createPreflightActivities(options),
    ...createSignalActivities(options),
    ...createUnderlyingActivities(options),
    ...createPlanActivities(options),
    ...createManualActivities(options),
    ...createOrderActivities(options),
    ...createReconcileActivities(options),
    ...createNotifyActivities(options),
    ...createClockActivities(options),
  });
  return around(activities, (run) => beating(BEAT_MS, run));
}

export function createGuards(options: ActivityOptions): GuardActivities {
  const guards = createGuardActivities({ ...options, book: sightOf(options.book) });
  return asTemporalFailures({ ...guards, ...createBookActivities(options) });
}

/** An error's own word on whether a retry can help becomes Temporal's decision, in this one place. */
function asTemporalFailures<T extends object>(activities: T): T {
  return around(activities, async (run) => {
    try {
      return await run();
    } catch (error) {
      // What the calendar does not know, it will not know at the next attempt either.
      if (error instanceof CalendarError) throw ApplicationFailure.nonRetryable(error.message, 'calendar');
      if (!(error instanceof AppError)) throw error;
      throw ApplicationFailure.create({
        message: error.message,
        type: error.code,
        // What a broker refused was answered as a value; a look that failed is tried again.
        nonRetryable: !(error instanceof BrokerError) && !error.retryable,
      });
    }
  });
}

function around<T extends object>(activities: T, call: (run: () => Promise<unknown>) => Promise<unknown>): T {
  const entries = Object.entries(activities).map(([name, run]) => [
    name,
    (...args: unknown[]) => call(async () => run(...args)),
  ]);
  return Object.fromEntries(entries);
}
