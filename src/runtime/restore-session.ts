/** Brokers, feed and activities of a process, with the login that the journal keeps. */

import type { Account, Journal } from '../journal/types.ts';
import type { ClockSource } from '../market/types.ts';
import { createSealer, type Sealer, secretsKey } from '../platform/secrets.ts';
import { type BrokerAddresses, type Composition, createComposition } from './composition.ts';
import type { Program } from './program.ts';

export type RestoredSession = { composition: Composition; sealer: Sealer };

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
  const composition = createComposition({ ...options, sealer, log: logger, onSecret: redactor.add });
  shutdownHooks.add('the feed', composition.close);
  await composition.resumeSession();
  return { composition, sealer };
}
