/** Invariant 6: nothing is opened after its age, its time, or beyond its limits. */

import type { Plan } from '../../../workflows/messages.ts';
import { hourlyBars, timetable } from '../../domain/calendar/index.ts';
import { istDate, istTime } from '../../domain/clock.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Point, World } from '../world/world.ts';
import type { BookWatch } from './book.ts';
import type { Findings } from './findings.ts';
import { positionOf, tagOf } from './legs.ts';

const AGE_MS = 5 * 60_000;
/** The way of an order to the exchange. */
const GRACE_MS = 2_000;

export function watchEntries(of: {
  world: World;
  book: BookWatch;
  findings: Findings;
  plan(): Plan;
  isStopped(): boolean;
}): void {
  const { world, book, findings } = of;
  world.hooks.add((point: Point) => {
    if (point.kind !== 'call' || point.point !== 'leaves' || point.call.name !== 'placeOrder') return;
    const tag = tagOf(point.call.order?.tag);
    if (!tag || tag.manual || tag.purpose !== 'entry') return;
    const now = virtualNow();
    const date = istDate(now);
    const plan = of.plan();
    const bar = hourlyBars(date).findLast(({ end }) => end <= now);
    const when = istTime(now);
    if (!bar || now > bar.end + AGE_MS + GRACE_MS)
      findings.add(6, 'an entry after its age', `${point.call.order?.tag} leaves at ${when}`);
    const times = timetable(date);
    if (plan.exitPolicy === 'intraday' && bar && bar.end > times.lastEntry)
      findings.add(6, 'an entry after the last time for entries', `${point.call.order?.tag} leaves at ${when}`);
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
