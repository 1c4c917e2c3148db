/** What the owner is told: lasting conditions by their deadlines, and what happened, one notice after the other. */
import { beginsByClock, conditionsOf } from '../../src/domain/control/deadlines.ts';
import { pagesDue } from '../../src/domain/control/pages-due.ts';
import { reads } from '../activity-proxies.ts';
import type { Day } from './day.ts';

/**
 * Looks at all conditions whenever something changed or one is due. It decides nothing about orders and delays nothing. With the market it
 * ends: of what still holds then no end is told, and the report says what is left open.
 */
export async function keepDeadlines(day: Day): Promise<void> {
  const { facts } = day;
  while (!day.ending && facts.step !== 'done') {
    if (facts.over) return;
    const seen = day.version;
    const due = pagesDue(
      facts.watched,
      conditionsOf(facts, day.instant(), (at) => day.wallSince(at)),
      Date.now(),
    );
    facts.watched = due.watched;
    for (const { id, kind, cause, subject, text, since } of due.pages) {
      day.notify({ id: `${facts.identity.date}:${id}`, kind, cause, subject, text, since });
      if (kind !== 'repeated') day.log(kind === 'raised' ? 'alert' : 'info', `page_${cause}`, text);
    }
    const [next] = beginsByClock(facts).filter((at) => at > day.now());
    const at = day.dueOf({ wall: due.due, market: next ?? null });
    await day.changedOrDue('deadlines', due.pages.length > 0 ? day.version : seen, at);
  }
}

/** Hands the notices over; a channel that is away keeps them in its own queue. */
export async function keepNotices(day: Day): Promise<void> {
  const { facts } = day;
  for (;;) {
    await day.until('notices', () => facts.notices.length > 0 || facts.report !== null);
    const [notice] = facts.notices;
    if (!notice || day.ending) return;
    const summary = `Owner: ${notice.text}`.slice(0, 120);
    const { deliveredAt } = await day.calls(() => reads.notifyOwner.executeWithOptions({ summary }, [notice]));
    facts.notices = facts.notices.filter(({ id }) => id !== notice.id);
    facts.delivered[`${notice.cause}:${notice.subject}`] = deliveredAt;
    day.changed();
  }
}
