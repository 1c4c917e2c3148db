import type { BrokerConfig } from '../config/config.ts';
import type { BrokerAddresses } from './composition.ts';

/** Only replays are numbered. */
export const ONLY_RUN = 1;

/** Where orders and prices of a mode go: on paper to the paper exchange before Kite. The login page is Kite's in both. */
export function brokerAddresses(
  { kite, breeze }: BrokerConfig,
  paper: { root: string; tickerRoot: string } | null,
): BrokerAddresses {
  const { userId, accessToken: _, ...real } = kite;
  return { kite: { ...real, ...paper }, breeze, userId, clockRoot: real.root };
}
