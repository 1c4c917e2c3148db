import { describe, expect, it } from 'vitest';
import { conditionsOf } from '../../../src/domain/control/deadlines.ts';
import type { ControlFacts, Order, Position } from '../../../src/domain/control/facts.ts';
import { pagesDue, type Watched } from '../../../src/domain/control/pages-due.ts';
import {
  at,
  CLOSE,
  exiting,
  externally,
  factsOf,
  fillOf,
  HEDGE,
  hedged,
  leaving,
  manual,
  NOON,
  OPEN,
  order,
  SECOND,
  sold,
  spread,
  stopped,
} from './builder.ts';

const MINUTE = 60 * SECOND;

/** Each cause, with what it is about and after how many seconds it is paged. */
function causes(facts: ControlFacts, wall = NOON): string[] {
  return conditionsOf(facts, at(wall)).map(({ cause, subject, afterMs }) => `${cause} ${subject} ${afterMs / SECOND}`);
}
const textOf = (facts: ControlFacts, of: string): string | undefined =>
  conditionsOf(facts, at(NOON)).find(({ cause }) => cause === of)?.text;
const open = (
  orders = [hedged('H'), sold('M'), stopped('S')],
  over: Partial<ControlFacts> = {},
  position: Position = spread(),
) => factsOf([position], orders, over);

describe('what has a deadline', () => {
  it('nothing, while a short is protected and covered', () => {
    expect(causes(open())).toEqual([]);
  });

  it('a short that nothing at the broker buys back, 20 s', () => {
    expect(causes(open([hedged('H'), sold('M')]))).toEqual(['unprotected P1 20']);
    for (const phase of ['in_flight', 'doubt', 'intended'] as const)
      expect(causes(open([hedged('H'), sold('M'), stopped('S', { phase })]))).toContain('unprotected P1 20');
    const half = [hedged('H', { quantity: 150 }), sold('M', { quantity: 150 }), stopped('S')];
    const [condition] = conditionsOf(open(half), at(NOON));
    expect(condition?.text).toContain('75 NIFTY2571725000CE are short');
  });

  it('a short without a stop from its sale on, as the exchange dates it, or from the end of its stop: that it is heard of late gives no time', () => {
    const since = (orders: Order[], wall = NOON) => {
      const due = pagesDue({}, conditionsOf(open(orders), at(wall)), wall);
      return { since: due.watched['unprotected:P1']?.since, paged: due.pages.map(({ cause }) => cause) };
    };
    const main = (seconds: number, tag = 'M') => sold(tag, { fills: [fillOf(75, 100_00, NOON - seconds * SECOND)] });
    const hedge = hedged('H', { quantity: 150 });
    expect(since([hedge, main(15)])).toEqual({ since: NOON - 15 * SECOND, paged: [] });
    expect(since([hedge, main(21)]).paged).toEqual(['unprotected']);
    // A later sale does not begin it anew while the first one is not protected.
    expect(since([hedge, main(15), main(5, 'M2')]).since).toBe(NOON - 15 * SECOND);
    const ended = { phase: 'ended', filledQuantity: 0, sentAt: NOON - 300 * SECOND } as const;
    expect(since([hedge, main(600), stopped('S', { ...ended, since: NOON - 4 * SECOND })]).since).toBe(
      NOON - 4 * SECOND,
    );
    // What rested protects what was sold before, not what is sold later.
    expect(since([hedge, main(600), stopped('S', { sentAt: NOON - 590 * SECOND }), main(9, 'M2')]).since).toBe(
      NOON - 9 * SECOND,
    );
    // A sale whose trades are not read yet is as old as the look that showed it; yesterday's begins with the market.
    expect(since([hedge, sold('M', { fills: [], seenAt: NOON - 7 * SECOND })]).since).toBe(NOON - 7 * SECOND);
    expect(since([hedge, main(86_400)], OPEN + 3 * SECOND).since).toBe(OPEN);
  });

  it('an order that was only taken, 30 s: it may hang on its way, and protects nothing that is seen', () => {
    const taken = stopped('S', { phase: 'accepted', sentAt: NOON, since: NOON });
    const of = open([hedged('H'), sold('M'), taken]);
    expect(causes(of)).toEqual(['unprotected P1 20', 'doubt S 30']);
    const due = pagesDue({}, conditionsOf(of, at(NOON + 31 * SECOND)), NOON + 31 * SECOND);
    expect(due.pages.map(({ cause }) => cause)).toEqual(['unprotected', 'doubt']);
    const exit = exiting('X', { phase: 'accepted', since: NOON });
    expect(causes(open([hedged('H'), sold('M'), exit], {}, leaving()))).toContain('doubt X 30');
  });

  it('a cancellation while it is wanted: not of what could be asked for anew and is not', () => {
    const cancelAsked = { first: NOON, last: NOON, times: 1 };
    const orders = [hedged('H'), sold('M'), stopped('S', { cancelAsked })];
    expect(causes(open(orders), NOON + 10 * SECOND)).toEqual(['cancel_pending S 10']);
    expect(causes(open(orders), NOON + 12 * SECOND)).toEqual([]);
    // What was refused all day is asked for rarely, and after a look at its price: between two of them the page does not end.
    const often = [hedged('H'), sold('M'), stopped('S', { cancelAsked: { ...cancelAsked, times: 123 } })];
    expect(causes(open(often), NOON + 105 * SECOND)).toEqual(['cancel_pending S 10']);
    expect(causes(open(often), NOON + 112 * SECOND)).toEqual([]);
    // Two of them take turns.
    const other = stopped('T', { cancelAsked: { ...cancelAsked, last: NOON + 50 * SECOND, times: 123 } });
    expect(causes(open([...often, other]), NOON + 200 * SECOND)).toContain('cancel_pending T 10');
    // While it cannot be asked for it is wanted still, as far as anybody knows.
    expect(causes(open(orders, { sessionLives: false }), NOON + 102 * SECOND)).toContain('cancel_pending S 10');
    const pending = stopped('S', {
      cancelAsked,
      change: { kind: 'cancel', price: null, since: NOON, inFlight: false },
    });
    expect(causes(open([hedged('H'), sold('M'), pending]), NOON + 102 * SECOND)).toEqual(['cancel_pending S 10']);
  });

  it('no cancellation that was not sent for want of a price', () => {
    const unpriced = stopped('S', { cancelUnpriced: { last: NOON, times: 3 } });
    expect(causes(open([hedged('H'), sold('M'), unpriced]), NOON + 10 * SECOND)).toEqual([]);
  });

  it('a cancellation that follows a change that did not come, from the change on', () => {
    const cancelAsked = { first: NOON, last: NOON, times: 1 };
    const stop = stopped('S', { cancelAsked, changeSince: NOON - 7 * SECOND });
    const { watched } = pagesDue({}, conditionsOf(open([hedged('H'), sold('M'), stop]), at(NOON)), NOON);
    expect(watched).toMatchObject({ 'cancel_pending:S': { since: NOON - 7 * SECOND } });
  });

  it('an exit that is not flat, 30 s; it ends when the hedge alone is left and offered at the best price that it may', () => {
    expect(causes(open([hedged('H'), sold('M'), stopped('S')], {}, leaving()))).toEqual(['not_flat P1 30']);
    const residual = [hedged('H'), sold('M'), exiting('X', { phase: 'ended' })];
    expect(causes(open(residual, {}, leaving()))).toEqual(['not_flat P1 30', 'surplus_hedge P1 300']);
    const offered = order('Y', { role: 'hedge', purpose: 'exit', phase: 'working', atBest: true });
    expect(causes(open([...residual, offered], {}, leaving()))).toEqual(['surplus_hedge P1 300']);
  });

  it("an exit's page has Zerodha's last word", () => {
    const refused = exiting('X', {
      phase: 'ended',
      status: 'REJECTED',
      filledQuantity: 0,
      statusMessage: 'outside the circuit',
    });
    const [, condition] = conditionsOf(open([hedged('H'), sold('M'), refused], {}, leaving()), at(NOON));
    expect(condition?.text).toContain('outside the circuit');
  });

  it('a hedge that covers nothing, 5 min, also while it is offered for sale', () => {
    const surplus = [hedged('H', { quantity: 150 }), sold('M'), stopped('S')];
    expect(causes(open(surplus))).toEqual(['surplus_hedge P1 300']);
    const offered = order('U', { role: 'hedge', purpose: 'unwind', phase: 'working' });
    expect(causes(open([...surplus, offered]))).toEqual(['surplus_hedge P1 300']);
  });

  it('the hedge of an entry that cannot be cancelled covers nothing either, 5 min; while the entry goes on it is none', () => {
    const entering = spread({ entry: { decidedAt: NOON, until: NOON + 5 * MINUTE, since: NOON } });
    const hedge = { phase: 'working', quantity: 150, filledQuantity: 75 } as const;
    expect(causes(open([hedged('H', hedge)], {}, entering))).toEqual([]);
    const cancelAsked = { first: NOON, last: NOON, times: 3 };
    expect(causes(open([hedged('H', { ...hedge, cancelAsked })], {}, entering))).toEqual([
      'surplus_hedge P1 300',
      'cancel_pending H 10',
    ]);
  });

  it('a long by command that is to be left and finds no buyer, 5 min; kept by its owner it is nobody’s concern', () => {
    const long = manual('M1', 'BUY', HEDGE);
    const orders = [hedged('B', { positionId: 'M1' })];
    expect(causes(factsOf([long], orders))).toEqual([]);
    expect(causes(factsOf([{ ...long, exit: { reason: 'manual', askedAt: NOON } }], orders))).toEqual([
      'not_flat M1 30',
      'surplus_hedge M1 300',
    ]);
  });

  it('a doubt, 30 s, and a request that does not come back', () => {
    expect(causes(open([hedged('H', { phase: 'doubt' })]))).toContain('doubt H 30');
    expect(causes(open([hedged('H', { phase: 'in_flight' })]))).toContain('doubt H 30');
  });

  it('a cancellation or change that is not shown, 10 s', () => {
    const cancelAsked = { first: NOON, last: NOON, times: 3 };
    expect(causes(open([hedged('H'), sold('M'), stopped('S', { cancelAsked })]))).toEqual(['cancel_pending S 10']);
    const change = { kind: 'to_limit' as const, since: NOON, inFlight: false, price: null };
    expect(causes(open([hedged('H'), sold('M'), stopped('S', { change, changeSince: NOON })]))).toEqual([
      'change_pending S 10',
    ]);
    expect(
      causes(
        open([hedged('H'), sold('M'), stopped('S'), exiting('X', { cancelAsked, phase: 'ended', filledQuantity: 0 })]),
      ),
    ).toEqual([]);
  });

  it('a book that cannot be read, at once: it says so after ten seconds itself', () => {
    expect(causes(open(undefined, { book: { readAt: NOON, unreadableSince: NOON - 10_000 } }))).toEqual(['book day 0']);
  });

  it('in words without a time of day: the facts have wall times, and a replayed market has others', () => {
    const facts = open(undefined, {
      book: { readAt: NOON, unreadableSince: NOON - 10_000 },
      handsOff: { by: 'anna', since: NOON },
    });
    const texts = conditionsOf(facts, at(NOON)).map(({ text }) => text);
    expect(texts).toHaveLength(2);
    for (const text of texts) expect(text).not.toMatch(/\d\d:\d\d/);
  });

  it('no session with something open, 30 s, from 09:00 to the close', () => {
    const away = open(undefined, { sessionLives: false });
    expect(causes(away, OPEN - 15 * MINUTE)).toEqual(['no_session day 30']);
    expect(causes(away, OPEN - 15 * MINUTE - 1)).toEqual([]);
    expect(causes(away)).toEqual(['no_session day 30']);
    expect(causes({ ...away, over: true }, CLOSE)).toEqual([]);
    expect(causes(factsOf([], [], { sessionLives: false }))).toEqual([]);
  });

  it('prices that nobody believes, hands off, a refused address, calls that are used up: at once', () => {
    expect(causes(open(undefined, { blind: { P1: 'no tick' } }))).toEqual(['blind P1 0']);
    // Its loss cap decides nothing once it is left.
    expect(causes(open(undefined, { blind: { P1: 'no tick' } }, leaving()))).not.toContain('blind P1 0');
    expect(causes(open(undefined, { handsOff: { by: 'anna', since: NOON } }))).toEqual(['hands_off day 0']);
    const rates = {
      minute: { at: Math.floor(NOON / MINUTE), sent: 1 },
      day: 1,
      held: { kind: 'address' as const, until: NOON, message: 'no', times: 1 },
    };
    expect(causes(open(undefined, { rates }))).toEqual(['address day 0']);
    expect(causes(open(undefined, { rates: { ...rates, held: null, day: 4_900 } }))).toEqual(['rates day 0']);
    // An entry that it holds up goes on, between its orders as well.
    const entering = spread({ entry: { decidedAt: NOON, since: NOON, until: NOON + MINUTE } });
    expect(causes(factsOf([entering], [], { rates }))).toEqual(['address day 0']);
    expect(causes(factsOf([spread()], [], { rates }))).toEqual([]);
  });

  it('what late orders closed twice, 5 s, in one page for all legs', () => {
    const twice = [exiting('X1', { phase: 'ended' }), exiting('X2', { phase: 'ended' })];
    expect(causes(open([hedged('H'), sold('M'), ...twice], {}, leaving()))).toContain('overclosed P1 5');
    const both = [...twice, order('Y1', { role: 'hedge' }), order('Y2', { role: 'hedge' })];
    expect(causes(open([hedged('H'), sold('M'), ...both], {}, leaving()))).toEqual(['overclosed P1 5']);
  });

  it('what was closed twice until it is traded back, not while that is on its way', () => {
    const twice = [order('Y1', { role: 'hedge' }), order('Y2', { role: 'hedge' })];
    const closed = [hedged('H'), sold('M'), exiting('X1', { phase: 'ended' }), ...twice];
    const back = (over: Partial<Order>) => hedged('U', { purpose: 'unwind', filledQuantity: 0, ...over });
    for (const phase of ['in_flight', 'doubt', 'working'] as const)
      expect(causes(open([...closed, back({ phase })], {}, leaving()))).toContain('overclosed P1 5');
    expect(causes(open([...closed, back({ filledQuantity: 75 })], {}, leaving()))).toEqual([]);
  });

  it('a net position that no trade explains, 10 s', () => {
    expect(causes(open(undefined, { unexplained: { X: '75 more' } }))).toEqual(['unexplained X 10']);
  });

  it('an unanswered trade of others keeps the exit unfinished', () => {
    const outside = externally('X');
    expect(causes(open([hedged('H'), sold('M'), outside], {}, leaving()))).toContain('not_flat P1 30');
  });

  it('what others have closed is not said to be held: nobody is told to close it once more', () => {
    const entered = [hedged('H'), sold('M')];
    const bought = externally('X');
    const soldToo = externally('Y', { role: 'hedge', tradingsymbol: HEDGE.tradingsymbol, side: 'SELL' });
    expect(textOf(open([...entered, bought], {}, leaving()), 'not_flat')).toContain(
      `still holds 75 ${HEDGE.tradingsymbol} long.`,
    );
    expect(causes(open([...entered, bought, soldToo], {}, leaving()))).toEqual(['external P1 0']);
    const ours = exiting('Z', { phase: 'ended' });
    expect(causes(open([...entered, ours, soldToo], {}, leaving()))).toEqual(['external P1 0']);
  });

  it('nothing before the open but the login, and nothing without a timetable', () => {
    expect(causes(open([sold('M')]), OPEN - 1)).toEqual([]);
    expect(causes(open([sold('M')], { timetable: null }))).toEqual([]);
  });
});

describe('pages', () => {
  const doubt = { cause: 'doubt', subject: 'T1', text: 'no clear answer', afterMs: 30 * SECOND };

  /** Asks at each due instant, until `until`. */
  function sent(condition = doubt, until = 80 * MINUTE): string[] {
    let watched: Record<string, Watched> = {};
    const pages: string[] = [];
    let wall: number | null = 0;
    while (wall !== null && wall <= until) {
      const next = pagesDue(watched, [condition], wall);
      for (const { kind } of next.pages) pages.push(`${kind} ${wall / SECOND}`);
      watched = next.watched;
      wall = next.due;
    }
    return pages;
  }

  it('come when the deadline is over, again after 1, 5 and 15 minutes, then every 15', () => {
    expect(sent()).toEqual([
      'raised 30',
      'repeated 90',
      'repeated 330',
      'repeated 930',
      'repeated 1830',
      'repeated 2730',
      'repeated 3630',
      'repeated 4530',
    ]);
  });

  it('of hands off come each minute', () => {
    expect(sent({ ...doubt, cause: 'hands_off', afterMs: 0 }, 3 * MINUTE)).toEqual([
      'raised 0',
      'repeated 60',
      'repeated 120',
      'repeated 180',
    ]);
  });

  it('are not sent for what ends in time, and that is not told either', () => {
    const { watched } = pagesDue({}, [doubt], 0);
    expect(pagesDue(watched, [], 29 * SECOND)).toMatchObject({ pages: [], watched: {}, due: null });
  });

  it('tell their end once, with the words of the cause', () => {
    const first = pagesDue({}, [doubt], 0);
    const raised = pagesDue(first.watched, [doubt], 30 * SECOND);
    const ended = pagesDue(raised.watched, [], 40 * SECOND);
    expect(ended.pages).toMatchObject([
      { kind: 'ended', cause: 'doubt', subject: 'T1', text: 'Over: no clear answer', since: 0 },
    ]);
    expect(pagesDue(ended.watched, [], 50 * SECOND).pages).toEqual([]);
  });

  it('begin anew when the cause does, under another id', () => {
    const watch = (from: number) => pagesDue(pagesDue({}, [doubt], from).watched, [doubt], from + 30 * SECOND).pages;
    const [one] = watch(0);
    const [other] = watch(MINUTE);
    expect(one?.id).not.toBe(other?.id);
  });

  it('are late when the day was asleep, and lose none', () => {
    const { watched } = pagesDue({}, [doubt], 0);
    const late = pagesDue(watched, [doubt], 10 * MINUTE);
    expect(late.pages).toMatchObject([{ kind: 'raised', since: 0 }]);
    expect(late.due).toBe(11 * MINUTE);
  });
});
