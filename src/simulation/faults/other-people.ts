/** Others at the same account. */
import { anywhere, type Draw, deed, whileOpen } from './drawing.ts';

export const OTHERS_FAULTS: Readonly<Record<string, Draw>> = {
  'external.bought_back': deed(whileOpen, (dice) => ({
    do: 'external',
    kind: 'external.bought_back',
    role: 'main',
    side: 'BUY',
    lots: dice.spread(1, 40),
  })),
  'external.hedge_sold': deed(whileOpen, (dice) => ({
    do: 'external',
    kind: 'external.hedge_sold',
    role: 'hedge',
    side: 'SELL',
    lots: dice.spread(1, 40),
  })),
  'external.other_contract': deed(anywhere, (dice) => ({
    do: 'external',
    kind: 'external.other_contract',
    role: 'other',
    side: dice.of(['BUY', 'SELL'] as const),
    lots: dice.between(1, 3),
  })),
  'external.order_rests': deed(whileOpen, (dice) => ({
    do: 'foreign_order',
    side: dice.of(['BUY', 'SELL'] as const),
    lots: dice.between(1, 3),
  })),
};
