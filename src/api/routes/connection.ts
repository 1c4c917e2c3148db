import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { istIso } from '../../domain/clock.ts';
import type { ApiContext } from '../context.ts';
import { explain } from '../errors.ts';
import type { ApiEnv } from '../gate.ts';
import { instant } from '../schemas.ts';
import { isoOrNull } from '../units.ts';
import { json, refusals, STATUS } from './answers.ts';
import { pingTemporal } from './health.ts';

const connection = z.object({ ok: z.boolean(), latency_ms: z.number(), reason: z.string().nullable() });
const testConnection = createRoute({
  method: 'get',
  path: '/live/test-connection',
  tags: [STATUS],
  summary: 'Whether each dependency answers, and how fast',
  responses: {
    ...refusals(),
    200: json(
      z.object({ ok: z.boolean(), kite: connection, breeze: connection, temporal: connection, database: connection }),
      'Each dependency with its latency',
    ),
  },
});

const websocketStatus = createRoute({
  method: 'get',
  path: '/live/websocket/status',
  tags: [STATUS],
  summary: 'The price feed',
  responses: {
    ...refusals('journal_unavailable'),
    200: json(
      z.object({
        connected: z.boolean().nullable(),
        subscribed: z.int().nullable(),
        last_tick_at: instant.nullable(),
        reconnects: z.int().nullable(),
        source: z.enum(['feed', 'worker']).openapi({
          description: 'worker: the feed runs in another process, and only the time of its last price is known here',
        }),
      }),
      "The price feed; times are the wall clock's",
    ),
  },
});

export function connectionRoutes(app: OpenAPIHono<ApiEnv>, { deps }: ApiContext): void {
  app.openapi(testConnection, async (c) => {
    const [kite, breeze, temporal, database] = await Promise.all([
      timed(async () => {
        const session = await deps.journal.currentSession(await deps.identity());
        if (!session || session.expiresAt <= deps.clock.now()) throw new Error('nobody is logged in at Zerodha');
        await deps.kite.session(deps.sealer.open(session.sealedAccessToken)).profile();
      }),
      timed(async () => {
        if (!deps.breeze) throw new Error('Breeze is not configured');
        const { authenticated, reason } = await deps.breeze.check();
        if (!authenticated) throw new Error(reason ?? 'Breeze refuses its session');
      }),
      timed(() => pingTemporal(deps.client)),
      timed(() => deps.journal.ping()),
    ]);
    const ok = kite.ok && breeze.ok && temporal.ok && database.ok;
    return c.json({ ok, kite, breeze, temporal, database }, 200);
  });

  app.openapi(websocketStatus, async (c) => {
    if (deps.feed) {
      const feed = deps.feed.status();
      return c.json(
        {
          connected: feed.connected,
          subscribed: feed.subscribed,
          last_tick_at: isoOrNull(feed.lastTickAt),
          reconnects: feed.reconnects,
          source: 'feed' as const,
        },
        200,
      );
    }
    const times = (await deps.journal.lastPrices()).map((price) => price.at);
    const newest = times.length > 0 ? istIso(Math.max(...times)) : null;
    return c.json(
      { connected: null, subscribed: null, last_tick_at: newest, reconnects: null, source: 'worker' as const },
      200,
    );
  });
}

async function timed(check: () => Promise<void>): Promise<z.infer<typeof connection>> {
  const started = performance.now();
  const latency = () => Math.round((performance.now() - started) * 10) / 10;
  try {
    await check();
    return { ok: true, latency_ms: latency(), reason: null };
  } catch (error) {
    const reason = explain(error)?.message ?? (error instanceof Error ? error.message : 'it failed');
    return { ok: false, latency_ms: latency(), reason };
  }
}
