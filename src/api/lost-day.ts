/** A day whose workflow was terminated or failed before its report: nobody decides, guards or exits for it any more. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { DayView } from '../contract/views.ts';
import { marketAt } from '../domain/clock.ts';
import { refuse } from './refusals.ts';

/** `over`: the day came to its end; `lost`: its workflow ended in another way. */
export type DayRun = 'none' | 'running' | 'over' | 'lost';

const RUNS: Record<string, DayRun> = { RUNNING: 'running', COMPLETED: 'over' };

const DAY_LOST =
  'This trading day ended without a report: nothing of it is watched any more. Look at Kite now and close what is open there.';

/** Answered by the server itself; needs no worker. `endedAt` is wall time. */
export async function runOf(client: Client, id: string): Promise<{ run: DayRun; endedAt: number | null }> {
  try {
    const { status, closeTime } = await client.workflow.getHandle(id).describe();
    return { run: RUNS[status.name] ?? 'lost', endedAt: closeTime?.getTime() ?? null };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { run: 'none', endedAt: null };
    throw error;
  }
}

/** What is left of it to be shown: where it stood, and a warning that nothing watches it. */
export function lostView(found: DayView, endedAt: number): DayView {
  const since = marketAt(found.clock, endedAt);
  return {
    ...found,
    ...{ state: 'closed', enabled: false, busy: false, nextCheckAt: null, squareOffAt: null },
    warnings: [{ id: 'day_lost', code: 'day_lost', message: DAY_LOST, since, blocksEntries: false }, ...found.warnings],
  };
}

export function dayLost(): Error {
  return refuse('day_lost', `${DAY_LOST} Where a position is open the program opens it again within a minute.`);
}
