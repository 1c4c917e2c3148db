import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiContext } from '../context.ts';
import { type ApiDocument, apiDocument } from '../document.ts';
import { type ApiEnv, findCaller } from '../gate.ts';
import { referencePage } from '../reference-page.ts';
import { json, openRefusals, page, refusals } from './answers.ts';
import { askToSignIn } from './sign-in.ts';

const documentRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  tags: ['Pages'],
  summary: 'This document, OpenAPI 3.1',
  responses: { 200: json(z.record(z.string(), z.unknown()), 'OpenAPI 3.1'), ...refusals() },
});

const pageRoute = createRoute({
  method: 'get',
  path: '/docs',
  tags: ['Pages'],
  summary: 'This document as a page',
  responses: { 200: page('The reference'), 401: page('The sign-in page'), ...openRefusals() },
});

type Reference = { page(): void; document(): void };

/** The page tells strangers how to sign in: it stands before the gate of callers, the document behind it. */
export function referenceRoutes(app: OpenAPIHono<ApiEnv>, { tokens }: ApiContext): Reference {
  let made: ApiDocument | null = null;
  // Made when it is first asked for: by then every route is described.
  const document = () => {
    made ??= apiDocument(app, tokens.cookieName);
    return made;
  };
  return {
    page() {
      app.openAPIRegistry.registerPath(pageRoute);
      app.get(pageRoute.getRoutingPath(), (c) => {
        if (!findCaller(c, tokens)) return askToSignIn(c, 401);
        return c.html(referencePage(document(), new URL(c.req.url).origin));
      });
    },
    document() {
      app.openAPIRegistry.registerPath(documentRoute);
      app.get(documentRoute.getRoutingPath(), (c) => c.json(document()));
    },
  };
}
