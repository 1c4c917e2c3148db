/**
 * Plays the person in a replay: logs in through the broker's real redirect, starts each day through the API, and moves the market
 * from a day's end to the next morning. It does only what a person with a browser and curl could do, and says so in the log.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IsoDate } from '../domain/types.ts';

export type OperatorOptions = {
  apiRoot: string;
  apiToken: string;
  /** Trading dates of the run, in order. */
  dates: IsoDate[];
  /** False leaves login and start to the person; days still follow each other. */
  acts: boolean;
  startBody: Record<string, unknown>;
  dayIsOver(date: IsoDate): Promise<boolean>;
  /** Moves the market to the morning of a date, unless it is past it already, and opens the day, unless it is open. */
  beginDay(date: IsoDate): Promise<void>;
  say(text: string): void;
  complain(text: string): void;
};

const LOOK_MS = 500;
const TRY_AGAIN_MS = 3_000;

export async function operate(options: OperatorOptions, signal: AbortSignal): Promise<'finished' | 'interrupted'> {
  for (const date of options.dates) {
    let begun = false;
    while (!(await options.dayIsOver(date))) {
      if (signal.aborted) return 'interrupted';
      let wait = LOOK_MS;
      try {
        if (!begun) await options.beginDay(date);
        begun = true;
        if (options.acts) await step(options);
      } catch (error) {
        if (signal.aborted) return 'interrupted';
        options.complain(`Operator: ${error instanceof Error ? error.message : String(error)}. Trying again.`);
        wait = TRY_AGAIN_MS;
      }
      await pause(wait, signal);
    }
  }
  return 'finished';
}

/** Looks at the day's state and does the one thing that a person would do next. */
async function step(options: OperatorOptions): Promise<void> {
  const status = await call(options, 'GET', '/live/status');
  if (status.state === 'no_day' || status.state === 'awaiting_auth') await login(options);
  else if (status.state === 'ready') {
    await call(options, 'POST', '/live/start-trading', options.startBody);
    options.say('Operator: started trading through the API.');
  }
}

async function login(options: OperatorOptions): Promise<void> {
  const { login_url: loginUrl } = await call(options, 'GET', '/live/auth/login-url');
  if (typeof loginUrl !== 'string') throw new Error('the API gave no login address');
  // The simulated login page takes its form at its own address and answers with the redirect a browser would follow.
  const answer = await fetch(loginUrl, { method: 'POST', redirect: 'manual', body: new URLSearchParams() });
  const redirect = answer.headers.get('location');
  if (answer.status !== 302 || !redirect) throw new Error(`the login page answered ${answer.status}`);
  const arrived = await fetch(redirect);
  await arrived.text();
  if (!arrived.ok) throw new Error(`the login was not completed (${arrived.status})`);
  options.say('Operator: logged in through the broker’s redirect.');
}

async function call(
  options: OperatorOptions,
  method: 'GET' | 'POST',
  path: string,
  body?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${options.apiRoot}${path}`, {
    method,
    headers: { authorization: `Bearer ${options.apiToken}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Sleeps, less when it is interrupted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
