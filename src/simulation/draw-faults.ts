/** What can go wrong, kind by kind: each draws one event, aimed at where it hurts. */
import type { Deed, Event, Moment, When } from './case.ts';
import type { Dice } from './dice.ts';
import type { CallName, Effect } from './world/call-faults.ts';
import type { TickerFault } from './world/ticker.ts';

type Draw = (dice: Dice) => Event;

/** An entry's steps, an open position, and an exit: where an order is on its way, or something is held. */
const ENTRY: readonly Moment[] = ['hedge_leaves', 'hedge_filled', 'main_leaves', 'main_filled', 'stop_leaves'];
const EXIT: readonly Moment[] = ['exit_asked', 'exit_leaves', 'short_closed', 'hedge_exit_leaves'];

const inEntry = (dice: Dice): When =>
  dice.is(0.25)
    ? { after: 'signal', ms: dice.between(0, 4_000) }
    : { after: dice.of(ENTRY), ms: dice.is(0.5) ? 0 : dice.spread(1, 3_000) };
const whileOpen = (dice: Dice): When => ({ after: 'main_filled', ms: dice.spread(50, 240_000) });
const atExit = (dice: Dice): When => ({ after: dice.of(EXIT), ms: dice.is(0.5) ? 0 : dice.spread(1, 3_000) });
const anywhere = (dice: Dice): When => dice.of([inEntry, whileOpen, atExit])(dice);
/** Between the look for an order's tag and the order, which is as long as the look's answer takes. */
const beforeSending = (dice: Dice): When => ({
  after: dice.of<Moment>(['hedge_looks', 'main_looks', 'exit_looks']),
  ms: dice.between(1, 30),
});
/** In force before the order that it is meant for: from the moment before. */
const beforeOrder = (dice: Dice): When =>
  dice.of<(dice: Dice) => When>([
    () => ({ after: 'signal', ms: 0 }),
    () => ({ after: 'hedge_filled', ms: 0 }),
    () => ({ after: 'main_filled', ms: 0 }),
    () => ({ after: 'exit_asked', ms: 0 }),
    () => ({ after: 'short_closed', ms: 0 }),
    whileOpen,
  ])(dice);

/** Refused once, some times, or for ever. */
const often = (dice: Dice): { count?: number } => (dice.is(0.15) ? {} : { count: dice.spread(1, 12) });
const seconds = (dice: Dice): number => dice.spread(800, 60_000);

function call(
  kind: string,
  calls: readonly CallName[],
  effect: (dice: Dice) => Effect,
  when: (dice: Dice) => When,
  of: (dice: Dice) => object = () => ({ count: 1 }),
): Draw {
  return (dice) => ({
    when: when(dice),
    deed: { do: 'call_fault', fault: { kind, calls, effect: effect(dice), ...of(dice) } },
  });
}

/** Lists that are wrong for a while. */
const list = (kind: string, calls: readonly CallName[], effect: Effect): Draw =>
  call(
    kind,
    calls,
    () => effect,
    anywhere,
    (dice) => ({ forMs: seconds(dice) }),
  );

function exchange(
  kind: string,
  when: (dice: Dice) => When,
  of: (dice: Dice) => Extract<Deed, { do: 'exchange_fault' }>['fault'],
): Draw {
  return (dice) => ({ when: when(dice), deed: { do: 'exchange_fault', kind, fault: of(dice) } });
}

const ticker =
  (kind: string, effect: (dice: Dice) => TickerFault['effect'], of: (dice: Dice) => object = () => ({})): Draw =>
  (dice) => ({
    when: anywhere(dice),
    deed: { do: 'ticker_fault', fault: { kind, effect: effect(dice), forMs: seconds(dice), ...of(dice) } },
  });

const deed =
  (when: (dice: Dice) => When, of: (dice: Dice) => Deed): Draw =>
  (dice) => ({ when: when(dice), deed: of(dice) });
const role = (dice: Dice): 'main' | 'hedge' => dice.of(['main', 'hedge'] as const);
const ORDER_LISTS: readonly CallName[] = ['orders', 'orderHistory', 'trades', 'orderTrades'];
const GATEWAY: Effect = { do: 'gateway' };

export const FAULTS: Readonly<Record<string, Draw>> = {
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
          errorType: 'OrderException',
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
  // Reading.
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
  // The exchange.
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
  'order.type_change_refused': exchange('order.type_change_refused', whileOpen, (dice) => ({
    kind: 'refuse_type_change',
    count: dice.between(1, 3),
    after: dice.is(0.5),
  })),
  'order.filled_before_change': exchange('order.filled_before_change', whileOpen, () => ({
    kind: 'fill_before_change',
    count: 1,
  })),
  'order.cancelled_at_trigger': exchange('order.cancelled_at_trigger', whileOpen, () => ({
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
  // The ticker.
  'ticks.silent': ticker('ticks.silent', () => ({ do: 'silent' })),
  'ticks.no_prices': ticker('ticks.no_prices', () => ({ do: 'no_prices' })),
  'ticks.cut': ticker('ticks.cut', () => ({ do: 'cut' })),
  'ticks.unavailable': ticker(
    'ticks.unavailable',
    (dice) => ({ do: dice.of(['unavailable', 'refused'] as const) }),
    () => ({ cuts: true }),
  ),
  'ticks.lie': ticker(
    'ticks.lie',
    (dice) => ({ do: 'lies', factor: dice.of([0.2, 3, 40]) }),
    (dice) => ({ count: dice.between(1, 3) }),
  ),
  'ticks.one_sided': ticker('ticks.one_sided', (dice) => ({
    do: 'one_sided',
    side: dice.of(['bids', 'asks'] as const),
  })),
  'updates.missing': ticker('updates.missing', () => ({ do: 'no_updates' })),
  'updates.late': ticker('updates.late', (dice) => ({ do: 'late_updates', ms: dice.spread(500, 20_000) })),
  'updates.twice': ticker('updates.twice', () => ({ do: 'double_updates' })),
  // The session, Breeze, the journal.
  'session.dies': deed(anywhere, () => ({ do: 'token_death' })),
  'breeze.away': call(
    'breeze.away',
    ['candles'],
    () => GATEWAY,
    (dice) => (dice.is(0.5) ? { at: '11:14:50' } : whileOpen(dice)),
    (dice) => ({ forMs: dice.spread(5_000, 3_600_000) }),
  ),
  'breeze.contradicts': deed(
    (dice) => (dice.is(0.5) ? { at: '11:14:00' } : whileOpen(dice)),
    (dice) => ({ do: 'breeze_contradicts', points: dice.of([-12_000, -800, 800, 12_000]) }),
  ),
  'journal.away': deed(anywhere, (dice) => ({ do: 'journal_away', ms: dice.spread(500, 120_000) })),
  // Our own processes.
  'worker.killed': deed(anywhere, (dice) => ({
    do: 'kill',
    downMs: dice.spread(200, 60_000),
    worker: dice.between(0, 1),
  })),
  'worker.stopped': deed(anywhere, (dice) => ({
    do: 'stop_process',
    ms: dice.spread(500, 30_000),
    laptop: false,
    worker: dice.between(0, 1),
  })),
  'worker.asleep': deed(
    (dice) => dice.of([beforeSending, anywhere])(dice),
    (dice) => ({
      do: 'stop_process',
      ms: dice.spread(2_000, 300_000),
      laptop: true,
      worker: dice.between(0, 1),
    }),
  ),
  'worker.clock_jumps': deed(anywhere, (dice) => ({
    do: 'clock_jump',
    ms: dice.of([-5_000, -400, 400, 5_000]),
    worker: dice.between(0, 1),
  })),
  'workflow.evicted': deed(anywhere, () => ({ do: 'evict' })),
  'workflow.cancelled': deed(anywhere, () => ({ do: 'command', of: { command: 'cancel_workflow' } })),
  // Others at the same account.
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
