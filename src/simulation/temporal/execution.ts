/**
 * One workflow execution as the server and its worker's Core keep it: what clients ask of it, its runs, what its commands bring about.
 * What differs from a real server is written down in docs/simulation.md.
 */
import { virtualNow } from '../virtual-time.ts';
import { Activities } from './activities.ts';
import type { ExecutionContext, ExecutionWorld } from './execution-context.ts';
import { History } from './history.ts';
import { bytesOf, errorOf, fromPayload, type Payload, toPayload } from './payloads.ts';
import { Timers } from './timers.ts';
import { Updates } from './updates.ts';
import { WorkflowCache } from './workflow-cache.ts';
import { WorkflowTasks } from './workflow-tasks.ts';
import { type Command, longOf, millisecondsOf, timestamp } from './workflow-vm.ts';

type Identity = { workflowId: string; workflowType: string; taskQueue: string };

export class Execution {
  readonly workflowId: string;
  readonly workflowType: string;
  readonly history = new History();
  runs = 0;
  state: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' = 'running';
  result: unknown;
  failure: Error | null = null;
  private readonly context: ExecutionContext;
  private readonly cache: WorkflowCache;
  private readonly tasks: WorkflowTasks;
  private readonly timers: Timers;
  private readonly activities: Activities;
  private readonly updates: Updates;
  private readonly onEnd: (() => void)[] = [];

  constructor({ args, ...identity }: Identity & { args: unknown[] }, world: ExecutionWorld) {
    this.workflowId = identity.workflowId;
    this.workflowType = identity.workflowType;
    this.context = { world, history: this.history, run: { ...identity, runId: '', startedAt: 0, seed: world.seed } };
    this.cache = new WorkflowCache(this.context);
    this.tasks = new WorkflowTasks(this.context, this.cache, {
      watchCancellations: () => this.activities.watchCancellations(),
      carryOut: (command) => this.carryOut(command),
    });
    this.timers = new Timers(this.context, this.tasks);
    this.activities = new Activities(this.context, this.tasks);
    this.updates = new Updates(this.context, this.tasks);
    this.beginRun(args.map(toPayload));
  }

  get replays(): number {
    return this.cache.replays;
  }

  // ---- what clients ask ---------------------------------------------------------------------------------------------

  signal(signalName: string, args: unknown[]): void {
    this.context.world.note(`signal ${signalName}`);
    this.history.add(1);
    const input = this.kept(args, `signal ${signalName}`);
    this.tasks.add({ signalWorkflow: { signalName, input, headers: {}, identity: 'simulation' } });
  }

  cancel(): void {
    this.history.add(1);
    this.tasks.add({ cancelWorkflow: { reason: 'asked' } });
  }

  terminate(): void {
    this.close('terminated', new Error('the workflow was terminated'));
  }

  update(name: string, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.state !== 'running') return reject(new Error(`the workflow has ${this.state}`));
      this.updates.ask(name, this.kept(args, `update ${name}`), { resolve, reject });
    });
  }

  query(queryType: string): Promise<unknown> {
    return this.cache.query(queryType);
  }

  ended(): Promise<void> {
    return new Promise((done) => {
      if (this.state === 'running') this.onEnd.push(done);
      else done();
    });
  }

  pendingActivities(): string[] {
    return this.activities.list();
  }

  /** A worker's cache was full, or it was put in place anew: the next task replays. */
  evict(): Promise<void> {
    return this.tasks.isStarted ? Promise.resolve() : this.cache.forget();
  }

  dispose(): Promise<void> {
    return this.cache.forget();
  }

  private kept(args: unknown[], where: string): Payload[] {
    const payloads = args.map(toPayload);
    for (const payload of payloads) this.context.world.onPayload(payload, where);
    this.history.addBytes(bytesOf(payloads));
    return payloads;
  }

  // ---- runs -----------------------------------------------------------------------------------------------------------

  private beginRun(args: Payload[]): void {
    const { world } = this.context;
    this.runs += 1;
    const seed = world.seed + this.runs;
    const startedAt = virtualNow();
    const runId = `run-${world.seed}-${startedAt}-${this.runs}`;
    this.context.run = { ...this.context.run, runId, startedAt, seed };
    this.history.beginRun();
    this.history.add(1, bytesOf(args));
    for (const payload of args) world.onPayload(payload, 'input');
    this.tasks.add({
      initializeWorkflow: {
        workflowType: this.workflowType,
        workflowId: this.workflowId,
        arguments: args,
        randomnessSeed: longOf(seed),
        attempt: 1,
        firstExecutionRunId: runId,
        startTime: timestamp(startedAt),
        headers: {},
        identity: 'simulation',
      },
    });
  }

  private endRun(): void {
    this.timers.clear();
    this.activities.abandonAll();
  }

  private close(state: Exclude<Execution['state'], 'running'>, failure: Error | null): void {
    if (this.state !== 'running') return;
    this.state = state;
    this.failure = failure;
    this.tasks.close();
    this.endRun();
    this.history.add(1);
    this.updates.rejectAll();
    for (const done of this.onEnd) done();
  }

  // ---- commands -------------------------------------------------------------------------------------------------------

  private carryOut(command: Command): void {
    if (command.startTimer)
      this.timers.start(command.startTimer.seq ?? 0, millisecondsOf(command.startTimer.startToFireTimeout) ?? 0);
    else if (command.cancelTimer) this.timers.cancel(command.cancelTimer.seq ?? 0);
    else if (command.scheduleActivity) this.activities.schedule(command.scheduleActivity);
    else if (command.requestCancelActivity) this.activities.requestCancel(command.requestCancelActivity.seq ?? 0);
    else if (command.updateResponse) this.updates.answer(command.updateResponse);
    else if (command.completeWorkflowExecution) {
      const { result } = command.completeWorkflowExecution;
      if (result) this.context.world.onPayload(result, 'result');
      this.result = fromPayload(result);
      this.close('completed', null);
    } else if (command.failWorkflowExecution) {
      const { failure } = command.failWorkflowExecution;
      this.close('failed', failure ? errorOf(failure) : new Error('the workflow failed'));
    } else if (command.cancelWorkflowExecution) this.close('cancelled', new Error('the workflow was cancelled'));
    else if (command.continueAsNewWorkflowExecution) {
      this.endRun();
      void this.cache.forget();
      this.beginRun(command.continueAsNewWorkflowExecution.arguments ?? []);
    } else if (command.upsertWorkflowSearchAttributes || command.setPatchMarker || command.modifyWorkflowProperties)
      this.history.add(1);
    else throw new Error(`the simulation does not know this command: ${Object.keys(command).join(', ')}`);
  }
}
