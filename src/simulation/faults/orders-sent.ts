/** Placing, changing and cancelling: what the broker does not do, or does not say. */
import type { Effect } from '../world/call-faults.ts';
import { beforeOrder, call, type Draw, GATEWAY, often, seconds } from './drawing.ts';

export const SENDING_FAULTS: Readonly<Record<string, Draw>> = {
  // Placing: 95 % of what is lost appears within ten seconds.
  'place.cut': call('place.cut', ['placeOrder'], () => ({ do: 'cut' }), beforeOrder),
  'place.unanswered': call('place.unanswered', ['placeOrder'], () => ({ do: 'cut_after' }), beforeOrder),
  'place.lost': call(
    'place.lost',
    ['placeOrder'],
    (dice) =>
      dice.is(0.05) ? { do: 'late', ms: dice.spread(10_000, 3_600_000) } : { do: 'late', ms: dice.spread(200, 10_000) },
    beforeOrder,
    (dice) => ({ count: dice.between(1, 3) }),
  ),
  'place.never': call(
    'place.never',
    ['placeOrder'],
    () => ({ do: 'lost' }),
    beforeOrder,
    (dice) => ({ count: dice.between(1, 2) }),
  ),
  'place.late_answer': call(
    'place.late_answer',
    ['placeOrder'],
    (dice) => ({ do: 'late_answer', ms: dice.spread(1_000, 9_000) }),
    beforeOrder,
  ),
  'place.rate_limited': call(
    'place.rate_limited',
    ['placeOrder', 'modifyOrder'],
    () => ({ do: 'refuse', status: 429, errorType: 'NetworkException', message: 'Too many requests' }),
    beforeOrder,
    often,
  ),
  'place.gateway': call('place.gateway', ['placeOrder'], () => GATEWAY, beforeOrder, often),
  'place.garbage': call('place.garbage', ['placeOrder'], () => ({ do: 'garbage' }), beforeOrder),
  'place.address_refused': call(
    'place.address_refused',
    ['placeOrder', 'modifyOrder', 'cancelOrder'],
    () => ({
      do: 'refuse',
      status: 403,
      errorType: 'GeneralException',
      message: 'No IPs configured for this app. Add allowed IPs on the Kite developer console.',
    }),
    beforeOrder,
    (dice) => ({ forMs: seconds(dice) }),
  ),
  'modify.refused': call(
    'modify.refused',
    ['modifyOrder'],
    (dice) =>
      dice.of<Effect>([
        GATEWAY,
        {
          do: 'refuse',
          status: 400,
          errorType: 'InputException',
          message: 'Order cannot be modified as it is being processed. Try later.',
        },
      ]),
    beforeOrder,
    often,
  ),
  'modify.unanswered': call(
    'modify.unanswered',
    ['modifyOrder'],
    (dice) => dice.of<Effect>([{ do: 'cut_after' }, { do: 'lost' }, { do: 'late', ms: dice.spread(500, 20_000) }]),
    beforeOrder,
    (dice) => ({ count: dice.between(1, 3) }),
  ),
  'cancel.refused': call(
    'cancel.refused',
    ['cancelOrder'],
    (dice) =>
      dice.of<Effect>([
        GATEWAY,
        {
          do: 'refuse',
          status: 400,
          errorType: 'InputException',
          message: 'Order cannot be cancelled as it is being processed. Try later.',
        },
      ]),
    beforeOrder,
    often,
  ),
  'cancel.unanswered': call(
    'cancel.unanswered',
    ['cancelOrder'],
    (dice) => dice.of<Effect>([{ do: 'cut_after' }, { do: 'lost' }, { do: 'late', ms: dice.spread(500, 20_000) }]),
    beforeOrder,
    (dice) => ({ count: dice.between(1, 3) }),
  ),
};
