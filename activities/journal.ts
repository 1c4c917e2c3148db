/** The day's book-keeping: what must outlive the history. Every write may come twice. */
import { sessionOf, timetable } from '../src/domain/calendar/index.ts';
import { istTime } from '../src/domain/clock.ts';
import type { DayActivities, Opened } from './contract.ts';
import type { Deps } from './deps.ts';

type JournalActivities = Pick<DayActivities, 'openDay' | 'loadHandover' | 'writeJournal' | 'saveReport'>;

export function createJournalActivities(deps: Deps): JournalActivities {
  return {
    async openDay(identity): Promise<Opened> {
      await deps.journal.openDay(identity);
      const session = sessionOf(identity.date);
      if (session.kind === 'holiday') return { kind: 'holiday', reason: session.reason, next: session.next };
      return { kind: 'session', timetable: timetable(identity.date), entries: session.special !== 'short' };
    },
    async loadHandover(identity) {
      return { positions: await deps.journal.openPositions(identity, identity.date) };
    },
    async writeJournal(batch) {
      await deps.journal.write(batch);
      for (const event of batch.events) {
        const data = { date: batch.identity.date, market_time: istTime(event.at), kind: event.kind };
        if (event.level === 'info') deps.log.info(data, event.text);
        else if (event.level === 'warn') deps.log.warn(data, event.text);
        else deps.log.error(data, event.text);
      }
    },
    saveReport: (report) => deps.journal.saveReport(report),
  };
}
