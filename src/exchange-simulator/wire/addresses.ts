/** What a client needs to reach the simulated exchange: one line of JSON for scripts. */
export type ExchangeAddresses = {
  kite_root: string;
  ticker_root: string;
  login_url: string;
  breeze_root: string;
  security_master_url: string;
  api_key: string;
  api_secret: string;
  breeze_api_key: string;
  breeze_api_secret: string;
  breeze_session: string;
};

/** Addresses for callers on this machine, also of a server that listens to all. */
export function reachable(host: string, port: number): { root: string; tickerRoot: string } {
  const authority = `${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  return { root: `http://${authority}`, tickerRoot: `ws://${authority}` };
}
