/** The dashboard and its files, and what every answer carries against hostile pages. */
import { readFile } from 'node:fs/promises';
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { ApiContext } from '../context.ts';
import { type ApiEnv, callerGate, findCaller } from '../gate.ts';
import { openRefusals, page } from './answers.ts';
import { askToSignIn } from './sign-in.ts';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const FOLDER = new URL('../../dashboard/', import.meta.url);
const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};
/** The sign-in page needs it before anybody is signed in. */
const PUBLIC_FILES = new Set(['page.css', 'icon.svg']);

const dashboard = createRoute({
  method: 'get',
  path: '/live_trading.html',
  tags: ['Pages'],
  summary: 'The dashboard',
  responses: { 200: page('The dashboard'), 401: page('The sign-in page'), ...openRefusals() },
});

export const guardHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  c.res.headers.set('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  c.res.headers.set('X-Content-Type-Options', 'nosniff');
  if (!c.res.headers.has('Referrer-Policy')) c.res.headers.set('Referrer-Policy', 'no-referrer');
  c.res.headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  c.res.headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store');
};

export function pageRoutes(app: OpenAPIHono<ApiEnv>, { tokens }: ApiContext): void {
  app.get('/', (c) => c.redirect('/live_trading.html', 302));

  app.openAPIRegistry.registerPath(dashboard);
  app.get(dashboard.getRoutingPath(), async (c) => {
    if (!findCaller(c, tokens)) return askToSignIn(c, 401);
    return c.html(await readFile(new URL('live_trading.html', FOLDER), 'utf8'));
  });

  const gate = callerGate(tokens);
  app.get('/dashboard/:file{[a-z-]+\\.(?:js|css|svg)}', async (c, next) => {
    const file = c.req.param('file');
    if (!PUBLIC_FILES.has(file)) await gate(c, async () => {});
    const content = await readFile(new URL(file, FOLDER)).catch(() => null);
    if (!content) return next();
    return c.body(new Uint8Array(content), 200, {
      'Content-Type': TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
      'Cache-Control': 'no-cache',
    });
  });
}
