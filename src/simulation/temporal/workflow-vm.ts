/**
 * The SDK's own workflow VM without a server: the only file that reaches into the SDK's insides. A toy workflow tells at once when an
 * upgrade has moved them (test/simulation/toy.test.ts).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import { asyncLocalStorage, Context, type Info } from '@temporalio/activity';
import { TypedSearchAttributes } from '@temporalio/common';
import proto, { type coresdk } from '@temporalio/proto';
import Long from 'long';

const require = createRequire(import.meta.url);
const { parseWorkflowCode } =
  require('@temporalio/worker/lib/worker.js') as typeof import('@temporalio/worker/lib/worker.js');
const { ReusableVMWorkflowCreator } =
  require('@temporalio/worker/lib/workflow/reusable-vm.js') as typeof import('@temporalio/worker/lib/workflow/reusable-vm.js');

export type Command = coresdk.workflow_commands.IWorkflowCommand;
export type Job = coresdk.workflow_activation.IWorkflowActivationJob;
export type Activation = coresdk.workflow_activation.WorkflowActivation;
export type ActivityCommand = coresdk.workflow_commands.IScheduleActivity;

// The package is CommonJS, whose names Node's loader cannot tell.
export const { WorkflowActivation } = proto.coresdk.workflow_activation;
export const { ActivityCancellationType } = proto.coresdk.workflow_commands;

/** Flags of the SDK's behaviour that a new execution has, as a server would keep them for it. */
const SDK_FLAGS = [1, 2, 3, 4, 5, 6];

export type Instance = {
  /** Commands, or the message of the failure of this workflow task. Queries are activated alone. */
  activate(activation: Activation): Promise<{ commands: Command[] } | { failed: string }>;
  dispose(): Promise<void>;
};

export type InstanceOptions = {
  workflowId: string;
  runId: string;
  workflowType: string;
  taskQueue: string;
  startedAt: number;
  seed: number;
};

/** The bundle, loaded once a process: each execution gets a scope of its own in it. */
export type WorkflowCode = { create(options: InstanceOptions): Promise<Instance> };

/**
 * Constructed without `create()`: that would install process-wide promise hooks for stack traces, which cost more than the workflow. No
 * time-out for a call either: it starts a watchdog thread a call.
 */
export function loadWorkflowCode(codePath: string, activityNames: readonly string[]): WorkflowCode {
  const bundle = parseWorkflowCode(readFileSync(codePath, 'utf8'), codePath);
  const script = new vm.Script(bundle.code, { filename: bundle.filename });
  const creator = Reflect.construct(ReusableVMWorkflowCreator, [
    script,
    bundle,
    undefined,
    new Set(activityNames),
    undefined,
  ]) as InstanceType<typeof ReusableVMWorkflowCreator>;
  return {
    async create(options) {
      const { workflowId, runId, workflowType, taskQueue, startedAt, seed } = options;
      const started = new Date(startedAt);
      const workflow = await creator.createWorkflow({
        info: {
          ...{ workflowId, runId, workflowType, taskQueue },
          searchAttributes: {},
          typedSearchAttributes: new TypedSearchAttributes(),
          namespace: 'default',
          firstExecutionRunId: runId,
          originalExecutionRunId: runId,
          startTime: started,
          runStartTime: started,
          taskTimeoutMs: 10_000,
          attempt: 1,
          historyLength: 1,
          historySize: 0,
          continueAsNewSuggested: false,
          targetWorkerDeploymentVersionChanged: false,
          unsafe: { isReplaying: false, isReplayingHistoryEvents: false, now: () => started.getTime() },
        },
        randomnessSeed: Long.fromNumber(seed).toBytes(),
        now: startedAt,
        showStackTraceSources: false,
        failureExceptionTypeNames: [],
      } as unknown as Parameters<typeof creator.createWorkflow>[0]);
      return {
        async activate(activation) {
          const { failed, successful } = await workflow.activate(activation);
          if (failed || !successful) return { failed: failed?.failure?.message ?? 'the workflow task failed' };
          return { commands: successful.commands ?? [] };
        },
        dispose: () => workflow.dispose(),
      };
    },
  };
}

export function activationOf(of: {
  runId: string;
  at: number;
  jobs: Job[];
  historyLength: number;
  historyBytes: number;
  continueAsNewSuggested: boolean;
}): Activation {
  // Its fields are the messages' own types already: nothing has to be converted.
  return WorkflowActivation.create({
    runId: of.runId,
    timestamp: timestamp(of.at),
    isReplaying: false,
    historyLength: of.historyLength,
    historySizeBytes: Long.fromNumber(of.historyBytes),
    continueAsNewSuggested: of.continueAsNewSuggested,
    availableInternalFlags: SDK_FLAGS,
    jobs: of.jobs,
  });
}

export function timestamp(ms: number): { seconds: Long; nanos: number } {
  const seconds = Math.floor(ms / 1_000);
  return { seconds: Long.fromNumber(seconds), nanos: Math.round((ms - seconds * 1_000) * 1e6) };
}

/** Milliseconds of a duration of a command; undefined where it has none, as Temporal reads an absent or zero one. */
export function millisecondsOf(
  duration: { seconds?: Long | number | null; nanos?: number | null } | null | undefined,
): number | undefined {
  if (!duration) return undefined;
  return Number(duration.seconds ?? 0) * 1_000 + (duration.nanos ?? 0) / 1e6 || undefined;
}

export const longOf = (value: number): Long => Long.fromNumber(value);

const nop = () => {};
const quietLogger = { log: nop, trace: nop, debug: nop, info: nop, warn: nop, error: nop };
const noMetrics = {
  createCounter: () => ({ add: nop }),
  createHistogram: () => ({ record: nop }),
  createGauge: () => ({ set: nop }),
  withTags: () => noMetrics,
};

/** A context as the SDK's worker would make it for an attempt of an activity. */
export function activityContext(of: {
  info: Partial<Info>;
  cancelled: Promise<never>;
  signal: AbortSignal;
  heartbeat(): void;
}): Context {
  return Reflect.construct(Context, [
    of.info,
    of.cancelled,
    of.signal,
    of.heartbeat,
    undefined,
    quietLogger,
    noMetrics,
    {},
  ]) as Context;
}

export function runInContext<T>(context: Context, work: () => T): T {
  return asyncLocalStorage.run(context, work);
}
