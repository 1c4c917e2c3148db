/** The ticker and its order updates. */
import { type Draw, ticker, whileOpen } from './drawing.ts';

export const TICKER_FAULTS: Readonly<Record<string, Draw>> = {
  'ticks.silent': ticker('ticks.silent', () => ({ do: 'silent' })),
  'ticks.no_prices': ticker('ticks.no_prices', () => ({ do: 'no_prices' })),
  'ticks.cut': ticker('ticks.cut', () => ({ do: 'cut' })),
  'ticks.unavailable': ticker(
    'ticks.unavailable',
    (dice) => ({ do: dice.of(['unavailable', 'refused'] as const) }),
    () => ({ cuts: true }),
  ),
  // Of a leg that is open, and mostly a single packet: that one alone is no reason to leave.
  'ticks.lie': (dice) => ({
    when: whileOpen(dice),
    deed: {
      do: 'ticker_fault',
      fault: {
        kind: 'ticks.lie',
        effect: { do: 'lies', factor: dice.of([0.2, 3, 40]) },
        forMs: 10_000,
        count: dice.is(0.6) ? 1 : dice.between(2, 3),
        role: dice.is(0.7) ? 'main' : 'hedge',
      },
    },
  }),
  'ticks.one_sided': ticker('ticks.one_sided', (dice) => ({
    do: 'one_sided',
    side: dice.of(['bids', 'asks'] as const),
  })),
  'updates.missing': ticker('updates.missing', () => ({ do: 'no_updates' })),
  'updates.late': ticker('updates.late', (dice) => ({ do: 'late_updates', ms: dice.spread(500, 20_000) })),
  'updates.twice': ticker('updates.twice', () => ({ do: 'double_updates' })),
};
