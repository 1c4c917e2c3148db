/** The journal in memory, by the same rules as the one on PostgreSQL; one contract holds both (test/journal/journal-contract.ts). */

import { type DayIdentity, dayWorkflowId } from '../../contract/identity.ts';
import type { JournalBatch, Switches } from '../../contract/journal.ts';
import type { HandedOver, OrderView } from '../../contract/ledger.ts';
import type { KeptNotice } from '../../contract/notices.ts';
import type { DayReport, DecisionView, PositionView } from '../../contract/views.ts';
import type { IsoDate, LastPrice } from '../../domain/types.ts';
import type { Account, Journal, OpenAtEnd, StoredEvent, StoredSession } from '../../journal/types.ts';

type Day = {
  identity: DayIdentity;
  state: string;
  sequence: number;
  switches: Switches | null;
  report: DayReport | null;
  events: Map<number, StoredEvent>;
  orders: Map<string, { view: OrderView; sequence: number }>;
  positions: Map<string, { view: PositionView; handedOver: HandedOver | null; sequence: number }>;
  decisions: Map<number, DecisionView>;
};

/** What is written is a copy, as a database's is. */
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const isOf = (day: DayIdentity, { mode, account, run }: Account) =>
  day.mode === mode && day.account === account && day.run === run;

export type MemoryJournal = Journal & {
  /** Everything that is in it, for those who look for secrets. */
  dump(): string;
};

export function createMemoryJournal(): MemoryJournal {
  const days = new Map<string, Day>();
  const sessions: { of: Account; session: StoredSession }[] = [];
  const prices = new Map<number, LastPrice>();
  const runs = new Map<string, Map<number, boolean>>();
  const notices: { of: Account; kept: KeptNotice }[] = [];

  const known = (identity: DayIdentity): Day | undefined => days.get(dayWorkflowId(identity));

  function dayOf(identity: DayIdentity): Day {
    const id = dayWorkflowId(identity);
    const day = days.get(id);
    if (day) return day;
    return opened(id, identity);
  }

  function opened(id: string, identity: DayIdentity): Day {
    const day: Day = {
      identity: copy(identity),
      ...{ state: 'awaiting_auth', sequence: 0, report: null, switches: null },
      ...{ events: new Map(), orders: new Map(), positions: new Map(), decisions: new Map() },
    };
    days.set(id, day);
    return day;
  }

  function write(batch: JournalBatch): void {
    checkWhole(batch);
    const { identity, sequence = 0, state, events, orders, positions, handedOver, decisions, switches = null } = batch;
    const day = dayOf(identity);
    if (sequence >= day.sequence && day.report === null) Object.assign(day, { state, sequence, switches });
    for (const event of events)
      if (!day.events.has(event.seq)) day.events.set(event.seq, { ...copy(event), date: identity.date });
    for (const decision of decisions) day.decisions.set(decision.at, copy(decision));
    for (const view of orders)
      if (sequence >= (day.orders.get(view.tag)?.sequence ?? 0))
        day.orders.set(view.tag, { view: copy(view), sequence });
    for (const view of positions)
      if (sequence >= (day.positions.get(view.id)?.sequence ?? 0))
        day.positions.set(view.id, { view: copy(view), handedOver: copy(handedOver?.[view.id] ?? null), sequence });
  }

  const ofAccount = (account: Account) =>
    [...days.values()]
      .filter(({ identity }) => isOf(identity, account))
      .sort((a, b) => a.identity.date.localeCompare(b.identity.date));
  const noticesOf = (account: Account) =>
    notices
      .filter(({ of }) => isOf({ ...of, date: '' }, account))
      .map(({ kept }) => kept)
      .sort((a, b) => a.queuedAt - b.queuedAt || a.notice.id.localeCompare(b.notice.id));
  const inOrder = (of: PositionView, other: PositionView) =>
    of.openedAt - other.openedAt || of.id.localeCompare(other.id);

  return {
    dump: () =>
      JSON.stringify([
        sessions,
        notices,
        [...days.values()].map((day) => ({
          ...day,
          events: [...day.events],
          orders: [...day.orders],
          positions: [...day.positions],
        })),
      ]),
    async recordDayOpened(identity) {
      dayOf(identity);
    },
    async write(batch) {
      write(batch);
    },
    async noteIntent(identity, order) {
      const { orders } = dayOf(identity);
      if (!orders.has(order.tag)) orders.set(order.tag, { view: copy(order), sequence: 0 });
    },
    async saveReport(report) {
      const state = report.result === 'holiday' ? 'holiday' : 'closed';
      Object.assign(dayOf(report.identity), { report: copy(report), state });
    },
    async report(account, date) {
      return copy(ofAccount(account).find(({ identity }) => identity.date === date)?.report ?? null);
    },
    async days(account) {
      return ofAccount(account).map(({ identity, state, report }) => ({
        date: identity.date,
        state,
        result: report?.result ?? null,
      }));
    },
    async events(identity, limit) {
      return copy([...(known(identity)?.events.values() ?? [])].sort((a, b) => b.seq - a.seq).slice(0, limit));
    },
    async orders(identity) {
      const views = [...(known(identity)?.orders.values() ?? [])].map(({ view }) => view);
      return copy(views.sort((a, b) => a.intendedAt - b.intendedAt || a.tag.localeCompare(b.tag)));
    },
    async positions(identity) {
      return copy([...(known(identity)?.positions.values() ?? [])].map(({ view }) => view).sort(inOrder));
    },
    async conversionSeen(account) {
      const orders = ofAccount(account).flatMap((day) => [...day.orders.values()]);
      return orders.some(({ view }) => view.purpose === 'stop' && view.orderType === 'LIMIT');
    },
    async soFar(identity) {
      const day = ofAccount(identity).find((one) => one.identity.date === identity.date);
      if (!day || day.sequence === 0) return null;
      return copy({
        sequence: day.sequence,
        logged: Math.max(0, ...[...day.events.values()].map(({ seq }) => seq)),
        orders: [...day.orders.values()]
          .map(({ view }) => view)
          .sort((a, b) => a.intendedAt - b.intendedAt || a.tag.localeCompare(b.tag)),
        positions: [...day.positions.values()]
          .map(({ view, handedOver }) => ({ view, handedOver }))
          .sort((a, b) => inOrder(a.view, b.view)),
        decisions: [...day.decisions.values()].sort((a, b) => a.at - b.at),
        switches: day.switches,
      });
    },
    async handover(account, before: IsoDate): Promise<OpenAtEnd | null> {
      const last = ofAccount(account).findLast((day) => day.identity.date < before && day.positions.size > 0);
      if (!last) return null;
      const open = [...last.positions.values()].filter(({ view }) => view.state !== 'closed');
      const positions = open
        .map(({ view, handedOver }) => ({ view, handedOver }))
        .sort((a, b) => inOrder(a.view, b.view));
      return copy({ date: last.identity.date, ended: last.report !== null, positions });
    },
    async addSession(account, session) {
      const mine = sessions.filter(({ of }) => isOf({ ...of, date: '' }, account));
      const known = mine.find((one) => one.session.sealedAccessToken === session.sealedAccessToken);
      if (known) return copy(known.session);
      const stored = { ...session, number: mine.length + 1 };
      const { mode, account: name, run } = account;
      sessions.push({ of: { mode, account: name, run }, session: stored });
      return copy(stored);
    },
    async currentSession(account) {
      return copy(sessions.findLast(({ of }) => isOf({ ...of, date: '' }, account))?.session ?? null);
    },
    async saveLastPrices(fresh) {
      // Of two in one call the last one counts, as in one statement of SQL.
      for (const price of new Map(fresh.map((one) => [one.instrumentToken, one])).values())
        if (price.at >= (prices.get(price.instrumentToken)?.at ?? 0)) prices.set(price.instrumentToken, copy(price));
    },
    async lastPrices() {
      return copy([...prices.values()].sort((a, b) => a.instrumentToken - b.instrumentToken));
    },
    async saveNotice(account, kept) {
      const known = noticesOf(account).find(({ notice }) => notice.id === kept.notice.id);
      if (known) known.deliveredAt ??= kept.deliveredAt;
      else notices.push({ of: { mode: account.mode, account: account.account, run: account.run }, kept: copy(kept) });
      return (known ?? kept).deliveredAt;
    },
    async undeliveredNotices(account, limit) {
      return copy(noticesOf(account).filter(({ deliveredAt }) => deliveredAt === null)).slice(0, limit);
    },
    async notices(account, limit) {
      return copy(noticesOf(account).reverse().slice(0, limit));
    },
    async replayRun(account) {
      const last = [...(runs.get(account) ?? [])].sort(([a], [b]) => b - a)[0];
      return last ? { run: last[0], finished: last[1] } : null;
    },
    async startReplayRun(account, run) {
      const known = runs.get(account) ?? new Map<number, boolean>();
      runs.set(account, known);
      if (!known.has(run)) known.set(run, false);
    },
    async finishReplayRun(account, run) {
      runs.set(account, (runs.get(account) ?? new Map<number, boolean>()).set(run, true));
    },
    async ping() {},
    async close() {},
  };
}

/** What the tables keep in columns of whole numbers: a batch with another number in them is refused before anything of it is written. */
function checkWhole({ sequence = 0, events, orders, positions, decisions }: JournalBatch): void {
  const numbers = [
    sequence,
    ...events.flatMap(({ seq, at }) => [seq, at]),
    ...orders.flatMap(({ fills }) => fills.flatMap(({ quantity, price, at }) => [quantity, price, at])),
    ...positions.map(({ openedAt }) => openedAt),
    ...decisions.flatMap(({ barStart, at }) => [barStart, at]),
  ];
  const odd = numbers.find((number) => !Number.isInteger(number));
  if (odd !== undefined) throw new Error(`the journal keeps whole numbers, not ${odd}`);
}
