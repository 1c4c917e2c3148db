/** How the API reaches the day's workflow: every call has a deadline, and no answer is waited for longer than a person would. */
import {
  type Client,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type WorkflowUpdateHandle,
  WorkflowUpdateStage,
} from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import {
  COMMAND_EXPIRES_MS,
  cancelOrderUpdate,
  closePositionUpdate,
  type PlacedOrder,
  type PlaceOrder,
  placeOrderUpdate,
} from '../contract/commands.ts';
import { type DayIdentity, dayWorkflowId } from '../contract/identity.ts';
import type { OrderView } from '../contract/ledger.ts';
import { type DayView, dayQuery, type PositionView } from '../contract/views.ts';
import { nextTradingDay, sessionOf } from '../domain/calendar/index.ts';
import { istTime } from '../domain/clock.ts';
import type { ApiDeps } from './deps.ts';
import { explain } from './errors.ts';
import { type DayRun, dayLost, lostView, runOf } from './lost-day.ts';
import { refuse } from './refusals.ts';

const READ_MS = 2_500;
const SEND_MS = 3_000;
/**
 * Beyond the command's own expiry: when this has passed without an answer the command can no longer be carried out, so an error to the
 * caller is the truth.
 */
const UPDATE_MS = COMMAND_EXPIRES_MS + 1_000;
/** An order that was taken up is sent within the command's expiry, and its broker answers or is in doubt soon after it. */
const OUTCOME_MS = COMMAND_EXPIRES_MS + 12_000;
const POLL_MS = 200;

export type DayAccess = ReturnType<typeof createDayAccess>;

export function createDayAccess(deps: Pick<ApiDeps, 'client' | 'identity' | 'startDay' | 'clock'>) {
  const { client } = deps;
  /** Ended days do not change, and asking one replays its whole history. */
  const ended = new Map<string, DayView>();

  /** The day of `identity`, by default of today; null where none was opened. Throws what `explain` maps to 503. */
  async function view(identity?: DayIdentity): Promise<DayView | null> {
    const id = dayWorkflowId(identity ?? (await deps.identity()));
    const known = ended.get(id);
    if (known) return known;
    const ask = () => within(client, READ_MS, () => client.workflow.getHandle(id).query(dayQuery));
    try {
      // A day that can be asked is shown, also while its server is too busy to say whether it runs.
      const [first, seen] = await Promise.all([ask(), runNow(id).catch(() => null)]);
      if (!seen?.endedAt || seen.run === 'running') return first;
      // It may have come to its end between the two answers.
      const last = first.report ? first : await ask();
      const found = seen.run === 'lost' && !last.report ? lostView(last, seen.endedAt) : last;
      // A lost one may be opened again.
      if (seen.run === 'over') ended.set(id, found);
      return found;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  /** Does not need a worker: the server itself knows. */
  async function run(): Promise<DayRun> {
    return (await runNow(dayWorkflowId(await deps.identity()))).run;
  }

  async function runNow(id: string) {
    return within(client, READ_MS, () => runOf(client, id));
  }

  /** Why a day that is not there any more takes nothing. */
  async function whyGone(error: unknown): Promise<unknown> {
    const known = await run();
    if (known === 'lost') return dayLost();
    return known === 'over' ? dayOver() : error;
  }

  /** Opens the day where the market allows it. Throws AppError 409 `market_closed`, `day_over` or `day_lost`. */
  async function open(): Promise<void> {
    const identity = await deps.identity();
    const known = await run();
    if (known === 'running') return;
    if (known === 'lost') throw dayLost();
    refuseUnlessOpenable(identity.date, deps.clock.now());
    if (known === 'over') throw dayOver();
    await within(client, SEND_MS, () => deps.startDay(identity));
  }

  /** Kept by the server even while no worker runs. Throws AppError 409 `no_day`, `day_over` or `day_lost`. */
  async function send<Payload>(signal: SignalDefinition<[Payload]>, payload: Payload): Promise<void> {
    const handle = client.workflow.getHandle(dayWorkflowId(await deps.identity()));
    try {
      await within(client, SEND_MS, () => handle.signal(signal, payload));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw notConfirmed(error);
      throw await whyGone(error);
    }
  }

  /** Answers when the close is under way. Throws a refusal, or 503 once the command has expired. */
  async function closePosition(id: string, by: string): Promise<PositionView> {
    const handle = client.workflow.getHandle(dayWorkflowId(await deps.identity()));
    const expiresAt = Date.now() + COMMAND_EXPIRES_MS;
    try {
      return await within(client, UPDATE_MS, () =>
        handle.executeUpdate(closePositionUpdate, { args: [{ id, expiresAt, by }] }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw await whyGone(error);
    }
  }

  /** Answers the order, or what it would take. Throws a refusal, 503 once it has expired, or `not_confirmed` where it may have been sent. */
  async function placeOrder(command: Omit<PlaceOrder, 'expiresAt'>): Promise<PlacedOrder> {
    return orderCommand((handle, expiresAt) =>
      handle.startUpdate(placeOrderUpdate, {
        args: [{ ...command, expiresAt }],
        waitForStage: WorkflowUpdateStage.ACCEPTED,
      }),
    );
  }

  /** Answers the order after it. Throws as `placeOrder`. */
  async function cancelOrder(orderId: string, by: string): Promise<OrderView> {
    return orderCommand((handle, expiresAt) =>
      handle.startUpdate(cancelOrderUpdate, {
        args: [{ orderId, expiresAt, by }],
        waitForStage: WorkflowUpdateStage.ACCEPTED,
      }),
    );
  }

  /** Taken up in time or expired; once taken up, its outcome is waited for longer than anything of it can last. */
  async function orderCommand<Outcome>(
    start: (handle: WorkflowHandle, expiresAt: number) => Promise<WorkflowUpdateHandle<Outcome>>,
  ): Promise<Outcome> {
    const handle = client.workflow.getHandle(dayWorkflowId(await deps.identity()));
    let update: WorkflowUpdateHandle<Outcome>;
    try {
      update = await within(client, UPDATE_MS, () => start(handle, Date.now() + COMMAND_EXPIRES_MS));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw await whyGone(error);
    }
    try {
      return await within(client, OUTCOME_MS, () => update.result());
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw error;
      throw notConfirmed(error);
    }
  }

  /** Looks until `done` says so or the time is up; answers the last view, null when none could be read. */
  async function watch(forMs: number, done: (view: DayView) => boolean): Promise<DayView | null> {
    const until = Date.now() + forMs;
    let last: DayView | null = null;
    for (;;) {
      try {
        last = (await view()) ?? last;
      } catch (error) {
        if (explain(error)?.httpStatus !== 503) throw error;
      }
      if ((last && done(last)) || Date.now() + POLL_MS > until) return last;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  return { view, run, open, send, closePosition, placeOrder, cancelOrder, watch };
}

function within<T>(client: Client, ms: number, call: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + ms, call);
}

/** A signal whose answer was lost may have arrived: that must be said. */
function notConfirmed(error: unknown): unknown {
  if (explain(error)?.httpStatus !== 503) return error;
  return refuse(
    'not_confirmed',
    'Temporal did not confirm it. It may have arrived: look at /live/status before you send it again.',
  );
}

function dayOver(): Error {
  return refuse('day_over', 'This trading day is over. See its report; the next day opens on the next trading date.');
}

/** Only before its close, and only on a date on which the market trades. */
function refuseUnlessOpenable(date: string, now: number): void {
  const session = sessionOf(date);
  if (session.kind === 'holiday') {
    throw refuse('market_closed', `Market holiday: ${session.reason}. Next trading day ${session.next}.`, {
      next_trading_day: session.next,
    });
  }
  if (now >= session.close) {
    const next = nextTradingDay(date);
    throw refuse('day_over', `The market closed at ${istTime(session.close)}. Next trading day ${next}.`, {
      next_trading_day: next,
    });
  }
}

/** Why the market does not trade on a date and when it does again; null on a trading date, and where the calendar does not know. */
export function holidayOf(date: string): { reason: string; next: string } | null {
  try {
    const session = sessionOf(date);
    return session.kind === 'holiday' ? { reason: session.reason, next: session.next } : null;
  } catch {
    return null;
  }
}
