/** What has to be right before a process of paper or live mode may begin; each refusal says what to do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CLOCK_WITHIN_MS, clockAhead } from '../brokers/broker-clock.ts';
import type { Breeze } from '../brokers/types.ts';
import type { Config } from '../config/config.ts';
import { assertCovered, horizonWarning, weeklyExpiry } from '../domain/calendar/index.ts';
import type { IsoDate } from '../domain/types.ts';
import { AppError } from '../errors.ts';

/** A machine that boots is often quicker than its network. Wall milliseconds. */
const BROKER_ANSWERS_WITHIN_MS = 30_000;
const TRY_AGAIN_MS = 1_000;

type Warn = (text: string) => void;

/**
 * The calendar must cover the date and its expiry, and in live mode this machine's clock must be within two seconds of the broker's;
 * on paper that is a warning. Throws CalendarError, AppError `clock_wrong` or `broker_clock_unknown`.
 */
export async function checkStart(options: {
  config: Pick<Config, 'mode' | 'brokers'>;
  today: IsoDate;
  warn: Warn;
  /** Ends the wait for a broker that does not answer; its reason is thrown then. */
  signal: AbortSignal;
  brokerAnswersWithinMs?: number;
}): Promise<void> {
  const { config, today, warn, signal, brokerAnswersWithinMs = BROKER_ANSWERS_WITHIN_MS } = options;
  checkCalendar(today, warn);
  const root = config.brokers?.kite.root;
  if (!root) return;
  try {
    await checkClock(root, config.mode === 'live' ? brokerAnswersWithinMs : 0, signal, warn);
  } catch (error) {
    if (config.mode === 'live' || !(error instanceof AppError)) throw error;
    warn(error.message);
  }
}

/** Throws CalendarError for a date whose session, expiry or lot the tables do not know; warns when they end soon. */
function checkCalendar(today: IsoDate, warn: Warn): void {
  assertCovered(today);
  weeklyExpiry(today);
  const ending = horizonWarning(today);
  if (ending) warn(ending);
}

/** Throws AppError `clock_wrong`, and `broker_clock_unknown` when the broker does not answer in time. */
async function checkClock(root: string, patienceMs: number, signal: AbortSignal, warn: Warn): Promise<void> {
  const ahead = await whenAnswering(root, patienceMs, signal, warn);
  if (Math.abs(ahead) <= CLOCK_WITHIN_MS) return;
  throw new AppError({
    code: 'clock_wrong',
    message: `This machine's clock is ${Math.abs(ahead) / 1_000} s ${ahead > 0 ? 'ahead of' : 'behind'} Zerodha's: exits would come at the wrong time. Set it by a time service (timedatectl set-ntp true), then start again.`,
    httpStatus: 500,
    retryable: false,
    details: { ahead_ms: ahead },
  });
}

async function whenAnswering(root: string, patienceMs: number, signal: AbortSignal, warn: Warn): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await clockAhead(root);
    } catch (error) {
      if (performance.now() >= deadline || !(error instanceof AppError)) throw error;
      if (tries === 1) warn(`${error.message} Trying again for ${patienceMs / 1_000} s.`);
      await sleep(TRY_AGAIN_MS, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }
}

/** Without Breeze the day decides on Kite's candles, flagged: a warning, not a refusal. Never throws. */
export async function warnOfBreeze(breeze: Breeze, warn: Warn): Promise<void> {
  const reason = await breeze.check().then(
    (seen) => (seen.authenticated ? null : (seen.reason ?? 'it gave no reason')),
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (reason === null) return;
  warn(
    `Breeze does not take its session (${reason}). Log in at ICICI Direct, write the new BREEZE_API_SESSION into .env and start again; until then Kite's candles decide, flagged.`,
  );
}

/** Names whom a data folder serves: another mode, account or Zerodha client needs a folder of its own. */
export function servesOf({ mode, account, brokers }: Config): string {
  const userId = brokers?.kite.userId ?? account;
  return account === userId ? `${mode} ${account}` : `${mode} ${account} of ${userId}`;
}
