/** KITE_ACCESS_TOKEN: a login of today that was made elsewhere. To the day it is a login like any other. */
import { createHash } from 'node:crypto';
import { createDayAccess } from '../api/day.ts';
import type { ApiDeps } from '../api/deps.ts';
import type { BrokerConfig } from '../config/config.ts';
import { authCompletedSignal } from '../contract/commands.ts';
import { AppError } from '../errors.ts';

type Options = Pick<ApiDeps, 'client' | 'identity' | 'startDay' | 'clock' | 'kite' | 'sealer'> & {
  config: BrokerConfig['kite'];
  say(text: string): void;
  warn(text: string): void;
};

/**
 * Opens the day with the configured session, as a login does, unless the broker refuses it or it is another person's: then a person is
 * told to log in. Given again after a restart it is the same login. Rejects with defects only.
 */
export async function usePresetSession(options: Options): Promise<void> {
  const { config, kite, sealer, say, warn } = options;
  const { accessToken, userId } = config;
  if (accessToken === null) return;
  try {
    const profile = await kite.session(accessToken).profile();
    if (profile.userId !== userId) {
      warn(`KITE_ACCESS_TOKEN is a login of ${profile.userId}, not of ${userId}: it is not used. Log in instead.`);
      return;
    }
    const day = createDayAccess(options);
    await day.open();
    const attempt = `given:${createHash('sha256').update(accessToken).digest('hex').slice(0, 16)}`;
    await day.send(authCompletedSignal, { attempt, sealedAccessToken: sealer.seal(accessToken) });
    say(`KITE_ACCESS_TOKEN is a login of ${userId}: the day takes it.`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    warn(`KITE_ACCESS_TOKEN is not used: ${error.message.replace(/\.$/, '')}. Log in when the day is open.`);
  }
}
