/** Whose the trades of others were, by the exchange's own fills (CONTROL, external trades). */
import { describe, expect, it } from 'vitest';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { Legs, tagOf } from '../../src/simulation/invariants/legs.ts';

const of = (tag: string | null, side: 'BUY' | 'SELL', quantity: number, at: number) => ({
  order: { tradingsymbol: 'NIFTY25D0925900CE', product: 'MIS', side, tag } as SimOrder,
  fill: { tradeId: String(at), quantity, price: 100, at },
  tag: tagOf(tag),
});

function bought(...tags: [string, number][]): Legs {
  const legs = new Legs();
  for (const [index, [tag, quantity]] of tags.entries()) {
    const fill = of(tag, 'BUY', quantity, index);
    if (fill.tag) legs.book(fill, fill.tag);
  }
  return legs;
}

const MANUAL = 'R001D25120801BE01001';
const SIGNAL = 'R001D25120801HE01001';
const left = (legs: Legs) => ['M1', 'P1'].map((position) => legs.legsOf(position).map((leg) => legs.leftOf(leg, 10)));

describe('what others close of a contract that two positions hold', () => {
  it.each([
    [100, [[425], [375]]],
    [600, [[0], [300]]],
    [900, [[0], [0]]],
    // What they sell beyond it is theirs.
    [1_200, [[0], [0]]],
  ])('%i units are those of the oldest first', (units, expected) => {
    const legs = bought([MANUAL, 525], [SIGNAL, 375]);
    legs.bookExternal(of(null, 'SELL', units, 5));
    expect(left(legs)).toEqual(expected);
  });

  it('what was closed before a hedge was handed over was not handed over', () => {
    const legs = bought([MANUAL, 525]);
    legs.bookExternal(of(null, 'SELL', 300, 5));
    legs.transfer('M1', 'P1', 'MIS NIFTY25D0925900CE', 225);
    expect(left(legs)).toEqual([[0], [225]]);
  });
});
