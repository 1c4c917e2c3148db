/** Entries that sell too early, too much, too late, or without protection. */
import type { Mutation } from './mutation.ts';
import { after, at, command, quietDay, shortDay } from './own-days.ts';

/** A person has bought a further strike and sold a nearer one against it; then the long is closed by itself. */
const COVERED = quietDay([
  at('11:16:00', { do: 'command', of: { command: 'place_order', order: { leg: 'far', lots: 4, side: 'BUY' } } }),
  at('11:17:00', { do: 'command', of: { command: 'place_order', order: { leg: 'near', lots: 2, side: 'SELL' } } }),
  at('11:18:00', { do: 'command', of: { command: 'close_position', which: 1 } }),
  at('11:20:00', { do: 'command', of: { command: 'close_all' } }),
]);

export const ENTRY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'hedge-on-the-wrong-side',
    why: 'The hedge is bought 200 points nearer to the index, where it covers nothing.',
    file: 'activities/plan-entry.ts',
    find: "const outwards = optionType === 'PE' ? -1 : 1;",
    replace: "const outwards = optionType === 'PE' ? 1 : -1;",
    by: 6,
  },
  {
    name: 'carried-by-product',
    why: 'A day trade is opened under NRML: nobody squares it off when we do not.',
    file: 'activities/plan-entry.ts',
    find: "plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML'",
    replace: "'NRML'",
    by: 6,
  },
  {
    name: 'no-stop',
    why: 'No stop is rested for what was sold.',
    file: 'src/domain/control/protection.ts',
    find: '  return restStop(look, leg, stops, units);',
    replace: "  return stops.length < 0 ? restStop(look, leg, stops, units) : 'stay';",
    by: 3,
  },
  {
    name: 'decision-without-age',
    why: 'A decision of 11:15 is still acted on when somebody logs in ten minutes later.',
    file: 'workflows/day/decision-age.ts',
    find: 'const DECIDE_WITHIN_MS = 5 * 60_000;',
    replace: 'const DECIDE_WITHIN_MS = 60 * 60_000;',
    by: 6,
    days: {
      cases: [
        quietDay([
          at('11:14:59', { do: 'token_death' }),
          at('11:24:00', { do: 'command', of: { command: 'login' } }),
          command({ command: 'close_all' }, 'main_filled', 60_000),
        ]),
      ],
    },
  },
  {
    name: 'day-limit-not-checked',
    why: 'Nothing compares what a position may lose with what the day may still lose.',
    file: 'src/domain/risk.ts',
    find: 'committed + planned <= limits.maxLossPerDay',
    replace: 'committed + planned <= Number.POSITIVE_INFINITY',
    by: 6,
    days: {
      cases: [
        // What is done before the signal keeps its refusal from counting as a signal that was not taken.
        shortDay([at('11:14:30', { do: 'command', of: { command: 'acknowledge' } })], {
          plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, maxLossPerTrade: 25_000_00, maxLossPerDay: 20_000_00 },
        }),
      ],
    },
  },
  {
    name: 'stop-does-not-stop',
    why: 'Somebody has stopped trading, and the next signal is taken all the same.',
    file: 'workflows/day/commands.ts',
    find: `const changed = !facts.noNewRisk || closePositions;
  facts.noNewRisk = true;`,
    replace: 'const changed = !facts.noNewRisk || closePositions;',
    by: 6,
    days: { cases: [shortDay([at('11:14:00', { do: 'command', of: { command: 'stop' } })])] },
  },
  {
    name: 'cover-of-others-not-counted',
    why: 'A long is sold that no short of its own position needs: it covered the short of another one.',
    file: 'src/domain/control/entry.ts',
    find: 'return Math.max(0, Math.min(own, coverSlack(facts, seriesOf(hedge.contract, position))));',
    replace: 'return Math.max(0, own);',
    by: 5,
    days: { cases: [COVERED] },
  },
  {
    name: 'i1-for-single-legs-only',
    why: 'Whether something becomes naked is asked of each position by itself: a long that covers another one’s short is sold.',
    file: 'src/domain/control/intervals.ts',
    find: `    if (!needsCover(position)) continue;
    const orders = ordersOf(facts, position);`,
    replace: `    if (!needsCover(position) || position.legs.every(({ opens }) => opens === 'SELL')) continue;
    const orders = ordersOf(facts, position);`,
    by: 1,
    days: { cases: [COVERED] },
  },
  {
    name: 'intended-counts-as-held',
    why: 'What an entry may still buy counts as held, and is sold in an emergency.',
    file: 'src/domain/control/intervals.ts',
    find: '      held.lo += surely(order);\n',
    replace: '      held.lo += possibly(order);\n',
    by: 2,
    days: {
      cases: [
        quietDay([
          after('signal', 0, {
            ...{ do: 'exchange_fault', kind: 'order.thin' },
            fault: { kind: 'thin_depth', count: 6, quantity: 75, transaction_type: 'BUY' },
          }),
          command({ command: 'close_all' }, 'hedge_leaves', 1_500),
        ]),
      ],
    },
  },
  {
    name: 'throw-in-an-entry',
    why: 'Deciding about an entry throws: a signal is not taken.',
    file: 'src/domain/control/entry.ts',
    find: '  const ends = entryEnds(look);\n',
    replace: "  const ends = entryEnds(look);\n  if (position.plan.lots > 0) throw new Error('a defect');\n",
    by: 6,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'throw-in-a-protection',
    why: 'Deciding about protection throws: no stop is rested, and nobody else does it.',
    file: 'src/domain/control/protection.ts',
    find: "  if (entry === null) return 'stay';\n",
    replace: "  if (entry !== null) throw new Error('a defect');\n  if (entry === null) return 'stay';\n",
    by: 10,
    days: { cases: [quietDay([])] },
  },
];
