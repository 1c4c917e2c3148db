import { describe, expect, it } from 'vitest';
import { shareOfFills, takenFromUs, tradeOfShare } from '../../src/domain/outside-fills.ts';

const fill = (tradeId: string, quantity: number, at: number) => ({ tradeId, quantity, price: 100, at });

describe('the share of somebody else’s fills that closed ours', () => {
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

describe('what somebody else has taken from us', () => {
  it.each([
    ['nothing moved', { ours: -750, ahead: 0, theirs: 0, moved: 0 }, 0],
    ['a part was bought back', { ours: -750, ahead: 0, theirs: 0, moved: 300 }, 300],
    ['more was bought than is ours', { ours: -750, ahead: 0, theirs: 0, moved: 900 }, 750],
    ['more was sold: theirs alone', { ours: -750, ahead: 0, theirs: 0, moved: -75 }, 0],
    ['they closed what they held themselves', { ours: -750, ahead: 0, theirs: -75, moved: 75 }, 0],
    ['the broker closed theirs and ours', { ours: -750, ahead: 0, theirs: -75, moved: 825 }, 750],
    ['they held the other side: every unit is ours', { ours: -750, ahead: 0, theirs: 75, moved: 300 }, 300],
    ['the hedge was sold', { ours: 750, ahead: 0, theirs: 0, moved: -300 }, 300],
    ['they sold a long of their own', { ours: 750, ahead: 0, theirs: 75, moved: -75 }, 0],
    ['another holding of ours was closed by it', { ours: -750, ahead: -750, theirs: 0, moved: 750 }, 0],
    ['what another holding left of it', { ours: -750, ahead: -750, theirs: -75, moved: 1_000 }, 175],
    ['another holding of ours is on the other side', { ours: -750, ahead: 75, theirs: 0, moved: 300 }, 300],
    ['nothing is ours', { ours: 0, ahead: 0, theirs: 0, moved: 300 }, 0],
  ])('%s', (_, of, expected) => {
    expect(takenFromUs(of)).toBe(expected);
  });
});
