/** The processes of an installation that is spread over several: how each is started, and what all are told. */
import { randomBytes } from 'node:crypto';
import type { IsoDate } from '../../domain/types.ts';
import { TOKEN } from './outside.ts';

/** Node with the TypeScript loader, as the scripts of package.json run it. */
const RUN = [process.execPath, 'scripts/run.mjs'] as const;

export const WORKER = [...RUN, 'src/worker.ts'];
export const API = [...RUN, 'src/api.ts'];

/** The simulated exchange. Given a `date`, its market stands a minute before the signal of 11:15, until somebody lets it go. */
export function exchange(options: {
  port: number;
  dataDir: string;
  redirectTo: number;
  date?: IsoDate;
  leased?: boolean;
}): string[] {
  const redirect = `http://127.0.0.1:${options.redirectTo}/live/auth/complete`;
  return [
    ...[...RUN, 'src/exchange-simulator/cli.ts', '--port', String(options.port), '--data-dir', options.dataDir],
    ...(options.date === undefined ? [] : ['--at', `${options.date}T11:14`, '--speed', '0']),
    ...(options.leased ? ['--leased'] : []),
    ...['--redirect-url', redirect],
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
