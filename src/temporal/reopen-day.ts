import type { Client } from '@temporalio/client';
import type { DayIdentity } from '../contract/identity.ts';
import type { ClockSegments } from '../domain/clock.ts';
import { startDay } from './start-day.ts';

/**
 * Opens a day once more whose workflow was terminated, cancelled or failed. One that runs, or that came to its end, is left alone: `there`.
 */
export function reopenDay(client: Client, identity: DayIdentity, clock: ClockSegments): Promise<'opened' | 'there'> {
  return startDay(client, identity, clock, { workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' });
}
