import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { istIso } from '../../domain/clock.ts';
import type { ApiContext } from '../context.ts';
import { explain } from '../errors.ts';
import { type ApiEnv, findCaller } from '../gate.ts';
import { completeLogin, type LoginOutcome } from '../login.ts';
import { loginPage, loginProblemPage } from '../pages.ts';
import { refuse } from '../refusals.ts';
import { acceptedBody, completeAuthBody, instant } from '../schemas.ts';
import { loginOf, loginRefused } from '../views.ts';
import { BAD_BODY, DAY_AWAY, json, jsonBody, openRefusals, page, refusals } from './answers.ts';

const LOGIN = 'Login';

const loginUrl = createRoute({
  method: 'get',
  path: '/live/auth/login-url',
  tags: [LOGIN],
  summary: 'Where to log in at Zerodha',
  responses: {
    200: json(z.object({ login_url: z.string() }), "The broker's login page, with a state value that works once"),
    ...refusals(),
  },
});

const authenticated = z
  .object({ authenticated: z.literal(true), user_id: z.string(), expires_at: instant })
  .openapi('Authenticated');

const complete = createRoute({
  method: 'post',
  path: '/live/auth/complete',
  tags: [LOGIN],
  summary: "Complete the login with the broker's request token; opens the day",
  request: { body: jsonBody(completeAuthBody, true) },
  responses: {
    200: json(authenticated, 'Logged in'),
    202: json(acceptedBody, 'Still being exchanged'),
    ...refusals(
      ...BAD_BODY,
      'auth_refused',
      'market_closed',
      'day_over',
      'day_lost',
      'unknown_date',
      'not_confirmed',
      ...DAY_AWAY,
    ),
  },
});

const status = createRoute({
  method: 'get',
  path: '/live/auth/status',
  tags: [LOGIN],
  summary: 'Who is logged in, and until when',
  responses: {
    ...refusals(...DAY_AWAY),
    200: json(
      z
        .object({
          authenticated: z.boolean(),
          user_id: z.string().nullable(),
          expires_at: instant.nullable(),
          since: instant.nullable(),
          refused: z
            .string()
            .nullable()
            .openapi({ description: "The broker's words, when the newest login was refused" }),
          attempts: z.int().openapi({ description: 'Logins that the day has seen, whatever came of them' }),
          broker: z.literal('zerodha'),
          data_provider: z.object({
            name: z.literal('breeze'),
            authenticated: z.boolean(),
            reason: z.string().nullable(),
          }),
        })
        .openapi('AuthStatus'),
      'Who is logged in, and until when',
    ),
  },
});

const login = createRoute({
  method: 'get',
  path: '/live/auth/login',
  tags: [LOGIN],
  summary: 'The same as a link: leads a browser to Zerodha',
  responses: { 302: { description: "To the broker's login page" }, ...refusals() },
});

const redirect = createRoute({
  method: 'get',
  path: '/live/auth/complete',
  tags: [LOGIN],
  summary: "The broker's redirect after the login",
  description:
    'Needs no token where `state` is the value of a login URL that was handed out; with one it may be left out.',
  security: [],
  request: {
    query: z.object({
      request_token: z.string().optional(),
      status: z.string().optional(),
      state: z.string().optional(),
    }),
  },
  responses: {
    200: page('Logged in'),
    202: page('Still being exchanged'),
    401: page('Not asked for here, used, expired, or refused by the broker'),
    409: page('No day can be opened now'),
    503: page('Temporal or the journal is away'),
    ...openRefusals(),
  },
});

const OUTCOME_STATUS = { accepted: 200, exchanging: 202, refused: 401 } as const;

export function authRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { deps, tokens } = context;

  app.openapi(loginUrl, (c) => c.json({ login_url: deps.kite.loginUrl(tokens.newState()) }, 200));

  // A page needs no script to lead to the broker.
  app.openAPIRegistry.registerPath(login);
  app.get(login.getRoutingPath(), (c) => c.redirect(deps.kite.loginUrl(tokens.newState()), 302));

  app.openapi(complete, async (c) => {
    const outcome = await completeLogin(context, c.req.valid('json').request_token);
    if (outcome.kind === 'refused') {
      throw refuse('auth_refused', `Zerodha refused the login: ${outcome.reason.replace(/\.$/, '')}. Log in again.`, {
        reason: outcome.reason,
      });
    }
    if (outcome.kind === 'exchanging') {
      return c.json({ accepted: true as const, message: 'Kept; ask GET /live/auth/status for how it goes.' }, 202);
    }
    return c.json(
      { authenticated: true as const, user_id: outcome.userId, expires_at: istIso(outcome.expiresAt) },
      200,
    );
  });

  app.openapi(status, async (c) => {
    const [facts, provider] = await Promise.all([context.facts(), dataProvider(context)]);
    const login = loginOf(facts);
    return c.json(
      {
        authenticated: login !== null,
        user_id: login?.userId ?? null,
        expires_at: login ? istIso(login.expiresAt) : null,
        since: login ? istIso(login.since) : null,
        refused: loginRefused(facts.day),
        attempts: facts.day?.authAttempts.length ?? 0,
        broker: 'zerodha' as const,
        data_provider: { name: 'breeze' as const, ...provider },
      },
      200,
    );
  });
}

async function dataProvider({ deps }: ApiContext): Promise<{ authenticated: boolean; reason: string | null }> {
  if (!deps.breeze)
    return { authenticated: false, reason: 'Breeze is not configured: set BREEZE_API_KEY and its companions.' };
  try {
    return await deps.breeze.check();
  } catch (error) {
    return { authenticated: false, reason: explain(error)?.message ?? 'Breeze cannot be asked.' };
  }
}

/**
 * Where the broker sends the browser after its login. No cookie can be expected here (SameSite=Strict, coming from another site): the
 * state value proves that the login was asked for here. With a token or a cookie it may be left out.
 */
export function redirectRoute(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  // Whatever the broker adds to its parameters, a person sees a page.
  app.openAPIRegistry.registerPath(redirect);
  app.get(redirect.getRoutingPath(), async (c) => {
    const { request_token: requestToken, status, state } = c.req.query();
    if (state === undefined && !findCaller(c, context.tokens)) {
      return c.html(loginProblemPage('This redirect was not asked for here. Start the login from the dashboard.'), 401);
    }
    if (state !== undefined) {
      const use = context.tokens.useState(state);
      if (use !== 'fresh') return c.html(loginProblemPage(STATE_PROBLEMS[use]), 401);
    }
    if ((status !== undefined && status !== 'success') || !requestToken) {
      return c.html(loginProblemPage('Zerodha did not log you in. Nothing was changed.'), 401);
    }
    try {
      const outcome: LoginOutcome = await completeLogin(context, requestToken);
      return c.html(loginPage(outcome), OUTCOME_STATUS[outcome.kind]);
    } catch (error) {
      const known = explain(error);
      if (!known) throw error;
      return c.html(loginProblemPage(known.message), known.httpStatus === 503 ? 503 : 409);
    }
  });
}

const STATE_PROBLEMS = {
  used: 'This login link was used already. The dashboard shows whether it worked.',
  expired: 'This login took longer than a quarter of an hour. Start it again.',
  unknown: 'This redirect was not asked for here. Start the login from the dashboard.',
} as const;
