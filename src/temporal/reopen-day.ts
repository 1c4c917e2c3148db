import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { DayInput } from '../contract/commands.ts';
import type { DayIdentity } from '../contract/identity.ts';
import { dayOptions } from '../contract/start-options.ts';
import type { ClockSegments } from '../domain/clock.ts';
import { TRADING_DAY } from './start-day.ts';

/**
 * Opens a day once more whose workflow was terminated, cancelled or failed. One that runs, or that came to its end, is left alone: `there`.
 */
export async function reopenDay(
  client: Client,
  identity: DayIdentity,
  clock: ClockSegments,
): Promise<'opened' | 'there'> {
  const input: DayInput = { identity, clock };
  try {
    await client.workflow.start(TRADING_DAY, {
      ...dayOptions(identity),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      args: [input],
    });
    return 'opened';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'there';
    throw error;
  }
}
