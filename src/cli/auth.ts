/**
 * `npm run auth`: the daily login as a command. Asks the running API for the broker's login page, shows the link, waits for the
 * redirect, and says until when the login holds.
 * Exit codes: 0 logged in; 1 refused, or nobody logged in in time; 2 the API cannot be used (not running, other token, bad option).
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { loadConfig } from '../config/config.ts';
import { AppError } from '../errors.ts';
import { apiToken } from '../platform/secrets.ts';

const LOOK_MS = 1_000;
const ANSWER_MS = 10_000;

const loginUrl = z.object({ login_url: z.string() });
const authStatus = z.object({
  authenticated: z.boolean(),
  user_id: z.string().nullable(),
  expires_at: z.string().nullable(),
  since: z.string().nullable(),
  refused: z.string().nullable(),
  attempts: z.number(),
});
type AuthStatus = z.infer<typeof authStatus>;
type Api = <T>(path: string, schema: z.ZodType<T>) => Promise<T>;

const OPTIONS = {
  again: { type: 'boolean', default: false },
  minutes: { type: 'string', default: '10' },
} as const;
const USAGE = 'npm run auth [-- --again] [-- --minutes 10]';

async function run(): Promise<number> {
  const { again, minutes } = readOptions();
  const config = loadConfig(process.env);
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  const ask = askingApi(`http://${host}:${config.port}`, await apiToken(config.dataDir, config.apiToken));

  const before = await ask('/live/auth/status', authStatus);
  if (before.authenticated && !again) {
    console.log(`Logged in already as ${holds(before)} (npm run auth -- --again logs in anew.)`);
    return 0;
  }
  const { login_url: link } = await ask('/live/auth/login-url', loginUrl);
  console.log(
    `Open this link in a browser on this machine and log in at Zerodha:\n\n  ${link}\n\nWaiting for the login…`,
  );
  const until = Date.now() + minutes * 60_000;
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await ask('/live/auth/status', authStatus).catch(whileAway);
    if (!now) continue;
    if (now.authenticated && now.since !== before.since) {
      console.log(`Logged in as ${holds(now)}`);
      return 0;
    }
    if (now.refused && now.attempts > before.attempts) {
      console.error(`Zerodha refused the login: ${now.refused}\nRun npm run auth again for a new link.`);
      return 1;
    }
  }
  console.error(
    `Nobody logged in within ${minutes} minutes. Nothing was changed. Run npm run auth again for a new link.`,
  );
  return 1;
}

function readOptions(): { again: boolean; minutes: number } {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const minutes = Number(values.minutes);
    if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: write a number above 0`);
    return { again: values.again, minutes };
  } catch (error) {
    throw unusable(`${error instanceof Error ? error.message : error}\nUsage: ${USAGE}`);
  }
}

function holds({ user_id: user, expires_at: until }: AuthStatus): string {
  return `${user}. The login holds until ${until?.slice(11, 16)} IST on ${until?.slice(0, 10)}.`;
}

/** A program that is being started again while a person logs in is waited for. */
function whileAway(error: unknown): null {
  if (error instanceof AppError && error.retryable) return null;
  throw error;
}

function askingApi(root: string, token: string): Api {
  return async (path, schema) => {
    let answer: Response;
    try {
      answer = await fetch(`${root}${path}`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      throw unusable(`Nothing answers at ${root}. Start the program with npm start, or correct HOST and PORT.`, true);
    }
    const content: unknown = await answer.json().catch(() => null);
    if (answer.status === 401) {
      throw unusable(`${root} runs with another API token. Use the same DATA_DIR or API_TOKEN as the running program.`);
    }
    const parsed = schema.safeParse(content);
    if (answer.ok && parsed.success) return parsed.data;
    const refusal = z.object({ error: z.object({ message: z.string() }) }).safeParse(content);
    throw unusable(
      refusal.success ? refusal.data.error.message : `${root} is not the API of this program. Correct HOST and PORT.`,
      answer.status === 503,
    );
  };
}

function unusable(message: string, retryable = false): AppError {
  return new AppError({ code: 'api_unusable', message, httpStatus: 503, retryable });
}

run().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof AppError ? error.message : error);
    process.exitCode = 2;
  },
);
