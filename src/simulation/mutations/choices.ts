/** Another contract, another size, another price than the plan says. */
import type { Case } from '../case.ts';
import type { Mutation } from './mutation.ts';
import { at, command, quietDay, shortDay, thinBuys } from './own-days.ts';

/** Before the signal something has happened: a signal that is refused is no finding then. */
const acknowledged = at('11:14:30', { do: 'command', of: { command: 'acknowledge' } });

/** A signal on Friday, and one on the Monday after it while the first position is open. */
const twoSignals = (limits: Partial<Case['plan']>) =>
  quietDay([], {
    dates: ['2025-12-12', '2025-12-15'],
    market: { signal: 'FRIDAY', later: [[]] },
    plan: { numLots: 5, maxCapitalAtRisk: 50_000_000_00, exitPolicy: 'weekly', ...limits },
    pace: 'slow',
    isTight: true,
  });

export const CHOICE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'expiry-of-the-week-after',
    why: 'The contracts expire a week later than those of the signal.',
    file: 'activities/plan-entry.ts',
    find: 'const expiry = tradableExpiry(master, at);',
    replace: 'const expiry = tradableExpiry(master, at + 7 * 86_400_000);',
    by: 6,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'strike-of-the-neighbour',
    why: 'What is sold lies a strike further away than the signal says.',
    file: 'activities/plan-entry.ts',
    find: 'const main = pick(strike);',
    replace: "const main = pick(strike + (optionType === 'PE' ? -50_00 : 50_00));",
    by: 6,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'distance-without-the-plan',
    why: 'The hedge lies 200 points away, whatever the plan says.',
    file: 'activities/plan-entry.ts',
    find: 'const hedge = pick(strike + outwards * plan.hedgeDistance);',
    replace: 'const hedge = pick(strike + outwards * 200_00);',
    by: 6,
    days: {
      cases: [shortDay([], { plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, hedgeDistance: 300_00 } })],
    },
  },
  {
    name: 'lots-for-units',
    why: 'A position of ten lots is planned as one of ten units.',
    file: 'activities/plan-entry.ts',
    find: 'const quantity = plan.numLots * main.ref.lotSize;',
    replace: 'const quantity = plan.numLots;',
    by: 6,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'risk-of-lots',
    why: 'What a position may lose is reckoned on its lots, and not on its units.',
    file: 'activities/plan-entry.ts',
    find: 'hedgePrice: buy.price, quantity, charges })',
    replace: 'hedgePrice: buy.price, quantity: plan.numLots, charges: 0 })',
    by: 6,
    days: { cases: [shortDay([acknowledged], { plan: { numLots: 10, maxCapitalAtRisk: 50_000_00 } })] },
  },
  {
    name: 'margin-not-checked',
    why: 'Nothing compares what the entry takes with what the account has.',
    file: 'src/domain/risk.ts',
    find: 'required <= available',
    replace: 'required <= Number.POSITIVE_INFINITY',
    by: 6,
    days: { cases: [shortDay([acknowledged], { cash: 300_000_00 })] },
  },
  {
    name: 'part-counts-as-all',
    why: 'An order that was filled in part counts as filled in full.',
    file: 'workflows/orders/ledger.ts',
    find: '  order.filledQuantity = Math.max(least, traded);',
    replace: '  order.filledQuantity = Math.max(least, traded) > 0 ? order.quantity : 0;',
    by: 1,
    days: {
      cases: [shortDay([thinBuys()])],
    },
  },
  {
    name: 'day-limit-of-one-position',
    why: 'The day’s limit is compared with each position by itself: what is reserved and lost already is left out.',
    file: 'src/domain/risk.ts',
    find: 'const committed = book.lostToday + book.reserved;',
    replace: 'const committed = 0 * (book.lostToday + book.reserved);',
    by: 6,
    days: { cases: [twoSignals({ maxLossPerTrade: 25_000_00, maxLossPerDay: 40_000_00 })] },
  },
  {
    name: 'holdings-do-not-block',
    why: 'What others held when somebody logged in is not waited for: nobody has said yet whose it is.',
    file: 'workflows/position/from-signal.ts',
    find: '  const block = day.entriesBlockedBy();',
    replace: '  const block = facts.over ? day.entriesBlockedBy() : undefined;',
    by: 6,
    days: {
      cases: [
        shortDay([
          at('11:10:20', {
            ...{ do: 'external', kind: 'external.other_contract', role: 'other', side: 'BUY', lots: 2 },
          }),
        ]),
      ],
    },
  },
  {
    name: 'stop-forgotten-at-a-login',
    why: 'Somebody has stopped trading; the next login starts it again.',
    file: 'workflows/day/logins.ts',
    find: '      facts.sessionLives = true;',
    replace: `      facts.sessionLives = true;
      facts.noNewRisk = !facts.started;`,
    by: 6,
    days: {
      cases: [
        shortDay([
          at('11:13:00', { do: 'command', of: { command: 'stop' } }),
          at('11:14:00', { do: 'command', of: { command: 'login' } }),
        ]),
      ],
    },
  },
  {
    name: 'command-carried-out-twice',
    why: 'A manual order that arrives again under its key is placed again.',
    file: 'workflows/position/from-command.ts',
    find: `  const known = running.get(key) ?? day.facts.keys[key];
  if (known) return known;
`,
    replace: '',
    by: 2,
    days: {
      cases: [
        quietDay([
          at('11:18:00', {
            ...{ do: 'command', twice: true },
            of: { command: 'place_order', key: 'a spread', order: { leg: 'far', lots: 2, side: 'BUY' } },
          }),
          command({ command: 'close_all' }, 'main_filled', 300_000),
        ]),
      ],
    },
  },
];
