/** Lets the replayed market run only while everything that a day needs is there, and tells the running day of every change. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { clockChangedSignal, type DayIdentity, dayWorkflowId } from '../../workflows/messages.ts';
import type { SimClock } from '../exchange-simulator/types.ts';

const RENEW_MS = 500;
/** How long the market runs on after the last sign that all is well. Wall seconds. */
const LEASE_SECONDS = 2;
const LOOK_MS = 200;

export type ClockKeeper = { stop(): void };

/**
 * Tells the day of the clock as it stands: before a worker of a resumed program may believe an old timer. False when the server did
 * not take it; a day that is not there, or over, needs no telling.
 */
export async function tellClock(client: Client, identity: DayIdentity, clock: SimClock): Promise<boolean> {
  const handle = client.workflow.getHandle(dayWorkflowId(identity));
  try {
    await handle.signal(clockChangedSignal, { clock: clock.segments() });
    return true;
  } catch (error) {
    return error instanceof WorkflowNotFoundError;
  }
}

export function keepClock(options: {
  client: Client;
  clock: SimClock;
  identity(): DayIdentity;
  /** What a day needs and is not there, as a sentence's end; null when all is well. */
  missing(): Promise<string | null>;
  say(text: string): void;
}): ClockKeeper {
  const { client, clock, identity, missing, say } = options;
  let told = JSON.stringify(clock.segments());
  let holds = clock.holds().join();
  let ran = clock.speed() > 0;
  let renewing = false;
  let wellAt = performance.now();
  let standsStill = false;
  let telling = false;

  const renew = setInterval(async () => {
    if (renewing) return;
    renewing = true;
    const lacking = await missing();
    if (lacking === null) {
      clock.lease(LEASE_SECONDS);
      wellAt = performance.now();
      if (standsStill) say('The market goes on.');
      standsStill = false;
    } else if (!standsStill && performance.now() - wellAt > LEASE_SECONDS * 1_000) {
      standsStill = true;
      say(`The market stands still: ${lacking}.`);
    }
    renewing = false;
  }, RENEW_MS);
  const look = setInterval(async () => {
    const segments = JSON.stringify(clock.segments());
    if (segments === told || telling) return;
    telling = true;
    // Whoever held the market or let it go has heard of it: the day itself.
    const runs = clock.speed() > 0;
    const byTheDay = holds !== clock.holds().join() && ran && runs;
    holds = clock.holds().join();
    ran = runs;
    // A day that waits for a clock which stands still hears from here alone that it runs again.
    if (byTheDay || (await tellClock(client, identity(), clock))) told = segments;
    telling = false;
  }, LOOK_MS);

  return {
    stop() {
      clearInterval(renew);
      clearInterval(look);
    },
  };
}
