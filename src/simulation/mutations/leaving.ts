/** Exits that leave something, or are not taken; stops that do not protect. */
import type { Mutation } from './mutation.ts';
import { after, at, callFault, command, order, quietDay, shortDay } from './own-days.ts';

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
    file: 'workflows/day/commands.ts',
    find: 'return day.facts.positions.filter((position) =>',
    replace: 'return day.facts.positions.slice(0, 1).filter((position) =>',
    by: 5,
    days: {
      cases: [
        quietDay([
          at('11:18:00', order({ leg: 'far', lots: 2, side: 'BUY' })),
          at('11:20:00', { do: 'command', of: { command: 'close_all' } }),
        ]),
      ],
    },
  },
  {
    name: 'target-not-taken',
    why: 'The guard sees the target reached, and goes on.',
    file: 'src/domain/price-exits.ts',
    find: 'targetHit(result, target)',
    replace: 'result < 0 && targetHit(result, target)',
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
    file: 'src/domain/control/exit.ts',
    find: `  for (const leg of position.legs.filter(({ opens }) => opens === 'BUY')) closeLong(look, leg);`,
    replace: `  if (position.exit && position.exit.reason !== 'emergency') return;
  for (const leg of position.legs.filter(({ opens }) => opens === 'BUY')) closeLong(look, leg);`,
    by: 5,
    days: { cases: [quietDay([spike(20_000)])] },
  },
  {
    name: 'exit-price-never-crosses',
    why: 'An order that is changed gets a price four fifths of the market’s: nobody sells for that.',
    file: 'activities/pricing.ts',
    find: "  if (bound === undefined) return { kind: 'priced', triggerPrice: 0, ...crossed };",
    replace: `  const below = Math.max(5, Math.floor(quote.lastPrice / 25) * 20);
  if (bound === undefined) return { kind: 'priced', triggerPrice: 0, ...crossed, price: side === 'BUY' ? below : price };`,
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
    file: 'src/domain/control/protection.ts',
    find: `  if (stop.phase !== 'working') return false;`,
    replace: `  if (stop.phase !== 'working' && stop.phase !== 'resting') return false;`,
    by: 5,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'stop-cancelled-for-a-person',
    why: 'A person cancels orders, and the stop of a signal’s position goes with them.',
    file: 'workflows/position/cancel-command.ts',
    find: `  const manual = position?.signal === 'manual';`,
    replace: `  if (order.purpose === 'stop') return;
  const manual = position?.signal === 'manual';`,
    by: 3,
    days: { cases: [shortDay([command({ command: 'cancel_orders' }, 'main_filled', 15_000)])] },
  },
  {
    name: 'throw-in-an-exit',
    why: 'Deciding about an exit throws: what stands in for it buys the short back, and sells no hedge.',
    file: 'src/domain/control/exit.ts',
    find: '  cancelOpenings(look);\n',
    replace: "  cancelOpenings(look);\n  if (position.exit) throw new Error('a defect');\n",
    by: 5,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'throw-where-a-change-is-given-up',
    why: 'A change that no row shows is given up by a branch that throws: the exit waits for ever.',
    file: 'src/domain/control/next-action.ts',
    find: "if (look.now.wall >= until) look.add({ do: 'give_up_change', tag });",
    replace: "if (look.now.wall >= until) throw new Error('a defect');",
    by: 5,
    days: {
      cases: [
        shortDay([
          after(
            'exit_asked',
            0,
            callFault({ kind: 'modify.unanswered', calls: ['modifyOrder'], effect: { do: 'lost' }, count: 1 }),
          ),
        ]),
      ],
    },
  },
];
