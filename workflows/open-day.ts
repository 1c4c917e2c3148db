/** What the Schedule starts each morning: opens the day of its date, once, where the market trades (DESIGN section 4). */
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { ApplicationFailure, startChild, workflowInfo } from '@temporalio/workflow';
import type { DayInput } from '../src/contract/commands.ts';
import type { Account } from '../src/contract/identity.ts';
import { dayOptions } from '../src/contract/start-options.ts';
import { CalendarError, sessionOf } from '../src/domain/calendar/index.ts';
import { istDate } from '../src/domain/clock.ts';
import type { IsoDate } from '../src/domain/types.ts';
import { reads } from './activity-proxies.ts';
import { tradingDay } from './trading-day.ts';

/** Whose days are opened. */
export type OpenDayInput = Account;
export type OpenedDay =
  | { date: IsoDate; outcome: 'opened'; reason: null }
  | { date: IsoDate; outcome: 'was_open' | 'not_opened'; reason: string };

const SCHEDULED_AT = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/**
 * The date is the scheduled time's in India, not that of the moment at which a worker took it up. Fails with `calendar` for a date
 * that the calendar does not know.
 */
export async function openDayWorkflow(account: OpenDayInput): Promise<OpenedDay> {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const date = istDate((typedSearchAttributes.get(SCHEDULED_AT) ?? startTime).getTime());
  const closed = await whyNot(date);
  if (closed) return { date, outcome: 'not_opened', reason: closed };
  const input: DayInput = { identity: { ...account, date }, clock: [] };
  try {
    await startChild(tradingDay, {
      ...dayOptions(input.identity),
      args: [input],
      // The day goes on long after this has ended.
      parentClosePolicy: 'ABANDON',
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return { date, outcome: 'was_open', reason: 'a login or start-trading has opened it before' };
    }
    throw error;
  }
  return { date, outcome: 'opened', reason: null };
}

/** A date or a session that the calendar does not know: the owner is paged, since a failed workflow in a list is seen too late. */
async function whyNot(date: IsoDate): Promise<string | null> {
  try {
    const session = sessionOf(date);
    return session.kind === 'holiday' ? `${session.reason}; next trading day ${session.next}` : null;
  } catch (error) {
    if (!(error instanceof CalendarError)) throw error;
    const text = `No trading day was opened: ${error.message}`;
    const notice = {
      id: `not_opened:${date}`,
      kind: 'told',
      cause: 'not_opened',
      subject: 'day',
      text,
      since: Date.now(),
    } as const;
    await reads.notifyOwner.executeWithOptions({ summary: text.slice(0, 120) }, [notice]);
    throw ApplicationFailure.nonRetryable(error.message, 'calendar');
  }
}
