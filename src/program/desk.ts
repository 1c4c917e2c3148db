/** Brokers, feed, notices and activities of a process, with the login that the journal keeps. */
import type { Sealer } from '../../activities/deps.ts';
import type { Notices } from '../contract/notices.ts';
import type { Account, Journal } from '../journal/types.ts';
import type { ClockSource } from '../market/types.ts';
import { channelsOf, LOG_ALONE } from '../notices/from-config.ts';
import { createNotices } from '../notices/notices.ts';
import { type BrokerAddresses, createParts, type Parts } from '../parts.ts';
import { createSealer, secretsKey } from '../secrets.ts';
import type { Program } from './program.ts';

export type Desk = { parts: Parts; sealer: Sealer; notices: Notices };

/** A stored login is taken up at once, so that the feed is there when the guards come back. */
export async function openDesk(
  program: Program,
  options: {
    journal: Journal;
    addresses: BrokerAddresses;
    account: Account;
    clock: ClockSource;
    /** False opens no ticker. */
    watches?: boolean;
  },
): Promise<Desk> {
  const { config, logger, redactor, closers } = program;
  const sealer = createSealer(await secretsKey(config.dataDir, config.secretsKey));
  const { account, journal, clock } = options;
  const notices = createNotices({
    ...{ account, journal, clock, channels: channelsOf(config), log: logger },
    redact: (text) => String(redactor.redact(text)),
  });
  closers.add('the notices', notices.close);
  if (config.mode !== 'replay' && config.notices.webhook === null) logger.warn({}, LOG_ALONE);
  await notices.resume();
  const parts = createParts({ ...options, sealer, notices, log: logger, onSecret: redactor.add });
  closers.add('the feed', parts.close);
  await parts.resumeSession();
  return { parts, sealer, notices };
}
