/** npm run api: the API and the dashboard, for workers, a journal and a Temporal server that are elsewhere. */
import { createBrokers } from './parts.ts';
import { runProgram, stopAsked } from './program/program.ts';
import { serveApi } from './program/serving.ts';
import { openShared } from './program/shared.ts';
import { createSealer, secretsKey } from './secrets.ts';
import { openDay } from './temporal/open-day.ts';
import { workersAsk } from './temporal/pollers.ts';
import { keepSchedule } from './temporal/schedule.ts';

await runProgram(async (program) => {
  const { config, logger, signal } = program;
  const { client, journal, clock, account, addresses, identity } = await openShared(program, [
    'DATABASE_URL',
    'TEMPORAL_ADDRESS',
    'SECRETS_KEY',
    'API_TOKEN',
  ]);
  if (config.mode !== 'replay') await keepSchedule(client, account);
  const serving = await serveApi(program, {
    ...createBrokers(addresses),
    ...{ client, journal, clock },
    identity: async () => identity(),
    // Prices come from the journal, where the workers keep the last ones.
    feed: null,
    sealer: createSealer(await secretsKey(config.dataDir, config.secretsKey)),
    openDay: async (day) => {
      await openDay(client, day, clock.current());
    },
    workerAlive: () => workersAsk(client),
  });
  console.log(`\nDashboard     ${serving.signInLink}\nAPI           ${serving.origin}/docs\n`);
  logger.info({}, `The API serves ${config.mode} days of ${config.account}.`);
  await stopAsked(signal);
});
