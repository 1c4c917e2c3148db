/** What a workflow asks its server for, in one form: read from a server's history and from the commands of the simulation. */
import type { temporal } from '@temporalio/proto';
import { type ClockSegment, marketAt } from '../../src/domain/clock.ts';
import type { MarketMs, WallMs } from '../../src/domain/types.ts';
import { fromPayload, type Payload } from '../../src/simulation/temporal/payloads.ts';
import { type Command, millisecondsOf } from '../../src/simulation/temporal/workflow-vm.ts';

export type Asked = {
  /** When the workflow task was completed that asked for it. */
  at: MarketMs;
  what:
    | 'activity'
    | 'cancel activity'
    | 'timer'
    | 'cancel timer'
    | 'attributes'
    | 'patch'
    | 'accept'
    | 'answer'
    | 'end';
  /** The activity's type, the patch. */
  name?: string;
  /** Of timers: when they are due, and of those that are called off, when they were begun. */
  dueAt?: MarketMs;
  begunAt?: MarketMs;
  input?: unknown;
};

type Timer = { dueAt: MarketMs; begunAt: MarketMs };
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
const values = (payloads: readonly Payload[] | null | undefined): unknown[] => (payloads ?? []).map(fromPayload);

function attributes(fields: Record<string, Payload> | null | undefined): unknown {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([key, payload]) => [key, fromPayload(payload)]));
}

const wallOf = ({ eventTime }: HistoryEvent): WallMs => millisecondsOf(eventTime) ?? 0;

/** All that a history's workflow tasks asked for, in the order of its events. */
export function askedBy(events: readonly HistoryEvent[], clock: readonly ClockSegment[]): Asked[] {
  const timers = new Map<string, Timer>();
  const activities = new Map<string, string>();
  return events.flatMap((event): Asked[] => {
    const at = marketAt(clock, wallOf(event));
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const name = scheduled.activityType?.name ?? '';
      activities.set(String(event.eventId), name);
      return [{ at, what: 'activity', name, input: values(scheduled.input?.payloads) }];
    }
    const cancelled = event.activityTaskCancelRequestedEventAttributes;
    if (cancelled)
      return [{ at, what: 'cancel activity', name: activities.get(String(cancelled.scheduledEventId)) ?? '' }];
    const timer = event.timerStartedEventAttributes;
    if (timer) {
      const dueAt = marketAt(clock, wallOf(event) + (millisecondsOf(timer.startToFireTimeout) ?? 0));
      timers.set(timer.timerId ?? '', { dueAt, begunAt: at });
      return [{ at, what: 'timer', dueAt }];
    }
    const calledOff = event.timerCanceledEventAttributes;
    if (calledOff) return [{ at, what: 'cancel timer', ...timers.get(calledOff.timerId ?? '') }];
    const upserted = event.upsertWorkflowSearchAttributesEventAttributes;
    if (upserted) return [{ at, what: 'attributes', input: attributes(upserted.searchAttributes?.indexedFields) }];
    const marker = event.markerRecordedEventAttributes;
    if (marker) return [{ at, what: 'patch', name: marker.markerName ?? '' }];
    if (event.workflowExecutionUpdateAcceptedEventAttributes) return [{ at, what: 'accept' }];
    const answered = event.workflowExecutionUpdateCompletedEventAttributes;
    if (answered) return [{ at, what: 'answer', input: values(answered.outcome?.success?.payloads) }];
    const completed = event.workflowExecutionCompletedEventAttributes;
    return completed ? [{ at, what: 'end', input: values(completed.result?.payloads) }] : [];
  });
}

/** Collects what the simulation's workflow tasks ask for, as a server's history would hold it. */
export function listener(): { asked: Asked[]; hear(at: MarketMs, of: readonly Command[]): void } {
  const asked: Asked[] = [];
  const timers = new Map<number, Timer>();
  const activities = new Map<number, string>();
  return {
    asked,
    hear(at, commands) {
      const begun = begunAndCalledOff(commands);
      for (const command of commands) {
        if (begun.has(command)) continue;
        const one = askedIn(command, at, { timers, activities });
        if (one) asked.push({ at, ...one });
      }
    },
  };
}

type Known = { timers: Map<number, Timer>; activities: Map<number, string> };

function askedIn(command: Command, at: MarketMs, { timers, activities }: Known): Omit<Asked, 'at'> | null {
  const { scheduleActivity, requestCancelActivity, startTimer, cancelTimer, updateResponse } = command;
  if (scheduleActivity) {
    const name = scheduleActivity.activityType ?? '';
    activities.set(scheduleActivity.seq ?? 0, name);
    return { what: 'activity', name, input: values(scheduleActivity.arguments) };
  }
  if (requestCancelActivity)
    return { what: 'cancel activity', name: activities.get(requestCancelActivity.seq ?? 0) ?? '' };
  if (startTimer) {
    const dueAt = at + (millisecondsOf(startTimer.startToFireTimeout) ?? 0);
    timers.set(startTimer.seq ?? 0, { dueAt, begunAt: at });
    return { what: 'timer', dueAt };
  }
  if (cancelTimer) return { what: 'cancel timer', ...timers.get(cancelTimer.seq ?? 0) };
  if (command.upsertWorkflowSearchAttributes)
    return {
      what: 'attributes',
      input: attributes(command.upsertWorkflowSearchAttributes.searchAttributes?.indexedFields),
    };
  if (command.setPatchMarker) return { what: 'patch', name: 'core_patch' };
  if (updateResponse?.accepted) return { what: 'accept' };
  if (updateResponse?.completed) return { what: 'answer', input: [fromPayload(updateResponse.completed)] };
  const { completeWorkflowExecution } = command;
  return completeWorkflowExecution ? { what: 'end', input: [fromPayload(completeWorkflowExecution.result)] } : null;
}

/** What is begun and called off within one task never leaves a worker. */
function begunAndCalledOff(commands: readonly Command[]): Set<Command> {
  const begun = new Map<string, Command>();
  const both = new Set<Command>();
  for (const command of commands) {
    const { scheduleActivity, requestCancelActivity, startTimer, cancelTimer } = command;
    if (startTimer) begun.set(`timer ${startTimer.seq}`, command);
    if (scheduleActivity) begun.set(`activity ${scheduleActivity.seq}`, command);
    const off = cancelTimer ?? requestCancelActivity;
    const first = off && begun.get(`${cancelTimer ? 'timer' : 'activity'} ${off.seq}`);
    if (first) for (const one of [first, command]) both.add(one);
  }
  return both;
}
