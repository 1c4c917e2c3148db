/** Orders, prices and the whole market. */
import type { Moment, When } from '../case.ts';
import type { Dice } from '../dice.ts';
import { anywhere, beforeOrder, type Draw, exchange, role, seconds, whileOpen } from './drawing.ts';

/** From the moment a stop rests, so that the exit which it becomes is met. */
const atStop = (): When => ({ after: 'stop_rests', ms: 0 });
const beforeExit = (dice: Dice): When => (dice.is(0.7) ? atStop() : whileOpen(dice));

export const EXCHANGE_FAULTS: Readonly<Record<string, Draw>> = {
  'order.rejected': exchange('order.rejected', beforeOrder, (dice) => ({
    kind: 'reject_order',
    count: dice.is(0.1) ? 500 : dice.spread(1, 8),
    role: role(dice),
    transaction_type: dice.of(['BUY', 'SELL']),
  })),
  'order.thin': exchange('order.thin', beforeOrder, (dice) => ({
    kind: 'thin_depth',
    // An entry is changed four times before it is cancelled: beyond that it stays filled in part.
    count: dice.spread(1, 12),
    quantity: 75 * dice.between(1, 6),
  })),
  // So often that the chase ends before it is filled.
  'order.thin_entry': exchange(
    'order.thin_entry',
    (dice) => ({ after: dice.of<Moment>(['signal', 'hedge_filled']), ms: 0 }),
    (dice) => ({
      kind: 'thin_depth',
      count: dice.between(5, 8),
      quantity: 75,
      transaction_type: dice.of(['BUY', 'SELL']),
    }),
  ),
  'order.no_liquidity': exchange('order.no_liquidity', anywhere, (dice) => ({
    kind: 'no_liquidity',
    count: 1,
    seconds: Math.round(seconds(dice) / 1_000) + 1,
    role: role(dice),
    side: dice.of(['bids', 'asks', 'both']),
  })),
  'order.type_change_refused': exchange('order.type_change_refused', atStop, (dice) => ({
    kind: 'refuse_type_change',
    count: dice.between(1, 3),
    after: dice.is(0.5),
  })),
  'order.filled_before_change': exchange('order.filled_before_change', beforeExit, () => ({
    kind: 'fill_before_change',
    count: 1,
  })),
  // A price that triggers the stop is drawn beside it.
  'order.cancelled_at_trigger': exchange('order.cancelled_at_trigger', beforeExit, () => ({
    kind: 'cancel_triggered',
    count: 1,
  })),
  'price.spike': exchange('price.spike', anywhere, (dice) => ({
    kind: 'price_shift',
    count: 1,
    role: role(dice),
    points: dice.of([-40, 30, 75, 150]),
    seconds: dice.spread(1, 90),
  })),
  // The contract trades just below its day's limit: a price that is shown beyond it is refused.
  'price.at_circuit': exchange('price.at_circuit', anywhere, (dice) => ({
    kind: 'price_shift',
    count: 1,
    role: 'main',
    points: 2_250,
    seconds: dice.spread(10, 120),
  })),
  // Nobody quotes anything, for minutes perhaps.
  'market.halted': exchange('market.halted', anywhere, (dice) => ({
    kind: 'no_liquidity',
    count: 1,
    seconds: dice.spread(5, 600),
    side: 'both',
  })),
  'price.frozen': exchange('price.frozen', anywhere, (dice) => ({
    kind: 'freeze_quotes',
    count: 1,
    seconds: Math.round(seconds(dice) / 1_000) + 1,
  })),
};
