/** Prices at the touch where the last price is old (TRADING section 8). */
import { describe, expect, it } from 'vitest';
import { crossingPrice, type Touch } from '../../activities/quotes.ts';

const touch = (lastPrice: number, bid: number, ask: number): Touch => ({
  lastPrice,
  bids: [{ price: bid, quantity: 75 }],
  asks: [{ price: ask, quantity: 75 }],
});
const priceOf = (of: Touch, side: 'BUY' | 'SELL', byLast = false) => crossingPrice(of, side, 5, 0, null, byLast).price;

describe('a limit that crosses', () => {
  it('reaches the touch although the last price is far from it', () => {
    expect(priceOf(touch(60_00, 100_00, 101_00), 'BUY')).toBeGreaterThanOrEqual(101_00);
    expect(priceOf(touch(60_00, 18_00, 19_00), 'SELL')).toBeLessThanOrEqual(18_00);
  });

  it('keeps to the protection of the last price once the exchange has refused the other', () => {
    expect(priceOf(touch(60_00, 100_00, 101_00), 'BUY', true)).toBe(84_00);
    expect(priceOf(touch(60_00, 18_00, 19_00), 'SELL', true)).toBe(36_00);
  });

  it('is bounded by the last price where the touch is near it', () => {
    expect(priceOf(touch(60_00, 80_00, 83_00), 'BUY')).toBe(84_00);
  });
});
