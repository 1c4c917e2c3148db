/** Invariant 3: a page is enough as long as something stands in the way. At an exchange that answers a stop rests, or the position is left. */
import type { MarketMs } from '../../domain/types.ts';
import { virtualNow } from '../virtual-time.ts';
import type { World } from '../world/world.ts';
import type { Able } from './able.ts';
import type { Findings } from './findings.ts';

export const PROTECTED_WITHIN_MS = 20_000;
/** A refused address is asked again after half a minute (CONTROL, "Leaving"). */
export const ADDRESS_PAUSE_MS = 35_000;
/** Two good looks, from when another process hears of it, and what is sent after them. */
const LOOKED_TWICE_MS = 20_000;

export class BareShorts {
  private readonly since = new Map<string, MarketMs>();
  private readonly of: { world: World; able: Able; findings: Findings; readEveryMs: number };

  constructor(of: BareShorts['of']) {
    this.of = of;
  }

  forget(): void {
    this.since.clear();
  }

  judge(position: string, isBare: boolean): void {
    const { world, able, findings, readEveryMs } = this.of;
    const now = virtualNow();
    if (!isBare) this.since.delete(position);
    else if (!this.since.has(position)) this.since.set(position, now);
    if (now < Math.max(world.metAt.address + ADDRESS_PAUSE_MS, this.explainedAt() + LOOKED_TWICE_MS)) return;
    const lasts = Math.min(able.answersFor(), now - (this.since.get(position) ?? now));
    if (lasts > PROTECTED_WITHIN_MS + readEveryMs)
      findings.add(3, 'a short stays without a stop', `${position}: for ${Math.round(lasts / 1_000)} s`);
  }

  /** When positions that no trade explained were told to be over: before that no look could settle a doubt. 0 for never, or while they last. */
  private explainedAt(): MarketMs {
    const told = this.of.world.pages.findLast(({ cause }) => cause === 'unexplained');
    return told?.kind === 'ended' ? told.at : 0;
  }
}
