/** Books and quotes that are wrong, old, or do not come. */
import { anywhere, call, type Draw, GATEWAY, list, ORDER_LISTS, seconds } from './drawing.ts';

export const READING_FAULTS: Readonly<Record<string, Draw>> = {
  'orders.empty': list('orders.empty', ['orders', 'trades'], { do: 'empty' }),
  'orders.frozen': list('orders.frozen', ORDER_LISTS, { do: 'frozen' }),
  'orders.hide_new': list('orders.hide_new', ORDER_LISTS, { do: 'hides_new' }),
  'orders.disordered': list('orders.disordered', ['orders', 'trades'], { do: 'reversed' }),
  'orders.twice': list('orders.twice', ['orders', 'trades'], { do: 'twice' }),
  'positions.empty': list('positions.empty', ['positions'], { do: 'empty' }),
  'positions.frozen': list('positions.frozen', ['positions'], { do: 'frozen' }),
  'reads.gateway': list('reads.gateway', [...ORDER_LISTS, 'positions', 'quotes'], GATEWAY),
  'reads.slow': call(
    'reads.slow',
    [...ORDER_LISTS, 'positions'],
    (dice) => ({ do: 'late_answer', ms: dice.spread(500, 6_000) }),
    anywhere,
    (dice) => ({ forMs: seconds(dice) }),
  ),
  'quotes.refused': list('quotes.refused', ['quotes'], {
    do: 'refuse',
    status: 429,
    errorType: 'NetworkException',
    message: 'Too many requests',
  }),
  'quotes.empty': list('quotes.empty', ['quotes'], { do: 'empty' }),
};
