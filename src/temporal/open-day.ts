/** Opens a trading day: at most once a date, whoever asks and however often. */
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { type DayIdentity, type DayInput, dayWorkflowId, TASK_QUEUE } from '../../workflows/messages.ts';
import type { ClockSegments } from '../domain/clock.ts';

/** Types only cross over from the workflow: its code never runs here. */
export const TRADING_DAY = 'tradingDay';

export async function openDay(
  client: Client,
  identity: DayIdentity,
  clock: ClockSegments,
): Promise<'opened' | 'there'> {
  const input: DayInput = { identity, clock };
  try {
    await client.workflow.start(TRADING_DAY, {
      workflowId: dayWorkflowId(identity),
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      typedSearchAttributes: [
        { key: defineSearchAttributeKey('TradingDate', 'KEYWORD'), value: identity.date },
        { key: defineSearchAttributeKey('TradingMode', 'KEYWORD'), value: identity.mode },
      ],
      staticSummary: `Trading day ${identity.date} (${identity.mode}, account ${identity.account}, run ${identity.run})`,
      staticDetails:
        'One trading day: login, start, hourly signals, guarded positions, out at 15:15 IST, reconciliation, report. Signals may be sent; never terminate it: that skips the exits.',
    });
    return 'opened';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'there';
    throw error;
  }
}
