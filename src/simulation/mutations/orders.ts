/** One order from intent to end: sent twice, believed too early, or another's. */
import type { Mutation } from './mutation.ts';
import { after, callFault, quietDay, shortDay } from './own-days.ts';

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

/** So long that a call gives up. */
const FULL = callFault({
  ...{ kind: 'place.rate_limited', calls: ['modifyOrder'], forMs: 14_000 },
  effect: { do: 'refuse', status: 429, errorType: 'NetworkException', message: 'Too many requests' },
});

export const ORDER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'doubt-sent-again',
    why: 'An order without an answer is looked for once, and sent again under the same tag.',
    file: 'activities/orders.ts',
    find: `  if (kind !== 'refused') return { kind: 'doubt', message };`,
    replace: `  if (kind !== 'refused') {
    await pause(AGAIN_MS);
    return { kind: 'again' };
  }`,
    by: 2,
    days: { cases: [LOST_EXIT] },
  },
  {
    name: 'absence-believed-at-once',
    why: 'The looks at 3 s and at 15 s are made at once: an order that is on its way counts as absent, and the next one is sent.',
    file: 'src/domain/book/look.ts',
    find: `const FIRST_AFTER_MS = 3_000;
const SECOND_AFTER_MS = 15_000;`,
    replace: `const FIRST_AFTER_MS = 1;
const SECOND_AFTER_MS = 2;`,
    by: 2,
    days: { cases: [LOST_EXIT] },
  },
  {
    name: 'attempts-do-not-grow',
    why: 'Each order of a kind has the same tag. The ledger refuses the second one: an exit that was rejected is never tried again.',
    file: 'workflows/orders/intents.ts',
    find: 'const attempt = (day.facts.attempts[key] ?? day.facts.attemptsFrom) + 1;',
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
    why: 'What an entry was filled is added up anew, instead of joined by trade.',
    file: 'workflows/orders/ledger.ts',
    find: 'if (isNew(fill)) order.fills.push(fill);',
    replace: `if (isNew(fill)) {
      order.fills.push(fill);
      if (order.purpose === 'entry') order.fills.push({ ...fill, tradeId: fill.tradeId.concat(' again') });
    }`,
    by: 2,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'cancellation-believed',
    why: 'What was asked to be cancelled counts as cancelled. It is filled after its hedge was sold.',
    file: 'workflows/orders/perform.ts',
    find: '      delete order.cancelUnpriced;\n',
    replace: "      delete order.cancelUnpriced;\n      order.phase = 'ended';\n",
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
    find: `await deps.use((plain) => {
      const session = plain.withPriority(priority);
      if (price === null) return session.cancelOrder(orderId, isStillWanted);`,
    replace: `await deps.use(async (plain) => {
      const session = plain.withPriority(priority);
      if (price === null) {
        const newest = (await session.orders()).findLast(({ state }) => state === 'live');
        return session.cancelOrder(newest?.orderId ?? orderId, isStillWanted);
      }`,
    by: 7,
    days: { kinds: ['external.order_rests', 'order.type_change_refused'] },
  },
  {
    name: 'sent-after-a-suspension',
    why: 'A machine that slept between its look and its order sends the order when it wakes.',
    file: 'activities/orders.ts',
    find: 'Date.now() <= sendBy && !deps.isGivenUp() && isFresh(looked) && (priced.touch === null || isFresh(pricedAt));',
    replace: 'looked !== undefined;',
    by: 2,
    days: {
      // The stop becomes the exit, so that the hedge's sale is the first order that is sent.
      cases: [1, 0].map((worker) =>
        shortDay([after('exit_looks', 5, { do: 'stop_process', ms: 90_000, laptop: true, worker })], { workers: 2 }),
      ),
    },
  },
  {
    name: 'throw-at-a-doubt',
    why: 'The branch of a doubtful answer throws: the order is on its way for ever.',
    file: 'workflows/orders/outcomes.ts',
    find: `    case 'doubt':
      markDoubt(day, order, result.message, result.since);`,
    replace: `    case 'doubt':
      throw new Error('a defect');`,
    by: 5,
    days: {
      cases: [
        shortDay(
          [
            after(
              'exit_asked',
              0,
              callFault({
                ...{ kind: 'place.never', calls: ['placeOrder'], count: 1 },
                ...{ effect: { do: 'lost' }, order: { side: 'BUY' } },
              }),
            ),
          ],
          { typeChange: 'refuse' },
        ),
      ],
    },
  },
  {
    name: 'late-orders-not-watched',
    why: 'An order that was given up as absent is not looked for any more: what it buys stays.',
    file: 'workflows/orders/ledger.ts',
    find: `  if (!order) return null;
  const before`,
    replace: `  if (!order) return null;
  if (order.phase === 'absent') return order;
  const before`,
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
    find: `    tag,
  } as const;`,
    replace: `    tag: tries > 1 ? '' : tag,
  } as const;`,
    by: 2,
    days: {
      cases: [shortDay([after('signal', 0, LIMITED)])],
    },
  },
  {
    name: 'retry-under-another-tag',
    why: 'An order that met a rate limit leaves again under a tag that the ledger does not know.',
    file: 'activities/orders.ts',
    find: `    tag,
  } as const;`,
    replace: `    tag: tries > 1 ? tag.slice(0, -1).concat('Z') : tag,
  } as const;`,
    by: 4,
    days: { cases: [shortDay([after('signal', 0, LIMITED)])] },
  },
  {
    name: 'in-flight-left-out',
    why: 'What is on its way or in doubt counts as nothing: the exit is placed once more beside it.',
    file: 'src/domain/control/intervals.ts',
    find: 'return isOver(order) ? order.filledQuantity : order.quantity;',
    replace: `return isOver(order) || order.phase === 'doubt' ? order.filledQuantity : order.quantity;`,
    by: 2,
    days: { cases: [LOST_EXIT] },
  },
  {
    name: 'stop-counted-as-nothing',
    why: 'A stop that rests buys nothing: the exit is placed beside it.',
    file: 'src/domain/control/intervals.ts',
    find: 'return isOver(order) ? order.filledQuantity : order.quantity;',
    replace: `return isOver(order) || order.phase === 'resting' ? order.filledQuantity : order.quantity;`,
    by: 2,
    days: { cases: [shortDay([])] },
  },
  {
    name: 'absence-by-any-look',
    why: 'A list that has lost its rows proves that an order is not there.',
    file: 'activities/watch-book.ts',
    find: '    this.seen = look;\n',
    replace: '    this.seen = look;\n    memory.doubts = doubtsAfter(memory.doubts, look);\n',
    by: 2,
    days: {
      cases: [
        shortDay(
          [
            after(
              'exit_asked',
              0,
              callFault({
                ...{ kind: 'place.unanswered', calls: ['placeOrder'], count: 1 },
                ...{ effect: { do: 'cut_after' }, order: { side: 'BUY' } },
              }),
            ),
            // From just before it leaves: the end of the stop has been seen by then.
            after(
              'exit_looks',
              0,
              callFault({ kind: 'orders.empty', calls: ['orders', 'trades'], effect: { do: 'empty' }, forMs: 30_000 }),
            ),
            after('exit_asked', 0, {
              do: 'ticker_fault',
              fault: { kind: 'updates.missing', effect: { do: 'no_updates' }, forMs: 30_000 },
            }),
          ],
          { typeChange: 'refuse' },
        ),
      ],
    },
  },
  {
    name: 'cursor-ignored',
    why: 'What the day knows is told again with each look: a position that is open for hours fills the history.',
    file: 'activities/watch-book.ts',
    find: 'newsIn(seen, this.input, {',
    replace: 'newsIn(seen, { ...this.input, cursor: { ...this.input.cursor, live: {} } }, {',
    by: 8,
    days: { cases: [quietDay()] },
  },
  {
    name: 'a-full-rate-is-remembered',
    why: 'One answer of a full rate keeps order calls off for ten minutes.',
    file: 'workflows/orders/outcomes.ts',
    find: 'const pause = times > RATE_HELD_LONG.from ? RATE_HELD_LONG.ms : Math.min(times * 1_000, RATE_HELD_MS);',
    replace: 'const pause = times > RATE_HELD_LONG.from ? RATE_HELD_LONG.ms : RATE_HELD_MS * 60;',
    by: 5,
    days: { cases: [shortDay([after('exit_asked', 0, FULL)], { typeChange: 'refuse' })] },
  },
];
