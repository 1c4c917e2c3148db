/** The simulated exchange inside the program, with its book and clock in the run's folder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { timetable } from '../domain/calendar/index.ts';
import { istAt } from '../domain/clock.ts';
import type { IsoDate, MarketMs } from '../domain/types.ts';
import type { Exchange, SimClock } from '../exchange-simulator/core/types.ts';
import { createExchange } from '../exchange-simulator/replay/exchange.ts';
import { type ExchangeServer, startExchangeServer } from '../exchange-simulator/replay/server.ts';
import { DEFAULT_KEYS } from '../exchange-simulator/wire/keys.ts';
import type { KeptClock } from '../market/clock-source.ts';
import { portBusy } from '../platform/ports.ts';
import type { BrokerAddresses } from './composition.ts';

/** A replayed day begins here, before the market opens. */
const DAY_BEGINS = '08:45';
export const EXCHANGE_PORT = { purpose: 'the simulated exchange', variable: 'EXCHANGE_PORT' };

export type ReplayExchange = {
  exchange: Exchange;
  server: ExchangeServer;
  addresses: BrokerAddresses;
  /** Looked at without a way over the network. */
  clock: KeptClock;
  /** Moves the market to the morning of a date unless it is past it already. */
  beginDay(date: IsoDate): void;
  close(): Promise<void>;
};

export function morningOf(date: IsoDate): MarketMs {
  return istAt(date, DAY_BEGINS);
}

/** Throws AppError `port_busy` when EXCHANGE_PORT is taken. */
export async function openReplayExchange(options: {
  config: Config;
  run: number;
  dates: readonly [IsoDate, ...IsoDate[]];
}): Promise<ReplayExchange> {
  const { config, run, dates } = options;
  const dataDir = join(config.dataDir, 'runs', String(run));
  await mkdir(dataDir, { recursive: true });
  const exchange = await createExchange({
    dataDir,
    at: morningOf(dates[0]),
    speed: config.replay.speed,
    leased: true,
    slowAt: dates.map((date) => timetable(date)).flatMap(({ open, squareOff }) => [open, squareOff]),
    ...(config.replay.candles ? { candles: config.replay.candles } : {}),
  });
  const redirectUrl = `http://127.0.0.1:${config.port}/live/auth/complete`;
  try {
    const server = await startExchangeServer({ exchange, port: config.exchangePort, redirectUrl, keys: DEFAULT_KEYS });
    return { exchange, server, addresses: addressesOf(server), clock: keptHere(exchange.clock), beginDay, close };

    async function close() {
      await server.close();
      await exchange.close();
    }
  } catch (error) {
    await exchange.close();
    throw isBusy(error) ? portBusy({ port: config.exchangePort, ...EXCHANGE_PORT }) : error;
  }

  function beginDay(date: IsoDate): void {
    const morning = morningOf(date);
    const { clock } = exchange;
    if (clock.now() < morning) clock.set({ market: morning });
  }
}

function addressesOf({ addresses }: ExchangeServer): BrokerAddresses {
  return {
    kite: {
      apiKey: addresses.api_key,
      apiSecret: addresses.api_secret,
      root: addresses.kite_root,
      tickerRoot: addresses.ticker_root,
      loginUrl: addresses.login_url,
    },
    breeze: {
      apiKey: addresses.breeze_api_key,
      apiSecret: addresses.breeze_api_secret,
      session: addresses.breeze_session,
      root: addresses.breeze_root,
    },
    userId: null,
  };
}

function keptHere(clock: SimClock): KeptClock {
  return {
    look: async () => ({ segments: clock.segments(), speed: clock.speed(), holds: clock.holds() }),
    lease: async (seconds) => clock.lease(seconds),
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
