/**
 * One workflow execution as the server and its worker's Core keep it: workflow tasks over the SDK's own VM, timers, activities, updates.
 * What differs from a real server is written down in docs/simulation.md.
 */
import proto from '@temporalio/proto';
import type { SimProcess } from '../process.ts';
import { after, hold, release, virtualNow } from '../virtual-time.ts';
import { type ActivityResult, ActivityTask, type ActivityWorld } from './activity-task.ts';
import { History } from './history.ts';
import { bytesOf, errorOf, type Failure, fromPayload, type Payload, toPayload } from './payloads.ts';
import {
  type Activation,
  ActivityCancellationType,
  activationOf,
  type Command,
  type Instance,
  type Job,
  longOf,
  millisecondsOf,
  timestamp,
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

type Update = { resolve(value: unknown): void; reject(error: Error): void };
/** A task that a worker has taken up: nothing of it counts before it is completed. */
type Step = { activation: Activation; jobs: Job[]; commands: Command[] };

const { WorkflowActivationJob } = proto.coresdk.workflow_activation;

/** A worker that is gone is waited for so long before another one may go on: `stickyQueueScheduleToStartTimeout` of src/temporal/worker.ts. */
const STICKY_MS = 2_000;
/** The server's default time-out of a workflow task. */
const TASK_TIMEOUT_MS = 10_000;
const CLOSING = [
  'completeWorkflowExecution',
  'failWorkflowExecution',
  'cancelWorkflowExecution',
  'continueAsNewWorkflowExecution',
] as const;

export class Execution {
  readonly workflowId: string;
  readonly workflowType: string;
  readonly history = new History();
  runs = 0;
  state: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' = 'running';
  result: unknown;
  failure: Error | null = null;
  replays = 0;
  private readonly taskQueue: string;
  private readonly world: ExecutionWorld;
  private runId = '';
  private startedAt = 0;
  private instance: { of: Instance; worker: WorkflowWorker } | null = null;
  private jobs: Job[] = [];
  private task: 'none' | 'scheduled' | 'started' = 'none';
  private failedTasks = 0;
  /** Activities that the task under way was told of as cancelled. */
  private readonly cancelledAtOnce = new Set<number>();
  private readonly timers = new Map<number, () => void>();
  private readonly activities = new Map<number, ActivityTask>();
  private readonly updates = new Map<string, Update>();
  private updateIds = 0;
  private readonly onEnd: (() => void)[] = [];

  constructor(
    of: { workflowId: string; workflowType: string; taskQueue: string; args: unknown[] },
    world: ExecutionWorld,
  ) {
    this.workflowId = of.workflowId;
    this.workflowType = of.workflowType;
    this.taskQueue = of.taskQueue;
    this.world = world;
    this.beginRun(of.args.map(toPayload));
  }

  // ---- what clients ask ---------------------------------------------------------------------------------------------

  signal(signalName: string, args: unknown[]): void {
    this.world.note(`signal ${signalName}`);
    this.history.add(1);
    this.add({
      signalWorkflow: {
        signalName,
        input: this.kept(args, `signal ${signalName}`),
        headers: {},
        identity: 'simulation',
      },
    });
  }

  cancel(): void {
    this.history.add(1);
    this.add({ cancelWorkflow: { reason: 'asked' } });
  }

  terminate(): void {
    this.close('terminated', new Error('the workflow was terminated'));
  }

  update(name: string, args: unknown[]): Promise<unknown> {
    this.updateIds += 1;
    const id = `update-${this.updateIds}`;
    return new Promise((resolve, reject) => {
      if (this.state !== 'running') return reject(new Error(`the workflow has ${this.state}`));
      this.updates.set(id, { resolve, reject });
      const input = this.kept(args, `update ${name}`);
      this.add({
        doUpdate: {
          id,
          protocolInstanceId: id,
          name,
          input,
          headers: {},
          meta: { identity: 'simulation', updateId: id },
          runValidator: true,
        },
      });
    });
  }

  async query(queryType: string): Promise<unknown> {
    hold();
    try {
      const instance = await this.anInstance();
      if (!instance) throw new Error('no worker answers the query');
      // The VM hands queries on as they come, and asks the message itself of which kind it is.
      const job = WorkflowActivationJob.create({ queryWorkflow: { queryId: 'query', queryType, arguments: [] } });
      const activation = this.activation([job]);
      const answer = await instance.activate(activation);
      const response = 'commands' in answer ? answer.commands[0]?.respondToQuery : undefined;
      if (!response?.succeeded) throw new Error(response?.failed?.message ?? 'the query failed');
      return fromPayload(response.succeeded.response);
    } finally {
      release();
    }
  }

  ended(): Promise<void> {
    return new Promise((done) => {
      if (this.state === 'running') this.onEnd.push(done);
      else done();
    });
  }

  pendingActivities(): string[] {
    return [...this.activities.values()].map(({ type, attempts }) => `${type}#${attempts}`);
  }

  async dispose(): Promise<void> {
    await this.forgetInstance();
  }

  // ---- runs -----------------------------------------------------------------------------------------------------------

  private beginRun(args: Payload[]): void {
    this.runs += 1;
    this.runId = `run-${this.world.seed}-${this.runs}`;
    this.startedAt = virtualNow();
    this.history.beginRun();
    this.history.add(1, bytesOf(args));
    for (const payload of args) this.world.onPayload(payload, 'input');
    this.add({
      initializeWorkflow: {
        workflowType: this.workflowType,
        workflowId: this.workflowId,
        arguments: args,
        randomnessSeed: longOf(this.world.seed + this.runs),
        attempt: 1,
        firstExecutionRunId: this.runId,
        startTime: timestamp(this.startedAt),
        headers: {},
        identity: 'simulation',
      },
    });
  }

  private endRun(): void {
    for (const cancelTimer of this.timers.values()) cancelTimer();
    this.timers.clear();
    for (const task of this.activities.values()) task.abandon();
    this.activities.clear();
  }

  private close(state: Exclude<Execution['state'], 'running'>, failure: Error | null): void {
    if (this.state !== 'running') return;
    this.state = state;
    this.failure = failure;
    this.endRun();
    this.history.add(1);
    for (const update of this.updates.values()) update.reject(new Error('the workflow ended before its update'));
    this.updates.clear();
    for (const done of this.onEnd) done();
  }

  // ---- workflow tasks -------------------------------------------------------------------------------------------------

  private add(job: Job): void {
    if (this.state !== 'running') return;
    this.jobs.push(job);
    if (this.task === 'none') this.schedule();
  }

  private schedule(): void {
    if (this.state !== 'running') return;
    this.task = 'scheduled';
    this.history.add(1);
    const sticky = this.instance?.worker.process;
    if (sticky && !sticky.running) {
      // The server offers the task to the worker that has the execution in its cache, until this time-out.
      after(STICKY_MS, () => {
        const back = this.instance?.worker.process.running === true;
        void (back ? this.dispatch() : this.forgetInstance().then(() => this.dispatch()));
      });
    } else this.dispatch();
  }

  private dispatch(): void {
    if (this.state !== 'running') return;
    const worker = this.instance?.worker ?? this.world.workflowWorker();
    if (!worker) {
      this.world.whenWorkerPolls(() => this.dispatch());
      return;
    }
    after(this.world.dispatchMs(), () => {
      if (worker.process.running) void this.start(worker);
      else this.schedule();
    });
  }

  private async start(worker: WorkflowWorker): Promise<void> {
    this.task = 'started';
    const jobs = inOrder(this.jobs.splice(0));
    const began = virtualNow();
    hold();
    let steps: Step[] | null;
    try {
      steps = await this.activate(worker, jobs);
    } finally {
      release();
    }
    if (steps === null) return this.retry(jobs);
    const done = steps;
    const ms = this.world.taskMs();
    const arrive = () => {
      if (worker.process.running) return this.complete(done, jobs);
      // Whatever it has computed is lost with it: the server offers the task again after its time-out.
      this.jobs = [...jobs, ...this.jobs];
      after(began + TASK_TIMEOUT_MS - virtualNow(), () => void this.forgetInstance().then(() => this.schedule()));
    };
    if (ms > 0) after(ms, arrive);
    else arrive();
  }

  /** A workflow task that fails is tried again: at once, then every ten seconds, as a server does it. */
  private async retry(jobs: Job[]): Promise<void> {
    this.failedTasks += 1;
    this.jobs = [...jobs, ...this.jobs];
    await this.forgetInstance();
    after(this.failedTasks === 1 ? 1 : TASK_TIMEOUT_MS, () => this.schedule());
  }

  /** All that one task asks for; cancelled activities resolve within it, as Core does. */
  private async activate(worker: WorkflowWorker, jobs: Job[]): Promise<Step[] | null> {
    const instance = await this.anInstance(worker);
    if (!instance) return null;
    const steps: Step[] = [];
    this.cancelledAtOnce.clear();
    const scheduled = new Map<number, ActivityTask | Command>(this.activities);
    let next = jobs;
    while (next.length > 0) {
      const activation = this.activation(next);
      const answer = await instance.activate(activation);
      if ('failed' in answer) {
        this.world.onTaskFailure(answer.failed);
        return null;
      }
      steps.push({ activation, jobs: next, commands: answer.commands });
      next = this.resolvedAtOnce(answer.commands, scheduled);
    }
    this.failedTasks = 0;
    return steps;
  }

  private resolvedAtOnce(commands: readonly Command[], scheduled: Map<number, ActivityTask | Command>): Job[] {
    const jobs: Job[] = [];
    for (const command of commands) {
      const { scheduleActivity, requestCancelActivity } = command;
      if (scheduleActivity) scheduled.set(scheduleActivity.seq ?? 0, command);
      if (!requestCancelActivity) continue;
      const seq = requestCancelActivity.seq ?? 0;
      const of = scheduled.get(seq);
      const asked = of instanceof ActivityTask ? of.command : of?.scheduleActivity;
      if (!of || asked?.cancellationType !== ActivityCancellationType.TRY_CANCEL) continue;
      scheduled.delete(seq);
      this.cancelledAtOnce.add(seq);
      const failure: Failure = { message: 'Activity cancelled', canceledFailureInfo: {} };
      const wrapped = of instanceof ActivityTask ? of.cancelledFailure() : failure;
      jobs.push({ resolveActivity: { seq, result: { cancelled: { failure: wrapped } } } });
    }
    return jobs;
  }

  private activation(jobs: Job[]): Activation {
    const { events, bytes } = this.history.ofRun();
    return activationOf({
      runId: this.runId,
      at: virtualNow(),
      jobs,
      historyLength: events,
      historyBytes: bytes,
      continueAsNewSuggested: events >= this.world.suggestNewRunAt,
    });
  }

  /** The VM that has seen everything: kept, or a fresh one that is shown the whole history and must ask for the same again. */
  private async anInstance(worker: WorkflowWorker | null = this.world.workflowWorker()): Promise<Instance | null> {
    if (this.instance?.worker.process.running) return this.instance.of;
    if (!worker) return null;
    await this.forgetInstance();
    const { workflowId, workflowType, runId, taskQueue, startedAt } = this;
    const of = await worker.code.create({
      ...{ workflowId, workflowType, runId, taskQueue, startedAt },
      seed: this.world.seed + this.runs,
    });
    this.instance = { of, worker };
    if (this.history.isEmpty()) return of;
    this.replays += 1;
    const difference = await this.history.replay(of);
    if (difference === null) return of;
    this.world.onTaskFailure(`not deterministic: ${difference}`);
    return null;
  }

  private async forgetInstance(): Promise<void> {
    const { instance } = this;
    this.instance = null;
    await instance?.of.dispose();
  }

  /** A worker's cache was full, or it was put in place anew: the next task replays. */
  evict(): Promise<void> {
    return this.task === 'started' ? Promise.resolve() : this.forgetInstance();
  }

  private complete(steps: Step[], jobs: Job[]): void {
    if (this.state !== 'running') return;
    const commands = steps.flatMap((step) => step.commands);
    const closes = commands.some((command) => CLOSING.some((kind) => command[kind]));
    if (closes && this.jobs.length > 0) {
      // UnhandledCommand: something has come meanwhile, which the workflow has to see before it may end.
      this.jobs = [...jobs, ...this.jobs];
      void this.forgetInstance().then(() => this.schedule());
      return;
    }
    this.task = 'none';
    this.history.add(2);
    for (const step of steps) this.history.keep(step.activation, step.jobs, step.commands);
    this.world.onCommands?.(virtualNow(), commands);
    for (const command of commands) this.carryOut(command);
    if (this.jobs.length > 0 && this.task === 'none') this.schedule();
  }

  private carryOut(command: Command): void {
    if (command.startTimer)
      this.startTimer(command.startTimer.seq ?? 0, millisecondsOf(command.startTimer.startToFireTimeout) ?? 0);
    else if (command.cancelTimer) this.cancelTimer(command.cancelTimer.seq ?? 0);
    else if (command.scheduleActivity) {
      const { scheduleActivity } = command;
      const payloads = scheduleActivity.arguments ?? [];
      for (const payload of payloads) this.world.onPayload(payload, `input of ${scheduleActivity.activityType}`);
      this.history.add(1, bytesOf(payloads));
      const execution = { workflowId: this.workflowId, runId: this.runId, workflowType: this.workflowType };
      const task = new ActivityTask(scheduleActivity, {
        ...this.world,
        execution,
        resolve: (of, result) => this.resolve(of, result),
      });
      this.activities.set(task.seq, task);
    } else if (command.requestCancelActivity) {
      const seq = command.requestCancelActivity.seq ?? 0;
      const task = this.activities.get(seq);
      this.history.add(1);
      task?.requestCancel();
      // One that ended while the task was at work has been told as cancelled already: its result comes too late.
      if (task?.over || (!task && this.cancelledAtOnce.has(seq))) this.forgetActivity(seq);
    } else if (command.updateResponse) this.answerUpdate(command.updateResponse);
    else if (command.completeWorkflowExecution) {
      const { result } = command.completeWorkflowExecution;
      if (result) this.world.onPayload(result, 'result');
      this.result = fromPayload(result);
      this.close('completed', null);
    } else if (command.failWorkflowExecution) {
      const { failure } = command.failWorkflowExecution;
      this.close('failed', failure ? errorOf(failure) : new Error('the workflow failed'));
    } else if (command.cancelWorkflowExecution) this.close('cancelled', new Error('the workflow was cancelled'));
    else if (command.continueAsNewWorkflowExecution) {
      this.endRun();
      void this.forgetInstance();
      this.beginRun(command.continueAsNewWorkflowExecution.arguments ?? []);
    } else if (command.upsertWorkflowSearchAttributes || command.setPatchMarker || command.modifyWorkflowProperties)
      this.history.add(1);
    else throw new Error(`the simulation does not know this command: ${Object.keys(command).join(', ')}`);
  }

  private startTimer(seq: number, ms: number): void {
    this.history.add(1);
    this.timers.set(
      seq,
      after(ms, () => {
        this.timers.delete(seq);
        this.history.add(1);
        this.add({ fireTimer: { seq } });
      }),
    );
  }

  /** Also takes back a firing that no task has seen yet, as a server does. */
  private cancelTimer(seq: number): void {
    this.history.add(1);
    this.timers.get(seq)?.();
    this.timers.delete(seq);
    this.jobs = this.jobs.filter((job) => job.fireTimer?.seq !== seq);
  }

  private resolve(task: ActivityTask, result: ActivityResult): void {
    if (this.activities.get(task.seq) !== task) return;
    this.activities.delete(task.seq);
    const payload = 'completed' in result ? result.completed.result : null;
    if (payload) this.world.onPayload(payload, `result of ${task.type}`);
    this.history.add(2, bytesOf(payload ? [payload] : []));
    this.add({ resolveActivity: { seq: task.seq, result } });
  }

  private forgetActivity(seq: number): void {
    this.activities.delete(seq);
    this.jobs = this.jobs.filter((job) => job.resolveActivity?.seq !== seq);
  }

  private answerUpdate({
    protocolInstanceId,
    accepted,
    rejected,
    completed,
  }: NonNullable<Command['updateResponse']>): void {
    const id = protocolInstanceId ?? '';
    const update = this.updates.get(id);
    if (accepted || completed) this.history.add(1);
    if (completed) {
      this.world.onPayload(completed, 'result of an update');
      update?.resolve(fromPayload(completed));
    } else if (rejected) update?.reject(errorOf(rejected));
    if (completed || rejected) this.updates.delete(id);
  }

  private kept(args: unknown[], where: string): Payload[] {
    const payloads = args.map(toPayload);
    for (const payload of payloads) this.world.onPayload(payload, where);
    this.history.addBytes(bytesOf(payloads));
    return payloads;
  }
}

/** Core's order in a task: initialisation, then signals and updates, then the rest as it came. */
function inOrder(jobs: Job[]): Job[] {
  const rank = (job: Job) => (job.initializeWorkflow ? 0 : job.signalWorkflow || job.doUpdate ? 1 : 2);
  return [0, 1, 2].flatMap((wanted) => jobs.filter((job) => rank(job) === wanted));
}
