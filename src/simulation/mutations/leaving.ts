/** Exits that leave something, or are not taken; stops that do not protect. */
import type { Mutation } from './mutation.ts';
import { after, at, callFault, command, quietDay, shortDay } from './own-days.ts';

const MANY_LOTS = {
  numLots: 40,
  maxCapitalAtRisk: 50_000_000_00,
  maxLossPerTrade: 500_000_00,
  maxLossPerDay: 900_000_00,
};

const spike = (ms: number) =>
  after('stop_rests', ms, {
    ...{ do: 'exchange_fault', kind: 'price.spike' },
    fault: { kind: 'price_shift', count: 1, role: 'main', points: 150, seconds: 40 },
  });

export const LEAVING_MUTATIONS: readonly Mutation[] = [
  {
    name: 'emergency-of-the-first',
    why: 'An emergency closes the first position, and leaves the others.',
    file: 'workflows/trading-day.ts',
    find: "for (const position of day.positions) position.requestExit('emergency');",
    replace: "day.positions[0]?.requestExit('emergency');",
    by: 5,
    days: {
      cases: [
        quietDay([
          at('11:18:00', {
            ...{ do: 'command', of: { command: 'place_order', order: { leg: 'far', lots: 2, side: 'BUY' } } },
          }),
          at('11:20:00', { do: 'command', of: { command: 'close_all' } }),
        ]),
      ],
    },
  },
  {
    name: 'target-not-taken',
    why: 'The guard sees the target reached, and goes on.',
    file: 'activities/guard.ts',
    find: ': targetHit(result, target)',
    replace: ': targetHit(result, target) && result < 0',
    by: 5,
    days: {
      cases: [
        quietDay([], {
          market: {
            hours: [
              [25_063_95, 25_255_00, 25_060_00, 25_250_00],
              [25_250_00, 25_262_00, 25_245_00, 25_260_00],
            ],
          },
          plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, target: 0.2 },
        }),
      ],
    },
  },
  {
    name: 'square-off-at-1522',
    why: 'The square-off begins at 15:22.',
    file: 'src/domain/calendar/timetable.ts',
    find: "const SQUARE_OFF = '15:15';",
    replace: "const SQUARE_OFF = '15:22';",
    by: 5,
    days: { cases: [quietDay()] },
  },
  {
    name: 'hedge-kept-after-its-stop',
    why: 'The stop has bought the short back, and nobody sells the hedge.',
    file: 'workflows/position.ts',
    find: 'if (this.plan.hedge) await sellHedge(this);\n    if',
    replace: "if (this.plan.hedge && this.exitReason !== 'catastrophe_stop') await sellHedge(this);\n    if",
    by: 5,
    days: { cases: [quietDay([spike(20_000)])] },
  },
  {
    name: 'stop-kept-beside-the-exit',
    why: 'A stop that does not become the exit stays where it is, and the exit is placed beside it.',
    file: 'workflows/exit.ts',
    find: '  await cancelToEnd(day, stop);\n}\n\n/** Widens',
    replace: '}\n\n/** Widens',
    by: 2,
    days: { cases: [shortDay([], { typeChange: 'refuse' })] },
  },
  {
    name: 'exit-price-never-crosses',
    why: 'An order that is changed gets a price four fifths of the market’s: nobody sells for that.',
    file: 'activities/orders.ts',
    find: 'const { price } = crossingPrice(quote, input.side, input.contract.tickSize, input.widen, input.noWorseThan);',
    replace: 'const price = Math.max(5, Math.floor(quote.lastPrice / 25) * 20);',
    by: 5,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'stop-off-by-its-room',
    why: 'The trigger stands where the limit should, and the limit a tenth above it.',
    file: 'src/domain/stops.ts',
    find: 'return { triggerPrice, limitPrice: ceilTo(triggerPrice + distance, tick) };',
    replace:
      'return { triggerPrice: ceilTo(triggerPrice + distance, tick), limitPrice: ceilTo(triggerPrice + 2 * distance, tick) };',
    by: 3,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'stop-without-room',
    why: 'The stop’s limit is its trigger: a jump goes past it, and the short stays.',
    file: 'src/domain/stops.ts',
    find: 'limitPrice: ceilTo(triggerPrice + distance, tick)',
    replace: 'limitPrice: triggerPrice',
    by: 3,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'orders-to-the-last-minute',
    why: 'Under MIS new orders are placed beside the broker’s own square-off.',
    file: 'src/domain/calendar/timetable.ts',
    find: 'lastPlacement: istAt(date, BROKER_SQUARE_OFF) - PLACEMENT_MARGIN_MS,',
    replace: 'lastPlacement: istAt(date, BROKER_SQUARE_OFF) + PLACEMENT_MARGIN_MS,',
    by: 6,
    days: {
      cases: [
        quietDay([at('15:14:50', { do: 'stop_process', ms: 590_000, laptop: false, worker: 0 })], {
          typeChange: 'refuse',
        }),
      ],
    },
  },
  {
    name: 'stop-of-the-first-slice',
    why: 'Each slice of what is sold rests the stop of the first.',
    file: 'workflows/entry.ts',
    find: 'if (filled > 0) await restStop(position, index + 1);',
    replace: 'if (filled > 0 && index === 0) await restStop(position, index + 1);',
    by: 3,
    days: { cases: [shortDay([], { plan: MANY_LOTS })] },
  },
  {
    name: 'calls-have-no-index-stop',
    why: 'Of a call that was sold, only a close below its strike counts.',
    file: 'src/domain/strategy/index-stop.ts',
    find: 'close >= strike',
    replace: 'close <= strike && close < 0',
    by: 5,
    days: {
      cases: [
        quietDay([], {
          market: {
            signal: 'S8_EARLY',
            hours: [
              [25_530_00, 25_625_00, 25_525_00, 25_620_00],
              [25_620_00, 25_625_00, 25_615_00, 25_620_00],
            ],
          },
          plan: { ...MANY_LOTS, numLots: 10 },
        }),
      ],
    },
  },
  {
    name: 'loss-of-one-lot',
    why: 'The loss is reckoned on a lot of the short, and so the cap is reached too late.',
    file: 'src/domain/stops.ts',
    find: 'const gross = main.quantity * (main.entryPrice - ask) + hedgeGain;',
    replace: 'const gross = Math.min(main.quantity, 75) * (main.entryPrice - ask) + hedgeGain;',
    by: 5,
    days: {
      cases: [
        quietDay(
          [
            // Armed, and met by nothing: it excuses nothing.
            after(
              'main_filled',
              1_000,
              callFault({ kind: 'modify.refused', calls: ['cancelOrder'], effect: { do: 'gateway' }, count: 3 }),
            ),
          ],
          {
            market: {
              hours: [
                [25_063_95, 25_066_00, 25_015_00, 25_015_00],
                [25_015_00, 25_017_00, 25_013_00, 25_015_00],
              ],
            },
            plan: {
              numLots: 10,
              maxCapitalAtRisk: 50_000_000_00,
              maxLossPerTrade: 3_000_00,
              maxLossPerDay: 6_000_00,
            },
          },
        ),
      ],
    },
  },
  {
    name: 'resting-stop-taken-for-a-triggered-one',
    why: 'The guard leaves for its stop, which rests and was never triggered.',
    file: 'activities/guard.ts',
    find: "} else if (seen.status === 'OPEN') {",
    replace: "} else if (seen.status === 'TRIGGER PENDING') {",
    by: 5,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'stop-cancelled-for-a-person',
    why: 'A person cancels orders, and the stop of a signal’s position goes with them.',
    file: 'workflows/manual-cancel.ts',
    find: "if (order.purpose === 'stop' || order.purpose === 'exit') {",
    replace: "if (order.purpose === 'stop') return;\n  if (order.purpose === 'exit') {",
    by: 3,
    days: { cases: [shortDay([command({ command: 'cancel_orders' }, 'main_filled', 15_000)])] },
  },
];
