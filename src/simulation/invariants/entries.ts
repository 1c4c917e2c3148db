/** Invariant 6: nothing is opened after its age, its time, or beyond its limits. */

import type { Plan } from '../../../workflows/messages.ts';
import { istAt, istDate, istTime } from '../../domain/clock.ts';
import { signalOf } from '../markets.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Point, World } from '../world/world.ts';
import type { BookWatch } from './book.ts';
import type { Dues } from './dues.ts';
import type { Findings } from './findings.ts';
import { positionOf, tagOf } from './legs.ts';

const AGE_MS = 5 * 60_000;
/** The way of an order to the exchange. */
const GRACE_MS = 2_000;
/** An entry that is under way when entries are turned off may still be on its way. */
const OFF_WITHIN_MS = 10_000;
/** By the exchange's hours and TRADING section 3, not by the product's own timetable. */
const HOUR_ENDS = ['10:15', '11:15', '12:15', '13:15', '14:15', '15:15'];
const LAST_ENTRY = '14:15';

export function watchEntries(of: {
  world: World;
  book: BookWatch;
  findings: Findings;
  plan(): Plan;
  dues: Pick<Dues, 'entriesOffSince' | 'closingSince'>;
}): void {
  const { world, book, findings } = of;
  world.hooks.add((point: Point) => {
    if (point.kind !== 'call' || point.point !== 'leaves' || point.call.name !== 'placeOrder') return;
    const tag = tagOf(point.call.order?.tag);
    if (!tag || tag.manual || tag.purpose !== 'entry') return;
    const now = virtualNow();
    const date = istDate(now);
    const plan = of.plan();
    const bar = HOUR_ENDS.map((time) => istAt(date, time)).findLast((end) => end <= now);
    const when = istTime(now);
    const name = point.call.order?.tag;
    if (bar === undefined || now > bar + AGE_MS + GRACE_MS)
      findings.add(6, 'an entry after its age', `${name} leaves at ${when}`);
    if (plan.exitPolicy === 'intraday' && bar !== undefined && bar > istAt(date, LAST_ENTRY))
      findings.add(6, 'an entry after the last time for entries', `${name} leaves at ${when}`);
    const { entriesOffSince: off, closingSince } = of.dues;
    if (closingSince !== null && now > closingSince + OFF_WITHIN_MS)
      findings.add(6, 'an entry after everything was to be closed', `${name} leaves at ${when}`);
    if (tag.role === 'hedge' && off !== null && now > off + OFF_WITHIN_MS)
      findings.add(6, 'an entry while entries are off', `${name} leaves at ${when}`);
    // What a person has opened reserves what it can lose, not the whole of a position's limit.
    const held = [...book.legs.legs.values()].filter(({ net, position }) => net !== 0 && position.startsWith('P'));
    const open = new Set(held.map(({ position }) => position));
    const isNew = !open.has(positionOf(tag)) && tag.role === 'hedge';
    if (!isNew) return;
    const lost = Math.max(0, -[...book.legs.legs.values()].reduce((sum, { realised }) => sum + realised, 0));
    if (open.size + 1 > plan.maxPositions)
      findings.add(6, 'more positions than the limit', `${open.size + 1} positions`);
    const reserved = (open.size + 1) * plan.maxLossPerTrade;
    if (lost + reserved > plan.maxLossPerDay)
      findings.add(
        6,
        'the day’s limit is overdrawn',
        `lost ${Math.round(lost / 100)} and reserved ${reserved / 100} of ${plan.maxLossPerDay / 100}`,
      );
  });
}

/** A day on which nothing went wrong until then takes its signal: the hedge and the main leg, in the plan's size. */
export function judgeSignal(play: Play, findings: Findings): void {
  const { of, world } = play;
  if (of.market.generated !== undefined) return;
  const { at: signalAt, sells } = signalOf(of);
  const until = istAt(play.day0, signalAt) + AGE_MS;
  const contract = `${sells.strike}${sells.type}`;
  const sold = world.exchange.allOrders().filter(({ tag, placedAt, tradingsymbol }) => {
    if (!tradingsymbol.endsWith(contract)) return false;
    const parsed = tagOf(tag);
    return placedAt < until && parsed?.role === 'main' && parsed.purpose === 'entry' && !parsed.manual;
  });
  const units = sold.reduce((sum, { quantity }) => sum + quantity, 0);
  const wanted = play.plan.numLots * play.plan.lotSize;
  if (units > wanted) findings.add(6, 'more than the plan', `${units} of ${wanted}`);
  // A deed half a minute after the last order has not changed its size.
  const last = sold.at(-1)?.placedAt ?? until;
  if (units > 0 && units < wanted && !play.diary.some(({ at }) => at < Math.min(until, last + 30_000)))
    findings.add(6, 'less than the plan', `${units} of ${wanted}`);
  if (play.diary.some(({ at }) => at < until)) return;
  if (units === 0)
    findings.add(6, 'a signal was not taken', `a signal fired at ${signalAt}, and no ${contract} was sold`);
  else if (units !== wanted)
    findings.add(6, 'another size than the plan', `${units} were to be sold, the plan says ${wanted}`);
}
