/** Paper and live trading in one process: Temporal, the paper exchange, worker, Schedule, API, in the order that a restart needs. */

import { API_PORT } from '../api/serve.ts';
import type { BrokerConfig } from '../config/config.ts';
import type { DayIdentity } from '../contract/identity.ts';
import { istDate } from '../domain/clock.ts';
import type { Account } from '../journal/types.ts';
import { createLiveClock } from '../market/clock-source.ts';
import type { ClockSource } from '../market/types.ts';
import { lockDataDir } from '../platform/data-dir.ts';
import { refuseBusyPort } from '../platform/ports.ts';
import { keepSchedule } from '../temporal/schedule.ts';
import { startDay } from '../temporal/start-day.ts';
import { watch } from '../watchdog/watchdog.ts';
import { serveApi } from './api-server.ts';
import { brokerAddresses, ONLY_RUN } from './broker-addresses.ts';
import { keepClockWatch } from './clock-watch.ts';
import { startEmbedded } from './embedded.ts';
import { openPaperExchange } from './paper-exchange.ts';
import { usePresetSession } from './preset-session.ts';
import { type Program, stopAsked } from './program.ts';
import { EXCHANGE_PORT } from './replay-exchange.ts';
import { restoreSession } from './restore-session.ts';
import { checkStart, servesOf, warnOfBreeze } from './start-checks.ts';
import { startWorkers } from './workers.ts';

/**
 * Runs until the signal is aborted. Throws AppError or CalendarError when it may not begin.
 * `clock` is the wall clock; only a test has a market at another time.
 */
export async function runTrading(
  program: Program,
  brokers: BrokerConfig,
  clock: ClockSource = createLiveClock(),
): Promise<void> {
  const { config, logger, shutdownHooks, signal } = program;
  const say = (text: string) => logger.info({}, text);
  const warn = (text: string) => logger.warn({}, text);
  const account: Account = { mode: config.mode, account: config.account, run: ONLY_RUN };
  const identity = (): DayIdentity => ({ ...account, date: istDate(clock.now()) });

  const lock = await lockDataDir(config.dataDir, servesOf(config));
  shutdownHooks.add('the lock of the data folder', () => lock.release());
  await checkStart({ config, today: identity().date, warn, signal });
  // Looked at before anything runs: a start that cannot succeed leaves nothing behind.
  await refuseBusyPort({ port: config.port, host: config.host, ...API_PORT });
  if (config.mode === 'paper') await refuseBusyPort({ port: config.exchangePort, ...EXCHANGE_PORT });
  await lock.claim();

  const { server, client, codePath, journal } = await startEmbedded(program);
  const paper = config.mode === 'paper' ? await openPaperExchange(config, brokers, clock) : null;
  if (paper) shutdownHooks.add('the paper exchange', paper.close);
  const addresses = brokerAddresses(brokers, paper);
  const { composition, sealer, notices } = await restoreSession(program, {
    journal,
    addresses,
    account,
    clock,
  });
  void warnOfBreeze(composition.breeze, warn);
  const workers = await startWorkers(program, { address: server.address, codePath, composition });
  const { paused } = await keepSchedule(client, account);
  if (paused) warn('The Schedule that opens each day is paused in Temporal: only a login or start-trading opens one.');

  const shared = {
    client,
    identity: async () => identity(),
    kite: composition.kite,
    clock,
    sealer,
    startDay: (day: DayIdentity) => startDay(client, day, clock.current()),
  };
  const serving = await serveApi(program, {
    ...shared,
    journal,
    breeze: composition.breeze,
    feed: composition.feed,
    workerAlive: async () => workers.running(),
    noticesStatus: async () => notices.status(),
  });
  await usePresetSession({ ...shared, config: brokers.kite, say, warn });
  server.keepAlive(warn);
  const watched = { account, client, journal, notices, log: logger, clock, identity };
  void watch({ ...watched, opensDays: true, dataDir: config.dataDir }, signal);
  keepClockWatch(program, { account, journal, notices, addresses, aheadOfServer: workers.aheadOfServer });

  const links = () =>
    [
      `Dashboard     ${serving.signInLink()}`,
      `Temporal UI   ${server.uiUrl ?? `of the server at ${server.address}`}`,
      `API           ${serving.origin}/docs (token in ${config.dataDir}/api-token)`,
      ...(paper ? [`Exchange      ${paper.root}/simulator/book`] : []),
    ].join('\n');
  lock.announce(links);
  console.log(`\n${links()}\n`);
  say(
    config.mode === 'live'
      ? `LIVE: orders of ${brokers.kite.userId} move real money at Zerodha. Each trading day opens at 08:45 in India.`
      : `On paper: real prices of ${brokers.kite.userId}'s login, orders stay here and fill optimistically. Each trading day opens at 08:45 in India.`,
  );
  await Promise.race([stopAsked(signal), workers.ended]);
}
