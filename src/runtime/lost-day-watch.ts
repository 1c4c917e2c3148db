/** Somebody has to hear of a day that ended without a report: it cannot say so itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { DAY_LOST, runOf } from '../api/lost-day.ts';
import { type DayIdentity, dayWorkflowId } from '../contract/identity.ts';
import type { Program } from './program.ts';

const LOOK_EVERY_MS = 60_000;
const ANSWER_WITHIN_MS = 5_000;
/** A page may be missed. */
const PAGE_EVERY_LOOKS = 5;

/** Looks at today's day until the program stops, and pages its owner while it is lost. Wall milliseconds; never throws. */
export async function watchForLostDay(
  { logger, signal }: Pick<Program, 'logger' | 'signal'>,
  { client, identity }: { client: Client; identity(): DayIdentity },
  everyMs = LOOK_EVERY_MS,
): Promise<void> {
  for (let lost = 0; !signal.aborted; ) {
    const day = identity();
    // A server that is away says nothing of the day; others say that it is away.
    const seen = await client
      .withDeadline(Date.now() + ANSWER_WITHIN_MS, () => runOf(client, dayWorkflowId(day)))
      .catch(() => null);
    if (seen?.run === 'lost') {
      if (lost % PAGE_EVERY_LOOKS === 0) logger.error({ owner: true }, `${day.date}: ${DAY_LOST}`);
      lost += 1;
    } else if (seen) lost = 0;
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}
