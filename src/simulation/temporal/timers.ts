/** The timers of an execution's run. */
import { after } from '../virtual-time.ts';
import type { ExecutionContext } from './execution-context.ts';
import type { WorkflowTasks } from './workflow-tasks.ts';

export class Timers {
  private readonly running = new Map<number, () => void>();
  private readonly context: ExecutionContext;
  private readonly tasks: WorkflowTasks;

  constructor(context: ExecutionContext, tasks: WorkflowTasks) {
    this.context = context;
    this.tasks = tasks;
  }

  start(seq: number, ms: number): void {
    this.context.history.add(1);
    this.running.set(
      seq,
      after(ms, () => {
        this.running.delete(seq);
        this.context.history.add(1);
        this.tasks.add({ fireTimer: { seq } });
      }),
    );
  }

  /** Also takes back a firing that no task has seen yet, as a server does. */
  cancel(seq: number): void {
    this.context.history.add(1);
    this.running.get(seq)?.();
    this.running.delete(seq);
    this.tasks.takeBack((job) => job.fireTimer?.seq === seq);
  }

  /** The run has ended. */
  clear(): void {
    for (const cancel of this.running.values()) cancel();
    this.running.clear();
  }
}
