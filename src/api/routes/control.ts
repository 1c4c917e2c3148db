import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { acknowledgeSignal, closeAllSignal, startTradingSignal, stopTradingSignal } from '../../contract/commands.ts';
import type { DayView } from '../../contract/views.ts';
import { type ApiContext, askedBy } from '../context.ts';
import { explain } from '../errors.ts';
import type { ApiEnv } from '../gate.ts';
import { planFrom } from '../plan.ts';
import { refuse } from '../refusals.ts';
import {
  acceptedBody,
  acknowledgeBody,
  emptyBody,
  type StatusBody,
  startTradingBody,
  statusView,
  stopTradingBody,
} from '../schemas.ts';
import { openPositions, statusBody } from '../views.ts';
import { BAD_BODY, DAY_AWAY, json, jsonBody, refusals, TRADING } from './answers.ts';

const statusAnswers = {
  200: json(statusView, 'The status after it'),
  202: json(acceptedBody, 'Kept, but the status cannot be read at the moment'),
};

/** Of every command that is a signal to the day. */
const SENT = [...BAD_BODY, 'no_day', 'day_over', 'day_lost', 'not_confirmed', ...DAY_AWAY] as const;

const start = createRoute({
  method: 'post',
  path: '/live/start-trading',
  tags: [TRADING],
  summary: 'Let the day trade; `enabled: false` is the same as stop-trading',
  description: 'Before the login as well: it is kept, and the day trades once somebody has logged in.',
  request: { body: jsonBody(startTradingBody, false) },
  responses: {
    ...statusAnswers,
    ...refusals(
      ...SENT,
      ...(['lot_size_mismatch', 'limit_exceeded', 'unhedged_not_allowed', 'unknown_date'] as const),
      ...(['market_closed', 'entries_off'] as const),
    ),
  },
});
const stop = createRoute({
  method: 'post',
  path: '/live/stop-trading',
  tags: [TRADING],
  summary: 'No new entries; open positions stay guarded unless `close_positions` is true',
  request: { body: jsonBody(stopTradingBody, false) },
  responses: { ...statusAnswers, ...refusals(...SENT) },
});
const acknowledge = createRoute({
  method: 'post',
  path: '/live/acknowledge',
  tags: [TRADING],
  summary: 'Acknowledge warnings, all or by id, so that entries go on',
  request: { body: jsonBody(acknowledgeBody, false) },
  responses: { ...statusAnswers, ...refusals(...SENT, 'unknown_warning') },
});
const closeAll = createRoute({
  method: 'post',
  path: '/live/close-all',
  tags: [TRADING],
  summary: 'Emergency: entries off for the day, everything out',
  description:
    'Kept by the server even while no worker runs: once it is answered with 200 or 202 it will be carried out.',
  request: { body: jsonBody(emptyBody, false) },
  responses: {
    ...refusals(...SENT),
    200: json(
      z.object({ closing: z.array(z.string()), already_flat: z.boolean() }).openapi('CloseAll'),
      'Ids of the positions that are being closed. Entries are off for the day.',
    ),
    202: json(acceptedBody, 'Kept, but the state cannot be read at the moment'),
  },
});

/** Final words of an order, the broker's and ours; anything else may still trade. */
const ENDED_ORDERS = new Set(['COMPLETE', 'CANCELLED', 'REJECTED', 'ABSENT']);
const KEPT = {
  accepted: true as const,
  message: 'Received and kept. What came of it cannot be read at the moment: look at /live/status.',
};

export function controlRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { day, deps } = context;

  app.openapi(start, async (c) => {
    const body = c.req.valid('json');
    if (body.enabled === false) {
      await day.send(stopTradingSignal, { closePositions: false, by: askedBy(c) });
      const status = await statusOrNull(context);
      return status ? c.json(status, 200) : c.json(KEPT, 202);
    }
    const { date } = await deps.identity();
    const plan = planFrom(body, deps.config, date);
    await day.open();
    await refuseWhenOver(context);
    // Before a login as well: it is kept, and the day trades once somebody has logged in.
    await day.send(startTradingSignal, { plan, by: askedBy(c) });
    const status = await statusOrNull(context);
    return status ? c.json(status, 200) : c.json(KEPT, 202);
  });

  app.openapi(stop, async (c) => {
    const closePositions = c.req.valid('json').close_positions ?? false;
    await day.send(stopTradingSignal, { closePositions, by: askedBy(c) });
    const status = await statusOrNull(context);
    return status ? c.json(status, 200) : c.json(KEPT, 202);
  });

  app.openapi(acknowledge, async (c) => {
    const { ids } = c.req.valid('json');
    const view = await day.view();
    const unknown = ids?.filter((id) => !view?.warnings.some((warning) => warning.id === id)) ?? [];
    if (unknown.length > 0) {
      throw refuse('unknown_warning', `No such warning: ${unknown.join(', ')}. /live/status lists them.`);
    }
    await day.send(acknowledgeSignal, { ids: ids ?? 'all', by: askedBy(c) });
    const status = await statusOrNull(context);
    return status ? c.json(status, 200) : c.json(KEPT, 202);
  });

  // The emergency: sent before anything is read, and kept by the server even while nobody runs the day.
  app.openapi(closeAll, async (c) => {
    await day.send(closeAllSignal, { by: askedBy(c) });
    const view = await readable(() => day.view());
    if (!view) return c.json(KEPT, 202);
    const closing = openPositions(view).map((position) => position.id);
    return c.json({ closing, already_flat: closing.length === 0 && !hasLiveOrder(view) }, 200);
  });
}

/** Refuses what the day would only ignore. Where its state cannot be read, the signal is sent and kept all the same. */
async function refuseWhenOver({ day }: ApiContext): Promise<void> {
  const view = await readable(() => day.view());
  if (view?.state === 'closed') throw refuse('day_over', 'This trading day is over. See its report.');
  if (view?.entriesOff) {
    throw refuse(
      'entries_off',
      `No new entries today: ${view.entriesOff}. Open positions are being closed. Start again on the next trading day.`,
      { reason: view.entriesOff },
    );
  }
  if (view?.state === 'holiday') throw refuse('market_closed', `Market holiday: ${view.holiday ?? 'no session'}`);
}

function hasLiveOrder(view: DayView): boolean {
  return view.orders.some((order) => !ENDED_ORDERS.has(order.status));
}

/** What came of a command that was already sent: null where it cannot be read, which is no failure of the command. */
async function readable<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (explain(error)?.httpStatus === 503) return null;
    throw error;
  }
}

async function statusOrNull(context: ApiContext): Promise<StatusBody | null> {
  const facts = await readable(() => context.facts());
  return facts ? statusBody(facts) : null;
}
