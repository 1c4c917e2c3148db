/** A run is lost, and the next one goes on from the journal: what it forgets, or believes. */
import type { Deed } from '../case.ts';
import type { Mutation } from './mutation.ts';
import { after, at, quietDay, thin } from './own-days.ts';

const FAR_UNDER_A_KEY: Deed = {
  do: 'command',
  of: { command: 'place_order', key: 'K', order: { leg: 'far', lots: 2, side: 'BUY' } },
};

export const LOST_RUN_MUTATIONS: readonly Mutation[] = [
  {
    name: 'entry-of-a-lost-run-stays',
    why: 'What is left of an entry order when its run was lost stays in the book to the close.',
    file: 'src/domain/control/protection.ts',
    find: "(order.purpose === 'entry' && !isEntering)",
    replace: "(order.purpose === 'entry' && order.unwanted === true)",
    by: 10,
    days: {
      cases: [
        quietDay([thin('hedge_filled', 'SELL', 1), after('main_filled', 100, { do: 'lose_run', forMs: 15_000 })], {
          plan: { numLots: 4 },
        }),
      ],
    },
  },
  {
    name: 'keys-forgotten',
    why: 'A run that goes on does not know which manual orders the lost one was given under which keys.',
    file: 'workflows/day/resume.ts',
    find: '  facts.keys = { ...keys, ...facts.keys };\n',
    replace: '',
    by: 2,
    days: {
      cases: [
        quietDay([
          at('11:18:00', FAR_UNDER_A_KEY),
          at('11:18:04', { do: 'lose_run', forMs: 20_000 }),
          at('11:19:00', FAR_UNDER_A_KEY),
        ]),
      ],
    },
  },
  {
    name: 'unseen-is-flat',
    why: 'What a lost run had sent last, and nobody could look at, counts as never sent.',
    file: 'src/domain/control/intervals.ts',
    find: 'return position.keepsHedgeUntil !== undefined && facts.waitsForBook !== null && facts.book.readAt === null;',
    replace: 'return position.keepsHedgeUntil === 0 && facts.waitsForBook !== null && facts.book.readAt === null;',
    by: 4,
    days: {
      cases: [
        quietDay(
          [
            // Right before it is sent: the journal has its position, and not the order.
            after('signal', 1_866, { do: 'journal_away', ms: 1_500 }),
            after('hedge_leaves', 150, { do: 'lose_run', forMs: 20_000 }),
            after('hedge_leaves', 200, { do: 'token_death', forGood: true }),
          ],
          { plan: { numLots: 4, exitPolicy: 'weekly' }, pace: 'slow', dates: ['2025-07-14', '2025-07-15'] },
        ),
      ],
    },
  },
];
