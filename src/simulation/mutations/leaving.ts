/** Exits that leave something, are not taken, or come on another day; stops that do not protect. */
import type { Case } from '../case.ts';
import type { Mutation } from '../mutations.ts';
import { after, at, callFault, quietDay, shortDay } from './own-days.ts';

const QUIET = [25_060_00, 25_064_00, 25_056_00, 25_060_00] as const;
const WEEK = {
  market: { hours: [[25_063_95, 25_070_00, 25_055_00, 25_060_00]], later: [[QUIET], [QUIET]] },
  dates: ['2025-07-14', '2025-07-15', '2025-07-16'],
  plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, exitPolicy: 'weekly' as const, weeklyExitDay: 2 },
  pace: 'slow' as const,
} satisfies Partial<Case>;

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
    name: 'weekly-exit-a-day-late',
    why: 'What is carried leaves a day after its weekday.',
    file: 'src/domain/calendar/expiries.ts',
    find: 'return exit > entry ? exit : expiry;',
    replace: 'return addDays(exit, 1);',
    by: 5,
    days: { cases: [quietDay([], WEEK)] },
  },
  {
    name: 'weekly-exit-a-day-early',
    why: 'What is carried leaves on the day before its expiry.',
    file: 'src/domain/calendar/expiries.ts',
    find: 'if (exitWeekday === null) return expiry;',
    replace: 'if (exitWeekday === null) return addDays(expiry, -1);',
    by: 5,
    days: { cases: [quietDay([], { ...WEEK, plan: { ...WEEK.plan, weeklyExitDay: null } })] },
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
    name: 'retry-without-its-tag',
    why: 'An order that met a rate limit leaves again without its tag: nobody can find it in the book.',
    file: 'activities/orders.ts',
    find: "if (error.kind === 'rate_limited' || error.details?.not_sent === true) {\n        await nextSecond();",
    replace:
      "if (error.kind === 'rate_limited' || error.details?.not_sent === true) {\n        await nextSecond();\n        intent = { ...intent, tag: '' };",
    by: 2,
    days: {
      cases: [
        shortDay([
          after(
            'signal',
            0,
            callFault({
              ...{ kind: 'place.rate_limited', calls: ['placeOrder'], count: 1 },
              effect: { do: 'refuse', status: 429, errorType: 'NetworkException', message: 'Too many requests' },
            }),
          ),
        ]),
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
    name: 'result-of-a-leg-turned-round',
    why: 'What was bought first and sold then counts with the other sign.',
    file: 'src/domain/pnl.ts',
    find: "(fill.side === 'SELL' ? fill.price - oldest.price : oldest.price - fill.price)",
    replace: '(oldest.price - fill.price)',
    by: 4,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'leg-not-handed-over',
    why: 'The next day is told of the short, and not of its hedge.',
    file: 'workflows/position.ts',
    find: 'const orders = this.orders().filter((order) => order.fills',
    replace: "const orders = this.orders().filter((order) => order.role === 'main' && order.fills",
    by: 5,
    days: {
      cases: [
        quietDay([at('09:30:00', { do: 'command', of: { command: 'close_all' } }, 1)], {
          ...WEEK,
          dates: WEEK.dates.slice(0, 2),
        }),
      ],
    },
  },
  {
    name: 'login-asked-for-once',
    why: 'With a position open and nobody logged in, the owner is paged once, and then no more.',
    file: 'workflows/logins.ts',
    find: 'await world.notifyOwner.executeWithOptions({ summary: text }, [{ level, text }]);',
    replace:
      "if (!Reflect.get(day, 'paged')) await world.notifyOwner.executeWithOptions({ summary: text }, [{ level, text }]);\n    Reflect.set(day, 'paged', true);",
    by: 10,
    days: {
      cases: [
        quietDay([
          at('11:39:57', { do: 'token_death' }),
          at('11:52:00', { do: 'command', of: { command: 'login' } }),
          at('11:55:00', { do: 'command', of: { command: 'close_all' } }),
        ]),
      ],
    },
  },
];
