/** Entries that sell too early, too much, too late, or without protection. */
import type { Mutation } from './mutation.ts';
import { at, quietDay, shortDay } from './own-days.ts';

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
    replace: `  return units > 0 ? 'stay' : restStop(look, leg, stops, units);`,
    by: 10,
    days: { cases: [quietDay([])] },
  },
  {
    name: 'decision-without-age',
    why: 'A decision of 11:15 is still acted on when somebody logs in ten minutes later.',
    file: 'workflows/day/decision-age.ts',
    find: 'const DECIDE_WITHIN_MS = 5 * 60_000;',
    replace: 'const DECIDE_WITHIN_MS = 60 * 60_000;',
    by: 6,
    days: { cases: [quietDay([at('11:14:59', { do: 'stop_process', ms: 420_000, laptop: true, worker: 0 })])] },
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
    find: `const changed = !facts.noNewRisk || closes;
  facts.noNewRisk = true;`,
    replace: 'const changed = !facts.noNewRisk || closes;',
    by: 6,
    days: { cases: [shortDay([at('11:14:00', { do: 'command', of: { command: 'stop' } })])] },
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
    find: `  if (entry === null) return 'stay';
`,
    replace: `  if (entry !== null) throw new Error('a defect');
  if (entry === null) return 'stay';
`,
    by: 10,
    days: { cases: [quietDay([])] },
  },
];
