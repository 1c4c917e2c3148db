/** Invariant 5: a position whose stop has failed is left (TRADING section 5), and not only protected anew. */
import { istAt, istDate } from '../../domain/clock.ts';
import type { MarketMs } from '../../domain/types.ts';
import type { SimOrder } from '../../exchange-simulator/core/types.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Able } from './able.ts';
import type { Findings } from './findings.ts';
import { positionOf, tagOf } from './legs.ts';
import type { PositionsWatch } from './positions.ts';

/** The slowest look at the book, and the two seconds that a triggered stop is given, lie before. */
const LEFT_WITHIN_MS = 30_000;
/** What the exchange refuses in its first seconds does not count. */
const OPENING = '09:15';
const OPENING_MS = 30_000;

export class FailedStops {
  private readonly of: { play: Play; able: Able; positions: PositionsWatch; findings: Findings };
  private readonly since = new Map<string, MarketMs>();
  /** Tags of which we have asked for a cancellation. */
  private readonly cancelled = new Set<string>();

  constructor(of: FailedStops['of']) {
    this.of = of;
    of.play.world.hooks.add((point) => {
      if (point.kind === 'call' && point.point === 'leaves' && point.call.name === 'cancelOrder')
        this.cancelled.add(point.call.order?.tag ?? '');
    });
  }

  pulse(marketIsOpen: boolean): void {
    const { able, positions, findings } = this.of;
    const now = virtualNow();
    const failed = new Map<string, string>();
    for (const position of marketIsOpen ? positions.openPositions() : []) {
      if (!position.startsWith('P') || positions.isLeft(position) || positions.isTouched(position)) continue;
      const why = this.failureOf(position);
      if (why !== null) failed.set(position, why);
    }
    for (const position of this.since.keys()) if (!failed.has(position)) this.since.delete(position);
    for (const [position, why] of failed) {
      const since = this.since.get(position) ?? now;
      this.since.set(position, since);
      if (Math.min(able.answersFor(), now - since) > LEFT_WITHIN_MS)
        findings.add(5, 'a failed stop was not taken', `${position}: its stop ${why}`);
    }
  }

  private failureOf(position: string): string | null {
    const stops = this.of.play.world.exchange.orders().filter(({ tag, source }) => {
      const parsed = source === undefined ? tagOf(tag) : null;
      return parsed?.purpose === 'stop' && positionOf(parsed) === position;
    });
    if (stops.some(({ status, orderType }) => status === 'OPEN' && orderType === 'SL')) return 'is triggered and open';
    const byOthers = ({ status, tag }: SimOrder) => status === 'CANCELLED' && !this.cancelled.has(tag ?? '');
    if (stops.some(byOthers)) return 'was cancelled by others';
    const from = istAt(istDate(virtualNow()), OPENING) + OPENING_MS;
    const sliceOf = ({ tag }: SimOrder) => tagOf(tag)?.slice;
    const isAgain = (one: SimOrder, index: number) => {
      const before = stops.slice(0, index).findLast((other) => sliceOf(other) === sliceOf(one));
      return one.status === 'REJECTED' && before?.status === 'REJECTED' && before.placedAt >= from;
    };
    return stops.some(isAgain) ? 'was refused twice' : null;
  }
}
