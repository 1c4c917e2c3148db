/** Lets the replayed market run only while everything that a day needs is there, and tells the running day of every change. */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { clockChangedSignal, type DayIdentity, dayQuery, dayWorkflowId } from '../../workflows/messages.ts';
import type { ClockSegments } from '../domain/clock.ts';
import type { KeptClock } from '../market/clock-source.ts';

const RENEW_MS = 500;
/** How long the market runs on after the last sign that all is well. Wall seconds. */
const LEASE_SECONDS = 2;
const LOOK_MS = 200;
const SERVER_ANSWERS_WITHIN_MS = 1_000;
const DAY_ANSWERS_WITHIN_MS = 2_000;

type ClockState = Awaited<ReturnType<KeptClock['look']>>;

export type ClockKeeper = { stop(): void };

/**
 * Tells the day of the clock as it stands: before a worker of a resumed program may believe an old timer. False when the server did
 * not take it; a day that is not there, or over, needs no telling.
 */
export async function tellClock(client: Client, identity: DayIdentity, clock: ClockSegments): Promise<boolean> {
  const handle = client.workflow.getHandle(dayWorkflowId(identity));
  try {
    await handle.signal(clockChangedSignal, { clock });
    return true;
  } catch (error) {
    return error instanceof WorkflowNotFoundError;
  }
}

/** Several keepers may keep one clock: the market runs while any of them finds all well, and a day that is told twice loses nothing. */
export async function keepClock(options: {
  client: Client;
  clock: KeptClock;
  identity(): DayIdentity;
  /** What a day needs and is not there, as a sentence's end; null when all is well. */
  missing(): Promise<string | null>;
  say(text: string): void;
}): Promise<ClockKeeper> {
  const { client, clock, identity, missing, say } = options;
  const first = await clock.look();
  let told = first;
  let renewing = false;
  let wellAt = performance.now();
  let standsStill = false;
  let telling = false;
  let takenUp = false;

  const renew = setInterval(async () => {
    if (renewing) return;
    renewing = true;
    const lacking = (await missing()) ?? (await notTakenUp()) ?? (await leased(clock));
    if (lacking === null) {
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
    if (telling) return;
    telling = true;
    try {
      await tellChanges(await clock.look());
    } catch {
      // An exchange that is away is met by the lease, which says so.
    }
    telling = false;
  }, LOOK_MS);

  /** What a dead worker had begun is waited for by the server for ten seconds: at 600x the day would wake up hours too late. */
  async function notTakenUp(): Promise<string | null> {
    takenUp ||= await dayAnswers(client, identity());
    return takenUp ? null : 'its day is not taken up yet';
  }

  async function tellChanges(seen: ClockState): Promise<void> {
    if (JSON.stringify(seen.segments) === JSON.stringify(told.segments)) return;
    if (isTheDaysOwn(told, seen) || (await tellClock(client, identity(), seen.segments))) told = seen;
  }

  return {
    stop() {
      clearInterval(renew);
      clearInterval(look);
    },
  };
}

/**
 * Whether all that is new is that the day held the market or let it go, which it has heard of. A day that waits for a clock which stood
 * still hears only from the keeper that it runs again; what else has changed beside it, a person's speed, it hears only from here too.
 */
export function isTheDaysOwn(told: ClockState, seen: ClockState): boolean {
  if (told.holds.join() === seen.holds.join() || told.speed === 0 || seen.speed === 0) return false;
  return JSON.stringify(seen.segments.at(-2)) === JSON.stringify(told.segments.at(-1));
}

async function leased(clock: KeptClock): Promise<string | null> {
  try {
    await clock.lease(LEASE_SECONDS);
    return null;
  } catch {
    return 'the exchange does not answer';
  }
}

/** Whether a worker has the day in hand. One that is not there, or cannot be read, needs no waiting for. */
async function dayAnswers(client: Client, identity: DayIdentity): Promise<boolean> {
  const handle = client.workflow.getHandle(dayWorkflowId(identity));
  try {
    await client.withDeadline(Date.now() + DAY_ANSWERS_WITHIN_MS, () => handle.query(dayQuery));
    return true;
  } catch (error) {
    return !isGrpcServiceError(error instanceof Error ? (error.cause ?? error) : error);
  }
}

export async function temporalAnswers({ connection }: Client): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
      connection.workflowService.getSystemInfo({}),
    );
    return true;
  } catch {
    return false;
  }
}
