/** What covers what: over all positions, and by what was surely filled. */
import type { Mutation } from './mutation.ts';
import { after, at, callFault, command, order, quietDay } from './own-days.ts';

/** A person has bought a further strike and sold a nearer one against it; then the long is closed by itself. */
const COVERED = quietDay(
  [
    at('11:16:00', order({ leg: 'far', lots: 4, side: 'BUY' })),
    at('11:17:00', order({ leg: 'near', lots: 2, side: 'SELL' })),
    at('11:18:00', { do: 'command', of: { command: 'close_position', which: 1 } }),
    at('11:22:00', { do: 'command', of: { command: 'close_all' } }),
  ],
  // Both fit into the day's limit beside the signal's position.
  { plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, maxLossPerDay: 200_000_00 } },
);

export const COVER_MUTATIONS: readonly Mutation[] = [
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
    name: 'cover-kept-by-nobody',
    why: 'Cover that a short with a resting stop needs is given to nobody: its own position never ends.',
    file: 'src/domain/control/intervals.ts',
    find: `lack += leg.opens === 'SELL' ? Math.max(0, held.hi) : -Math.max(0, held.lo);`,
    replace: 'lack -= Math.max(0, held.lo);',
    by: 5,
    days: { cases: [COVERED] },
  },
  {
    name: 'cover-given-and-kept',
    why: 'Cover that goes to another position stays with the first one as well: both sell it.',
    file: 'workflows/position/position.ts',
    find: `  bookOther(day, position, leg, booking('SELL'));
`,
    replace: '',
    by: 5,
    days: { cases: [COVERED] },
  },
  {
    name: 'throw-where-cover-is-given',
    why: 'Cover is given to another position by a branch that throws: its own position never ends.',
    file: 'src/domain/control/exit.ts',
    find: '    if (lack <= 0 || heldOf(orders, leg).lo < 0) continue;\n',
    replace: `    if (lack <= 0 || heldOf(orders, leg).lo < 0) continue;
    if (units > 0) throw new Error('a defect');
`,
    by: 5,
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
          // While its cancellation fails, what it has bought by then is sold beside it.
          after(
            'hedge_leaves',
            0,
            callFault({ kind: 'cancel.refused', calls: ['cancelOrder'], effect: { do: 'gateway' }, forMs: 15_000 }),
          ),
          command({ command: 'close_all' }, 'hedge_leaves', 1_500),
        ]),
      ],
    },
  },
];
