/** What processes of one installation share: the journal, the Temporal server, the market. Found by each of them by itself. */
import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { type DayIdentity, SEARCH_ATTRIBUTES } from '../contract/identity.ts';
import { istDate } from '../domain/clock.ts';
import { AppError } from '../errors.ts';
import { DEFAULT_KEYS } from '../exchange-simulator/wire/keys.ts';
import { openJournal } from '../journal/journal.ts';
import type { Account, Journal } from '../journal/types.ts';
import { createLiveClock, createSimulatorClock, type KeptClock } from '../market/clock-source.ts';
import type { ClockSource } from '../market/types.ts';
import { registerSearchAttributes } from '../temporal/attributes.ts';
import { connectTemporal, type TemporalClient, temporalAccess } from '../temporal/client.ts';
import { brokerAddresses, ONLY_RUN } from './broker-addresses.ts';
import type { BrokerAddresses } from './composition.ts';
import type { Program } from './program.ts';
import { replayRunOf } from './replay-runs.ts';
import { checkStart } from './start-checks.ts';
import { waitUntilUp } from './wait-until-up.ts';

export type Shared = {
  /** HOST:PORT of the Temporal server. */
  address: string;
  client: Client;
  journal: Journal;
  clock: ClockSource;
  /** Of a replay, whose market waits for its workers; null otherwise. */
  keptClock: KeptClock | null;
  account: Account;
  addresses: BrokerAddresses;
  identity(): DayIdentity;
};

type Needed = 'DATABASE_URL' | 'TEMPORAL_ADDRESS' | 'SECRETS_KEY' | 'API_TOKEN';

/**
 * Finds what the processes share, and waits for what is not up yet.
 * Throws AppError `config_invalid` that names everything that a process of its own must be told, `search_attributes_missing`, and what
 * `checkStart` throws in paper and live mode.
 */
export async function openShared(program: Program, needed: readonly Needed[]): Promise<Shared> {
  const { config, logger, shutdownHooks, signal } = program;
  const { databaseUrl, address } = requireShared(config, needed);
  const journal = await waitUntilUp(program, () => openJournal({ databaseUrl }));
  shutdownHooks.add('the journal', () => journal.close());
  const { client } = await waitUntilUp(program, () => connect(program, address));

  const { clock, keptClock } = await openClock(program);
  if (config.mode !== 'replay') {
    await checkStart({ config, today: istDate(clock.now()), signal, warn: (text) => logger.warn({}, text) });
  }
  const run = config.mode === 'replay' ? await replayRunOf(journal, config.account) : ONLY_RUN;
  const account: Account = { mode: config.mode, account: config.account, run };
  return {
    ...{ address, client, journal, clock, keptClock, account },
    addresses: addressesOf(config),
    identity: () => ({ ...account, date: istDate(clock.now()) }),
  };
}

/** Nothing of it has a default that two machines would agree on. */
function requireShared(config: Config, needed: readonly Needed[]): { databaseUrl: string; address: string } {
  const given: Record<Needed, unknown> = {
    DATABASE_URL: config.databaseUrl,
    TEMPORAL_ADDRESS: config.temporal.address,
    SECRETS_KEY: config.secretsKey,
    API_TOKEN: config.apiToken,
  };
  const missing = needed.filter((name) => given[name] === null);
  const { databaseUrl, temporal } = config;
  if (missing.length === 0 && databaseUrl !== null && temporal.address !== null) {
    return { databaseUrl, address: temporal.address };
  }
  throw new AppError({
    code: 'config_invalid',
    message: `A process of its own shares everything with the others and must be told where it is:\n${missing.map((name) => `  ${name} is missing: ${ADVICE[name]}`).join('\n')}`,
    httpStatus: 500,
    retryable: false,
    details: { missing },
  });
}

const ADVICE: Record<Needed, string> = {
  DATABASE_URL: 'the PostgreSQL database of the journal, postgresql://user:password@host/database',
  TEMPORAL_ADDRESS: 'HOST:PORT of the Temporal server',
  SECRETS_KEY: 'the same 32 bytes for all; `openssl rand -base64 32` makes them',
  API_TOKEN: 'the same for all APIs, 16 characters or more; `openssl rand -hex 24` makes one',
};

const UNKNOWN_ATTRIBUTES = `The Temporal server does not say which search attributes it has. Days hang unless these are registered, each a Keyword: ${Object.keys(SEARCH_ATTRIBUTES).join(', ')}.`;

async function connect({ config, logger }: Program, address: string): Promise<TemporalClient> {
  const { namespace, ...access } = config.temporal;
  const temporal = await connectTemporal({ address, namespace, access: temporalAccess(access) });
  try {
    const attributes = await registerSearchAttributes(temporal.connection, namespace);
    if (attributes === 'unknown') logger.warn({}, UNKNOWN_ATTRIBUTES);
    return temporal;
  } catch (error) {
    await temporal.close();
    if (error instanceof AppError || !isGrpcServiceError(error)) throw error;
    throw new AppError({
      code: 'temporal_unavailable',
      message: `The Temporal server at ${address} does not serve the namespace ${namespace} yet: ${error.details}.`,
      httpStatus: 503,
      retryable: true,
      cause: error,
    });
  }
}

async function openClock(program: Program): Promise<{ clock: ClockSource; keptClock: KeptClock | null }> {
  if (program.config.mode !== 'replay') return { clock: createLiveClock(), keptClock: null };
  const clock = await waitUntilUp(program, () => createSimulatorClock({ root: program.config.exchange.url }));
  program.shutdownHooks.add('the clock', () => clock.stop());
  return { clock, keptClock: clock };
}

/** In a replay both brokers are the simulated exchange, whose keys open nothing else. */
function addressesOf({ brokers, mode, exchange }: Config): BrokerAddresses {
  const simulated = { root: exchange.url, tickerRoot: exchange.url.replace(/^http/, 'ws') };
  if (brokers) return brokerAddresses(brokers, mode === 'paper' ? simulated : null);
  const { apiKey, apiSecret, breezeApiKey, breezeApiSecret, breezeSession } = DEFAULT_KEYS;
  return {
    kite: { ...simulated, apiKey, apiSecret, loginUrl: exchange.loginUrl ?? `${exchange.url}/connect/login` },
    breeze: { apiKey: breezeApiKey, apiSecret: breezeApiSecret, session: breezeSession, root: exchange.url },
    userId: null,
  };
}
