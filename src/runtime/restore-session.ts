/** Brokers, feed, notices and activities of a process, with the login that the journal keeps. */
import type { Notices } from '../contract/notices.ts';
import type { Account, Journal } from '../journal/types.ts';
import type { ClockSource } from '../market/types.ts';
import { channelsOf, LOG_ALONE } from '../notices/from-config.ts';
import { createNotices, type RunningNotices } from '../notices/notices.ts';
import { createSealer, type Sealer, secretsKey } from '../platform/secrets.ts';
import { type BrokerAddresses, type Composition, createComposition } from './composition.ts';
import type { Program } from './program.ts';

export type RestoredSession = { composition: Composition; sealer: Sealer; notices: Notices };

/** On their way to the owner by the channels of the configuration. */
export function openNotices(
  { config, logger, redactor, shutdownHooks }: Program,
  { account, journal, clock }: { account: Account; journal: Journal; clock: ClockSource },
): RunningNotices {
  const notices = createNotices({
    ...{ account, journal, clock, channels: channelsOf(config), log: logger },
    redact: (text) => String(redactor.redact(text)),
  });
  shutdownHooks.add('the notices', notices.close);
  return notices;
}

/** A stored login is taken up at once, so that the feed is there when the guards come back. */
export async function restoreSession(
  program: Program,
  options: {
    journal: Journal;
    addresses: BrokerAddresses;
    account: Account;
    clock: ClockSource;
    /** False opens no ticker. */
    watches?: boolean;
  },
): Promise<RestoredSession> {
  const { config, logger, redactor, shutdownHooks } = program;
  const sealer = createSealer(await secretsKey(config.dataDir, config.secretsKey));
  const notices = openNotices(program, options);
  if (config.mode !== 'replay' && config.notices.webhook === null) logger.warn({}, LOG_ALONE);
  await notices.resume();
  const composition = createComposition({ ...options, sealer, notices, log: logger, onSecret: redactor.add });
  shutdownHooks.add('the feed', composition.close);
  await composition.resumeSession();
  return { composition, sealer, notices };
}
