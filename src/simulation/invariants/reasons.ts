/** Invariant 5: a position is left for a reason that the market shows, and at its target. */
import { istAt, istDate, istTime } from '../../domain/clock.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { LogLine } from '../world/world.ts';
import type { Able } from './able.ts';
import type { Dues } from './dues.ts';
import type { Findings } from './findings.ts';
import type { PositionsWatch } from './positions.ts';

/** Ticks and a pace lie between what the product saw and what is seen here: only what is far from true is no reason. */
const SURELY_NOT = 0.6;
const SURELY = 1.3;
/** Of a position of up to ten lots: a target is reached after them. Paise. */
const CHARGES = 300_00;
/** A price may have passed that nobody sees any more. */
const QUIET_FOR_MS = 60_000;
const TARGET_WITHIN_MS = 20_000;

export class Reasons {
  private readonly of: { play: Play; able: Able; positions: PositionsWatch; dues: Dues; findings: Findings };
  private targetSince: number | null = null;

  constructor(of: Reasons['of']) {
    this.of = of;
    of.play.world.onLine((line) => this.hear(line));
  }

  private hear({ data, text }: LogLine): void {
    if (!('kind' in data) || data.kind !== 'exit_requested') return;
    const [, position, reason] = /^(P\d+): leaving \(([a-z ]+)\)/.exec(text) ?? [];
    const { play, able, dues, findings } = this.of;
    if (!position || able.answersFor() < QUIET_FOR_MS || this.of.positions.isTouched(position)) return;
    const now = virtualNow();
    const date = istDate(now);
    const isTrue = {
      'loss cap': () => dues.lossOf(position) >= SURELY_NOT * play.plan.maxLossPerTrade,
      target: () => -dues.lossOf(position) >= SURELY_NOT * dues.targetOf(position),
      'exit time': () => now >= istAt(date, '15:15') - 1_000 && dues.leavesOn(position) <= date,
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

  pulse(): void {
    const { play, able, positions, dues, findings } = this.of;
    const due = positions.openPositions().filter((position) => {
      if (!position.startsWith('P') || positions.isLeft(position) || positions.isTouched(position)) return false;
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
