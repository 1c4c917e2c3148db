/** The activities that an execution's run waits for: scheduled, cancelled, resolved. */
import { type ActivityResult, ActivityTask } from './activity-task.ts';
import type { ExecutionContext } from './execution-context.ts';
import { bytesOf, type Failure } from './payloads.ts';
import type { WorkflowTasks } from './workflow-tasks.ts';
import { ActivityCancellationType, type ActivityCommand, type Command, type Job } from './workflow-vm.ts';

export class Activities {
  private readonly pending = new Map<number, ActivityTask>();
  /** What the task under way was told of as cancelled. */
  private readonly toldCancelled = new Set<number>();
  private readonly context: ExecutionContext;
  private readonly tasks: WorkflowTasks;

  constructor(context: ExecutionContext, tasks: WorkflowTasks) {
    this.context = context;
    this.tasks = tasks;
  }

  schedule(command: ActivityCommand): void {
    const { world, history, run } = this.context;
    const payloads = command.arguments ?? [];
    for (const payload of payloads) world.onPayload(payload, `input of ${command.activityType}`);
    history.add(1, bytesOf(payloads));
    const { workflowId, runId, workflowType } = run;
    const task = new ActivityTask(command, {
      ...world,
      execution: { workflowId, runId, workflowType },
      resolve: (of, result) => this.resolve(of, result),
    });
    this.pending.set(task.seq, task);
  }

  requestCancel(seq: number): void {
    const task = this.pending.get(seq);
    this.context.history.add(1);
    task?.requestCancel();
    // What need not confirm its cancellation has been told as cancelled already, also what ended while the task was at work: its result comes
    // too late. Any other one that was never begun has its answer on its way.
    if (!this.toldCancelled.has(seq)) return;
    this.pending.delete(seq);
    this.tasks.takeBack((job) => job.resolveActivity?.seq === seq);
  }

  /**
   * Watches one workflow task from its beginning. Answers what resolves by the commands of each of its steps: an activity that need not
   * confirm its cancellation, also one that was scheduled a step before.
   */
  watchCancellations(): (commands: readonly Command[]) => Job[] {
    const scheduled = new Map<number, ActivityTask | Command>(this.pending);
    this.toldCancelled.clear();
    return (commands) => {
      const jobs = commands.flatMap((command) => cancelledAtOnce(command, scheduled));
      for (const { resolveActivity } of jobs) this.toldCancelled.add(resolveActivity?.seq ?? 0);
      return jobs;
    };
  }

  /** The run has ended. */
  abandonAll(): void {
    for (const task of this.pending.values()) task.abandon();
    this.pending.clear();
  }

  /** Type and attempts of each. */
  list(): string[] {
    return [...this.pending.values()].map(({ type, attempts }) => `${type}#${attempts}`);
  }

  private resolve(task: ActivityTask, result: ActivityResult): void {
    if (this.pending.get(task.seq) !== task) return;
    this.pending.delete(task.seq);
    const { world, history } = this.context;
    const payload = 'completed' in result ? result.completed.result : null;
    if (payload) world.onPayload(payload, `result of ${task.type}`);
    history.add(2, bytesOf(payload ? [payload] : []));
    this.tasks.add({ resolveActivity: { seq: task.seq, result } });
  }
}

function cancelledAtOnce(command: Command, scheduled: Map<number, ActivityTask | Command>): Job[] {
  const { scheduleActivity, requestCancelActivity } = command;
  if (scheduleActivity) scheduled.set(scheduleActivity.seq ?? 0, command);
  if (!requestCancelActivity) return [];
  const seq = requestCancelActivity.seq ?? 0;
  const of = scheduled.get(seq);
  const asked = of instanceof ActivityTask ? of.command : of?.scheduleActivity;
  if (!of || asked?.cancellationType !== ActivityCancellationType.TRY_CANCEL) return [];
  scheduled.delete(seq);
  const bare: Failure = { message: 'Activity cancelled', canceledFailureInfo: {} };
  const failure = of instanceof ActivityTask ? of.cancelledFailure() : bare;
  return [{ resolveActivity: { seq, result: { cancelled: { failure } } } }];
}
