/** Signing a browser in, by the link of the terminal or by the API token. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ApiContext } from '../context.ts';
import { type ApiEnv, giveSession, madeHere } from '../gate.ts';
import { type SignInProblem, signedInPage, signInPage } from '../pages.ts';
import { refuse } from '../refusals.ts';

const DASHBOARD = '/live_trading.html';

/**
 * The sign-in page. Under `no-referrer` browsers send its form with `Origin: null`, as they do for hostile pages; under `same-origin` they
 * name the true origin, and still tell other sites nothing.
 */
export function askToSignIn(c: Context, status: 200 | 401, problem: SignInProblem | null = null) {
  c.header('Referrer-Policy', 'same-origin');
  return c.html(signInPage(problem), status);
}

export function signInRoutes(app: OpenAPIHono<ApiEnv>, { tokens, deps }: ApiContext): void {
  // A link checker asks with HEAD: it must not use the code up.
  app.get('/sign-in', (c) => {
    const { code } = c.req.query();
    if (code === undefined || c.req.method === 'HEAD') return askToSignIn(c, 200);
    const use = tokens.useSignInCode(code);
    if (use === 'unknown') return askToSignIn(c, 401, 'wrong_link');
    if (use === 'signed_in') {
      giveSession(c, tokens);
      deps.logger.info({}, 'a browser signed in by the link');
    }
    deps.offerSignIn();
    if (use === 'spent') return askToSignIn(c, 401, 'spent_link');
    if (madeHere(c)) return c.redirect(DASHBOARD, 303);
    // After a link on another site's page a browser withholds the new cookie from a redirect, but not from what a page of ours asks for.
    c.header('Refresh', `0; url=${DASHBOARD}`);
    return c.html(signedInPage(), 200);
  });

  app.post('/sign-in', async (c) => {
    // Browsers that leave Origin out of a form's request still say this.
    if (!madeHere(c)) throw refuse('foreign_origin', 'Pages of other sites may not sign a browser in.');
    const { token } = await c.req.parseBody();
    if (typeof token !== 'string' || !tokens.isApiToken(token.trim())) return askToSignIn(c, 401, 'wrong_token');
    giveSession(c, tokens);
    deps.logger.info({}, 'a browser signed in by the token');
    return c.redirect(DASHBOARD, 303);
  });
}
