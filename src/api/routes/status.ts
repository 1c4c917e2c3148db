import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiContext } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { eventView, statusView } from '../schemas.ts';
import { eventBody, statusBody } from '../views.ts';
import { BAD_QUERY, DAY_AWAY, json, refusals, STATUS } from './answers.ts';

const DEFAULT_LOG_LINES = 200;

const status = createRoute({
  method: 'get',
  path: '/live/status',
  tags: [STATUS],
  summary: 'The day in one look',
  responses: { 200: json(statusView, 'The day'), ...refusals(...DAY_AWAY) },
});

const log = createRoute({
  method: 'get',
  path: '/live/log',
  tags: [STATUS],
  summary: "The day's events, newest first",
  request: { query: z.strictObject({ limit: z.coerce.number().int().min(1).max(2000).optional() }) },
  responses: {
    200: json(z.object({ events: z.array(eventView) }), 'Newest first; 200 of them where no limit is given'),
    ...refusals(...BAD_QUERY, 'journal_unavailable'),
  },
});

export function statusRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { deps } = context;

  app.openapi(status, async (c) => c.json(statusBody(await context.facts()), 200));

  app.openapi(log, async (c) => {
    const events = await deps.journal.events(await deps.identity(), c.req.valid('query').limit ?? DEFAULT_LOG_LINES);
    return c.json({ events: events.map(eventBody) }, 200);
  });
}
