/** Waiting inside an activity: it ends when the activity is cancelled. */
import { Context } from '@temporalio/activity';

/** Below the shortest time-out of a heartbeat (workflows/activity-proxies.ts). */
const GIVEN_UP_MS = 4_000;

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

/**
 * Beats while the work goes on: that its worker has died is noticed within the heartbeat's time-out. `isGivenUp`: it was suspended for nearly
 * that long, so that its workflow may have given it up, whatever it hears of it.
 */
export async function beating<T>(everyMs: number, work: (isGivenUp: () => boolean) => Promise<T>): Promise<T> {
  let last = Date.now();
  let givenUp = false;
  const look = () => {
    givenUp ||= Date.now() - last > GIVEN_UP_MS;
    return givenUp;
  };
  const beat = setInterval(() => {
    look();
    last = Date.now();
    Context.current().heartbeat();
  }, everyMs);
  try {
    return await work(look);
  } finally {
    clearInterval(beat);
  }
}

/** Kite counts requests by calendar second. */
export const untilNextSecond = (): Promise<void> => pause(1_000 - (Date.now() % 1_000) + 20);

/** Null when `work` has not ended within `ms`; its later result or failure is ignored. */
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
