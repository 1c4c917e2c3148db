import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { dayWorkflowId } from '../../../workflows/messages.ts';
import type { ApiContext } from '../context.ts';
import { refuse } from '../errors.ts';
import type { ApiEnv } from '../gate.ts';
import { reportBody } from '../report-body.ts';
import { reportView } from '../report-schema.ts';
import { eventView, isoDate, statusView } from '../schemas.ts';
import { eventBody, statusBody } from '../views.ts';
import { json } from './answers.ts';

const DEFAULT_LOG_LINES = 200;

const status = createRoute({
  method: 'get',
  path: '/live/status',
  responses: { 200: json(statusView, 'The day in one look') },
});

const log = createRoute({
  method: 'get',
  path: '/live/log',
  request: { query: z.strictObject({ limit: z.coerce.number().int().min(1).max(2000).optional() }) },
  responses: { 200: json(z.object({ events: z.array(eventView) }), "The day's events, newest first") },
});

const report = createRoute({
  method: 'get',
  path: '/live/report/{date}',
  request: { params: z.object({ date: isoDate }) },
  responses: { 200: json(reportView, 'The end-of-day report') },
});

export function statusRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { deps, day } = context;

  app.openapi(status, async (c) => c.json(statusBody(await context.facts()), 200));

  app.openapi(log, async (c) => {
    const events = await deps.journal.events(await deps.identity(), c.req.valid('query').limit ?? DEFAULT_LOG_LINES);
    return c.json({ events: events.map(eventBody) }, 200);
  });

  app.openapi(report, async (c) => {
    const { date } = c.req.valid('param');
    const identity = { ...(await deps.identity()), date };
    const stored = await deps.journal.report(identity, date);
    if (stored) return c.json(reportBody(stored), 200);
    const view = await day.view(identity);
    if (view?.report) return c.json(reportBody(view.report), 200);
    throw refuse(
      404,
      'no_report',
      view
        ? `The day of ${date} still runs: its report is written after the close.`
        : `There is no report of ${date}: no trading day of this account was opened on it.`,
      { day: dayWorkflowId(identity) },
    );
  });
}
