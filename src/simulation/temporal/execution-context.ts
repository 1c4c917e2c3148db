/** What the parts of an execution share: the world around it, its history, and the run that goes on. */
import type { SimProcess } from '../process.ts';
import { virtualNow } from '../virtual-time.ts';
import type { ActivityWorld } from './activity-task.ts';
import type { History } from './history.ts';
import type { Payload } from './payloads.ts';
import {
  type Activation,
  activationOf,
  type Command,
  type InstanceOptions,
  type Job,
  type WorkflowCode,
} from './workflow-vm.ts';

export type WorkflowWorker = { process: SimProcess; code: WorkflowCode };

export type ExecutionWorld = Omit<ActivityWorld, 'resolve' | 'execution'> & {
  workflowWorker(): WorkflowWorker | null;
  whenWorkerPolls(then: () => void): void;
  /** From a task's start to its completion, as the VM itself takes no virtual time. Milliseconds. */
  taskMs(): number;
  seed: number;
  /** Every payload that a history would keep. */
  onPayload(payload: Payload, where: string): void;
  onCommands?(at: number, commands: readonly Command[]): void;
  onTaskFailure(message: string): void;
  /** From this many events on a run is told that it should continue as new. */
  suggestNewRunAt: number;
};

export type ExecutionContext = {
  readonly world: ExecutionWorld;
  readonly history: History;
  /** Another one after each continue-as-new. */
  run: InstanceOptions;
};

/** What a worker is given of the run now, with these jobs. */
export function activationNow({ world, history, run }: ExecutionContext, jobs: Job[]): Activation {
  const { events, bytes } = history.ofRun();
  return activationOf({
    runId: run.runId,
    at: virtualNow(),
    jobs,
    historyLength: events,
    historyBytes: bytes,
    continueAsNewSuggested: events >= world.suggestNewRunAt,
  });
}
