/** Workflow tasks of an execution: jobs are gathered, offered to a worker, activated in its VM, and completed as a server does it. */
import { after, hold, release, virtualNow } from '../virtual-time.ts';
import { activationNow, type ExecutionContext, type WorkflowWorker } from './execution-context.ts';
import type { WorkflowCache } from './workflow-cache.ts';
import type { Activation, Command, Job } from './workflow-vm.ts';

/** What a task has to do with the rest of the execution. */
export type TaskEffects = {
  /** At a task's beginning; answers what resolves within the task by the commands of each of its steps. */
  watchCancellations(): (commands: readonly Command[]) => Job[];
  carryOut(command: Command): void;
};

/** A task that a worker has taken up: nothing of it counts before it is completed. */
type Step = { activation: Activation; jobs: Job[]; commands: Command[] };

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

export class WorkflowTasks {
  private jobs: Job[] = [];
  private task: 'none' | 'scheduled' | 'started' = 'none';
  private closed = false;
  private failedTasks = 0;
  private readonly context: ExecutionContext;
  private readonly cache: WorkflowCache;
  private readonly effects: TaskEffects;

  constructor(context: ExecutionContext, cache: WorkflowCache, effects: TaskEffects) {
    this.context = context;
    this.cache = cache;
    this.effects = effects;
  }

  get isStarted(): boolean {
    return this.task === 'started';
  }

  /** For the next task, which is scheduled where there is none yet. */
  add(job: Job): void {
    if (this.closed) return;
    this.jobs.push(job);
    if (this.task === 'none') this.schedule();
  }

  /** Takes back jobs that no task has seen yet. */
  takeBack(unwanted: (job: Job) => boolean): void {
    this.jobs = this.jobs.filter((job) => !unwanted(job));
  }

  /** The execution has ended: there are no more tasks. */
  close(): void {
    this.closed = true;
  }

  private schedule(): void {
    if (this.closed) return;
    this.task = 'scheduled';
    this.context.history.add(1);
    const sticky = this.cache.worker?.process;
    if (sticky && !sticky.running) {
      // The server offers the task to the worker that has the execution in its cache, until this time-out.
      after(STICKY_MS, () => {
        const back = this.cache.worker?.process.running === true;
        void (back ? this.dispatch() : this.cache.forget().then(() => this.dispatch()));
      });
    } else this.dispatch();
  }

  private dispatch(): void {
    if (this.closed) return;
    const { world } = this.context;
    const worker = this.cache.worker ?? world.workflowWorker();
    if (!worker) {
      world.whenWorkerPolls(() => this.dispatch());
      return;
    }
    after(world.dispatchMs(), () => {
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
    const ms = this.context.world.taskMs();
    const arrive = () => {
      if (worker.process.running) return this.complete(done, jobs);
      // Whatever it has computed is lost with it: the server offers the task again after its time-out.
      this.jobs = [...jobs, ...this.jobs];
      after(began + TASK_TIMEOUT_MS - virtualNow(), () => void this.cache.forget().then(() => this.schedule()));
    };
    if (ms > 0) after(ms, arrive);
    else arrive();
  }

  /** A workflow task that fails is tried again: at once, then every ten seconds, as a server does it. */
  private async retry(jobs: Job[]): Promise<void> {
    this.failedTasks += 1;
    this.jobs = [...jobs, ...this.jobs];
    await this.cache.forget();
    after(this.failedTasks === 1 ? 1 : TASK_TIMEOUT_MS, () => this.schedule());
  }

  /** All that one task asks for; cancelled activities resolve within it, as Core does. */
  private async activate(worker: WorkflowWorker, jobs: Job[]): Promise<Step[] | null> {
    const instance = await this.cache.instance(worker);
    if (!instance) return null;
    const steps: Step[] = [];
    const cancelledBy = this.effects.watchCancellations();
    let next = jobs;
    while (next.length > 0) {
      const activation = activationNow(this.context, next);
      const answer = await instance.activate(activation);
      if ('failed' in answer) {
        this.context.world.onTaskFailure(answer.failed);
        return null;
      }
      steps.push({ activation, jobs: next, commands: answer.commands });
      next = cancelledBy(answer.commands);
    }
    this.failedTasks = 0;
    return steps;
  }

  private complete(steps: Step[], jobs: Job[]): void {
    if (this.closed) return;
    const { world, history } = this.context;
    const commands = steps.flatMap((step) => step.commands);
    const closes = commands.some((command) => CLOSING.some((kind) => command[kind]));
    if (closes && this.jobs.length > 0) {
      // UnhandledCommand: something has come meanwhile, which the workflow has to see before it may end.
      this.jobs = [...jobs, ...this.jobs];
      void this.cache.forget().then(() => this.schedule());
      return;
    }
    this.task = 'none';
    history.add(2);
    for (const step of steps) history.keep(step.activation, step.jobs, step.commands);
    world.onCommands?.(virtualNow(), commands);
    for (const command of commands) this.effects.carryOut(command);
    if (this.jobs.length > 0 && this.task === 'none') this.schedule();
  }
}

/** Core's order in a task: initialisation, then signals and updates, then the rest as it came. */
function inOrder(jobs: Job[]): Job[] {
  const rank = (job: Job) => (job.initializeWorkflow ? 0 : job.signalWorkflow || job.doUpdate ? 1 : 2);
  return [0, 1, 2].flatMap((wanted) => jobs.filter((job) => rank(job) === wanted));
}
