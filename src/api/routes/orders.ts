import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiContext } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { refuse } from '../refusals.ts';
import { orderView } from '../schemas.ts';
import { brokerOrderBody, loginOf, orderBody } from '../views.ts';
import { BAD_QUERY, DAY_AWAY, json, KITE_FAILS, refusals, TRADING } from './answers.ts';

const list = createRoute({
  method: 'get',
  path: '/live/orders',
  tags: [TRADING],
  summary: "The day's orders",
  request: { query: z.strictObject({ source: z.enum(['ledger', 'broker']).optional() }) },
  responses: {
    200: json(
      z.object({ source: z.enum(['ledger', 'broker']), orders: z.array(orderView) }),
      "The day's orders: ours as we know them (ledger), or all of the account as the broker lists them",
    ),
    ...refusals(...BAD_QUERY, 'not_authenticated', ...KITE_FAILS, ...DAY_AWAY),
  },
});

export function orderRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  app.openapi(list, async (c) => {
    const source = c.req.valid('query').source ?? 'ledger';
    const facts = await context.facts();
    if (source === 'ledger') return c.json({ source, orders: (facts.day?.orders ?? []).map(orderBody) }, 200);
    if (facts.journalAwaySince !== null) {
      throw refuse(
        'journal_unavailable',
        "The journal, which holds the login, does not answer: the broker's list cannot be asked for.",
      );
    }
    const { kite, sealer } = context.deps;
    if (!facts.session || !loginOf(facts)) {
      throw refuse('not_authenticated', 'Log in at Zerodha first: GET /live/auth/login-url gives the address.');
    }
    const orders = await kite.session(sealer.open(facts.session.sealedAccessToken)).orders();
    return c.json({ source, orders: orders.map(brokerOrderBody) }, 200);
  });
}
