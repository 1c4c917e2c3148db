/** What the day says, hands over, writes down, and tells its owner. */
import type { Mutation } from './mutation.ts';
import { after, at, command, quietDay, shortDay } from './own-days.ts';

const WEEKLY = { plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, exitPolicy: 'weekly' as const } };

export const DAY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'charges-added',
    why: 'The report adds the charges to the gross.',
    file: 'workflows/report.ts',
    find: 'net: gross - charges.total',
    replace: 'net: gross + charges.total',
    by: 4,
  },
  {
    name: 'fill-left-out',
    why: 'The report leaves out its first trade.',
    file: 'workflows/report.ts',
    find: '.sort((a, b) => a.at - b.at);',
    replace: '.sort((a, b) => a.at - b.at)\n    .slice(1);',
    by: 4,
  },
  {
    name: 'always-flat',
    why: 'Every day is called flat.',
    file: 'workflows/report.ts',
    find: "return open.length > 0 ? 'carried' : 'flat';",
    replace: "return 'flat';",
    by: 4,
    days: { cases: [quietDay([], WEEKLY)] },
  },
  {
    name: 'not-handed-over',
    why: 'The next day does not go on with what was carried.',
    file: 'activities/journal.ts',
    find: 'handedOver ? [renewed(handedOver, identity.date)] : [],',
    replace: '[],',
    by: 3,
    days: { cases: [quietDay([], { ...WEEKLY, dates: ['2025-07-14', '2025-07-15'] })] },
  },
  {
    name: 'strangers-are-ours',
    why: 'What others hold in contracts that we do not trade counts as a difference of ours.',
    file: 'activities/reconcile.ts',
    find: 'if (our === undefined || known ||',
    replace: 'if (known ||',
    by: 4,
    days: { kinds: ['external.other_contract'] },
  },
  {
    name: 'throw-in-a-handler',
    why: 'A handler of a signal throws: the workflow task fails for ever, and nothing leaves any more.',
    file: 'workflows/trading-day.ts',
    find: 'const taken = day.warnings.filter(',
    replace: "if (ids === 'all') throw new Error('a defect');\n    const taken = day.warnings.filter(",
    by: 4,
  },
  {
    name: 'token-not-sealed',
    why: 'The access token stands in the journal as it is.',
    file: 'activities/session.ts',
    find: 'sealedAccessToken: deps.sealer.seal(login.accessToken),',
    replace: 'sealedAccessToken: login.accessToken,',
    by: 9,
  },
  {
    name: 'token-in-a-payload',
    why: 'The exchange of the login answers with the access token, which stands in the history from then on.',
    file: 'activities/session.ts',
    find: 'return { number: stored.number, userId: stored.userId,',
    replace: 'return { accessToken: login.accessToken, number: stored.number, userId: stored.userId,',
    by: 9,
  },
  {
    name: 'pages-swallowed',
    why: 'Nothing reaches the owner, also when a day does not end flat.',
    file: 'workflows/proxies.ts',
    find: "export const world = proxyActivities<DayActivities>({ startToCloseTimeout: '30s', retry: untilItWorks });",
    replace: `const reached = proxyActivities<DayActivities>({ startToCloseTimeout: '30s', retry: untilItWorks });
const swallowed = Object.assign(async () => {}, { executeWithOptions: async () => {} });
export const world = new Proxy(reached, {
  get: (of, key) => (key === 'notifyOwner' ? swallowed : Reflect.get(of, key)),
});`,
    by: 4,
    days: {
      cases: [
        quietDay([
          at('15:14:30', {
            ...{ do: 'exchange_fault', kind: 'order.no_liquidity' },
            fault: { kind: 'no_liquidity', count: 1, role: 'hedge', side: 'bids', seconds: 2_000 },
          }),
        ]),
      ],
    },
  },
  {
    name: 'page-without-a-cause',
    why: 'The owner is paged at the close of a day on which nothing is wrong.',
    file: 'workflows/trading-day.ts',
    find: 'if (open.length === 0) return;',
    replace: '',
    by: 10,
    days: { cases: [quietDay([], { from: '08:45' })] },
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
    name: 'login-asked-for-once',
    why: 'With a position open and nobody logged in, the owner is paged once, and then no more.',
    file: 'workflows/logins.ts',
    find: 'await world.notifyOwner.executeWithOptions({ summary: text }, [{ level, text }]);',
    replace:
      "if (!unguarded || !Reflect.get(day, 'paged')) await world.notifyOwner.executeWithOptions({ summary: text }, [{ level, text }]);\n    Reflect.set(day, 'paged', unguarded);",
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
  {
    name: 'second-login-lost',
    why: 'Only the first login of a day is taken up: the next ones are read and forgotten.',
    file: 'workflows/logins.ts',
    find: 'if (!auth) return;',
    replace: 'if (!auth) return;\n    if (day.authAttempts.length > 1) continue;',
    by: 5,
    days: {
      cases: [
        shortDay([
          after('main_filled', 5_000, { do: 'token_death' }),
          command({ command: 'login' }, 'main_filled', 15_000),
        ]),
      ],
    },
  },
];
