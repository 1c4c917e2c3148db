/** Invariant 6: nothing is opened after its age, its time, or beyond its limits. */

import { istAt, istDate, istTime } from '../../domain/clock.ts';
import type { IsoDate, MarketMs } from '../../domain/types.ts';
import { FAULT_KINDS } from '../../exchange-simulator/core/faults.ts';
import type { SimOrder } from '../../exchange-simulator/core/types.ts';
import { signalOn } from '../markets.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Point } from '../world/world.ts';
import type { Able } from './able.ts';
import type { BookWatch } from './book.ts';
import type { Dues } from './dues.ts';
import type { Findings } from './findings.ts';
import { HOUR_CLOSES } from './hours.ts';
import { positionOf, tagOf } from './legs.ts';

const AGE_MS = 5 * 60_000;
/** The way of an order to the exchange. */
const GRACE_MS = 2_000;
/** A stop ends signals: an entry that is under way may come to its end, slice by slice. */
const OFF_WITHIN_MS = 10_000;
/** After an emergency nothing new is wanted: only an order that is just being sent may still leave (TRADING section 4: 2 s). */
const CLOSED_WITHIN_MS = 3_000;
/** What is live when everything is to be closed is cancelled first: by then somebody has asked for it, whatever stood in the way. */
const CANCELLED_WITHIN_MS = 60_000;
/** TRADING section 3. */
const LAST_ENTRY = '14:15';
/** Prices move between a plan and its order, and so does the margin that others leave. */
const SURELY = 1.1;
const PLANNED_WITHIN_MS = 10_000;

export function watchEntries(of: {
  play: Play;
  able: Able;
  book: BookWatch;
  findings: Findings;
  dues: Pick<Dues, 'entriesOffSince' | 'closingSince'>;
}): void {
  const { play, findings } = of;
  const isAsked = watchHoldings(play);
  watchCancelled(of);
  play.world.hooks.add((point: Point) => {
    if (point.kind !== 'call' || point.point !== 'leaves' || point.call.name !== 'placeOrder') return;
    const { order } = point.call;
    const tag = tagOf(order?.tag);
    if (!order || !tag || tag.manual || tag.purpose !== 'entry') return;
    const now = virtualNow();
    const date = istDate(now);
    const { plan } = play;
    const bar = decidedAt(play, now);
    const when = istTime(now);
    if (bar === undefined || now > bar + AGE_MS + GRACE_MS)
      findings.add(6, 'an entry after its age', `${order.tag} leaves at ${when}`);
    if (plan.exitPolicy === 'intraday' && bar !== undefined && bar > istAt(date, LAST_ENTRY))
      findings.add(6, 'an entry after the last time for entries', `${order.tag} leaves at ${when}`);
    const { entriesOffSince: off, closingSince } = of.dues;
    if (closingSince !== null && now > closingSince + CLOSED_WITHIN_MS)
      findings.add(6, 'an entry after everything was to be closed', `${order.tag} leaves at ${when}`);
    const opens = tag.role === (plan.useHedging ? 'hedge' : 'main');
    if (opens && off !== null && now > off + OFF_WITHIN_MS)
      findings.add(6, 'an entry while entries are off', `${order.tag} leaves at ${when}`);
    if (opens && isAsked())
      findings.add(6, 'an entry before a holding of others was acknowledged', `${order.tag} leaves at ${when}`);
    if (opens) judgeLimits(of, positionOf(tag), order.tradingsymbol);
  });
}

/** Everything is to be closed, and an entry is left to fill. */
function watchCancelled({ play, able, findings, dues }: Parameters<typeof watchEntries>[0]): void {
  const cancelled = new Set<string>();
  play.world.hooks.add((point: Point) => {
    if (point.kind === 'call' && point.point === 'leaves' && point.call.name === 'cancelOrder')
      cancelled.add(point.call.order?.tag ?? '');
  });
  play.world.exchange.onOrder(({ tag, source, fills, placedAt }) => {
    const parsed = source === undefined ? tagOf(tag) : null;
    const last = fills.at(-1)?.at ?? 0;
    if (parsed?.purpose !== 'entry' || parsed.manual || cancelled.has(tag ?? '')) return;
    // One that the exchange takes only now was not there to be cancelled.
    if (dues.closingSince === null || last < Math.max(dues.closingSince, placedAt) + CANCELLED_WITHIN_MS) return;
    if (able.productWorks() && able.hasSession())
      findings.add(6, 'an entry filled that was to be cancelled', `${tag} at ${istTime(last)}`);
  });
}

/** What others held when somebody logged in keeps entries out until a person has acknowledged it. */
function watchHoldings(play: Play): () => boolean {
  const { exchange } = play.world;
  let acknowledgedAt = 0;
  play.onCommand(({ command }) => {
    if (command === 'acknowledge') acknowledgedAt = virtualNow();
  });
  return () => {
    const { tradingFrom = 0, date = '' } = play.days.at(-1) ?? {};
    const loggedIn = tradingFrom - 60_000;
    const isTheirs = ({ source, tag }: SimOrder) => source !== undefined || tagOf(tag) === null;
    const held = exchange
      .orders()
      .some((order) => isTheirs(order) && order.fills.some(({ at }) => at < loggedIn && istDate(at) === date));
    return held && acknowledgedAt < loggedIn;
  };
}

/**
 * The close that has decided: the signal of the case's own day, for there is one a week; the last hour where Breeze has shown another
 * market, or the case has none of its own.
 */
function decidedAt({ of, world }: Play, now: MarketMs): MarketMs | undefined {
  const date = istDate(now);
  const hours = HOUR_CLOSES.map((time) => istAt(date, time));
  const signal = signalOn(of, date);
  if (of.market.generated !== undefined || world.contradicted) return hours.findLast((end) => end <= now);
  return signal ? hours.find((end) => end === istAt(date, signal.at) && end <= now) : undefined;
}

/** What a position may lose is reserved, and its margin is there, before it is opened. */
function judgeLimits({ play, book, findings }: Parameters<typeof watchEntries>[0], position: string, symbol: string) {
  const { plan } = play;
  // What a person has opened reserves what it can lose, not the whole of a position's limit.
  const held = [...book.legs.legs.values()].filter(({ net, position: of }) => net !== 0 && of.startsWith('P'));
  const open = new Set(held.map(({ position: of }) => of));
  if (open.has(position)) return;
  const lost = Math.max(0, book.legs.lostToday());
  if (open.size + 1 > plan.maxPositions) findings.add(6, 'more positions than the limit', `${open.size + 1} positions`);
  const reserved = (open.size + 1) * plan.maxLossPerTrade * (plan.useHedging ? 1 : 2);
  if (lost + reserved > plan.maxLossPerDay)
    findings.add(
      6,
      'the day’s limit is overdrawn',
      `lost ${Math.round(lost / 100)} and reserved ${reserved / 100} of ${plan.maxLossPerDay / 100}`,
    );
  // A price that jumps between the plan and its order is another one than the plan was made at.
  const isBent = play.world.exchange.faults().some(({ kind }) => FAULT_KINDS[kind] === 'state');
  if (plan.useHedging && !isBent) judgeSpread(play, findings, symbol);
}

/** By the prices of the moment: the product looks at worse ones, so that what is beyond its limits here was beyond them there. */
function judgeSpread(play: Play, findings: Findings, hedgeSymbol: string): void {
  const { plan, world } = play;
  const { exchange } = world;
  const signal = signalOn(play.of, istDate(virtualNow()));
  const hedge = exchange.find('NFO', hedgeSymbol);
  // In a generated market another signal may have fired than the case's own.
  if (play.of.market.generated !== undefined) return;
  if (!signal || world.contradicted || hedge?.kind !== 'option') return;
  const main = exchange.find('NFO', hedgeSymbol.replace(/\d{5}(CE|PE)$/, `${signal.sells.strike}$1`));
  if (main?.kind !== 'option') return;
  const [ask, bid] = [exchange.touch(hedge)?.depth.asks[0]?.price, exchange.touch(main)?.depth.bids[0]?.price];
  if (ask === undefined || bid === undefined) return;
  const units = plan.numLots * main.lotSize;
  const worst = Math.max(0, Math.abs(main.strike - hedge.strike) - (bid - ask)) * units;
  if (worst > SURELY * plan.maxCapitalAtRisk)
    findings.add(6, 'more capital at risk than the limit', `${worst / 100} of ${plan.maxCapitalAtRisk / 100}`);
  const product = plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML';
  const order = (side: 'BUY' | 'SELL', { tradingsymbol }: { tradingsymbol: string }, price: number) => ({
    ...{ variety: 'regular', exchange: 'NFO', tradingsymbol, side, orderType: 'LIMIT', product, validity: 'DAY' },
    ...{ quantity: units, price, triggerPrice: 0, disclosedQuantity: 0, marketProtection: null, tag: null },
  });
  // What others have just sold takes margin that was there when the entry was planned.
  const now = virtualNow();
  if (exchange.allOrders().some(({ source, placedAt }) => source !== undefined && now - placedAt < PLANNED_WITHIN_MS))
    return;
  const { available } = exchange.cash();
  const needed = exchange.margin([order('BUY', hedge, ask), order('SELL', main, bid)], true);
  const margin = 1.1 * Math.max(needed.final.total, needed.initial.total);
  if (margin > SURELY * available || ask * units > SURELY * available)
    findings.add(6, 'an entry beyond the margin', `${Math.round(margin / 100)} are needed of ${available / 100}`);
}

/** The day's limit holds what is carried, a loss of it, and one position more. */
function leavesRoom({ plan, days }: Play): boolean {
  return days.length === 1 || plan.maxLossPerDay >= (plan.useHedging ? 3 : 6) * plan.maxLossPerTrade;
}

/** A day on which nothing went wrong until then takes its signal: the hedge and the main leg, in the plan's size. */
export function judgeSignal(play: Play, date: IsoDate, findings: Findings): void {
  const { of, world } = play;
  const signal = signalOn(of, date);
  if (of.market.generated !== undefined || !signal) return;
  const { at: signalAt, sells } = signal;
  const until = istAt(date, signalAt) + AGE_MS;
  const contract = `${sells.strike}${sells.type}`;
  const sold = world.exchange.allOrders().filter(({ tag, placedAt, tradingsymbol }) => {
    if (!tradingsymbol.endsWith(contract)) return false;
    const parsed = tagOf(tag);
    return (
      placedAt < until &&
      istDate(placedAt) === date &&
      parsed?.role === 'main' &&
      parsed.purpose === 'entry' &&
      !parsed.manual
    );
  });
  const units = sold.reduce((sum, { quantity }) => sum + quantity, 0);
  const wanted = play.plan.numLots * play.plan.lotSize;
  if (units > wanted) findings.add(6, 'more than the plan', `${units} of ${wanted}`);
  // A deed half a minute after the last order has not changed its size.
  const last = sold.at(-1)?.placedAt ?? until;
  if (units > 0 && units < wanted && !play.diary.some(({ at }) => at < Math.min(until, last + 30_000)))
    findings.add(6, 'less than the plan', `${units} of ${wanted}`);
  if (play.diary.some(({ at }) => at < until)) return;
  // An account that is tight may refuse it, and rightly so: that it did is judged by what it takes.
  if (units === 0 && (of.cash !== undefined || of.isTight || !leavesRoom(play))) return;
  if (units === 0)
    findings.add(6, 'a signal was not taken', `a signal fired at ${signalAt}, and no ${contract} was sold`);
  else if (units !== wanted)
    findings.add(6, 'another size than the plan', `${units} were to be sold, the plan says ${wanted}`);
}
