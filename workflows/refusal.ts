import { ApplicationFailure } from '@temporalio/workflow';
import type { CommandRefusal } from './messages.ts';

/** What a command is refused with: its code for the API, words for a person, numbers in paise. */
export function refusal(type: CommandRefusal, message: string, details?: Record<string, unknown>): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type, ...(details ? [details] : []));
}
