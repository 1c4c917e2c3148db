/** The OpenAPI document, made from the descriptions that validate the requests. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import packageJson from '../../package.json' with { type: 'json' };
import type { ApiEnv } from './gate.ts';

const DESCRIPTION = `Commands and views of the trading day. JSON in snake_case; rupees as numbers with paise; times ISO 8601 with +05:30, the
market's own unless said otherwise.

Errors are \`{"error": {"code", "message", "details"?}}\`: match on the code, show the message, which says what to do. After an error nothing
of the request happens later: a command that was not confirmed in time has expired.`;

export type ApiDocument = ReturnType<typeof apiDocument>;

/** OpenAPI 3.1 of every route that was described; `cookieName` is that of the dashboard's session. */
export function apiDocument(app: OpenAPIHono<ApiEnv>, cookieName: string) {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'The API token: `API_TOKEN`, or the file `api-token` of the data folder',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: cookieName,
    description: "The dashboard's session, given by the sign-in link; for requests of its own pages only",
  });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Trading day', version: packageJson.version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [
      { name: 'Login', description: 'Each trading day begins with a login at Zerodha: its sessions die at 06:00.' },
      { name: 'Trading', description: 'Start, stop, positions, orders, the emergency.' },
      { name: 'Status', description: 'What the day is, does and did.' },
      { name: 'Pages', description: 'For browsers.' },
    ],
  });
}
