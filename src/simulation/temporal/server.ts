/** A deterministic Temporal for one process: executions, and the workers that poll its queues. */
import type { SimProcess } from '../process.ts';
import type { ActivityWorker } from './activity-task.ts';
import { Execution } from './execution.ts';
import type { ExecutionWorld, WorkflowWorker } from './execution-context.ts';
import type { Payload } from './payloads.ts';
import type { Command, WorkflowCode } from './workflow-vm.ts';

export type TemporalOptions = {
  seed: number;
  /** Of the server and of its workers. Milliseconds. */
  dispatchMs(): number;
  taskMs(): number;
  reportMs(): number;
  note(text: string): void;
  onPayload(payload: Payload, where: string): void;
  onCommands?(at: number, commands: readonly Command[]): void;
  onTaskFailure(message: string): void;
  at(point: 'started' | 'ended', activityType: string, worker: ActivityWorker): void;
  suggestNewRunAt?: number;
};

/** A worker process: the workflows of one queue, and activities by queue. */
export type Worker = {
  process: SimProcess;
  workflows: { queue: string; code: WorkflowCode } | null;
  queues: Map<string, ActivityWorker>;
};

const NEVER = Number.MAX_SAFE_INTEGER;

export class Temporal {
  readonly executions = new Map<string, Execution>();
  private readonly options: TemporalOptions;
  private workers: Worker[] = [];
  private readonly waiting = new Map<string, (() => void)[]>();
  private turn = 0;

  constructor(options: TemporalOptions) {
    this.options = options;
  }

  /** A worker begins to poll: what waited for one is given out. */
  addWorker(worker: Worker): void {
    this.workers = [...this.workers.filter(({ process }) => !process.dead), worker];
    const queues = [...worker.queues.keys(), ...(worker.workflows ? [workflowsOf(worker.workflows.queue)] : [])];
    for (const queue of queues) this.release(queue);
  }

  /** After a process that stood still goes on: it polls again. */
  polledAgain(): void {
    for (const queue of [...this.waiting.keys()]) this.release(queue);
  }

  /** One that runs, or came to its end, stays; one that was lost is begun anew. Answers whether this one was started. */
  start(of: { workflowId: string; workflowType: string; taskQueue: string; args: unknown[] }): boolean {
    const known = this.executions.get(of.workflowId)?.state;
    if (known === 'running' || known === 'completed') return false;
    this.executions.set(of.workflowId, new Execution(of, this.worldOf(of.taskQueue)));
    return true;
  }

  private release(queue: string): void {
    const waiting = this.waiting.get(queue) ?? [];
    this.waiting.delete(queue);
    for (const then of waiting) then();
  }

  private wait(queue: string, then: () => void): void {
    this.waiting.set(queue, [...(this.waiting.get(queue) ?? []), then]);
  }

  /** Workers take turns, as pollers of one queue do. */
  private pick<T>(of: (worker: Worker) => T | null): T | null {
    const able = this.workers.flatMap((worker) => {
      const found = worker.process.running ? of(worker) : null;
      return found === null ? [] : [found];
    });
    this.turn += 1;
    return able[this.turn % Math.max(1, able.length)] ?? null;
  }

  private worldOf(taskQueue: string): ExecutionWorld {
    const { options } = this;
    return {
      ...options,
      suggestNewRunAt: options.suggestNewRunAt ?? NEVER,
      workflowWorker: () =>
        this.pick((worker): WorkflowWorker | null =>
          worker.workflows?.queue === taskQueue ? { process: worker.process, code: worker.workflows.code } : null,
        ),
      whenWorkerPolls: (then) => this.wait(workflowsOf(taskQueue), then),
      workerFor: (queue) => this.pick((worker) => worker.queues.get(queue) ?? null),
      whenPolled: (queue, then) => this.wait(queue, then),
    };
  }
}

function workflowsOf(queue: string): string {
  return `workflows of ${queue}`;
}
