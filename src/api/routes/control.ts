import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { acknowledgeSignal, closeAllSignal, startTradingSignal, stopTradingSignal } from '../../contract/commands.ts';
import type { DayView } from '../../contract/views.ts';
import { isOver } from '../../domain/control/intervals.ts';
import { commandHeader, keptBody } from '../command-schemas.ts';
import { type ApiContext, askedBy } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { planFrom } from '../plan.ts';
import { refuse } from '../refusals.ts';
import { acknowledgeBody, emptyBody, startTradingBody, stopTradingBody } from '../schemas.ts';
import { answerIn, commandId, kept, readable, SENT, statusAfter, statusAnswers } from '../sent-commands.ts';
import { openPositions } from '../views.ts';
import { json, jsonBody, refusals, TRADING } from './answers.ts';

const closeAllView = z
  .object({
    id: z.string(),
    closing: z.array(z.string()).openapi({ description: 'Ids of the positions that are being closed' }),
    already_flat: z.boolean(),
    changed: z
      .boolean()
      .nullable()
      .openapi({ description: 'False: everything was being closed already. Null until the day has taken it up' }),
    message: z.string().nullable(),
  })
  .openapi('CloseAll');

const start = createRoute({
  method: 'post',
  path: '/live/start-trading',
  tags: [TRADING],
  summary: 'Let the day trade; `enabled: false` is the same as stop-trading',
  description: 'Before the login as well: it is kept, and the day trades after the login.',
  request: { headers: commandHeader, body: jsonBody(startTradingBody, false) },
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
  request: { headers: commandHeader, body: jsonBody(stopTradingBody, false) },
  responses: { ...statusAnswers, ...refusals(...SENT) },
});
const acknowledge = createRoute({
  method: 'post',
  path: '/live/acknowledge',
  tags: [TRADING],
  summary: 'Acknowledge warnings, all or by id, so that entries go on',
  request: { headers: commandHeader, body: jsonBody(acknowledgeBody, false) },
  responses: { ...statusAnswers, ...refusals(...SENT, 'unknown_warning') },
});
const closeAll = createRoute({
  method: 'post',
  path: '/live/close-all',
  tags: [TRADING],
  summary: 'Emergency: entries off for the day, everything out',
  description:
    'Kept by the server even while no worker runs: once it is answered with 200 or 202 it will be carried out.',
  request: { headers: commandHeader, body: jsonBody(emptyBody, false) },
  responses: {
    ...refusals(...SENT),
    200: json(closeAllView, 'What is being closed. Entries are off for the day.'),
    202: json(keptBody, 'Kept, but the state cannot be read at the moment'),
  },
});

export function controlRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { day, deps } = context;

  app.openapi(start, async (c) => {
    const body = c.req.valid('json');
    const key = c.req.valid('header')['idempotency-key'];
    if (body.enabled === false) {
      const id = commandId('stop', key);
      await day.send(stopTradingSignal, { closePositions: false, by: askedBy(c), id });
      const status = await statusAfter(context, id);
      return status ? c.json(status, 200) : c.json(kept(id), 202);
    }
    const { date } = await deps.identity();
    const plan = planFrom(body, deps.config, date);
    await day.open();
    await refuseWhenOver(context);
    // Before a login as well: it is kept, and the day trades after the login.
    const id = commandId('start', key);
    await day.send(startTradingSignal, { plan, by: askedBy(c), id });
    const status = await statusAfter(context, id);
    return status ? c.json(status, 200) : c.json(kept(id), 202);
  });

  app.openapi(stop, async (c) => {
    const closePositions = c.req.valid('json').close_positions ?? false;
    const id = commandId('stop', c.req.valid('header')['idempotency-key']);
    await day.send(stopTradingSignal, { closePositions, by: askedBy(c), id });
    const status = await statusAfter(context, id);
    return status ? c.json(status, 200) : c.json(kept(id), 202);
  });

  app.openapi(acknowledge, async (c) => {
    const { ids } = c.req.valid('json');
    const view = await day.view();
    const unknown = ids?.filter((id) => !view?.warnings.some((warning) => warning.id === id)) ?? [];
    if (unknown.length > 0) {
      throw refuse('unknown_warning', `No such warning: ${unknown.join(', ')}. /live/status lists them.`);
    }
    const id = commandId('acknowledge', c.req.valid('header')['idempotency-key']);
    await day.send(acknowledgeSignal, { ids: ids ?? 'all', by: askedBy(c), id });
    const status = await statusAfter(context, id);
    return status ? c.json(status, 200) : c.json(kept(id), 202);
  });

  // The emergency: sent before anything is read, and kept by the server even while nobody runs the day.
  app.openapi(closeAll, async (c) => {
    const id = commandId('close_all', c.req.valid('header')['idempotency-key']);
    await day.send(closeAllSignal, { by: askedBy(c), id });
    const view = await readable(() => day.view());
    if (!view) return c.json(kept(id), 202);
    const closing = openPositions(view).map((position) => position.id);
    const { changed = null, message = null } = answerIn(view, id) ?? {};
    return c.json({ id, closing, already_flat: closing.length === 0 && !hasLiveOrder(view), changed, message }, 200);
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
  return view.orders.some((order) => !isOver(order));
}
