/** Starts a trading day: at most once a date, however often it is asked for. */
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { DayInput } from '../contract/commands.ts';
import type { DayIdentity } from '../contract/identity.ts';
import { dayOptions } from '../contract/start-options.ts';
import type { ClockSegments } from '../domain/clock.ts';

/** Types only cross over from the workflow: its code never runs here. */
export const TRADING_DAY = 'tradingDay';

export async function startDay(
  client: Client,
  identity: DayIdentity,
  clock: ClockSegments,
  more: { workflowIdReusePolicy?: 'ALLOW_DUPLICATE_FAILED_ONLY' } = {},
): Promise<'opened' | 'there'> {
  const input: DayInput = { identity, clock };
  try {
    await client.workflow.start(TRADING_DAY, { ...dayOptions(identity), ...more, args: [input] });
    return 'opened';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'there';
    throw error;
  }
}
