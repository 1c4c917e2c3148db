/** What the watchdog makes of what it has seen. Pure: facts in, findings and actions out. */
import type { PositionView } from '../contract/views.ts';
import { istTime } from '../domain/clock.ts';
import type { IsoDate, MarketMs, WallMs } from '../domain/types.ts';
import type { DayLook } from '../temporal/day-look.ts';
import type { Unwatched } from './beats.ts';
import { positionWords } from './open-positions.ts';
import type { Finding } from './pages.ts';

export type ScheduleState = 'running' | 'paused' | 'gone';

export type WatchFacts = {
  date: IsoDate;
  now: MarketMs;
  wall: WallMs;
  /** When a day of the date runs; null where the market does not trade, or the calendar does not know. */
  span: { due: MarketMs; close: MarketMs } | null;
  /** Null while Temporal does not answer. */
  day: DayLook | null;
  /** What the day wants watched and no worker watches; null where all of it is watched, or that is not known. */
  unwatched: Unwatched | null;
  /** The last that the journal said; null before it ever answered. */
  positions: PositionView[] | null;
  /** Null where there is none to be kept, or while Temporal does not answer. */
  schedule: ScheduleState | null;
  /** Whether days are opened by the Schedule, and not by a replay's operator. */
  opensDays: boolean;
  /** How often today's day was opened again lately. */
  reopened: number;
  temporalAwaySince: WallMs | null;
  journalAwaySince: WallMs | null;
  /** Free bytes of the data folder; null where nothing is kept in it. */
  freeBytes: number | null;
};

export type Action = 'open' | 'reopen' | 'restore_schedule';
export type Verdict = {
  findings: Finding[];
  /** Causes of which nothing can be said now. */
  unsure: Set<string>;
  actions: Action[];
};

/** How long something is wrong before it is a page. Wall milliseconds. */
export type Limits = { failingMs: number; awayMs: number };
const LIMITS: Limits = { failingMs: 30_000, awayMs: 30_000 };
/** A day that fails whenever it is opened is not opened again and again. */
const MOST_REOPENINGS = 3;
/** The databases need room for what is under way. */
const FULL_BELOW_BYTES = 8 * 1024 * 1024;

const LOOK_AT_KITE = 'Look at Kite now.';

export function judge(facts: WatchFacts, limits: Partial<Limits> = {}): Verdict {
  const verdict: Verdict = { findings: [], unsure: new Set(), actions: [] };
  const { failingMs, awayMs } = { ...LIMITS, ...limits };
  judgeDay(facts, failingMs, verdict);
  judgeSurroundings(facts, awayMs, verdict);
  if (facts.schedule === 'gone') verdict.actions.push('restore_schedule');
  return verdict;
}

function judgeDay(facts: WatchFacts, failingMs: number, verdict: Verdict): void {
  const { day, span, now, wall } = facts;
  if (day === null) {
    for (const cause of ['day_lost', 'day_failing', 'day_missing', 'unwatched']) verdict.unsure.add(cause);
    return;
  }
  if (day.kind === 'lost' && span) lost(day, facts, verdict);
  if (day.kind === 'running' && day.failing && wall - day.failing.since >= failingMs) {
    const { since, attempts, reason } = day.failing;
    const why = reason === null ? '' : ` (${reason.split('\n')[0]?.slice(0, 200)})`;
    add(facts, verdict, {
      cause: 'day_failing',
      subject: facts.date,
      // In a replay the market's time is another one.
      since: now - (wall - since),
      text: `The day of ${facts.date} has not moved for ${seconds(wall - since)} s: its code fails, ${attempts} attempts${why}. Nothing is decided or left; stops rest at the exchange. ${openNow(facts)} ${LOOK_AT_KITE} If the code was changed, put the earlier one back and start again.`,
      over: `The day of ${facts.date} goes on.`,
    });
  }
  if (day.kind === 'running') unwatched(facts, failingMs, verdict);
  if (day.kind === 'none' && facts.opensDays && span && now >= span.due && now < span.close)
    missing(facts, span, verdict);
}

const WATCHES: Record<string, string> = { guardPosition: 'prices and loss caps', watchBook: 'the order book' };

function unwatched(facts: WatchFacts, failingMs: number, verdict: Verdict): void {
  const { unwatched: found, wall, now } = facts;
  if (!found || wall - found.since < failingMs) return;
  const what = found.names.map((name) => WATCHES[name] ?? name).join(' and ');
  const why = found.reason === null ? '' : ` (${found.reason.split('\n')[0]?.slice(0, 200)})`;
  add(facts, verdict, {
    cause: 'unwatched',
    subject: facts.date,
    since: now - (wall - found.since),
    text: `No worker has watched ${what} for ${seconds(wall - found.since)} s: none takes the task, or it fails each time${why}. Stops rest at the exchange. ${openNow(facts)} Start a worker (not one with GUARDS=off). ${LOOK_AT_KITE}`,
    over: `${what.charAt(0).toUpperCase()}${what.slice(1)} ${what.includes(' and ') ? 'are' : 'is'} watched again.`,
  });
}

function lost(day: Extract<DayLook, { kind: 'lost' }>, facts: WatchFacts, verdict: Verdict): void {
  const { date, positions, reopened } = facts;
  const isOpen = (positions ?? []).length > 0;
  const opensAgain = isOpen && reopened < MOST_REOPENINGS;
  if (opensAgain) verdict.actions.push('reopen');
  const since = facts.now - (facts.wall - day.endedAt);
  const then = opensAgain
    ? 'It is opened again.'
    : isOpen
      ? `It was opened again ${reopened} times in vain: close what is open in Kite.`
      : 'It is not opened again: close what is open in Kite.';
  add(facts, verdict, {
    cause: 'day_lost',
    subject: facts.date,
    since,
    text: `The day of ${date} ended without a report at ${istTime(since)} (${day.how.toLowerCase()}): nothing is watched. ${openNow(facts)} ${then} ${LOOK_AT_KITE}`,
    over: `The day of ${date} runs again.`,
  });
}

function missing(facts: WatchFacts, span: { due: MarketMs }, verdict: Verdict): void {
  const { date, positions, schedule } = facts;
  const isCarried = (positions ?? []).length > 0;
  if (isCarried) verdict.actions.push('open');
  // Paused on purpose, and nothing to be looked after: that was said once.
  else if (schedule === 'paused') return;
  const why = { paused: 'The Schedule is paused.', gone: 'The Schedule was deleted.', running: '' }[
    schedule ?? 'running'
  ];
  const then = isCarried
    ? 'The day is opened now; log in, or nothing guards it.'
    : 'Log in or start trading to open it.';
  add(facts, verdict, {
    cause: 'day_missing',
    subject: facts.date,
    since: span.due,
    text: [`No day runs on ${date}.`, openNow(facts), why, then].filter(Boolean).join(' '),
    over: `The day of ${date} runs.`,
  });
}

function judgeSurroundings(facts: WatchFacts, awayMs: number, verdict: Verdict): void {
  const { wall, now, temporalAwaySince, journalAwaySince, freeBytes } = facts;
  if (temporalAwaySince !== null && wall - temporalAwaySince >= awayMs)
    add(facts, verdict, {
      cause: 'temporal_away',
      subject: 'temporal',
      since: now - (wall - temporalAwaySince),
      text: `Temporal has not answered for ${seconds(wall - temporalAwaySince)} s: nothing is decided or left; stops rest at the exchange. ${openNow(facts)} ${LOOK_AT_KITE}`,
      over: 'Temporal answers again.',
    });
  if (journalAwaySince !== null && wall - journalAwaySince >= awayMs)
    add(facts, verdict, {
      cause: 'journal_away',
      subject: 'journal',
      since: now - (wall - journalAwaySince),
      text: `The journal has not answered, or takes no writes, for ${seconds(wall - journalAwaySince)} s: what happens is not written down, logins are not taken, and no day is opened. ${openNow(facts)}`,
      over: 'The journal answers again.',
    });
  if (freeBytes !== null && freeBytes < FULL_BELOW_BYTES)
    add(facts, verdict, {
      cause: 'disk_full',
      subject: 'disk',
      since: now,
      text: `The disk of the data folder is full (${Math.floor(freeBytes / 1024)} KB left): Temporal and the journal cannot write, so exits may not be sent. ${openNow(facts)} Make space now. ${LOOK_AT_KITE}`,
      over: 'The disk of the data folder has space again.',
    });
}

function add({ date }: WatchFacts, verdict: Verdict, found: Omit<Finding, 'date'>): void {
  verdict.findings.push({ date, ...found });
}

function openNow({ positions, journalAwaySince }: WatchFacts): string {
  if (positions === null) return 'What is open is not known.';
  const asOf = journalAwaySince === null ? '' : ' when the journal last answered';
  return positions.length === 0
    ? `Nothing is open by the journal${asOf}.`
    : `Open${asOf}: ${positionWords(positions)}.`;
}

const seconds = (ms: number) => Math.round(ms / 1_000);
