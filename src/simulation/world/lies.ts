/** Contracts whose last packet was a lie, and when one was believed rightly: on two packets, or for a second (TRADING section 5). */
import { virtualNow } from '../virtual-time.ts';

/** A little less than the second, which begins only when a packet has arrived. */
const BELIEVED_AFTER_MS = 900;

export class Lies {
  private readonly lying = new Map<string, { since: number }>();
  private believed = 0;
  /** When the last one was told, 0 for never. */
  toldAt = 0;

  /** The true price of such a contract is told soon: real ticks do not leave a lie standing for seconds. */
  any(): boolean {
    return this.lying.size > 0;
  }

  told(tradingsymbol: string): void {
    this.toldAt = virtualNow();
    if (this.lying.has(tradingsymbol)) this.believed = virtualNow();
    else this.lying.set(tradingsymbol, { since: virtualNow() });
  }

  corrected(tradingsymbol: string): void {
    if (this.lying.size === 0) return;
    this.look();
    this.lying.delete(tradingsymbol);
  }

  /** When a lie was last to be believed, 0 for never. */
  believedAt(): number {
    this.look();
    return this.believed;
  }

  private look(): void {
    const now = virtualNow();
    for (const { since } of this.lying.values()) if (now - since >= BELIEVED_AFTER_MS) this.believed = now;
  }
}
