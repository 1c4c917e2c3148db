/** Exits that buy too much, sell too early, or do not end. */
import type { Mutation } from './mutation.ts';
import { after, at, callFault, quietDay, shortDay } from './own-days.ts';

const refused = (of: { count: number } | { forMs: number }) =>
  callFault({
    ...{ kind: 'place.refused', calls: ['placeOrder'], order: { side: 'BUY' }, ...of },
    effect: { do: 'refuse', status: 400, errorType: 'InputException', message: 'Invalid order' },
  });

/** The index falls to a price within the hour of the entry; a position may lose so much. Paise. */
const fallingDay = (to: number, maxLossPerTrade: number) =>
  quietDay([], {
    market: {
      hours: [
        [25_063_95, 25_066_00, to, to],
        [to, to + 200, to - 200, to],
      ],
    },
    plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, maxLossPerTrade, maxLossPerDay: 2 * maxLossPerTrade },
  });

export const EXIT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'stop-far-away',
    why: 'The resting stop stands at twenty times the entry price.',
    file: 'src/domain/stops.ts',
    find: 'Math.max(2 * entryPrice,',
    replace: 'Math.max(20 * entryPrice,',
    by: 3,
  },
  {
    name: 'hedge-sold-beside-the-exit',
    why: 'The hedge is sold while the short is still being bought back.',
    file: 'workflows/position.ts',
    find: 'await exitMain(this);\n    if (this.plan.hedge) await sellHedge(this);',
    replace:
      'const all = Object.assign(Object.create(this), { toSellOfHedge: () => this.long() });\n    await Promise.all([exitMain(this), this.plan.hedge ? sellHedge(all) : null]);',
    by: 1,
  },
  {
    name: 'exit-beside-the-stop',
    why: 'The exit is placed while the stop still rests: a spike after it fills the stop as well.',
    file: 'workflows/exit.ts',
    find: 'if (stop && !isFinal(stop)) {\n    await leaveThroughStop',
    replace: 'if (stop && !isFinal(stop) && position.day.over) {\n    await leaveThroughStop',
    by: 2,
    days: {
      cases: [
        shortDay([
          after('short_closed', 200, {
            ...{ do: 'exchange_fault', kind: 'price.spike' },
            fault: { kind: 'price_shift', count: 1, points: 150, seconds: 20 },
          }),
        ]),
      ],
    },
  },
  {
    name: 'exit-by-the-plan',
    why: 'The exit buys back what was planned, not what was filled.',
    file: 'workflows/exit.ts',
    find: 'quantity: position.toBuyBack(slice),',
    replace: "quantity: Reflect.get(position.plan, 'quantity'),",
    by: 2,
    days: {
      cases: [
        shortDay(
          [
            after('hedge_filled', 0, {
              ...{ do: 'exchange_fault', kind: 'order.thin' },
              fault: { kind: 'thin_depth', count: 5, quantity: 75, transaction_type: 'SELL' },
            }),
          ],
          { typeChange: 'refuse' },
        ),
      ],
    },
  },
  {
    name: 'exit-given-up',
    why: 'An exit that is refused once is not tried again.',
    file: 'workflows/exit.ts',
    find: "} else if (submitted.kind === 'halted') return;\n    // Somebody",
    replace: "} else if (submitted.kind !== 'absent') return;\n    // Somebody",
    by: 5,
    days: { cases: [shortDay([after('exit_asked', 0, refused({ count: 1 }))], { typeChange: 'refuse' })] },
  },
  {
    name: 'no-pause-between-exits',
    why: 'Refused exits follow each other at once: a history fills up within the hour.',
    file: 'workflows/exit.ts',
    find: 'urgent ? AFTER_REFUSAL_MS : PATIENT_MS',
    replace: '1',
    by: 8,
    days: { cases: [shortDay([after('exit_asked', 0, refused({ forMs: 12_000 }))], { typeChange: 'refuse' })] },
  },
  {
    name: 'square-off-an-hour-late',
    why: 'The day’s timetable has its square-off an hour later.',
    file: 'activities/journal.ts',
    find: 'timetable: timetable(identity.date),',
    replace: 'timetable: { ...timetable(identity.date), squareOff: timetable(identity.date).squareOff + 3_600_000 },',
    by: 5,
    days: { cases: [quietDay()] },
  },
  {
    name: 'others-not-looked-at',
    why: 'What somebody bought back in the app is bought back once more.',
    file: 'workflows/by-hand.ts',
    find: "outside.bought = roles.includes('main') ? takenOf(position, 'main') : 0;",
    replace: 'outside.bought = 0;',
    by: 2,
    days: {
      cases: [
        shortDay([
          after('main_filled', 10_000, {
            ...{ do: 'external', kind: 'external.bought_back', role: 'main', side: 'BUY', lots: 4 },
          }),
          // Without an answer the day is called not flat.
          at('11:40:00', { do: 'command', of: { command: 'acknowledge' } }),
        ]),
      ],
    },
  },
  {
    name: 'index-stop-not-taken',
    why: 'An hourly close beyond the strike ends nothing.',
    file: 'workflows/hours.ts',
    find: "position.requestExit('index_stop');",
    replace: '',
    by: 5,
    days: { cases: [fallingDay(24_980_00, 500_000_00)] },
  },
  {
    name: 'loss-cap-not-taken',
    why: 'The guard sees the loss beyond the cap, and goes on.',
    file: 'activities/guard.ts',
    find: 'lossCapHit(result, maxLoss)',
    replace: 'lossCapHit(result, Number.POSITIVE_INFINITY)',
    by: 5,
    days: { cases: [fallingDay(25_015_00, 3_000_00)] },
  },
  {
    name: 'garbage-tick-exits',
    why: 'One packet beyond the cap is enough: the breach has lost its second look.',
    file: 'activities/guard.ts',
    find: 'if (this.breach.packets < 2 && Date.now() - this.breach.since < BREACH_LASTS_MS) return;',
    replace: '',
    by: 5,
    days: {
      cases: [
        shortDay([
          after('main_filled', 20_000, {
            do: 'ticker_fault',
            fault: {
              ...{ kind: 'ticks.lie', effect: { do: 'lies', factor: 40 }, forMs: 10_000, count: 1 },
              role: 'main',
            },
          }),
        ]),
      ],
    },
  },
  {
    name: 'next-exit-cheaper',
    why: 'What an exit has left over is bought by another one, at a lower price each time.',
    file: 'workflows/exit.ts',
    find: "widen: tries, noWorseThan: shown },\n    });\n    const submitted = await submitWatched(position, intended);\n    if (submitted.kind === 'in_book') {\n      await chaseToEnd(position, submitted.order, tries);",
    replace:
      "widen: Math.max(0, 4 - tries), noWorseThan: null },\n    });\n    const submitted = await submitWatched(position, intended);\n    if (submitted.kind === 'in_book') {\n      await follow(day, submitted.order, 'terminal', CHASE_STEP_MS);\n      await cancelToEnd(day, submitted.order);",
    by: 5,
    days: {
      cases: [
        shortDay(
          [
            after('exit_asked', 0, {
              ...{ do: 'exchange_fault', kind: 'order.thin' },
              fault: { kind: 'thin_depth', count: 3, quantity: 150, transaction_type: 'BUY' },
            }),
          ],
          { typeChange: 'refuse' },
        ),
      ],
    },
  },
];
