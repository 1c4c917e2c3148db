/** npm run api: the API and the dashboard, for workers, a journal and a Temporal server that are elsewhere. */
import { type DayIdentity, dayTaskQueue } from './contract/identity.ts';
import { channelsOf } from './notices/from-config.ts';
import { keptNoticesStatus } from './notices/kept-status.ts';
import { createSealer, secretsKey } from './platform/secrets.ts';
import { serveApi } from './runtime/api-server.ts';
import { keepClockWatch } from './runtime/clock-watch.ts';
import { createBrokers } from './runtime/composition.ts';
import { openShared } from './runtime/multi-process.ts';
import { usePresetSession } from './runtime/preset-session.ts';
import { runProgram, stopAsked } from './runtime/program.ts';
import { openNotices } from './runtime/restore-session.ts';
import { workersAsk } from './temporal/pollers.ts';
import { keepSchedule } from './temporal/schedule.ts';
import { startDay } from './temporal/start-day.ts';

await runProgram(async (program) => {
  const { config, logger, signal } = program;
  const say = (text: string) => logger.info({}, text);
  const { client, journal, clock, account, addresses, identity } = await openShared(program, [
    'DATABASE_URL',
    'TEMPORAL_ADDRESS',
    'SECRETS_KEY',
    'API_TOKEN',
  ]);
  const { kite, breeze } = createBrokers(addresses);
  const shared = {
    ...{ client, clock, kite },
    identity: async () => identity(),
    sealer: createSealer(await secretsKey(config.dataDir, config.secretsKey)),
    startDay: (day: DayIdentity) => startDay(client, day, clock.current()),
  };
  const serving = await serveApi(program, {
    ...shared,
    journal,
    breeze,
    // Prices come from the journal, where the workers keep the last ones.
    feed: null,
    workerAlive: () => workersAsk(client, dayTaskQueue(account)),
    noticesStatus: () => keptNoticesStatus(journal, account, channelsOf(config)),
  });
  if (config.brokers) {
    // Commands expire by this clock.
    const notices = openNotices(program, { account, journal, clock });
    keepClockWatch(program, { account, journal, notices, addresses });
    const warn = (text: string) => logger.warn({}, text);
    const { paused } = await keepSchedule(client, account);
    if (paused)
      warn('The Schedule that opens each day is paused in Temporal: only a login or start-trading opens one.');
    await usePresetSession({ ...shared, config: config.brokers.kite, say, warn });
  }
  console.log(`\nDashboard     ${serving.signInLink()}\nAPI           ${serving.origin}/docs\n`);
  say(`The API serves ${config.mode} days of ${config.account}.`);
  await stopAsked(signal);
});
