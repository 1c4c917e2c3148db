import type { MarketMs } from '../../domain/types.ts';
import type { SimLevel } from '../../exchange-simulator/core/types.ts';

/** As KiteTicker decodes a full packet: rupees, and times as Date objects in whole seconds. */
export function packet(
  token: number,
  tradable: boolean,
  lastPrice: number,
  depth: { bids: SimLevel[]; asks: SimLevel[] },
  at: MarketMs,
): object {
  const second = new Date(Math.floor(at / 1_000) * 1_000);
  const levels = (of: SimLevel[]) =>
    of.slice(0, 5).map(({ price, quantity, orders }) => ({ price: price / 100, quantity, orders }));
  return {
    tradable,
    instrument_token: token,
    last_price: lastPrice / 100,
    exchange_timestamp: second,
    ...(tradable ? { last_trade_time: second, depth: { buy: levels(depth.bids), sell: levels(depth.asks) } } : {}),
  };
}
