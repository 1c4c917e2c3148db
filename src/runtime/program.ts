/** What every process of the program is around its work: configuration, log, clean stop, exit code. */

import { type Config, loadConfig } from '../config/config.ts';
import { CalendarError } from '../domain/calendar/index.ts';
import { AppError } from '../errors.ts';
import { diskFullWords, isDiskFull } from '../platform/disk-full.ts';
import { createLogger, type Logger } from '../platform/logger.ts';
import type { Redactor } from '../platform/redaction.ts';
import { createShutdownHooks, type ShutdownHooks } from '../platform/shutdown-hooks.ts';
import { installRuntime } from '../temporal/runtime.ts';

export type Program = {
  config: Config;
  logger: Logger;
  redactor: Redactor;
  shutdownHooks: ShutdownHooks;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
};

/** A stop that takes longer than this is cut off: whatever was under way is durable. */
const STOP_WITHIN_MS = 20_000;

/**
 * Runs one process and ends it: exit code 0 when `run` returns or was interrupted, 1 with words on the error stream when it throws.
 * What it opened is closed in the opposite order, in both cases.
 */
export async function runProgram(run: (program: Program) => Promise<void>): Promise<never> {
  const shutdownHooks = createShutdownHooks();
  const interrupted = new AbortController();
  let code = 0;
  let dataDir = '';
  const fail = (error: unknown) => {
    // Every later write fails by the full disk too: log it once.
    if (!isDiskFull(error)) console.error(`\n${explain(error)}\n`);
    else if (code === 0) console.error(`\n${diskFullWords(dataDir)}\n`);
    code = 1;
  };
  // The simulated exchange writes from timers of its own: nobody awaits them.
  process.on('uncaughtException', (error) => {
    fail(error);
    if (isDiskFull(error)) interrupted.abort();
    else process.exit(1);
  });
  try {
    const config = loadConfig(process.env);
    dataDir = config.dataDir;
    const { logger, redactor } = createLogger({ level: config.logLevel, secrets: config.secrets });
    installRuntime(logger);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
    interrupted.signal.addEventListener('abort', () => logger.info({}, 'Stopping …'), { once: true });
    await run({ config, logger, redactor, shutdownHooks, signal: interrupted.signal });
  } catch (error) {
    // What was being waited for when the stop came is in the signal's own reason.
    if (error !== interrupted.signal.reason) fail(error);
  }
  setTimeout(() => process.exit(code || 1), STOP_WITHIN_MS).unref();
  await shutdownHooks.closeAll((text) => console.error(text));
  process.exit(code);
}

/** Ends when the program is to stop. */
export function stopAsked(signal: AbortSignal): Promise<void> {
  return new Promise((stop) => {
    if (signal.aborted) stop();
    signal.addEventListener('abort', () => stop(), { once: true });
  });
}

function explain(error: unknown): string {
  if (error instanceof AppError || error instanceof CalendarError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
