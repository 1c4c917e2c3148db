/** The paper exchange inside the program, with its book in the data folder. */
import { join } from 'node:path';
import type { BrokerConfig, Config } from '../config/config.ts';
import { createPaperExchange } from '../exchange-simulator/paper/exchange.ts';
import { startPaperServer } from '../exchange-simulator/paper/server.ts';
import type { ClockSource } from '../market/types.ts';
import { portBusy } from '../platform/ports.ts';
import { EXCHANGE_PORT } from './replay-exchange.ts';

export type OpenPaperExchange = { root: string; tickerRoot: string; close(): Promise<void> };

/** Throws AppError `port_busy` when EXCHANGE_PORT is taken. */
export async function openPaperExchange(
  { dataDir, exchangePort }: Pick<Config, 'dataDir' | 'exchangePort'>,
  { kite }: BrokerConfig,
  clock: ClockSource,
): Promise<OpenPaperExchange> {
  const { root, tickerRoot, loginUrl } = kite;
  const exchange = createPaperExchange({
    kite: { root, tickerRoot, loginUrl },
    dataDir: join(dataDir, 'paper'),
    now: clock.now,
  });
  try {
    const server = await startPaperServer({ exchange, port: exchangePort });
    return {
      root: server.addresses.kite_root,
      tickerRoot: server.addresses.ticker_root,
      async close() {
        await server.close();
        await exchange.close();
      },
    };
  } catch (error) {
    await exchange.close();
    const isBusy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isBusy ? portBusy({ port: exchangePort, ...EXCHANGE_PORT }) : error;
  }
}
