/** Workers, APIs and the exchange as processes of their own, over one PostgreSQL and one Temporal server, as the compose file runs them. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { dayWorkflowId } from '../../workflows/messages.ts';
import { DATE, NODE, TOKEN, until } from './program.ts';

const [node, run] = NODE;
export const WORKER = [node, run, 'src/worker.ts'];
export const API = [node, run, 'src/api.ts'];

/** The market stands a minute before the signal of 11:15, until somebody lets it go. */
export function exchange(options: { port: number; dataDir: string; redirectTo: number }): string[] {
  const redirect = `http://127.0.0.1:${options.redirectTo}/live/auth/complete`;
  return [
    ...[node, run, 'src/exchange-simulator/cli.ts', '--port', String(options.port), '--data-dir', options.dataDir],
    ...['--at', `${DATE}T11:14`, '--speed', '0', '--redirect-url', redirect],
  ];
}

/** What all processes of an installation are told. */
export function sharedSettings(options: { temporal: string; databaseUrl: string; exchangePort: number }) {
  return {
    TRADING_MODE: 'replay',
    TEMPORAL_ADDRESS: options.temporal,
    DATABASE_URL: options.databaseUrl,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    API_TOKEN: TOKEN,
    EXCHANGE_URL: `http://127.0.0.1:${options.exchangePort}`,
  };
}

/** The process that serves the guard now, by the identity that the Temporal server knows it by; null while nobody does. */
export async function guardedBy(client: Client): Promise<number | null> {
  const day = { mode: 'replay', account: 'demo', run: 1, date: DATE } as const;
  const { raw } = await client.workflow.getHandle(dayWorkflowId(day)).describe();
  const guards = (raw.pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'guardPosition');
  // One whose worker has died is still called started, until its heartbeats have been missed.
  const [guard] = guards.filter(({ state, lastStartedTime }) => state === STARTED && lastStartedTime);
  const pid = /^\d+/.exec(guard?.lastWorkerIdentity ?? '')?.[0];
  return pid === undefined ? null : Number(pid);
}

/** `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = 2;

export function guardedByAnother(client: Client, than: number, withinMs: number): Promise<number> {
  return until(
    'another worker to guard',
    async () => {
      const pid = await guardedBy(client);
      return pid !== null && pid !== than && pid;
    },
    withinMs,
  );
}
