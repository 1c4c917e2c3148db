/** One activity as the server keeps it: attempts, time-outs, heartbeats, retries; results that come after their time-out are dropped. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { SimProcess } from '../process.ts';
import { after, nothingToSettle, virtualNow } from '../virtual-time.ts';
import { type Failure, failureOf, fromPayload, type Payload, toPayload } from './payloads.ts';
import {
  ActivityCancellationType,
  type ActivityCommand,
  activityContext,
  millisecondsOf,
  runInContext,
} from './workflow-vm.ts';

export type ActivityResult =
  | { completed: { result: Payload } }
  | { failed: { failure: Failure } }
  | { cancelled: { failure: Failure } };

type Activities = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Who runs activities of a queue: a process with its functions. */
export type ActivityWorker = {
  process: SimProcess;
  activities: Activities;
  /** The longest pause between two heartbeats that are sent, as the worker is set. Milliseconds. */
  throttleMs: number;
};

export type ActivityWorld = {
  /** A running worker of the queue; null where none polls, then `whenPolled` is called once one does. */
  workerFor(queue: string): ActivityWorker | null;
  whenPolled(queue: string, then: () => void): void;
  dispatchMs(): number;
  reportMs(): number;
  note(text: string): void;
  /** Before an attempt begins and after it ended, for those who kill workers there. */
  at(point: 'started' | 'ended', activityType: string, worker: ActivityWorker): void;
  resolve(task: ActivityTask, result: ActivityResult): void;
  execution: { workflowId: string; runId: string; workflowType: string };
};

type Attempt = {
  number: number;
  worker: ActivityWorker;
  /** The server expects nothing more of it. */
  over: boolean;
  cancel(reason: string): void;
  lastBeat: number;
};

const CANCELLED: Failure = { message: 'Activity cancelled', canceledFailureInfo: {} };
const START_TO_CLOSE = 1;
const SCHEDULE_TO_CLOSE = 3;
const HEARTBEAT = 4;
const DEFAULT_INITIAL_MS = 1_000;

export class ActivityTask {
  readonly seq: number;
  readonly type: string;
  readonly command: ActivityCommand;
  readonly scheduledAt = virtualNow();
  attempts = 0;
  over = false;
  private cancelAsked = false;
  private current: Attempt | null = null;
  private lastFailure: Failure | null = null;
  private readonly world: ActivityWorld;

  constructor(command: ActivityCommand, world: ActivityWorld) {
    this.command = command;
    this.seq = command.seq ?? 0;
    this.type = command.activityType ?? '';
    this.world = world;
    const whole = millisecondsOf(command.scheduleToCloseTimeout);
    if (whole !== undefined) {
      after(whole, () => {
        const failure = this.lastFailure ?? timedOut('ScheduleToClose', SCHEDULE_TO_CLOSE);
        this.end({ failed: { failure: this.wrapped(failure) } });
      });
    }
    after(world.dispatchMs(), () => this.dispatch());
  }

  get isRunning(): boolean {
    return this.current !== null && !this.current.over;
  }

  /** The workflow asks for its cancellation: a running attempt hears of it with its next heartbeat. */
  requestCancel(): void {
    if (this.over) return;
    this.cancelAsked = true;
    if (this.command.cancellationType === ActivityCancellationType.TRY_CANCEL) this.over = true;
    else if (!this.isRunning) this.end({ cancelled: { failure: this.wrapped(CANCELLED) } });
  }

  /** Its run has closed: nobody waits for it. */
  abandon(): void {
    this.over = true;
  }

  cancelledFailure(): Failure {
    return this.wrapped(CANCELLED);
  }

  private end(result: ActivityResult): void {
    if (this.over) return;
    this.over = true;
    this.world.resolve(this, result);
  }

  private wrapped(cause: Failure): Failure {
    return {
      message: 'Activity task failed',
      source: 'simulation',
      activityFailureInfo: {
        activityId: this.command.activityId ?? '',
        activityType: { name: this.type },
        identity: 'simulation',
        retryState: 0,
      },
      cause,
    };
  }

  private dispatch(): void {
    if (this.over) return;
    const queue = this.command.taskQueue ?? '';
    const worker = this.world.workerFor(queue);
    if (worker) this.begin(worker);
    else this.world.whenPolled(queue, () => this.dispatch());
  }

  private begin(worker: ActivityWorker): void {
    this.attempts += 1;
    const control = new AbortController();
    let reject = (_: Error) => {};
    const cancelled = new Promise<never>((_, fail) => {
      reject = fail;
    });
    cancelled.catch(() => {});
    const attempt: Attempt = {
      number: this.attempts,
      worker,
      over: false,
      lastBeat: virtualNow(),
      cancel(reason) {
        if (control.signal.aborted) return;
        const error = new CancelledFailure(reason);
        control.abort(error);
        reject(error);
      },
    };
    this.current = attempt;
    this.watchTimeouts(attempt);
    this.world.at('started', this.type, worker);
    if (worker.process.dead) return;
    const context = activityContext({
      info: this.infoOf(attempt),
      cancelled,
      signal: control.signal,
      heartbeat: this.heartbeatOf(attempt),
    });
    processes.set(context, worker.process);
    runInContext(context, () => this.work(worker)).then(
      (value) => this.report(attempt, () => this.end({ completed: { result: toPayload(value) } })),
      (error: unknown) => this.report(attempt, () => this.failedWith(attempt, error, control.signal.aborted)),
    );
  }

  private async work(worker: ActivityWorker): Promise<unknown> {
    const run = worker.activities[this.type];
    if (!run) throw ApplicationFailure.nonRetryable(`no activity ${this.type}`);
    return Reflect.apply(run, undefined, (this.command.arguments ?? []).map(fromPayload));
  }

  /** What a worker answers reaches the server a moment later, if the worker still lives then. */
  private report(attempt: Attempt, settle: () => void): void {
    const { worker } = attempt;
    if (worker.process.dead) return;
    const arrive = () => {
      if (worker.process.dead) return;
      const wait = worker.process.stoppedUntil - virtualNow();
      if (wait > 0) return void after(wait, arrive);
      if (attempt.over || this.over) return;
      attempt.over = true;
      settle();
      this.world.at('ended', this.type, worker);
    };
    const ms = this.world.reportMs();
    if (ms > 0) after(ms, arrive);
    else arrive();
  }

  private failedWith(attempt: Attempt, error: unknown, aborted: boolean): void {
    const failure = failureOf(error);
    if (aborted && this.cancelAsked) {
      this.end({ cancelled: { failure: this.wrapped(failure) } });
      return;
    }
    const { nonRetryable, type } = failure.applicationFailureInfo ?? {};
    const final = this.command.retryPolicy?.nonRetryableErrorTypes ?? [];
    this.failed(attempt, failure, !nonRetryable && !final.includes(type ?? ''));
  }

  private failed(attempt: Attempt, failure: Failure, retryable: boolean): void {
    attempt.over = true;
    this.lastFailure = failure;
    const { retryPolicy, scheduleToCloseTimeout } = this.command;
    this.world.note(`${this.type} attempt ${attempt.number} failed: ${failure.message ?? ''}`);
    const initial = millisecondsOf(retryPolicy?.initialInterval) ?? DEFAULT_INITIAL_MS;
    const longest = millisecondsOf(retryPolicy?.maximumInterval) ?? initial * 100;
    const wait = Math.min(initial * (retryPolicy?.backoffCoefficient || 2) ** (attempt.number - 1), longest);
    const most = retryPolicy?.maximumAttempts ?? 0;
    const whole = millisecondsOf(scheduleToCloseTimeout);
    const late = whole !== undefined && virtualNow() + wait >= this.scheduledAt + whole;
    if (!retryable || (most > 0 && attempt.number >= most) || late)
      this.end({ failed: { failure: this.wrapped(failure) } });
    else if (this.cancelAsked) this.end({ cancelled: { failure: this.wrapped(CANCELLED) } });
    else after(wait, () => this.dispatch());
  }

  private watchTimeouts(attempt: Attempt): void {
    const isOver = () => attempt.over || this.over;
    const toClose = millisecondsOf(this.command.startToCloseTimeout);
    if (toClose !== undefined)
      after(toClose, () => {
        if (!isOver()) this.failed(attempt, timedOut('StartToClose', START_TO_CLOSE), true);
      });
    const beat = millisecondsOf(this.command.heartbeatTimeout);
    if (beat === undefined) return;
    const look = () => {
      if (isOver()) return;
      const left = attempt.lastBeat + beat - virtualNow();
      if (left <= 0) this.failed(attempt, timedOut('Heartbeat', HEARTBEAT), true);
      else {
        nothingToSettle();
        after(left, look);
      }
    };
    after(beat, look);
  }

  /** Throttled as the worker throttles it; the server's answer to a heartbeat says that the activity is not wanted any more. */
  private heartbeatOf(attempt: Attempt): () => void {
    const timeout = millisecondsOf(this.command.heartbeatTimeout) ?? 30_000;
    const pause = Math.min(timeout * 0.8, attempt.worker.throttleMs);
    let last = Number.NEGATIVE_INFINITY;
    let due = false;
    const send = () => {
      if (attempt.over && !this.cancelAsked) return attempt.cancel('NOT_FOUND');
      last = virtualNow();
      attempt.lastBeat = last;
      if (this.cancelAsked || attempt.over || this.over) after(1, () => attempt.cancel('CANCELLED'));
      nothingToSettle();
    };
    return () => {
      nothingToSettle();
      if (due) return;
      const next = last + pause;
      if (virtualNow() >= next) return send();
      due = true;
      after(next - virtualNow(), () => {
        due = false;
        const { process } = attempt.worker;
        if (process.running) send();
      });
    };
  }

  private infoOf(attempt: Attempt) {
    const { workflowId, runId, workflowType } = this.world.execution;
    return {
      attempt: attempt.number,
      taskQueue: this.command.taskQueue ?? '',
      activityId: this.command.activityId ?? '',
      activityType: this.type,
      workflowExecution: { workflowId, runId },
      workflowType,
      isLocal: false,
      heartbeatDetails: undefined,
    };
  }
}

/** Whose activity a context belongs to: timers made in it die with that process. */
export const processes = new WeakMap<object, SimProcess>();

function timedOut(what: string, timeoutType: number): Failure {
  return { message: `activity ${what} timeout`, timeoutFailureInfo: { timeoutType } };
}
