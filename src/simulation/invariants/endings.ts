/** Invariants 4, 8, 9 and the rest of 10, once a day has ended or should have. */

import type { DayReport } from '../../contract/views.ts';
import { istDate } from '../../domain/clock.ts';
import type { MarketMs } from '../../domain/types.ts';
import { eventsOf, type PlayedDay } from '../played-day.ts';
import { virtualNow } from '../virtual-time.ts';
import type { World } from '../world/world.ts';
import type { BookWatch } from './book.ts';
import type { Findings } from './findings.ts';
import { contractKey, positionOf, tagOf } from './legs.ts';

/** Of a day's history. */
const MOST_EVENTS = 10_000;
/** From a trade to the look that shows it. */
const HEARD_WITHIN_MS = 10_000;
/** From an order that nobody answers to the second look that does not show it. */
const SETTLED_WITHIN_MS = 30_000;
const PAGED_BEFORE_CLOSE_MS = 45 * 60_000;

export function judgeEnd(of: {
  world: World;
  book: BookWatch;
  findings: Findings;
  day: PlayedDay;
  /** When something other than people's commands was first done. */
  accidentAt: number | null;
  /** A person has closed everything. */
  closedAll: boolean;
  /** Something was lost of which nothing was written: a person is asked about it, and the day is not called flat. */
  isUnwritten: boolean;
  /** Somebody was logged in when the market closed; and when somebody last was before it. */
  couldRead: boolean;
  readUntil: MarketMs;
}): void {
  const { world, book, findings, day } = of;
  const { report, execution } = day;
  for (const failure of world.taskFailures) findings.add(4, 'a workflow task fails', failure.slice(0, 300));
  if (day.brokenOff) {
    // What a day that spins would have come to is not known.
  } else if (!report)
    findings.add(4, 'no report', `the day is ${execution.state}: ${execution.failure?.message ?? 'it never ended'}`);
  else judgeReport(of, report);
  const events = eventsOf(day);
  if (events > MOST_EVENTS) findings.add(8, 'too many events', `${events} events`);
  for (const leak of new Set(world.leaks)) findings.add(9, 'a secret in a payload', leak);
  const text = [...world.secrets].length > 0 ? JSON.stringify([world.lines, world.pages]) + world.journal.dump() : '';
  for (const secret of world.secrets)
    if (text.includes(secret))
      findings.add(9, 'a secret in a log or in the journal', 'a token stands where none may be');
  // An exchange that rejects orders of ours, after a gap as well, is a cause.
  const rejected = world.exchange
    .allOrders()
    .flatMap(({ tag, status, updatedAt }) => (tagOf(tag) && status === 'REJECTED' ? [updatedAt] : []));
  const accidentAt = Math.min(of.accidentAt ?? Number.POSITIVE_INFINITY, ...rejected);
  // Nobody has logged in yet when trading begins: that is a page's cause.
  const uncaused = world.pages.find(
    ({ at, kind, cause, text }) =>
      at > day.tradingFrom &&
      at < accidentAt &&
      // Who closes everything is told what came of it.
      !(kind === 'told' && cause === 'emergency' && of.closedAll) &&
      // A long that nobody buys is one by the market alone; its broker squares it off in vain.
      cause !== 'surplus_hedge' &&
      // So is a loss: whether it is one is judged where positions are left for it.
      cause !== 'day_loss_limit' &&
      !(cause === 'broker_square_off' && / placed SELL /.test(text)) &&
      !(cause === 'not_flat' && / long/.test(text) && !/ short/.test(text)),
  );
  if (uncaused) findings.add(10, 'a page without a cause', uncaused.text);
  // What has expired is settled: it is open no more.
  book.legs.settle((contract) => expiryOf(world, contract) <= day.date);
}

function judgeReport(of: Parameters<typeof judgeEnd>[0], report: DayReport): void {
  const { world, book, findings, day, couldRead, readUntil, isUnwritten } = of;
  const open = [...book.legs.open(virtualNow())].filter(([contract]) => !isSettled(of, contract));
  const left = open.map(([contract, units]) => `${units} ${contract}`).join(', ');
  const { result } = report;
  // What was traded after the last login was lost, or was sent before it and never came, nobody could hear of.
  const isDoubted = world.pages.findLast(({ cause }) => cause === 'doubt')?.kind;
  const isUnheard =
    (isDoubted !== undefined && isDoubted !== 'ended') ||
    world.metAt.placing > readUntil - SETTLED_WITHIN_MS ||
    world.exchange
      .allOrders()
      .some(({ fills }) => fills.some(({ at }) => istDate(at) === day.date && at > readUntil - HEARD_WITHIN_MS));
  // What a late order had closed twice, and the broker has squared off, is in no ledger: it is said as it was left.
  const isSquaredOff = book.lateOrders > 0 && world.exchange.allOrders().some(({ source }) => source === 'broker');
  // What expires is booked at a close that somebody logged in has to ask for: until then it is said as it was left.
  const isUnpriced =
    !couldRead && [...book.legs.open(virtualNow()).keys()].some((contract) => expiryOf(world, contract) <= day.date);
  if (
    open.length === 0 &&
    result === 'not_flat' &&
    (couldRead || !isUnheard) &&
    !isSquaredOff &&
    !isUnpriced &&
    !isUnwritten
  )
    findings.add(
      4,
      'not_flat, and it is flat',
      report.warnings
        .map(({ message }) => message)
        .join(' ')
        .slice(0, 300),
    );
  if (open.length === 0 && result === 'carried') findings.add(4, 'carried, and nothing is', '');
  if (open.length > 0 && result === 'flat') findings.add(4, 'flat, and it is not', left);
  if (open.length > 0 && result === 'carried' && open.some(([contract]) => contract.startsWith('MIS')))
    findings.add(4, 'carried under MIS', left);
  const paged = world.pages.some(({ at }) => at > day.close - PAGED_BEFORE_CLOSE_MS);
  if (result === 'not_flat' && !paged) findings.add(4, 'not_flat, and nobody was paged', left);
  if (couldRead && !isUnwritten) judgeMoney(of, report);
}

/**
 * It has expired and is open no more. What was bought or sold for the day alone is squared off by the broker before that, unless it was left
 * over from the day before, when nobody took it.
 */
function isSettled({ world, book, day }: Parameters<typeof judgeEnd>[0], contract: string): boolean {
  if (expiryOf(world, contract) > day.date) return false;
  const legs = [...book.legs.legs.values()].filter((leg) => leg.contract === contract && leg.net !== 0);
  return contract.startsWith('NRML') || legs.every(({ openedAt }) => istDate(openedAt) < day.date);
}

/** Trades and gross to the paisa: every fill of ours of the date, and no other, where nobody else traded our contracts. */
function judgeMoney({ world, book, findings, day }: Parameters<typeof judgeEnd>[0], report: DayReport): void {
  const touched = book.legs.touchedByOthers();
  const ours = world.exchange
    .allOrders()
    .filter(
      ({ source, tag, placedAt }) =>
        source === undefined && tag !== null && tagOf(tag) !== null && istDate(placedAt) === day.date,
    );
  const fills = ours.flatMap(({ side, tag, tradingsymbol, fills: of }) =>
    of.map((fill) => ({ ...fill, side, tag, tradingsymbol })),
  );
  const reported = new Set(report.trades.map(({ tradeId }) => tradeId));
  const missing = fills.filter(({ tradeId }) => !reported.has(tradeId));
  if (missing.length > 0)
    findings.add(
      4,
      'a fill that the report leaves out',
      `${missing.length} of ${fills.length} fills are missing in the report`,
    );
  const settled = report.trades.some(({ tradeId }) => !Number.isInteger(Number(tradeId)));
  if (!touched && !settled && report.trades.length > fills.length)
    findings.add(
      4,
      'a trade that the book does not have',
      `${report.trades.length} reported, ${fills.length} on the book`,
    );
  const byId = new Map(fills.map((fill) => [fill.tradeId, fill]));
  const wrong = report.trades.find(({ tradeId, ...told }) => {
    const fill = byId.get(tradeId);
    return (
      fill && (['side', 'quantity', 'price', 'tag', 'tradingsymbol'] as const).some((key) => fill[key] !== told[key])
    );
  });
  if (wrong) findings.add(4, 'a trade told wrongly', JSON.stringify(wrong));
  const { pnl, charges } = report;
  const lines = charges.brokerage + charges.stt + charges.transaction + charges.sebi + charges.stamp + charges.gst;
  const executed = new Set(ours.filter(({ filledQuantity }) => filledQuantity > 0).map(({ orderId }) => orderId)).size;
  if (
    pnl.net !== pnl.gross - pnl.charges ||
    pnl.charges !== charges.total ||
    lines !== charges.total ||
    (!touched && !settled && charges.brokerage !== executed * 20_00)
  )
    findings.add(4, 'charges or net do not add up', JSON.stringify({ pnl, charges, executed }));
  if (touched || report.result !== 'flat' || report.positions.some(({ openedAt }) => istDate(openedAt) !== day.date))
    return;
  const gross = fills.reduce(
    (sum, { side, quantity, price }) => sum + (side === 'SELL' ? 1 : -1) * quantity * price,
    0,
  );
  if (report.pnl.gross !== gross)
    findings.add(4, 'another gross than the book', `${report.pnl.gross} reported, ${gross} by the book`);
  for (const { id, realised } of report.positions) {
    if (book.legs.moved.has(id)) continue;
    const own = fills.filter(({ tag }) => {
      const parsed = tagOf(tag);
      return parsed !== null && positionOf(parsed) === id;
    });
    const made = own.reduce((sum, { side, quantity, price }) => sum + (side === 'SELL' ? 1 : -1) * quantity * price, 0);
    if (made !== realised)
      findings.add(4, 'another result of a position than the book', `${id}: ${realised} reported, ${made} by the book`);
  }
}

function expiryOf(world: World, contract: string): string {
  const order = world.exchange.allOrders().find((candidate) => contractKey(candidate) === contract);
  const instrument = order && world.exchange.find('NFO', order.tradingsymbol);
  return instrument?.kind === 'option' ? instrument.expiry : istDate(virtualNow());
}
