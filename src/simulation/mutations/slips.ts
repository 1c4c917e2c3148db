/** Slips of a tired programmer in what is decided, and in what an answer means. */
import type { Event } from '../case.ts';
import type { Mutation } from './mutation.ts';
import { after, at, bookUnread, callFault, command, order, quietDay, shortDay, thin } from './own-days.ts';

/** A leg is traded in the app. */
const external = (side: 'BUY' | 'SELL', lots: number, ms: number, opens = false): Event =>
  after('main_filled', ms, {
    ...{ do: 'external', kind: 'external.bought_back', role: 'main', side, lots },
    ...(opens ? { opens } : {}),
  });

/** The first order on that side never comes on the book, or so much later. */
const lost = (moment: 'signal' | 'hedge_filled' | 'exit_asked', side: 'BUY' | 'SELL', ms: number | null): Event =>
  after(
    moment,
    0,
    callFault({
      ...{ kind: 'place.lost', calls: ['placeOrder'], count: 1, order: { side } },
      effect: ms === null ? { do: 'lost' } : { do: 'late', ms },
    }),
  );

export const SLIP_MUTATIONS: readonly Mutation[] = [
  {
    name: 'second-stop-forgotten',
    why: 'One stop was rested: what the entry fills after it has none.',
    file: 'src/domain/control/protection.ts',
    find: '  if (units === 0 || isGathering(',
    replace: '  if (units === 0 || stops.length > 0 || isGathering(',
    by: 3,
    days: { cases: [shortDay([thin('hedge_filled', 'SELL', 3)], {}, 90_000)] },
  },
  {
    name: 'stop-not-cut',
    why: 'Others have bought some of the short back, and the stop stays as large as it was.',
    file: 'src/domain/control/protection.ts',
    find: '    cancelExcess(look, buying, -held.lo);\n',
    replace: '',
    by: 2,
    days: {
      cases: [
        shortDay([external('BUY', 4, 10_000), at('11:40:00', { do: 'command', of: { command: 'acknowledge' } })]),
      ],
    },
  },
  {
    name: 'opening-sell-sent-again',
    why: 'An opening sell that was settled as absent is sent again: the first one comes as well.',
    file: 'src/domain/control/entry.ts',
    find: `  if (last.filledQuantity > 0 || leg.opens === 'SELL') return 'over';`,
    replace: `  if (last.filledQuantity > 0) return 'over';`,
    by: 6,
    days: { cases: [shortDay([lost('hedge_filled', 'SELL', 60_000)], {}, 200_000)] },
  },
  {
    name: 'entry-goes-on-when-left',
    why: 'What still opens is not cancelled when a position is left.',
    file: 'src/domain/control/exit.ts',
    find: "if (order.side === leg.opens && order.purpose !== 'unwind' && mayFill(order)) look.cancel(order);",
    replace: "if (order.side === leg.opens && order.purpose === 'unwind' && mayFill(order)) look.cancel(order);",
    by: 6,
    days: {
      cases: [
        quietDay([
          after('hedge_filled', 0, {
            ...{ do: 'exchange_fault', kind: 'order.no_liquidity' },
            fault: { kind: 'no_liquidity', count: 1, side: 'bids', seconds: 100 },
          }),
          command({ command: 'close_all' }, 'main_leaves', 2_000),
        ]),
      ],
    },
  },
  {
    name: 'bought-twice-and-kept',
    why: 'An exit that came after it was settled as absent has bought twice, and nothing is sold again.',
    file: 'src/domain/control/next-action.ts',
    find: '    if (missing + coming <= 0) {',
    replace: '    if (missing + coming <= 0 || missing > 0) {',
    by: 5,
    days: { cases: [shortDay([lost('exit_asked', 'BUY', 60_000)], { typeChange: 'refuse' })] },
  },
  {
    name: 'throw-where-it-is-undone',
    why: 'What was bought twice is to be sold by a branch that throws.',
    file: 'src/domain/control/next-action.ts',
    find: '    for (const order of ours) if (order.side !== leg.opens && mayFill(order)) look.cancel(order);\n',
    replace: `    throw new Error('a defect');
`,
    by: 5,
    days: { cases: [shortDay([lost('exit_asked', 'BUY', 60_000)], { typeChange: 'refuse' })] },
  },
  {
    name: 'session-lost-in-flight',
    why: 'An order that was not sent for want of a session counts as on its way for ever.',
    file: 'workflows/orders/outcomes.ts',
    find: "      markNotSent(day, order, 'NO SESSION', 'the login was lost before it was sent');\n",
    replace: '',
    by: 5,
    days: {
      cases: [
        shortDay([
          // The hedge's sale finds it out.
          after('exit_looks', 0, { do: 'token_death' }),
          after('exit_looks', 5_000, { do: 'command', of: { command: 'login' } }),
        ]),
      ],
    },
  },
  {
    name: 'unpriced-in-flight',
    why: 'An order that was not sent for want of a price counts as on its way for ever.',
    file: 'workflows/orders/outcomes.ts',
    find: `    case 'no_price':
      markNotSent(day, order, 'NOT SENT', result.message);
      return;`,
    replace: `    case 'no_price':
      return;`,
    by: 5,
    days: {
      cases: [
        shortDay([
          after(
            'short_closed',
            0,
            callFault({ kind: 'quotes.empty', calls: ['quotes'], effect: { do: 'empty' }, forMs: 8_000 }),
          ),
          after('main_filled', 54_000, {
            do: 'ticker_fault',
            fault: { kind: 'ticks.silent', effect: { do: 'silent' }, forMs: 15_000 },
          }),
        ]),
      ],
    },
  },
  {
    name: 'absence-not-heard',
    why: 'Two good looks have not shown an order, and the day does not take it in: the exit waits for its answer.',
    file: 'workflows/orders/book.ts',
    find: '        if (order) settleAbsent(day, order, NOWHERE);\n',
    replace: '        if (!order) day.changed();\n',
    by: 5,
    days: { cases: [shortDay([lost('exit_asked', 'BUY', null)], { typeChange: 'refuse' })] },
  },
  {
    name: 'unreadable-for-ever',
    why: 'The book can be read again, and the day goes on as if it could not.',
    file: 'workflows/orders/book.ts',
    find: '      facts.book = { readAt: news.at, unreadableSince: null };\n',
    replace: '      facts.book.readAt = news.at;\n',
    by: 8,
    days: {
      cases: [bookUnread(20_000)],
    },
  },
  {
    name: 'answer-not-booked',
    why: 'A person has said that a trade was theirs, and it is not booked: the hedge waits for the answer for ever.',
    file: 'workflows/external/attribution.ts',
    find: '      order.booked = true;\n',
    replace: '      order.booked = order.filledQuantity === 0;\n',
    by: 5,
    days: {
      cases: [
        shortDay([external('BUY', 4, 10_000), at('11:40:00', { do: 'command', of: { command: 'acknowledge' } })]),
      ],
    },
  },
  {
    name: 'throw-where-others-trade',
    why: 'What others have closed is taken in by a branch that throws.',
    file: 'workflows/external/attribution.ts',
    find: "    const byBroker = shares.filter((share) => bookShare(day, position, leg, share, trades) === 'broker');\n",
    replace: "    if (shares.length > 0) throw new Error('a defect');\n    const byBroker: typeof shares = [];\n",
    by: 2,
    days: {
      cases: [
        shortDay([external('BUY', 4, 10_000), at('11:40:00', { do: 'command', of: { command: 'acknowledge' } })]),
      ],
    },
  },
  {
    name: 'traded-back-not-seen',
    why: 'Others have sold again what they had bought back, and the stop stays cut.',
    file: 'workflows/external/attribution.ts',
    find: '  else if (share < allotted) withdraw(day, all, allotted - share);\n',
    replace: '',
    by: 3,
    days: { cases: [shortDay([external('BUY', 4, 10_000), external('SELL', 4, 25_000, true)], {}, 90_000)] },
  },
  {
    name: 'baseline-never-moved',
    why: 'What others trade while nothing of ours is there is not theirs: it closes what is sold afterwards.',
    file: 'workflows/external/trades.ts',
    find: '    moveBaseline(external, movedSince(facts, external));\n',
    replace: '',
    by: 5,
    days: {
      cases: [
        quietDay(
          [
            command({ command: 'close_position', which: 0 }, 'main_filled', 60_000),
            external('BUY', 2, 180_000, true),
            at('11:20:00', order({ leg: 'far', lots: 4, side: 'BUY' })),
            at('11:21:00', order({ leg: 'near', lots: 4, side: 'SELL', symbol: 'NIFTY2571725000PE' })),
            at('11:24:00', { do: 'command', of: { command: 'close_all' } }),
          ],
          { plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00, maxLossPerDay: 200_000_00 } },
        ),
      ],
    },
  },
  {
    name: 'address-pause-grows',
    why: 'Each refusal of the address is waited for longer than the one before.',
    file: 'workflows/orders/outcomes.ts',
    find: "rates.held = { kind: 'address', until: now + ADDRESS_REFUSED_MS, message, times };",
    replace: "rates.held = { kind: 'address', until: now + ADDRESS_REFUSED_MS * times, message, times };",
    by: 5,
    days: {
      cases: [
        shortDay([
          after(
            'exit_asked',
            0,
            callFault({
              ...{ kind: 'place.address_refused', calls: ['placeOrder', 'modifyOrder', 'cancelOrder'], forMs: 310_000 },
              effect: {
                ...{ do: 'refuse', status: 403, errorType: 'GeneralException' },
                message: 'No IPs configured for this app. Add allowed IPs on the Kite developer console.',
              },
            }),
          ),
        ]),
      ],
    },
  },
];
