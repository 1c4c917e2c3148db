/** Commands that are signals to the day: each has an id, under which the day keeps what came of it. */
import { randomUUID } from 'node:crypto';
import type { DayView } from '../contract/views.ts';
import { type CommandBody, type CommandedStatusBody, commandedStatusView, keptBody } from './command-schemas.ts';
import type { ApiContext } from './context.ts';
import { explain } from './errors.ts';
import { BAD_BODY, DAY_AWAY, json } from './routes/answers.ts';
import { statusBody } from './views.ts';

/** What each of them may be refused for. */
export const SENT = [...BAD_BODY, 'no_day', 'day_over', 'day_lost', 'not_confirmed', ...DAY_AWAY] as const;

export const statusAnswers = {
  200: json(commandedStatusView, 'The status after it, and what came of the command'),
  202: json(keptBody, 'Kept, but what came of it cannot be read at the moment'),
};

/** By a key of the caller's the same command is one command; the keys of different commands never meet. */
export function commandId(name: string, key: string | undefined): string {
  return `${name}:${key ?? randomUUID()}`;
}

export function kept(id: string) {
  const message = `Received and kept as ${id}. What came of it cannot be read at the moment: look at /live/status.`;
  return { accepted: true as const, id, message };
}

/** What the day answered to the command; null where it has not taken it up. */
export function answerIn(view: DayView | null, id: string): CommandBody | null {
  const answer = view?.answers.find((known) => known.id === id);
  return answer ? { id, changed: answer.changed, message: answer.text } : null;
}

/** What came of a command that was already sent: null where it cannot be read, which is no failure of the command. */
export async function readable<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (explain(error)?.httpStatus === 503) return null;
    throw error;
  }
}

export async function statusAfter(context: ApiContext, id: string): Promise<CommandedStatusBody | null> {
  const facts = await readable(() => context.facts());
  return facts && { ...statusBody(facts), command: answerIn(facts.day, id) };
}
