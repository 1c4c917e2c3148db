import { z } from 'zod';
import { istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, Paise } from '../../domain/types.ts';
import { NIFTY_TOKEN } from '../../market/types.ts';
import type { Book } from '../core/book.ts';
import { valueAtExpiry } from '../core/contracts.ts';
import { tradingHours } from '../core/hours.ts';
import { brokerDate, type HeldPosition, movements, netQuantity, positionsOn } from '../core/positions.ts';
import { SimRefusal } from '../core/types.ts';

export type SettlementOptions = {
  book: Book;
  now(): MarketMs;
  /** The `data` of a GET at Kite. Throws SimRefusal. */
  ask(path: string): Promise<unknown>;
};

/** The index's official close is an average that is known some time after the last trade. */
const KNOWN_AFTER_MS = 30 * 60_000;

const candles = z.object({
  candles: z.array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.number()], z.unknown())),
});

type Expired = HeldPosition & { endedAt: MarketMs };

/** Settles what has expired in cash on the index's official close, as Kite's day candle has it, once that is known. */
export function createSettlement({ book, now, ask }: SettlementOptions) {
  function due(): Expired[] {
    const at = now();
    return positionsOn(movements(book), brokerDate(at)).flatMap((position) => {
      const { expiry } = position.contract;
      const endedAt = netQuantity(position) === 0 ? undefined : tradingHours(expiry, expiry)?.close;
      return endedAt !== undefined && at >= endedAt + KNOWN_AFTER_MS ? [{ ...position, endedAt }] : [];
    });
  }

  async function officialClose(date: IsoDate): Promise<Paise> {
    const span = new URLSearchParams({ from: `${date} 00:00:00`, to: `${date} 23:59:59` });
    const answer = await ask(`/instruments/historical/${NIFTY_TOKEN}/day?${span}`);
    const close = candles.safeParse(answer).data?.candles.at(-1)?.[4];
    if (close === undefined)
      throw new SimRefusal(502, 'NetworkException', `Kite has no close of NIFTY 50 for ${date} yet.`);
    return Math.round(close * 100);
  }

  return {
    /** Throws SimRefusal while Kite does not tell the close. */
    async settle(): Promise<void> {
      const closes = new Map<IsoDate, Paise>();
      for (const { contract } of due())
        if (!closes.has(contract.expiry)) closes.set(contract.expiry, await officialClose(contract.expiry));
      // Asked again: the book may have moved meanwhile.
      for (const position of due()) {
        const { contract, product, endedAt } = position;
        const close = closes.get(istDate(endedAt));
        if (close === undefined) continue;
        book.settle({
          contract,
          product,
          quantity: netQuantity(position),
          price: valueAtExpiry(contract, close),
          at: endedAt,
        });
      }
    },
  };
}
