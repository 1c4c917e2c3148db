/** The API of a process, from its token to its links. */
import { createApi } from '../api/app.ts';
import type { ApiDeps } from '../api/deps.ts';
import { startApi } from '../api/serve.ts';
import { apiToken } from '../platform/secrets.ts';
import type { Program } from './program.ts';

export type ServedApi = {
  /** For a browser, as in `http://127.0.0.1:8000`: PUBLIC_URL where that is given. */
  origin: string;
  /** For this process itself. */
  ownOrigin: string;
  token: string;
  /** A link that signs one browser in, once: ask for it whenever one is shown. */
  signInLink(): string;
};

/** A used link that is opened again and again fills no terminal. Wall milliseconds. */
const OFFER_AGAIN_MS = 60_000;

/** Serves the API and the dashboard on HOST and PORT. Throws AppError `port_busy`. */
export async function serveApi(
  { config, logger, redactor, shutdownHooks }: Program,
  deps: Omit<ApiDeps, 'apiToken' | 'config' | 'logger' | 'offerSignIn'>,
): Promise<ServedApi> {
  const token = await apiToken(config.dataDir, config.apiToken);
  redactor.add(token);
  const api = createApi({
    ...deps,
    apiToken: token,
    config: { mode: config.mode, host: config.host, allowedHosts: config.allowedHosts, defaults: config.plan },
    logger,
    offerSignIn: () => offer(),
  });
  const serving = await startApi({ api, host: config.host, port: config.port });
  shutdownHooks.add('the API', () => serving.close());
  const origin = config.publicUrl ?? serving.origin;
  const signInLink = () => api.createSignInLink(origin);
  const offer = offering(signInLink);
  return { origin, ownOrigin: serving.origin, token, signInLink };
}

function offering(signInLink: () => string): () => void {
  let shown = { link: '', at: Number.NEGATIVE_INFINITY };
  return () => {
    const link = signInLink();
    if (link === shown.link && performance.now() - shown.at < OFFER_AGAIN_MS) return;
    shown = { link, at: performance.now() };
    console.log(`\nSign in       ${link}\n              (another browser; the link before it was used)\n`);
  };
}
