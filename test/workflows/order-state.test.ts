import { describe, expect, it } from 'vitest';
import { isFinal, isLive, unitsAhead, wordOf } from '../../workflows/order-state.ts';
import { restingStop } from '../api/fixtures/day-facts.ts';

const open = { ...restingStop(), orderId: '1', status: 'OPEN', quantity: 75, filledQuantity: 0 };

describe('an order', () => {
  it('is live in the book until its last word', () => {
    expect(isLive(open)).toBe(true);
    expect(unitsAhead(open)).toBe(75);
    for (const status of ['COMPLETE', 'CANCELLED', 'REJECTED']) expect(isLive({ ...open, status })).toBe(false);
  });

  it('of somebody else, taken into the ledger for what it closed, is never followed or cancelled', () => {
    for (const takenFrom of ['broker', 'person'] as const) {
      const theirs = { ...open, takenFrom };
      expect(isLive(theirs)).toBe(false);
      expect(isFinal(theirs)).toBe(true);
      expect(unitsAhead(theirs)).toBe(0);
    }
  });

  it('that says it is complete before its trades are listed is not over', () => {
    const status = wordOf({ status: 'COMPLETE', state: 'live' });
    expect(isFinal({ ...open, status })).toBe(false);
    expect(wordOf({ status: 'COMPLETE', state: 'complete' })).toBe('COMPLETE');
    expect(wordOf({ status: 'UNHEARD OF', state: 'live' })).toBe('UNHEARD OF');
  });
});
