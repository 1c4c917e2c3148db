/** Entries that sell too early, too much, too late, or without protection. */
import type { Mutation } from './mutation.ts';
import { after, at, callFault, command, quietDay, shortDay, thinBuys } from './own-days.ts';

export const ENTRY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'hedge-on-the-wrong-side',
    why: 'The hedge is bought 200 points nearer to the index, where it covers nothing.',
    file: 'activities/margins.ts',
    find: "const outwards = optionType === 'PE' ? -1 : 1;",
    replace: "const outwards = optionType === 'PE' ? 1 : -1;",
    by: 6,
  },
  {
    name: 'carried-by-product',
    why: 'A day trade is opened under NRML: nobody squares it off when we do not.',
    file: 'activities/margins.ts',
    find: "plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML'",
    replace: "'NRML'",
    by: 6,
  },
  {
    name: 'main-before-hedge',
    why: 'The main leg is sold before the hedge is seen filled.',
    file: 'workflows/position.ts',
    find: 'const hedged = plan.hedge ? await enterHedge(this) : plan.quantity;',
    replace: 'if (plan.hedge) this.day.beside(enterHedge(this).then(() => {}));\n    const hedged = plan.quantity;',
    by: 1,
  },
  {
    name: 'main-in-full-on-half-a-hedge',
    why: 'All of the main leg is sold, although the hedge was filled in part.',
    file: 'workflows/position.ts',
    find: 'const lots = Math.floor(hedged / plan.main.lotSize);',
    replace: 'const lots = hedged > 0 ? Math.floor(plan.quantity / plan.main.lotSize) : 0;',
    by: 1,
    days: {
      cases: [shortDay([thinBuys()])],
    },
  },
  {
    name: 'absent-sell-sent-again',
    why: 'An opening SELL that is absent is sent again, as other orders are. Then the first one appears.',
    file: 'workflows/entry.ts',
    find: "const opening = role === 'main' && purpose === 'entry';",
    replace: 'const opening = false;',
    by: 1,
    days: {
      cases: [25_000, 35_000, 45_000].map((ms) =>
        shortDay(
          [
            after(
              'hedge_filled',
              0,
              callFault({
                ...{ kind: 'place.lost', calls: ['placeOrder'], count: 1 },
                ...{ effect: { do: 'late', ms }, order: { side: 'SELL' } },
              }),
            ),
          ],
          {},
          120_000,
        ),
      ),
    },
  },
  {
    name: 'covering-hedge-sold-as-surplus',
    why: 'What covers the short is counted as surplus, and sold once the position is open.',
    file: 'workflows/legs.ts',
    find: 'return this.long() - Math.max(0, this.short()) - this.outside.added;',
    replace: 'return this.long() - this.outside.added;',
    by: 1,
  },
  {
    name: 'surplus-hedge-kept',
    why: 'The main leg is filled in part, and the hedge stays as large as it was.',
    file: 'workflows/position.ts',
    find: 'if (plan.hedge) await unwindSurplus(this);',
    replace: '',
    by: 10,
    days: {
      cases: [
        shortDay(
          [
            after('hedge_filled', 0, {
              ...{ do: 'exchange_fault', kind: 'order.thin' },
              fault: { kind: 'thin_depth', count: 8, quantity: 75 },
            }),
          ],
          {},
          400_000,
        ),
      ],
    },
  },
  {
    name: 'no-stop',
    why: 'No stop is rested for what was sold.',
    file: 'workflows/entry.ts',
    find: 'if (filled > 0) await restStop(position, index + 1);',
    replace: '',
    by: 3,
  },
  {
    name: 'refused-stop-is-kept',
    why: 'A position whose stop is refused twice stays open without one.',
    file: 'workflows/entry.ts',
    find: "position.requestExit('protection_refused');",
    replace: '',
    by: 3,
    days: {
      cases: [
        shortDay([
          after('main_filled', 0, {
            ...{ do: 'exchange_fault', kind: 'order.rejected' },
            fault: { kind: 'reject_order', count: 2, transaction_type: 'BUY' },
          }),
        ]),
      ],
    },
  },
  {
    name: 'stop-for-twice-as-much',
    why: 'The stop is for twice what was sold.',
    file: 'workflows/entry.ts',
    find: "      quantity,\n      pricing: { kind: 'stop'",
    replace: "      quantity: 2 * quantity,\n      pricing: { kind: 'stop'",
    by: 2,
  },
  {
    name: 'decision-without-age',
    why: 'A decision of 11:15 is still acted on when somebody logs in ten minutes later.',
    file: 'workflows/hours.ts',
    find: "if (day.now() > at + decideWithin(day)) return 'the decision came too late after the close';",
    replace: '',
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
    name: 'entry-goes-on-in-an-emergency',
    why: 'Everything is to be closed while the hedge is being bought, and the main leg is sold all the same.',
    file: 'workflows/position.ts',
    find: 'return this.exitReason === null && entriesOff === null && !(squaringOff && this.leavesToday()) && !over;',
    replace:
      'return (entriesOff !== null || this.exitReason === null) && !(squaringOff && this.leavesToday()) && !over;',
    by: 6,
    days: {
      cases: [
        quietDay([
          after('signal', 0, {
            ...{ do: 'exchange_fault', kind: 'order.thin' },
            fault: { kind: 'thin_depth', count: 3, quantity: 150, transaction_type: 'BUY' },
          }),
          command({ command: 'close_all' }, 'hedge_leaves', 1_000),
        ]),
      ],
    },
  },
  {
    name: 'stop-does-not-stop',
    why: 'Somebody has stopped trading, and the next signal is taken all the same.',
    file: 'workflows/hours.ts',
    find: "if (!day.enabled) return 'trading is stopped';",
    replace: '',
    by: 6,
    days: { cases: [shortDay([at('11:14:00', { do: 'command', of: { command: 'stop' } })])] },
  },
];
