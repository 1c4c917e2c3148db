import { describe, expect, it } from 'vitest';
import { shareOfFills, tradeOfShare } from '../../src/domain/external-fills.ts';

const fill = (tradeId: string, quantity: number, at: number) => ({ tradeId, quantity, price: 100, at });

describe('the share of external fills that closed ours', () => {
  it('is all of them when they closed just that much', () => {
    const fills = [fill('1', 300, 1), fill('2', 450, 2)];
    expect(shareOfFills(fills, 750, new Map())).toEqual(fills);
  });

  it('is of the newest: their own holding was closed first', () => {
    const share = shareOfFills([fill('1', 75, 1), fill('2', 825, 2)], 750, new Map());
    expect(share).toEqual([fill('2', 750, 2)]);
  });

  it('counts no unit twice, and never gives two parts of a trade the same id', () => {
    const first = shareOfFills([fill('7', 750, 1)], 300, new Map());
    const second = shareOfFills([fill('7', 750, 1)], 750, new Map([['7', 300]]));
    expect([...first, ...second].map(({ quantity }) => quantity)).toEqual([300, 450]);
    expect(new Set([...first, ...second].map(({ tradeId }) => tradeId)).size).toBe(2);
    expect(second.map(({ tradeId }) => tradeOfShare(tradeId))).toEqual(['7']);
  });

  it('is less than what is missing when there is no fill to show', () => {
    expect(shareOfFills([fill('1', 75, 1)], 750, new Map())).toEqual([fill('1', 75, 1)]);
  });
});
