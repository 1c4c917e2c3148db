import { OpenAPIHono } from '@hono/zod-openapi';
import type { Hono, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { createContext } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { errorAnswer, malformed } from './errors.ts';
import { type ApiEnv, callerGate, hostGate } from './gate.ts';
import { refuse } from './refusals.ts';
import { authRoutes, redirectRoute } from './routes/auth.ts';
import { connectionRoutes } from './routes/connection.ts';
import { controlRoutes } from './routes/control.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { manualOrderRoutes } from './routes/manual-orders.ts';
import { orderRoutes } from './routes/orders.ts';
import { guardHeaders, pageRoutes } from './routes/pages.ts';
import { positionRoutes } from './routes/positions.ts';
import { referenceRoutes } from './routes/reference.ts';
import { reportRoute } from './routes/report.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { signalRoutes } from './routes/signals.ts';
import { statusRoutes } from './routes/status.ts';
import { switchRoutes } from './routes/switches.ts';

/** Many clients send JSON's content type with every POST: without a body it means no fields, above all in an emergency. */
const emptyBodyIsAnObject: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const { raw } = c.req;
  if (raw.method === 'POST' && c.req.header('content-type')?.includes('application/json')) {
    const text = await raw.text();
    c.req.raw = new Request(raw.url, { method: 'POST', headers: raw.headers, body: text.trim() === '' ? '{}' : text });
  }
  await next();
};

const LARGEST_BODY = 64 * 1024;

export type Api = {
  app: Hono<ApiEnv>;
  /**
   * A link that signs one browser in, once, within twelve hours: the same one until it is used. `origin` as in `http://127.0.0.1:8000`.
   */
  createSignInLink(origin: string): string;
  /** Ends the event streams, so that the server can stop. */
  close(): void;
};

/** The HTTP API and the dashboard. Gates come first, so that a route that is added is guarded unless it stands before them. */
export function createApi(deps: ApiDeps): Api {
  const context = createContext(deps);
  const app = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw malformed(result.error.issues);
    },
  });
  app.onError((error, c) => {
    const { status, body } = errorAnswer(error, deps.logger);
    // The rest of the body is not read: the next command needs another connection.
    if (status === 413) c.header('Connection', 'close');
    return c.json(body, status as ContentfulStatusCode);
  });
  app.notFound((c) => {
    const { status, body } = errorAnswer(refuse('unknown_route', `Nothing is at ${c.req.path}.`), deps.logger);
    return c.json(body, status as ContentfulStatusCode);
  });

  app.use(guardHeaders);
  app.use(hostGate(deps.config.host, deps.config.allowedHosts));
  app.use(bodyLimit({ maxSize: LARGEST_BODY }));
  app.use(emptyBodyIsAnObject);
  healthRoutes(app, context);
  redirectRoute(app, context);
  signInRoutes(app, context);
  pageRoutes(app, context);
  const reference = referenceRoutes(app, context);
  reference.page();

  app.use(callerGate(context.tokens));
  authRoutes(app, context);
  controlRoutes(app, context);
  switchRoutes(app, context);
  statusRoutes(app, context);
  positionRoutes(app, context);
  orderRoutes(app, context);
  manualOrderRoutes(app, context);
  connectionRoutes(app, context);
  signalRoutes(app, context);
  reportRoute(app, context);
  const closeStreams = eventRoutes(app, context);
  reference.document();
  refuseOtherMethods(app);

  return {
    app,
    createSignInLink: (origin) => `${origin}/sign-in?code=${context.tokens.signInCode()}`,
    close: closeStreams,
  };
}

/** A known path asked for with another method is 405 with `Allow`, not unknown. */
function refuseOtherMethods(app: OpenAPIHono<ApiEnv>): void {
  const allowed = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue;
    const methods = allowed.get(path) ?? new Set();
    methods.add(method);
    if (method === 'GET') methods.add('HEAD');
    allowed.set(path, methods);
  }
  for (const [path, methods] of allowed) {
    app.all(path, async (c, next) => {
      if (methods.has(c.req.method)) return next();
      const allow = [...methods].join(', ');
      c.header('Allow', allow);
      throw refuse('method_not_allowed', `${c.req.path} takes ${allow}.`);
    });
  }
}
