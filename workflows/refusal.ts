import { ApplicationFailure } from '@temporalio/workflow';
import type { CommandRefusal } from '../src/contract/commands.ts';

/** What a command is refused with: its code for the API, words for a person, numbers in paise. */
export function refusal(type: CommandRefusal, message: string, details?: Record<string, unknown>): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type, ...(details ? [details] : []));
}

/** An expired command is refused first: it may come long after its caller heard that nobody answered. */
export function refuseExpired({ expiresAt }: { expiresAt: number }): void {
  if (Date.now() > expiresAt)
    throw refusal('expired', 'the command came too late and was not carried out; send it again');
}
