/** Invariant 5: a position is left for a reason that the market or the book shows, and at its target. */
import { istAt, istDate, istTime } from '../../domain/clock.ts';
import type { Paise } from '../../domain/types.ts';
import { FAULT_KINDS } from '../../exchange-simulator/core/faults.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { LogLine, Point } from '../world/world.ts';
import type { Able } from './able.ts';
import type { Dues } from './dues.ts';
import type { Findings } from './findings.ts';
import { positionOf, tagOf } from './legs.ts';
import type { PositionsWatch } from './positions.ts';

/** Ticks and a pace lie between what the product saw and what is seen here: only what is far from true is no reason. */
const SURELY_NOT = 0.6;
const SURELY = 1.3;
/** Of a position of up to ten lots: a target is reached after them. Paise. */
const CHARGES = 300_00;
/** A price may have passed that nobody sees any more. */
const QUIET_FOR_MS = 60_000;
/** A command to cancel has its answer within this time. */
const CANCELLED_WITHIN_MS = 8_000;
const TARGET_WITHIN_MS = 20_000;

export class Reasons {
  private readonly of: { play: Play; able: Able; positions: PositionsWatch; dues: Dues; findings: Findings };
  private targetSince: number | null = null;
  /** What leaving would have lost at the last looks, and when the exchange's own prices were last bent. */
  private seen: { at: number; position: string; loss: Paise }[] = [];
  private bentAt = 0;
  private cancelsAskedAt = Number.NEGATIVE_INFINITY;

  constructor(of: Reasons['of']) {
    this.of = of;
    of.play.world.onLine((line) => this.hear(line));
    of.play.onCommand(({ command }) => {
      if (command === 'cancel_orders') this.cancelsAskedAt = virtualNow();
    });
    of.play.world.hooks.add((point) => this.atPoint(point));
  }

  private hear({ data, text }: LogLine): void {
    if (!('kind' in data) || data.kind !== 'exit_requested') return;
    const [, position, reason] = /^(P\d+): leaving \(([a-z ]+)\)/.exec(text) ?? [];
    const { play, able, dues, findings } = this.of;
    if (!position || this.of.positions.isTouched(position)) return;
    // What disturbs orders and reads excuses no reason that is taken from prices: only what was wrong with prices does.
    const isOfPrices = reason === 'loss cap' || reason === 'target';
    if (isOfPrices ? this.pricesExcuse() : able.answersFor() < QUIET_FOR_MS) return;
    const now = virtualNow();
    const date = istDate(now);
    const losses = [
      dues.lossOf(position),
      ...this.seen.filter((look) => look.position === position).map(({ loss }) => loss),
    ];
    const isTrue = {
      'loss cap': () => Math.max(...losses) >= SURELY_NOT * play.plan.maxLossPerTrade,
      target: () => -Math.min(...losses) >= SURELY_NOT * dues.targetOf(position),
      'resting stop': () => !this.stopsRest(position),
      // Others have closed nothing of it.
      external: () => false,
      'exit time': () => now >= istAt(date, '15:15') - 1_000 - this.aheadMs() && dues.leavesOn(position) <= date,
      // What was carried may be left at the open, on a close of the day before.
      'index stop': () => play.world.contradicted || now <= istAt(date, '09:20') || dues.indexBeyond(position, now),
    }[reason ?? ''];
    if (isTrue && !isTrue())
      findings.add(
        5,
        `left without its reason: ${reason}`,
        `${position} at ${istTime(now)}, lost ${dues.lossOf(position) / 100}`,
      );
  }

  /** A worker whose clock is ahead leaves so much too early; that is paged. */
  private aheadMs(): number {
    return Math.max(0, ...this.of.play.world.products.map(({ process }) => process.clockOffset));
  }

  /** Every stop of a position still rests as it was placed, for all that is sold: none was triggered, filled, cancelled or refused. */
  private stopsRest(position: string): boolean {
    const stops = this.of.play.world.exchange.orders().filter(({ tag, source }) => {
      const parsed = source === undefined ? tagOf(tag) : null;
      return parsed?.purpose === 'stop' && positionOf(parsed) === position;
    });
    const rested = stops.filter(({ status, orderType }) => status === 'TRIGGER PENDING' && orderType === 'SL');
    const units = rested.reduce((sum, { quantity }) => sum + quantity, 0);
    return stops.length > 0 && rested.length === stops.length && units === this.of.positions.shortOf(position);
  }

  /** What a person cancels is what a person ordered: a stop protects until its position is left, or others have closed some of it. */
  private atPoint(point: Point): void {
    if (point.kind !== 'call' || point.point !== 'leaves' || point.call.name !== 'cancelOrder') return;
    const tag = tagOf(point.call.order?.tag);
    if (tag?.purpose !== 'stop' || virtualNow() - this.cancelsAskedAt > CANCELLED_WITHIN_MS) return;
    const { positions, dues, findings } = this.of;
    const position = positionOf(tag);
    if (!position.startsWith('P') || positions.isLeft(position) || positions.isTouched(position)) return;
    // Of everything that is closed the log tells later.
    if (dues.closingSince !== null) return;
    if (this.stopsRest(position))
      findings.add(3, 'a stop was cancelled for a person', `${point.call.order?.tag} of ${position}`);
  }

  /** Prices were wrong, hidden or old a moment ago, or a lie of the ticks stood long enough to be believed. */
  private pricesExcuse(): boolean {
    const { play, able } = this.of;
    const { world } = play;
    this.lookAtPrices();
    // A line of an exit waits for the journal: it is of prices that nobody sees any more.
    const met = Math.max(this.bentAt, world.metAt.prices, world.metAt.journal, world.ticker.lies.believedAt());
    return !able.productWorks() || virtualNow() - met < QUIET_FOR_MS;
  }

  private lookAtPrices(): void {
    const { exchange } = this.of.play.world;
    if (exchange.faults().some(({ kind }) => FAULT_KINDS[kind] === 'state')) this.bentAt = virtualNow();
  }

  private remember(): void {
    const { positions, dues } = this.of;
    const at = virtualNow();
    this.lookAtPrices();
    this.seen = this.seen.filter((look) => at - look.at < QUIET_FOR_MS);
    for (const position of positions.openPositions()) this.seen.push({ at, position, loss: dues.lossOf(position) });
  }

  pulse(): void {
    const { play, able, positions, dues, findings } = this.of;
    this.remember();
    const due = positions.openPositions().filter((position) => {
      if (!position.startsWith('P') || positions.isLeft(position) || positions.isTouched(position)) return false;
      // A jump that no option can make is believed by nobody, and is paged.
      const blind = play.world.pages.findLast(({ cause, subject }) => cause === 'blind' && subject === position);
      if (blind && blind.kind !== 'ended') return false;
      const target = dues.targetOf(position);
      return target > 0 && -dues.lossOf(position) > SURELY * target + CHARGES * Math.ceil(play.plan.numLots / 10);
    });
    if (due.length === 0 || able.answersFor() < TARGET_WITHIN_MS) {
      this.targetSince = null;
      return;
    }
    this.targetSince ??= virtualNow();
    if (virtualNow() - this.targetSince > TARGET_WITHIN_MS) findings.add(5, 'a target was not taken', due.join(', '));
  }
}
