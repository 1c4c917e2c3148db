/** One order from intent to end: sent twice, believed too early, or another's. */
import type { Mutation } from './mutation.ts';
import { after, callFault, shortDay } from './own-days.ts';

/** The exit leaves, is not answered, and comes on the book after 8 s. */
const LOST_EXIT = shortDay(
  [
    after(
      'exit_asked',
      0,
      callFault({
        ...{ kind: 'place.lost', calls: ['placeOrder'], count: 1 },
        ...{ effect: { do: 'late', ms: 8_000 }, order: { side: 'BUY' } },
      }),
    ),
  ],
  { typeChange: 'refuse' },
);

const LIMITED = callFault({
  ...{ kind: 'place.rate_limited', calls: ['placeOrder'], count: 1 },
  effect: { do: 'refuse', status: 429, errorType: 'NetworkException', message: 'Too many requests' },
});

export const ORDER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'doubt-sent-again',
    why: 'An order without an answer is looked for once, and sent again under the same tag.',
    file: 'activities/orders.ts',
    find: "if (error.kind === 'rate_limited' || error.details?.not_sent === true) {\n        await nextSecond();\n        continue;",
    replace:
      "if (error.kind !== 'refused' && error.kind !== 'ip_refused') {\n        await nextSecond();\n        continue;",
    by: 2,
    days: { cases: [LOST_EXIT] },
  },
  {
    name: 'absence-believed-at-once',
    why: 'The looks at 3 s and at 15 s are made at once: an order that is on its way counts as absent, and the next one is sent.',
    file: 'workflows/doubt.ts',
    find: 'const LOOKS_MS = [3_000, 15_000] as const;',
    replace: 'const LOOKS_MS = [1, 2] as const;',
    by: 2,
    days: { cases: [LOST_EXIT] },
  },
  {
    name: 'attempts-do-not-grow',
    why: 'Each order of a kind has the same tag. The ledger refuses the second one: an exit that was rejected is never tried again.',
    file: 'workflows/position.ts',
    find: 'const attempt = (this.attempts.get(kind) ?? 0) + 1;',
    replace: 'const attempt = 1;',
    by: 5,
    days: {
      cases: [
        shortDay(
          [
            after('exit_asked', 0, {
              ...{ do: 'exchange_fault', kind: 'order.rejected' },
              fault: { kind: 'reject_order', count: 1, transaction_type: 'BUY' },
            }),
          ],
          { typeChange: 'refuse' },
        ),
      ],
    },
  },
  {
    name: 'fills-added',
    why: 'What an order was filled is added up anew with each answer, instead of joined by trade.',
    file: 'workflows/orders.ts',
    find: 'for (const fill of snapshot.fills) if (!known.has(fill.tradeId)) order.fills.push(fill);',
    replace: 'order.fills.push(...snapshot.fills);',
    by: 4,
  },
  {
    name: 'cancellation-believed',
    why: 'What was asked to be cancelled counts as cancelled. It is filled after its hedge was sold.',
    file: 'workflows/orders.ts',
    find: "if (snapshot.state !== 'live' || day.over) return snapshot;",
    replace: 'return snapshot;',
    by: 1,
    days: {
      cases: [
        shortDay([
          after('hedge_filled', 0, {
            ...{ do: 'exchange_fault', kind: 'order.no_liquidity' },
            fault: { kind: 'no_liquidity', count: 1, side: 'bids', seconds: 30 },
          }),
          after(
            'hedge_filled',
            0,
            callFault({ kind: 'cancel.refused', calls: ['cancelOrder'], effect: { do: 'gateway' }, forMs: 40_000 }),
          ),
        ]),
      ],
    },
  },
  {
    name: 'another-order-cancelled',
    why: 'The newest live order of the book is cancelled, whose ever it is.',
    file: 'activities/orders.ts',
    find: 'await kite((session) => session.cancelOrder(orderId));',
    replace:
      "await kite(async (session) => session.cancelOrder((await session.orders()).findLast(({ state }) => state === 'live')?.orderId ?? orderId));",
    by: 7,
    days: { kinds: ['external.order_rests', 'order.type_change_refused'] },
  },
  {
    name: 'sent-after-a-suspension',
    why: 'A machine that slept between its look and its order sends the order when it wakes.',
    file: 'activities/orders.ts',
    find: "if (Date.now() > intent.sendBy) return { kind: 'too_late' };\n    if (performance.now()",
    replace: 'if (performance.now()',
    by: 2,
    days: {
      // The stop becomes the exit, so that the hedge's sale is the first order that is sent.
      cases: [0, 1].flatMap((worker) =>
        [5, 20].map((ms) =>
          shortDay([after('exit_looks', ms, { do: 'stop_process', ms: 90_000, laptop: true, worker })], { workers: 2 }),
        ),
      ),
    },
  },
  {
    name: 'throw-when-found',
    why: 'The branch that takes up an order found after a doubt throws.',
    file: 'workflows/doubt.ts',
    find: 'absorb(day, order, found.order);\n        day.clearWarning(unclear);',
    replace: "throw new Error('a defect');",
    by: 1,
    days: { kinds: ['place.unanswered', 'place.garbage', 'place.late_answer'] },
  },
  {
    name: 'late-orders-not-watched',
    why: 'An order that was given up as absent is not looked for any more: what it buys stays.',
    file: 'workflows/late.ts',
    find: "if (submitted.kind === 'absent') watchLate(position, submitted.order, intended);",
    replace: '',
    by: 10,
    days: {
      cases: [
        shortDay(
          [
            after(
              'signal',
              0,
              callFault({
                ...{ kind: 'place.lost', calls: ['placeOrder'], count: 1 },
                effect: { do: 'late', ms: 60_000 },
              }),
            ),
          ],
          {},
          500_000,
        ),
      ],
    },
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
      cases: [shortDay([after('signal', 0, LIMITED)])],
    },
  },
  {
    name: 'retry-under-another-tag',
    why: 'An order that met a rate limit leaves again under a tag that the ledger does not know.',
    file: 'activities/orders.ts',
    find: "if (error.kind === 'rate_limited' || error.details?.not_sent === true) {\n        await nextSecond();",
    replace:
      "if (error.kind === 'rate_limited' || error.details?.not_sent === true) {\n        await nextSecond();\n        intent = { ...intent, tag: intent.tag.slice(0, -1).concat('Z') };",
    by: 4,
    days: { cases: [shortDay([after('signal', 0, LIMITED)])] },
  },
];
