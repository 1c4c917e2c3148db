/** The one app and the one Breeze login that the simulated exchange knows. */
export type ExchangeKeys = {
  apiKey: string;
  apiSecret: string;
  breezeApiKey: string;
  breezeApiSecret: string;
  /** What Breeze's login page would put into the address: `API_Session`. */
  breezeSession: string;
};

/** Fixed, so that a program configured once goes on working after the simulator was started again. They open nothing but the simulator. */
export const DEFAULT_KEYS: ExchangeKeys = {
  apiKey: 'simkitekey000001',
  apiSecret: 'simkitesecret0000000000000000001',
  breezeApiKey: 'simbreezekey00000000000000000001',
  breezeApiSecret: 'simbreezesecret00000000000000001',
  breezeSession: '90000001',
};
