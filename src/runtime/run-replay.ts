/** A replay from its first link to its end: Temporal, simulated exchange, worker, API, operator, in the order that a restart needs. */

import { API_PORT } from '../api/serve.ts';
import type { DayIdentity } from '../contract/identity.ts';
import { istDate, istTime } from '../domain/clock.ts';
import { createSimulatorClock } from '../market/clock-source.ts';
import { lockDataDir } from '../platform/data-dir.ts';
import { refuseBusyPort } from '../platform/ports.ts';
import { startDay } from '../temporal/start-day.ts';
import { watch } from '../watchdog/watchdog.ts';
import { serveApi } from './api-server.ts';
import { keepClock, tellClock, temporalAnswers } from './clock-keeper.ts';
import { startEmbedded } from './embedded.ts';
import { type Program, stopAsked } from './program.ts';
import { EXCHANGE_PORT, openReplayExchange } from './replay-exchange.ts';
import { operate } from './replay-operator.ts';
import { openReplayRun } from './replay-runs.ts';
import { restoreSession } from './restore-session.ts';
import { startWorkers } from './workers.ts';

/** From then on the market waits for its day to end. */
const EVENING = '18:00:00';

/** Runs until the signal is aborted; after the last day it goes on serving. Throws AppError when it cannot begin. */
export async function runReplay(program: Program): Promise<void> {
  const { config, logger, shutdownHooks, signal } = program;
  const account = config.account;
  const lock = await lockDataDir(config.dataDir, `replay ${account}`);
  shutdownHooks.add('the lock of the data folder', () => lock.release());

  const say = (text: string) => logger.info({}, text);
  const complain = (text: string) => logger.warn({}, text);
  // Looked at before anything runs: a start that cannot succeed leaves nothing behind.
  await refuseBusyPort({ port: config.port, host: config.host, ...API_PORT });
  await refuseBusyPort({ port: config.exchangePort, ...EXCHANGE_PORT });
  await lock.claim();
  const { server, client, codePath, journal } = await startEmbedded(program);
  const { run, dates, resumed } = await openReplayRun(config, journal);
  const market = await openReplayExchange({ config, run, dates });
  shutdownHooks.add('the simulated exchange', market.close);
  const { exchange } = market;
  const identity = (): DayIdentity => ({ mode: 'replay', account, run, date: istDate(exchange.clock.now()) });

  const clock = await createSimulatorClock({ root: market.server.addresses.kite_root });
  shutdownHooks.add('the clock', () => clock.stop());
  const { composition, sealer, notices } = await restoreSession(program, {
    journal,
    addresses: market.addresses,
    account: { mode: 'replay', account, run },
    clock,
  });

  // A resumed day hears where the market stands before a worker may believe one of its old timers.
  await tellClock(client, identity(), exchange.clock.segments());
  const workers = await startWorkers(program, { address: server.address, codePath, composition });

  const serving = await serveApi(program, {
    client,
    identity: async () => identity(),
    journal,
    kite: composition.kite,
    breeze: composition.breeze,
    feed: composition.feed,
    clock,
    sealer,
    startDay: async (day) => {
      await startDay(client, day, exchange.clock.segments());
    },
    workerAlive: async () => workers.running(),
    noticesStatus: async () => notices.status(),
  });

  const keeper = await keepClock({
    client,
    clock: market.clock,
    identity,
    async missing() {
      if (!isDaytime()) return 'its day has not ended yet';
      if (!workers.running()) return 'the worker has stopped';
      if (!feedIsWell()) return 'the feed is not connected';
      return (await temporalAnswers(client)) ? null : 'Temporal does not answer';
    },
    say: complain,
  });
  server.keepAlive(complain);
  const replayed = { mode: 'replay', account, run } as const;
  const watched = { account: replayed, client, journal, notices, log: logger, clock, identity };
  void watch({ ...watched, opensDays: false, dataDir: config.dataDir }, signal);
  shutdownHooks.add('the clock keeper', () => keeper.stop());
  /** A day that takes long to end must not run into the night: its session dies there. */
  function isDaytime(): boolean {
    return istTime(exchange.clock.now()) < EVENING;
  }
  /** Nobody is connected before a login, nor with a dead session: then the day itself says what is missing. */
  function feedIsWell(): boolean {
    const accessToken = composition.accessToken();
    return accessToken === null || !exchange.sessionAlive(accessToken) || composition.feed.status().connected;
  }

  const links = () =>
    [
      `Dashboard     ${serving.signInLink()}`,
      `Temporal UI   ${server.uiUrl ?? `of the server at ${server.address}`}`,
      `API           ${serving.origin}/docs (token in ${config.dataDir}/api-token)`,
      `Exchange      ${market.server.addresses.kite_root}/simulator/book`,
    ].join('\n');
  lock.announce(links);
  console.log(`\n${links()}\n`);
  say(
    `${resumed ? 'Going on with' : 'Beginning'} replay run ${run}: ${dates[0]} to ${dates.at(-1)} at ${config.replay.speed}x. Option prices are modelled.`,
  );

  const dayIsOver = async (date: string) => {
    const days = await journal.days({ mode: 'replay', account, run });
    return days.some((day) => day.date === date && day.result !== null);
  };
  const operating = operate(
    {
      apiRoot: serving.ownOrigin,
      apiToken: serving.token,
      dates,
      acts: config.replay.operator,
      startBody: { enabled: true },
      dayIsOver,
      beginDay: async (date) => {
        market.beginDay(date);
        await startDay(client, { mode: 'replay', account, run, date }, exchange.clock.segments());
        say(`Market day ${date}, from ${istTime(exchange.clock.now())}.`);
      },
      say,
      complain,
    },
    signal,
  );
  const stopped = stopAsked(signal);
  const ended = await Promise.race([operating, stopped, workers.ended]);
  if (ended === 'finished') {
    await journal.finishReplayRun(account, run);
    exchange.clock.set({ speed: 0 });
    say('The replay is over. Everything stays readable until you press Ctrl-C.');
    await Promise.race([stopped, workers.ended]);
  }
}
