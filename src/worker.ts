/** npm run worker: days and guards, for a journal, a Temporal server and an API that are elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeptClock } from './market/clock-source.ts';
import { keepClock, tellClock, temporalAnswers } from './runtime/clock-keeper.ts';
import { keepClockWatch } from './runtime/clock-watch.ts';
import type { Composition } from './runtime/composition.ts';
import { openShared, type Shared } from './runtime/multi-process.ts';
import { type Program, runProgram, stopAsked } from './runtime/program.ts';
import { restoreSession } from './runtime/restore-session.ts';
import { warnOfBreeze } from './runtime/start-checks.ts';
import { startWorkers } from './runtime/workers.ts';
import { workflowBundle } from './temporal/bundle.ts';
import { watch } from './watchdog/watchdog.ts';

/** A login is exchanged by one worker: the tickers of the others take it up within this. Wall milliseconds. */
const LOGIN_LOOK_MS = 2_000;

await runProgram(async (program) => {
  const { config, logger, signal } = program;
  const bundling = workflowBundle();
  bundling.catch(() => {});
  const shared = await openShared(program, ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'SECRETS_KEY']);
  const { address, client, identity, keptClock } = shared;
  const { composition, notices } = await restoreSession(program, { ...shared, watches: config.guards });
  const { codePath } = await bundling;
  // A day that goes on hears where the market stands before a worker may believe one of its old timers.
  if (keptClock) await tellClock(client, identity(), (await keptClock.look()).segments);
  const guards = config.guards ? composition.guards : null;
  const workers = await startWorkers(program, { address, codePath, composition: { day: composition.day, guards } });
  void keepLogin(program, composition);
  const opensDays = config.mode !== 'replay';
  void watch({ ...shared, notices, log: logger, opensDays, dataDir: null }, signal);
  if (config.brokers) keepClockWatch(program, { ...shared, notices, aheadOfServer: workers.aheadOfServer });
  if (config.brokers) void warnOfBreeze(composition.breeze, (text) => logger.warn({}, text));
  if (keptClock) await keepMarket(program, { ...shared, keptClock }, composition, workers.running);
  logger.info({}, `The worker serves ${config.mode} days of ${config.account}${guards ? '' : ', but no guards'}.`);
  await Promise.race([stopAsked(signal), workers.ended]);
});

async function keepLogin({ logger, signal }: Program, composition: Composition): Promise<void> {
  let complained = false;
  while (!signal.aborted) {
    await sleep(LOGIN_LOOK_MS, undefined, { signal }).catch(() => {});
    try {
      await composition.resumeSession();
      complained = false;
    } catch (error) {
      if (!complained) logger.warn({}, `The login cannot be looked up: ${(error as Error).message}`);
      complained = true;
    }
  }
}

/** The market of a replay runs while any worker finds all well. */
async function keepMarket(
  { logger, shutdownHooks, config }: Program,
  { client, keptClock, identity }: Shared & { keptClock: KeptClock },
  composition: Composition,
  running: () => boolean,
): Promise<void> {
  const keeper = await keepClock({
    client,
    clock: keptClock,
    identity,
    async missing() {
      if (!running()) return 'the worker has stopped';
      const { connected, refused } = composition.feed.status();
      // Before a login, and with a session that the broker refuses, the day itself says what is missing.
      const isMute = config.guards && composition.accessToken() !== null && !connected && !refused;
      if (isMute) return 'the feed is not connected';
      return (await temporalAnswers(client)) ? null : 'Temporal does not answer';
    },
    say: (text) => logger.warn({}, text),
  });
  shutdownHooks.add('the clock keeper', () => keeper.stop());
}
