/** Waiting inside an activity: it ends when the activity is cancelled. */
import { Context } from '@temporalio/activity';

/** Sleeps, or is woken before. */
export class Nap {
  private wakeUp = () => {};
  private woken = false;

  /** Also ends the next sleep at once, when nobody sleeps. */
  wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  /** Rejects when the activity is cancelled. */
  async sleep(ms: number): Promise<void> {
    const slept = new Promise<void>((done) => {
      this.wakeUp = done;
    });
    if (this.woken) this.wakeUp();
    const timer = setTimeout(this.wakeUp, Math.max(0, ms));
    try {
      await Promise.race([slept, Context.current().cancelled]);
    } finally {
      clearTimeout(timer);
      this.woken = false;
    }
  }
}

export const pause = (ms: number): Promise<void> => new Nap().sleep(ms);

/** Kite counts requests by calendar second. */
export const untilNextSecond = (): Promise<void> => pause(1_000 - (Date.now() % 1_000) + 20);

/** Null when it has not come by then; what it comes to later is nobody's concern. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<null>((done) => {
    timer = setTimeout(() => done(null), ms);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
