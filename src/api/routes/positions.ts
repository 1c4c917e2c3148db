import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { DayView } from '../../contract/views.ts';
import { type ApiContext, askedBy } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { refuse } from '../refusals.ts';
import { emptyBody, positionView } from '../schemas.ts';
import { positionBody } from '../views.ts';
import { BAD_BODY, BAD_QUERY, DAY_AWAY, json, jsonBody, refusals, TRADING } from './answers.ts';

const CLOSE_WAIT_MS = 10_000;

const list = createRoute({
  method: 'get',
  path: '/live/positions',
  tags: [TRADING],
  summary: 'Positions of the day',
  request: { query: z.strictObject({ all: z.enum(['true', 'false']).optional() }) },
  responses: {
    200: json(
      z.object({ positions: z.array(positionView) }),
      'Positions that are open; all=true adds those closed today',
    ),
    ...refusals(...BAD_QUERY, ...DAY_AWAY),
  },
});

const close = createRoute({
  method: 'post',
  path: '/live/close-position/{id}',
  tags: [TRADING],
  summary: 'Close one position',
  request: {
    params: z.object({ id: z.string().min(1).max(50).openapi({ example: 'P1' }) }),
    body: jsonBody(emptyBody, false),
  },
  responses: {
    200: json(positionView, 'The closed position'),
    202: json(positionView, 'Where it stands after ten seconds: the close goes on'),
    ...refusals(
      ...BAD_BODY,
      'unknown_position',
      'already_closed',
      'day_over',
      'day_lost',
      'no_day',
      'expired',
      ...DAY_AWAY,
    ),
  },
});

export function positionRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { day } = context;

  app.openapi(list, async (c) => {
    const all = c.req.valid('query').all === 'true';
    const { day: view, prices } = await context.facts();
    const positions = (view?.positions ?? []).filter((position) => all || position.state !== 'closed');
    return c.json({ positions: positions.map((position) => positionBody(position, prices)) }, 200);
  });

  app.openapi(close, async (c) => {
    const { id } = c.req.valid('param');
    const started = Date.now();
    if ((await day.run()) === 'none') throw refuse('unknown_position', `No position ${id}: no trading day is open.`);
    const accepted = await day.closePosition(id, askedBy(c));
    const find = (view: DayView) => view.positions.find((position) => position.id === id);
    const view = await day.watch(CLOSE_WAIT_MS - (Date.now() - started), (seen) => find(seen)?.state === 'closed');
    const position = (view && find(view)) ?? accepted;
    return c.json(positionBody(position, await context.prices()), position.state === 'closed' ? 200 : 202);
  });
}
