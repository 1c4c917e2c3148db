import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Client } from '@temporalio/client';
import { istIso } from '../../domain/clock.ts';
import type { ApiContext } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { instant } from '../schemas.ts';
import { json, openRefusals, STATUS } from './answers.ts';

const CHECK_MS = 2_000;

const health = z
  .object({
    status: z.enum(['ok', 'down']),
    temporal: z.enum(['up', 'down']),
    worker: z.enum(['up', 'down']),
    database: z.enum(['up', 'down']),
    mode: z.enum(['replay', 'paper', 'live']),
    market_time: instant,
  })
  .openapi('Health');

const route = createRoute({
  method: 'get',
  path: '/health',
  tags: [STATUS],
  summary: 'Whether days can run',
  security: [],
  responses: {
    ...openRefusals(),
    200: json(health, 'Days can run'),
    503: json(
      health.extend({ error: z.object({ code: z.literal('unavailable'), message: z.string() }) }),
      'What is down, by name',
    ),
  },
});

/** Needs no token: it says nothing about money. */
export function healthRoutes(app: OpenAPIHono<ApiEnv>, { deps }: ApiContext): void {
  app.openapi(route, async (c) => {
    const [temporal, worker, database] = await Promise.all([
      passes(() => pingTemporal(deps.client)),
      passes(async () => {
        if (!(await deps.workerAlive())) throw new Error('no worker');
      }),
      passes(() => deps.journal.ping()),
    ]);
    const parts = { temporal, worker, database };
    const down = Object.entries(parts).flatMap(([name, up]) => (up ? [] : [name]));
    const state = (up: boolean) => (up ? ('up' as const) : ('down' as const));
    const body = {
      temporal: state(temporal),
      worker: state(worker),
      database: state(database),
      mode: deps.config.mode,
      market_time: istIso(deps.clock.now()),
    };
    if (down.length === 0) return c.json({ status: 'ok' as const, ...body }, 200);
    const error = { code: 'unavailable' as const, message: `Days cannot run now. Down: ${down.join(', ')}.` };
    return c.json({ status: 'down' as const, ...body, error }, 503);
  });
}

/** Throws where the server does not answer within two seconds. */
export async function pingTemporal(client: Client): Promise<void> {
  await client.withDeadline(Date.now() + CHECK_MS, () => client.workflowService.getSystemInfo({}));
}

async function passes(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
