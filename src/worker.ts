/** npm run worker: days and guards, for a journal, a Temporal server and an API that are elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeptClock } from './market/clock-source.ts';
import type { Parts } from './parts.ts';
import { openDesk } from './program/desk.ts';
import { type Program, runProgram, stopAsked } from './program/program.ts';
import { openShared, type Shared } from './program/shared.ts';
import { startWorkers } from './program/workers.ts';
import { keepClock, tellClock, temporalAnswers } from './replay/clock-keeper.ts';
import { workflowBundle } from './temporal/bundle.ts';
import { warnOfBreeze } from './trading/start-checks.ts';
import { watch } from './watchdog/watchdog.ts';

/** A login is exchanged by one worker: the tickers of the others take it up within this. Wall milliseconds. */
const LOGIN_LOOK_MS = 2_000;

await runProgram(async (program) => {
  const { config, logger, signal } = program;
  const bundling = workflowBundle();
  bundling.catch(() => {});
  const shared = await openShared(program, ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'SECRETS_KEY']);
  const { address, client, identity, keptClock } = shared;
  const { parts, notices } = await openDesk(program, { ...shared, watches: config.guards });
  const { codePath } = await bundling;
  // A day that goes on hears where the market stands before a worker may believe one of its old timers.
  if (keptClock) await tellClock(client, identity(), (await keptClock.look()).segments);
  const guards = config.guards ? parts.guards : null;
  const workers = await startWorkers(program, { address, codePath, parts: { day: parts.day, guards } });
  void keepLogin(program, parts);
  const opensDays = config.mode !== 'replay';
  void watch({ ...shared, notices, log: logger, opensDays, dataDir: null }, signal);
  if (config.brokers) void warnOfBreeze(parts.breeze, (text) => logger.warn({}, text));
  if (keptClock) await keepMarket(program, { ...shared, keptClock }, parts, workers.running);
  logger.info({}, `The worker serves ${config.mode} days of ${config.account}${guards ? '' : ', but no guards'}.`);
  await Promise.race([stopAsked(signal), workers.ended]);
});

async function keepLogin({ logger, signal }: Program, parts: Parts): Promise<void> {
  let complained = false;
  while (!signal.aborted) {
    await sleep(LOGIN_LOOK_MS, undefined, { signal }).catch(() => {});
    try {
      await parts.resumeSession();
      complained = false;
    } catch (error) {
      if (!complained) logger.warn({}, `The login cannot be looked up: ${(error as Error).message}`);
      complained = true;
    }
  }
}

/** The market of a replay runs while any worker finds all well. */
async function keepMarket(
  { logger, closers, config }: Program,
  { client, keptClock, identity }: Shared & { keptClock: KeptClock },
  parts: Parts,
  running: () => boolean,
): Promise<void> {
  const keeper = await keepClock({
    client,
    clock: keptClock,
    identity,
    async missing() {
      if (!running()) return 'the worker has stopped';
      const { connected, refused } = parts.feed.status();
      // Before a login, and with a session that the broker refuses, the day itself says what is missing.
      const isMute = config.guards && parts.accessToken() !== null && !connected && !refused;
      if (isMute) return 'the feed is not connected';
      return (await temporalAnswers(client)) ? null : 'Temporal does not answer';
    },
    say: (text) => logger.warn({}, text),
  });
  closers.add('the clock keeper', () => keeper.stop());
}
