import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Client } from '@temporalio/client';
import type { NoticesStatus } from '../../contract/notices.ts';
import { istDate, istIso } from '../../domain/clock.ts';
import { daySpan } from '../../domain/opening.ts';
import type { MarketMs, TradingMode } from '../../domain/types.ts';
import type { ApiContext } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import type { DayRun } from '../lost-day.ts';
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
    day: z
      .object({
        expected: z.boolean().openapi({ description: 'On trading dates from 20 minutes before the open to the close' }),
        running: z.boolean().nullable().openapi({ description: 'Null while Temporal does not say' }),
      })
      .openapi({ description: "Today's trading day" }),
    notices: z
      .object({
        channels: z.array(z.string()).openapi({ description: 'Ways to the owner beside the log' }),
        undelivered: z.number().int().nullable().openapi({ description: 'Null while the journal does not say' }),
        oldest_at: instant.nullable().openapi({ description: 'When the oldest of them was sent' }),
        last_error: z.object({ channel: z.string(), message: z.string(), at: instant }).nullable(),
      })
      .openapi({ description: 'Pages and other messages to the owner' }),
    problems: z.array(z.string()).openapi({ description: 'What a person should see to, in words' }),
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
export function healthRoutes(app: OpenAPIHono<ApiEnv>, { deps, day }: ApiContext): void {
  app.openapi(route, async (c) => {
    const [temporal, worker, database, run, kept] = await Promise.all([
      passes(() => pingTemporal(deps.client)),
      passes(async () => {
        if (!(await deps.workerAlive())) throw new Error('no worker');
      }),
      passes(() => deps.journal.ping()),
      day.run().catch(() => null),
      deps.noticesStatus().catch(() => null),
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
      ...reachOf({ mode: deps.config.mode, now: deps.clock.now(), run, notices: kept }),
    };
    if (down.length === 0) return c.json({ status: 'ok' as const, ...body }, 200);
    const error = { code: 'unavailable' as const, message: `Days cannot run now. Down: ${down.join(', ')}.` };
    return c.json({ status: 'down' as const, ...body, error }, 503);
  });
}

/** What is wrong although days can run: nobody would be told, or none runs. */
function reachOf(seen: { mode: TradingMode; now: MarketMs; run: DayRun | null; notices: NoticesStatus | null }) {
  const { mode, now, run, notices } = seen;
  const expected = isExpected(now) && run !== 'over';
  const { channels = [], undelivered = null, oldestAt = null, lastError = null } = notices ?? {};
  const problems: string[] = [];
  if (expected && run !== null && run !== 'running') problems.push('No trading day runs, and one should.');
  if (undelivered) problems.push(`${undelivered} notices to the owner are not delivered yet.`);
  if (notices && channels.length === 0 && mode !== 'replay')
    problems.push('Notices go to the log alone: NOTICE_WEBHOOK_URL is not set.');
  return {
    day: { expected, running: run === null ? null : run === 'running' },
    notices: {
      ...{ channels, undelivered },
      oldest_at: oldestAt === null ? null : istIso(oldestAt),
      last_error: lastError && { channel: lastError.channel, message: lastError.text, at: istIso(lastError.at) },
    },
    problems,
  };
}

function isExpected(now: MarketMs): boolean {
  try {
    const span = daySpan(istDate(now));
    return span !== null && now >= span.due && now < span.close;
  } catch {
    // A date that the calendar does not know is said at the start.
    return false;
  }
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
