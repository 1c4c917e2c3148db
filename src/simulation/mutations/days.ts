/** What the day says, hands over, writes down, and tells its owner. */
import type { Mutation } from './mutation.ts';
import { after, at, bookUnread, callFault, command, quietDay, shortDay } from './own-days.ts';

const WEEKLY = { plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, exitPolicy: 'weekly' as const } };

export const DAY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'charges-added',
    why: 'The report adds the charges to the gross.',
    file: 'workflows/day/report.ts',
    find: 'net: gross - charges.total },',
    replace: 'net: gross + charges.total },',
    by: 4,
  },
  {
    name: 'fill-left-out',
    why: 'The report leaves out its first trade.',
    file: 'workflows/day/report.ts',
    find: '.sort((a, b) => a.at - b.at);',
    replace: '.sort((a, b) => a.at - b.at)\n    .slice(1);',
    by: 4,
  },
  {
    name: 'always-flat',
    why: 'Every day is called flat.',
    file: 'workflows/day/report.ts',
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
    file: 'workflows/day/commands.ts',
    find: '  const taken = facts.warnings.filter(',
    replace: `  if (ids === 'all') throw new Error('a defect');
  const taken = facts.warnings.filter(`,
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
    name: 'closed-outside-is-held',
    why: 'A page says that what others have closed is held, and asks to close it.',
    file: 'src/domain/control/deadlines.ts',
    find: 'heldOf(orders, leg, unheard).hi - unansweredOf(orders, leg)',
    replace: 'heldOf(orders, leg, unheard).hi',
    by: 10,
    days: {
      cases: [
        quietDay([
          at('11:20:00', { do: 'external', kind: 'external.main', role: 'main', side: 'BUY', lots: 99 }),
          at('11:20:05', { do: 'external', kind: 'external.hedge', role: 'hedge', side: 'SELL', lots: 99 }),
        ]),
      ],
    },
  },
  {
    name: 'pages-swallowed',
    why: 'Nothing reaches the owner, also when a day does not end flat.',
    file: 'workflows/activity-proxies.ts',
    find: `export const reads = proxyActivities<DayActivities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: '5s',
  retry: untilItWorks,
});`,
    replace: `const reached = proxyActivities<DayActivities>({ startToCloseTimeout: '30s', retry: untilItWorks });
const nothing = async () => ({ deliveredAt: null });
const swallowed = Object.assign(nothing, { executeWithOptions: nothing });
export const reads = new Proxy(reached, {
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
    file: 'workflows/day/after-the-close.ts',
    find: `  if (report.result === 'not_flat') {`,
    replace: `  if (report.result !== 'carried') {`,
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
    file: 'src/domain/control/pages-due.ts',
    find: `  return last + (cause === 'no_session' ? Math.min(pause, LOGIN_EVERY_MS) : pause);`,
    replace: `  return last + (cause === 'no_session' ? 10 * REPEAT_EVERY_MS : pause);`,
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
    file: 'workflows/day/logins.ts',
    find: '    const result = await exchange(day, auth);',
    replace: `    if (facts.authAttempts.length > 1) {
      facts.logins = [];
      continue;
    }
    const result = await exchange(day, auth);`,
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
  {
    name: 'page-never-ends',
    why: 'What was paged is over, and nobody is told.',
    file: 'src/domain/control/pages-due.ts',
    find: 'if (kept[key] || known.pages === 0) continue;',
    replace: 'if (kept[key] || known.pages >= 0) continue;',
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
    name: 'blindness-untold',
    why: 'A guard sees no prices, and nobody hears of it.',
    file: 'src/domain/control/deadlines.ts',
    find: '  if (blind !== undefined)\n',
    replace: '  if (blind !== undefined && blind.length === 0)\n',
    by: 10,
    days: {
      cases: [
        shortDay([
          after('main_filled', 5_000, {
            do: 'ticker_fault',
            fault: { kind: 'ticks.silent', effect: { do: 'silent' }, forMs: 45_000 },
          }),
          after(
            'main_filled',
            5_000,
            callFault({ kind: 'quotes.empty', calls: ['quotes'], effect: { do: 'empty' }, forMs: 45_000 }),
          ),
        ]),
      ],
    },
  },
  {
    name: 'others-untold',
    why: 'Others have closed some of ours, and nobody is asked about it.',
    file: 'src/domain/control/deadlines.ts',
    find: '  if (external !== null) add(',
    replace: "  if (external === '') add(",
    by: 10,
    days: {
      cases: [
        shortDay([
          after('main_filled', 10_000, {
            ...{ do: 'external', kind: 'external.bought_back', role: 'main', side: 'BUY', lots: 4 },
          }),
        ]),
      ],
    },
  },
  {
    name: 'unreadable-untold',
    why: 'The book cannot be read for a minute, and nobody hears of it.',
    file: 'activities/watch-book.ts',
    find: 'performance.now() - spell.mono >= this.pace.unreadableMs)',
    replace: 'performance.now() - spell.mono >= 100 * this.pace.unreadableMs)',
    by: 10,
    days: {
      cases: [bookUnread(45_000)],
    },
  },
  {
    name: 'clocks-not-compared',
    why: 'A clock that goes wrong during the day is told to nobody.',
    file: 'src/runtime/clock-watch.ts',
    find: 'if (Math.abs(ahead) <= CLOCK_WITHIN_MS) return',
    replace: 'if (Math.abs(ahead) <= 10 * CLOCK_WITHIN_MS) return',
    by: 10,
    days: {
      cases: [shortDay([after('main_filled', 5_000, { do: 'clock_jump', ms: -5_000, worker: 0 })], {}, 120_000)],
    },
  },
  {
    name: 'dead-session-waits-for-the-journal',
    why: 'While the journal is away nobody hears that the session of an open position is dead.',
    file: 'activities/session.ts',
    find: 'await loadSoon(account)',
    replace: 'await load(account, true)',
    by: 10,
    days: {
      cases: [
        shortDay(
          [
            after('main_filled', 5_000, { do: 'journal_away', ms: 90_000 }),
            after('main_filled', 6_000, { do: 'token_death' }),
          ],
          {},
          120_000,
        ),
      ],
    },
  },
];
