/** The day's book-keeping: what must outlive the history. Every write may come twice. */

import type { DayActivities, DayContext } from '../src/contract/activities.ts';
import type { Account, DayIdentity } from '../src/contract/identity.ts';
import type { DayBefore, DaySoFar, Handover } from '../src/contract/journal.ts';
import type { ContractRef, HandedOver } from '../src/contract/ledger.ts';
import type { SessionView } from '../src/contract/views.ts';
import { contractLastMinute, freezeQuantity, hourlyBars, sessionOf, timetable } from '../src/domain/calendar/index.ts';
import { addDays, istTime } from '../src/domain/clock.ts';
import { spentOrders, sumOf } from '../src/domain/control/spent-orders.ts';
import type { IsoDate } from '../src/domain/types.ts';
import type { Deps } from './deps.ts';

type JournalActivities = Pick<DayActivities, 'loadDayContext' | 'loadHandover' | 'writeJournal'>;

export function createJournalActivities(deps: Deps): JournalActivities {
  const loadHandover = async (identity: DayIdentity): Promise<Handover> => {
    const before = await deps.journal.handover(identity, identity.date);
    return {
      from: before?.date ?? null,
      ended: before?.ended ?? true,
      positions: (before?.positions ?? []).flatMap(({ handedOver }) =>
        handedOver ? [renewed(handedOver, identity.date)] : [],
      ),
      unknown: (before?.positions ?? []).flatMap(({ view, handedOver }) => (handedOver ? [] : [view])),
      bars: before ? barsSince(before.date, identity.date) : [],
    };
  };
  return {
    loadHandover,
    async loadDayContext(identity): Promise<DayContext> {
      await deps.journal.recordDayOpened(identity);
      const market = sessionOf(identity.date);
      if (market.kind === 'holiday') return { kind: 'holiday', reason: market.reason, next: market.next };
      const soFar = await deps.journal.soFar(identity);
      const before = soFar && withoutSpent(soFar);
      return {
        ...{ kind: 'session', timetable: timetable(identity.date), entries: market.special !== 'short', before },
        // Only a run that goes on takes a login up: a new day asks for one.
        session: before && (await sessionNow(deps, identity)),
        handover: await loadHandover(identity),
      };
    },
    async writeJournal(batch) {
      await deps.journal.write(batch);
      if (batch.report) await deps.journal.saveReport(batch.report);
      for (const event of batch.events) {
        const data = { date: batch.identity.date, market_time: istTime(event.at), kind: event.kind };
        if (event.level === 'info') deps.log.info(data, event.text);
        else if (event.level === 'warn') deps.log.warn(data, event.text);
        else deps.log.error(data, event.text);
      }
    },
  };
}

/** A day of refused exits has megabytes of them. */
function withoutSpent(before: DaySoFar): DayBefore {
  const spent = new Set(spentOrders(before.orders, Date.now()));
  return { ...before, orders: before.orders.filter((order) => !spent.has(order)), spent: sumOf([...spent]) };
}

/** The newest login of the account, while the broker takes it. */
async function sessionNow({ journal, clock }: Deps, identity: Account): Promise<SessionView | null> {
  const stored = await journal.currentSession(identity);
  if (!stored || stored.expiresAt <= clock.now()) return null;
  const { number, userId, expiresAt, since } = stored;
  return { number, userId, expiresAt, since };
}

/** After a long absence a close of long ago ends nothing that later ones do not. */
const MOST_DAYS_BACK = 7;

function barsSince(from: IsoDate, today: IsoDate): Handover['bars'] {
  const bars: Handover['bars'] = [];
  const earliest = addDays(today, -MOST_DAYS_BACK);
  for (let date = from > earliest ? from : earliest; date < today; date = addDays(date, 1))
    bars.push(...hourlyBars(date).map(({ start, end }) => ({ barStart: start, barEnd: end })));
  return bars;
}

/** Recompute what depends on the date; a contract that has expired trades no more. */
function renewed(handed: HandedOver, date: IsoDate): HandedOver {
  const onDate = (contract: ContractRef): ContractRef => ({
    ...contract,
    maxOrderQuantity: Math.floor(freezeQuantity(date) / contract.lotSize) * contract.lotSize,
    tradesUntil: contract.expiry >= date ? contractLastMinute(contract.expiry, date) : contract.tradesUntil,
  });
  const { plan, legs } = handed;
  return {
    ...handed,
    ...(legs ? { legs: legs.map((leg) => ({ ...leg, contract: onDate(leg.contract) })) } : {}),
    plan: { ...plan, main: onDate(plan.main), hedge: plan.hedge && onDate(plan.hedge) },
  };
}
