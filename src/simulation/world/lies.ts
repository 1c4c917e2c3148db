/**
 * Who was last told a lie of a contract, and when one was believed rightly: on two packets, or for a second (TRADING section 5). What one
 * process is told corrects nothing at another.
 */
import type { SimProcess } from '../process.ts';
import { virtualNow } from '../virtual-time.ts';

/** A little less than the second, which begins only when a packet has arrived. */
const BELIEVED_AFTER_MS = 900;

export class Lies {
  private lying: { process: SimProcess; token: number; since: number }[] = [];
  private believed = 0;
  /** When the last one was told, 0 for never. */
  toldAt = 0;

  /** The true price of such a contract is told soon: real ticks do not leave a lie standing for seconds. */
  any(): boolean {
    this.lying = this.lying.filter(({ process }) => !process.dead);
    return this.lying.length > 0;
  }

  told(process: SimProcess, token: number): void {
    this.toldAt = virtualNow();
    if (this.lying.some((lie) => lie.process === process && lie.token === token)) this.believed = virtualNow();
    else this.lying.push({ process, token, since: virtualNow() });
  }

  /** It was told the truth, or looks at the contract no more. */
  corrected(process: SimProcess, token: number): void {
    if (this.lying.length === 0) return;
    this.look();
    this.lying = this.lying.filter((lie) => lie.process !== process || lie.token !== token);
  }

  /** When a lie was last to be believed, 0 for never. */
  believedAt(): number {
    this.look();
    return this.believed;
  }

  private look(): void {
    const now = virtualNow();
    if (this.any() && this.lying.some(({ since }) => now - since >= BELIEVED_AFTER_MS)) this.believed = now;
  }
}
