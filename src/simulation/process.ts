import type { WallMs } from '../domain/types.ts';
import { clocksMayDiffer, type TimerOwner, virtualNow } from './virtual-time.ts';

/** A process of the product as the simulation sees it: it can die between any two events, and stand still. */
export class SimProcess implements TimerOwner {
  readonly name: string;
  dead = false;
  /** It has started and takes up work. */
  atWork = false;
  stoppedUntil: WallMs = 0;
  clockOffset = 0;
  stoodStill = 0;

  constructor(name: string) {
    this.name = name;
  }

  get running(): boolean {
    return !this.dead && this.stoppedUntil <= virtualNow();
  }

  /** SIGKILL: none of its awaits ever returns. */
  kill(): void {
    this.dead = true;
  }

  /** SIGSTOP, or a closed laptop, whose monotonic clock stands still too. Milliseconds. */
  stop(ms: number, laptop = false): void {
    this.stoppedUntil = Math.max(this.stoppedUntil, virtualNow() + ms);
    if (laptop) this.stoodStill += ms;
  }

  /** Its wall clock jumps. Milliseconds; negative is back. */
  jumpClock(ms: number): void {
    clocksMayDiffer();
    this.clockOffset += ms;
  }
}
