/**
 * The watch over days, from outside of their workflows: a workflow that was terminated, that fails, or that was never opened cannot say so
 * itself. CONTROL, "In Temporal".
 */
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import { type DayIdentity, dayWorkflowId } from '../contract/identity.ts';
import type { NoticeInput, Notices } from '../contract/notices.ts';
import type { PositionView } from '../contract/views.ts';
import { CalendarError } from '../domain/calendar/index.ts';
import { istTime } from '../domain/clock.ts';
import { daySpan } from '../domain/opening.ts';
import type { WallMs } from '../domain/types.ts';
import type { Account, Journal } from '../journal/types.ts';
import type { ClockSource } from '../market/types.ts';
import type { NoticeLog } from '../notices/log-channel.ts';
import { lookAtDay } from '../temporal/day-look.ts';
import { reopenDay } from '../temporal/reopen-day.ts';
import { keepSchedule, scheduleId } from '../temporal/schedule.ts';
import { createBeats } from './beats.ts';
import { type Action, judge, type Limits, type ScheduleState, type WatchFacts } from './findings.ts';
import { openPositions } from './open-positions.ts';
import { createPages } from './pages.ts';

export type WatchdogOptions = {
  account: Account;
  client: Client;
  journal: Pick<Journal, 'ping' | 'positions' | 'handover' | 'notices'>;
  notices: Pick<Notices, 'send'>;
  log: NoticeLog;
  clock: Pick<ClockSource, 'now' | 'current'>;
  /** Today's, by the market's clock. */
  identity(): DayIdentity;
  /** Paper and live: a Schedule opens the days. False in a replay, whose operator does. */
  opensDays: boolean;
  /** Whose disk must not be full; null where nothing is kept in it. */
  dataDir: string | null;
  /** Of the folder; asked of the system unless given. */
  freeBytes?(folder: string): Promise<number>;
  limits?: Partial<Limits>;
};

export type Watchdog = {
  /** Looks once, sends what is due and does what is to be done. Never rejects. */
  look(): Promise<void>;
};

/** Wall milliseconds. */
const LOOK_EVERY_MS = 30_000;
const ANSWER_WITHIN_MS = 5_000;
/** Reopenings are counted over this long. */
const REOPENINGS_OVER_MS = 15 * 60_000;
/** Enough to find the pages of an earlier process that have not ended. */
const NOTICES_READ = 500;

/** Looks each half minute until the signal. Never rejects. */
export async function watch(options: WatchdogOptions, signal: AbortSignal, everyMs = LOOK_EVERY_MS): Promise<void> {
  const { log } = options;
  // What closes together with the watchdog is not missed.
  const unlessOver = (say: (data: object, text: string) => void) => (data: object, text: string) => {
    if (!signal.aborted) say(data, text);
  };
  const watchdog = createWatchdog({
    ...options,
    log: {
      info: unlessOver((data, text) => log.info(data, text)),
      warn: unlessOver((data, text) => log.warn(data, text)),
      error: unlessOver((data, text) => log.error(data, text)),
    },
  });
  while (!signal.aborted) {
    await watchdog.look();
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}

export function createWatchdog(options: WatchdogOptions): Watchdog {
  const { account, client, journal, notices, log, clock, opensDays } = options;
  const pages = createPages({ prefix: `watchdog:${account.run}`, notices, wall: Date.now });
  const complainOf = (what: string) => (error: unknown) =>
    log.warn({}, `The watchdog gets no answer of ${what}: ${error instanceof Error ? error.message : String(error)}`);
  const temporal = createAway(complainOf('Temporal'));
  const database = createAway(complainOf('the journal'));
  const beats = createBeats(Date.now);
  let isRestored = false;
  let positions: PositionView[] | null = null;
  let reopened: WallMs[] = [];
  let calendarSaid: string | null = null;

  /** Ends the calls themselves too: a server that is away for hours must not gather them. */
  const within = <T>(call: () => Promise<T>) => bounded(client.withDeadline(Date.now() + ANSWER_WITHIN_MS, call));

  async function readPositions(day: DayIdentity): Promise<PositionView[] | null> {
    const known = await database.ask(async () => {
      // It may be read and take no writes: then no day can be opened.
      await journal.ping();
      if (!isRestored) pages.restore(await journal.notices(account, NOTICES_READ));
      isRestored = true;
      return openPositions(journal, day);
    });
    // What was open when the journal went away is the best that is known.
    positions = known ?? positions;
    return positions;
  }

  async function readSchedule(): Promise<ScheduleState | null> {
    if (!opensDays) return null;
    try {
      const { state } = await within(() => client.schedule.getHandle(scheduleId(account)).describe());
      return state.paused ? 'paused' : 'running';
    } catch (error) {
      return error instanceof ScheduleNotFoundError ? 'gone' : null;
    }
  }

  function spanOf(date: string): WatchFacts['span'] {
    try {
      return daySpan(date);
    } catch (error) {
      if (!(error instanceof CalendarError)) throw error;
      // The Schedule's workflow pages about it.
      if (calendarSaid !== date) log.warn({}, error.message);
      calendarSaid = date;
      return null;
    }
  }

  async function readFacts(): Promise<WatchFacts> {
    const day = options.identity();
    const [seen, open, schedule, freeBytes] = await Promise.all([
      temporal.ask(() => within(() => lookAtDay(client, dayWorkflowId(day)))),
      readPositions(day),
      readSchedule(),
      options.dataDir === null ? null : bounded((options.freeBytes ?? freeBytesOf)(options.dataDir)).catch(() => null),
    ]);
    const wall = Date.now();
    const unwatched = beats.look(seen?.kind === 'running' ? seen.watches : []);
    reopened = reopened.filter((at) => wall - at < REOPENINGS_OVER_MS);
    return {
      ...{ date: day.date, now: clock.now(), wall, span: spanOf(day.date), day: seen, positions: open, unwatched },
      ...{ schedule, opensDays, reopened: reopened.length, freeBytes },
      ...{ temporalAwaySince: temporal.since(), journalAwaySince: database.since() },
    };
  }

  async function act(action: Action, facts: WatchFacts): Promise<void> {
    const day: DayIdentity = { ...account, date: facts.date };
    try {
      if (action === 'restore_schedule') {
        await within(() => keepSchedule(client, account));
        await tell(
          facts,
          'schedule_restored',
          'The Schedule that opens each day was gone. It is there again.',
          clock.now(),
        );
        return;
      }
      if (action === 'reopen') reopened.push(Date.now());
      await within(() => reopenDay(client, day, clock.current()));
      log.warn({ date: facts.date }, `The watchdog has opened the day of ${facts.date}.`);
    } catch (error) {
      log.error({ err: error }, `The watchdog could not ${WORDS[action]}; it tries again in half a minute.`);
    }
  }

  /** Once a date: a person has done it, and may have forgotten it. Where something is carried the page about the day says it. */
  async function tellOfPause(facts: WatchFacts): Promise<void> {
    const { span, day, schedule, now, positions } = facts;
    if ((positions ?? []).length > 0) return;
    if (schedule !== 'paused' || day?.kind !== 'none' || !span || now < span.due || now >= span.close) return;
    const text = `The Schedule that opens each day is paused, and no day runs on ${facts.date}. It stays paused: log in or start trading to open the day.`;
    await tell(facts, 'schedule_paused', text, span.due);
  }

  async function tell(facts: WatchFacts, cause: string, text: string, since: number): Promise<void> {
    const { date } = facts;
    const id = `watchdog:${account.run}:${cause}:${date}:${istTime(since)}`;
    const notice: NoticeInput = { id, kind: 'told', cause, subject: date, text, since };
    await notices.send(notice, date);
  }

  return {
    async look() {
      try {
        const facts = await readFacts();
        const { findings, unsure, actions } = judge(facts, options.limits);
        await Promise.all([
          pages.look(findings, unsure, facts.date),
          tellOfPause(facts),
          ...actions.map((action) => act(action, facts)),
        ]);
      } catch (error) {
        log.error({ err: error }, 'The watchdog could not look; it tries again in half a minute.');
      }
    },
  };
}

const WORDS: Record<Action, string> = {
  open: 'open the day',
  reopen: 'open the day again',
  restore_schedule: 'restore the Schedule',
};

/** Since when something has not answered; `complain` hears the first reason. */
function createAway(complain: (error: unknown) => void) {
  let since: WallMs | null = null;
  return {
    since: () => since,
    /** Null where it does not answer in time. */
    async ask<T>(question: () => Promise<T>): Promise<T | null> {
      const askedAt = Date.now();
      try {
        const answer = await bounded(question());
        since = null;
        return answer;
      } catch (error) {
        if (since === null) complain(error);
        since ??= askedAt;
        return null;
      }
    },
  };
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function bounded<T>(answer: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = sleep(ANSWER_WITHIN_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`no answer within ${ANSWER_WITHIN_MS / 1_000} s`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    late.catch(() => {});
    stop.abort();
  }
}
