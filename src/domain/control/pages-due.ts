/** What is paged now: what holds for longer than it may, again while it lasts, and its end. Pure; the day keeps since when, over its runs. */
import type { WallMs } from '../types.ts';
import type { Condition } from './deadlines.ts';

/** What the day keeps of one: `pages` counts those that were sent. */
export type Watched = { since: WallMs; text: string; pages: number; lastPageAt: WallMs | null };
export type Page = {
  id: string;
  kind: 'raised' | 'repeated' | 'ended';
  cause: string;
  subject: string;
  text: string;
  since: WallMs;
};

const MINUTE_MS = 60_000;
/** From its first page on. */
const REPEATS_MS = [1, 5, 15].map((minutes) => minutes * MINUTE_MS);
const REPEAT_EVERY_MS = 15 * MINUTE_MS;
/** A login is asked for more often than anything else (TRADING section 6). */
const LOGIN_EVERY_MS = 5 * MINUTE_MS;

/** Hands off is repeated each minute, what stays open because of it is real. */
function repeatAt(cause: string, watched: Watched): WallMs {
  const last = watched.lastPageAt ?? watched.since;
  if (cause === 'hands_off') return last + MINUTE_MS;
  const first = REPEATS_MS[watched.pages - 1];
  const before = REPEATS_MS[watched.pages - 2] ?? 0;
  const pause = first === undefined ? REPEAT_EVERY_MS : first - before;
  return last + (cause === 'no_session' ? Math.min(pause, LOGIN_EVERY_MS) : pause);
}

/** The pages that are due now, what is watched from here on, and when the next one is due. */
export function pagesDue(
  watched: Readonly<Record<string, Watched>>,
  conditions: readonly Condition[],
  now: WallMs,
): { pages: Page[]; watched: Record<string, Watched>; due: WallMs | null } {
  const pages: Page[] = [];
  const kept: Record<string, Watched> = {};
  let due: WallMs | null = null;
  const sooner = (at: WallMs) => {
    due = due === null ? at : Math.min(due, at);
  };
  for (const { cause, subject, text, afterMs, since = now } of conditions) {
    const key = `${cause}:${subject}`;
    const before = watched[key] ?? { since: now, text, pages: 0, lastPageAt: null };
    const known = before.pages > 0 ? before : { ...before, since: Math.min(before.since, since) };
    const dueAt = known.pages === 0 ? known.since + afterMs : repeatAt(cause, known);
    if (now < dueAt) {
      kept[key] = { ...known, text };
      sooner(dueAt);
      continue;
    }
    const id = `${key}:${known.since}:${known.pages + 1}`;
    pages.push({ id, kind: known.pages === 0 ? 'raised' : 'repeated', cause, subject, text, since: known.since });
    kept[key] = { since: known.since, text, pages: known.pages + 1, lastPageAt: now };
    sooner(repeatAt(cause, kept[key]));
  }
  for (const [key, known] of Object.entries(watched)) {
    if (kept[key] || known.pages === 0) continue;
    const [cause = '', ...rest] = key.split(':');
    const text = `Over: ${known.text}`;
    pages.push({
      id: `${key}:${known.since}:end`,
      kind: 'ended',
      cause,
      subject: rest.join(':'),
      text,
      since: known.since,
    });
  }
  return { pages, watched: kept, due };
}
