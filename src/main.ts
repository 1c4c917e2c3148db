/** npm start: everything in one process, with an embedded Temporal server. */

import { createClosers } from './closers.ts';
import { loadConfig } from './config.ts';
import { CalendarError } from './domain/calendar/index.ts';
import { AppError } from './errors.ts';
import { createLogger } from './logger.ts';
import { runReplay } from './replay/program.ts';
import { installRuntime } from './temporal/runtime.ts';

/** A stop that takes longer than this is cut off: whatever was under way is durable. */
const STOP_WITHIN_MS = 20_000;

const closers = createClosers();
const interrupted = new AbortController();

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const { logger, redactor } = createLogger({ level: config.logLevel, secrets: config.secrets });
  if (config.mode !== 'replay') {
    throw notYet(
      `TRADING_MODE=${config.mode} is not part of this version: it trades replayed days only. Leave TRADING_MODE out, or set it to replay.`,
    );
  }
  if (config.plan.exitPolicy === 'weekly') {
    throw notYet('EXIT_POLICY=weekly is not part of this version: leave EXIT_POLICY out, or set it to intraday.');
  }
  installRuntime(logger);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  await runReplay({ config, logger, redactor, closers, signal: interrupted.signal });
}

function notYet(message: string): AppError {
  return new AppError({ code: 'not_supported', message, httpStatus: 500, retryable: false });
}

function explain(error: unknown): string {
  if (error instanceof AppError || error instanceof CalendarError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

let code = 0;
try {
  await main();
} catch (error) {
  code = 1;
  console.error(`\n${explain(error)}\n`);
}
setTimeout(() => process.exit(code || 1), STOP_WITHIN_MS).unref();
await closers.closeAll((text) => console.error(text));
process.exit(code);
