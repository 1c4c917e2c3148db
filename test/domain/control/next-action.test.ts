import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/domain/control/action.ts';
import type { ControlFacts, Order } from '../../../src/domain/control/facts.ts';
import { nextActions } from '../../../src/domain/control/next-action.ts';
import {
  at,
  CLOSE,
  contract,
  entering,
  exiting,
  externally,
  FREEZE,
  factsOf,
  fillOf,
  HEDGE,
  hedged,
  ist,
  LAST_PLACEMENT,
  LOT,
  leaving,
  MAIN,
  manual,
  NEARER,
  NOON,
  OPEN,
  order,
  SECOND,
  sold,
  spread,
  stopped,
} from './builder.ts';

const MINUTE = Math.floor(NOON / 60_000);

function look(facts: ControlFacts, wall = NOON, id = 'P1') {
  return nextActions(facts, id, at(wall));
}
function actionsOf(facts: ControlFacts, wall = NOON, id = 'P1'): Action[] {
  return look(facts, wall, id).actions;
}
/** Actions in short, e.g. `send hedge entry BUY 75`. */
function words(facts: ControlFacts, wall = NOON, id = 'P1'): string[] {
  return actionsOf(facts, wall, id).map((action) => {
    if (action.do === 'send') return `send ${action.role} ${action.purpose} ${action.side} ${action.quantity}`;
    if (action.do === 'change') return `${action.kind} ${action.tag}`;
    if (action.do === 'exit') return `exit ${action.reason}`;
    if (action.do === 'hand_cover') return `hand ${action.units} to ${action.to}`;
    return 'tag' in action ? `${action.do} ${action.tag}` : action.do;
  });
}

describe('an entry', () => {
  it('buys the hedge first and sells nothing before', () => {
    expect(words(factsOf([entering()]))).toEqual(['send hedge entry BUY 75']);
  });

  it('opens for five minutes of the market, however long a replay stood still or ran ahead', () => {
    const facts = factsOf([entering()]);
    const begun = (wall: number, market: number) =>
      nextActions(facts, 'P1', { wall, market }).actions.map((one) => one.do);
    expect(begun(NOON + 3_600 * SECOND, NOON + 60 * SECOND)).toEqual(['send']);
    expect(begun(NOON + SECOND, NOON + 301 * SECOND)).not.toContain('send');
  });

  it('waits until the hedge is seen filled', () => {
    for (const phase of ['in_flight', 'doubt', 'accepted', 'working'] as const)
      expect(words(factsOf([entering()], [hedged('H', { phase, since: NOON })]))).toEqual([]);
  });

  it('sells at most what the hedge filled, in whole lots', () => {
    const half = hedged('H', { quantity: 750, filledQuantity: 400, phase: 'ended', status: 'CANCELLED' });
    expect(words(factsOf([entering({}, { lots: 10 })], [half]))).toEqual(['send main entry SELL 375']);
  });

  it('goes in slices under the freeze quantity', () => {
    const forty = entering({}, { lots: 40 });
    expect(words(factsOf([forty]))).toEqual([`send hedge entry BUY ${FREEZE}`]);
    const first = hedged('H1', { quantity: FREEZE });
    expect(words(factsOf([forty], [first]))).toEqual(['send hedge entry BUY 1200']);
    const both = [first, hedged('H2', { quantity: 1_200, slice: 2 })];
    expect(words(factsOf([forty], both))).toEqual([`send main entry SELL ${FREEZE}`]);
    expect(words(factsOf([forty], [...both, sold('M1', { quantity: FREEZE, since: NOON })]))).toContain(
      'send main entry SELL 1200',
    );
  });

  it('prices within what the plan has reserved for', () => {
    const bounded = entering({}, { plan: { bounds: { lowestSell: 90_00, highestHedge: 45_00 } } });
    const [buy] = actionsOf(factsOf([bounded]));
    expect(buy).toMatchObject({ pricing: { kind: 'cross', widen: 0, bound: 45_00 } });
    const [sell] = actionsOf(factsOf([bounded], [hedged('H')]));
    expect(sell).toMatchObject({ pricing: { bound: 90_00 } });
    const working = hedged('H', { phase: 'working', since: NOON - 3 * SECOND });
    expect(actionsOf(factsOf([bounded], [working]))).toMatchObject([{ do: 'change', widen: 1, bound: 45_00 }]);
  });

  it('chases each three seconds, and cancels three seconds after the last step', () => {
    const working = hedged('H', { phase: 'working', since: NOON });
    const facts = factsOf([entering()], [working]);
    expect(words(facts, NOON + 2_999)).toEqual([]);
    expect(look(facts).due.wall).toBe(NOON + 3_000);
    expect(words(facts, NOON + 3_000)).toEqual(['reprice H']);
    Object.assign(working, { steps: 4, steppedAt: NOON });
    expect(words(facts, NOON + 2_999)).toEqual([]);
    expect(words(facts, NOON + 3_000)).toEqual(['cancel H']);
  });

  it('takes the nearer hedge where the broker refuses the farther one', () => {
    const weekly = entering({}, { plan: { nearerHedges: [NEARER], product: 'NRML' } });
    const refused = hedged('H', { phase: 'not_sent', status: 'REFUSED', quantity: LOT, filledQuantity: 0 });
    expect(words(factsOf([weekly], [refused]))).toEqual(['nearer_hedge']);
    const nearer = {
      ...weekly,
      legs: [...weekly.legs, { role: 'hedge' as const, contract: NEARER, opens: 'BUY' as const }],
    };
    nearer.plan = { ...nearer.plan, hedge: NEARER, nearerHedges: [] };
    const [buy] = actionsOf(factsOf([nearer], [refused]));
    expect(buy).toMatchObject({ do: 'send', side: 'BUY', leg: { contract: NEARER } });
  });

  it('is over without a trade where no hedge is left to try', () => {
    const refused = hedged('H', { phase: 'not_sent', status: 'REFUSED', filledQuantity: 0 });
    expect(words(factsOf([entering()], [refused]))).toEqual(['entry_over']);
  });

  it('buys an absent hedge once more, and no third time', () => {
    const absent = (tag: string) => hedged(tag, { phase: 'absent', status: 'ABSENT', filledQuantity: 0 });
    expect(words(factsOf([entering()], [absent('H1')]))).toEqual(['send hedge entry BUY 75']);
    expect(words(factsOf([entering()], [absent('H1'), absent('H2')]))).toEqual(['entry_over']);
  });

  it('never sells again what may have been sold: an absent sell ends it', () => {
    const absent = sold('M', { phase: 'absent', status: 'ABSENT', filledQuantity: 0 });
    expect(words(factsOf([entering()], [hedged('H'), absent]))).toEqual(['entry_over']);
  });

  it('sends again, two seconds later, what was surely never sent', () => {
    const unsent = sold('M', { phase: 'not_sent', status: 'NOT SENT', filledQuantity: 0, since: NOON });
    const facts = factsOf([entering()], [hedged('H'), unsent]);
    expect(words(facts, NOON + 1_000)).toEqual([]);
    expect(look(facts, NOON + 1_000).due.wall).toBe(NOON + 2_000);
    expect(words(facts, NOON + 2_000)).toEqual(['send main entry SELL 75']);
  });

  it('sends nothing more once its five minutes are over, and looks again then', () => {
    const facts = factsOf([entering()], [hedged('H', { phase: 'accepted', since: NOON })]);
    expect(words(factsOf([entering()]), NOON + 300 * SECOND + 1)).toEqual(['entry_over']);
    expect(look(facts, NOON + 10 * SECOND).due.market).toBe(NOON + 300 * SECOND + 1);
    expect(words(facts, NOON + 300 * SECOND + 1)).toEqual(['cancel H']);
  });

  it('opens nothing more after stop, an emergency, or the square-off of its day', () => {
    for (const over of [{ noNewRisk: true }, { entriesOff: 'emergency' }, { squaringOff: true }])
      expect(words(factsOf([entering()], [], over))).toEqual(['entry_over']);
    const weekly = entering({}, { plan: { exitOn: '2025-07-17', product: 'NRML' } });
    expect(words(factsOf([weekly], [], { squaringOff: true }))).toEqual(['send hedge entry BUY 75']);
  });

  it('waits while the book cannot be read, was never read, or the market does not run at its own pace', () => {
    const unread = { book: { readAt: null, unreadableSince: null } };
    const away = { book: { readAt: NOON, unreadableSince: NOON } };
    for (const over of [unread, away, { held: false }]) {
      const next = look(factsOf([entering()], [], over));
      expect(next.actions).toEqual([]);
      expect(next.due.market).toBe(NOON + 300 * SECOND + 1);
    }
  });

  it('waits for a live order of ours that it would trade with', () => {
    const other = leaving({ id: 'P2', number: 2 });
    const selling = order('X', {
      positionId: 'P2',
      role: 'hedge',
      tradingsymbol: HEDGE.tradingsymbol,
      purpose: 'exit',
      phase: 'working',
      since: NOON,
    });
    const facts = factsOf([entering(), other], [selling, hedged('H2', { positionId: 'P2' })]);
    expect(words(facts)).toEqual([]);
  });

  it('sells as much as a hedge covers of all that is short, not what another position needs', () => {
    const bare = spread({ id: 'P2', number: 2 });
    const facts = factsOf([entering(), bare], [hedged('H'), sold('M2', { positionId: 'P2' })]);
    expect(words(facts)).toEqual(['entry_over']);
  });

  it('is given up when the session was lost between the legs: a login at 14:50 sells nothing', () => {
    const facts = factsOf([entering()], [hedged('H')], { sessionLives: false });
    expect(words(facts)).toEqual([]);
    facts.sessionLives = true;
    expect(words(facts, ist(14, 50))).toEqual(['entry_over']);
  });

  it('sells the hedge of an entry that failed', () => {
    const failed = leaving({ exit: { reason: 'entry_failed', askedAt: NOON } });
    expect(words(factsOf([failed], [hedged('H')]), ist(14, 50))).toEqual(['send hedge exit SELL 75']);
  });

  it('keeps the hedge of an absent sell until fifty seconds after it was sent, then sells it', () => {
    const absent = sold('M', {
      phase: 'absent',
      status: 'ABSENT',
      filledQuantity: 0,
      sentAt: NOON,
      since: NOON + 15_000,
    });
    const facts = factsOf([leaving()], [hedged('H'), absent]);
    expect(words(facts, NOON + 49_999)).toEqual([]);
    expect(look(facts, NOON).due.wall).toBe(NOON + 50_000);
    expect(words(facts, NOON + 50_000)).toEqual(['send hedge exit SELL 75']);
  });
});

describe('protection', () => {
  const open = (orders: Order[], lots = 1) =>
    factsOf([spread({}, { lots })], [hedged('H', { quantity: lots * LOT }), ...orders]);

  it('rests a stop for what is sold', () => {
    expect(words(open([sold('M')]))).toEqual(['send main stop BUY 75']);
    const [stop] = actionsOf(open([sold('M')]));
    expect(stop).toMatchObject({ pricing: { kind: 'stop', triggerPrice: 200_00, price: 220_00 } });
  });

  it('rests it also where the trades of a fill are not listed yet', () => {
    expect(words(open([sold('M', { fills: [], averagePrice: 0 })]))).toEqual(['send main stop BUY 75']);
  });

  it('lets fills that come close together share a stop, five seconds at most', () => {
    const filling = sold('M', { quantity: 750, filledQuantity: 375, phase: 'working', firstFillAt: NOON, since: NOON });
    const facts = factsOf([entering({}, { lots: 10 })], [hedged('H', { quantity: 750 }), filling]);
    expect(words(facts, NOON + 4_999)).not.toContain('send main stop BUY 375');
    expect(words(facts, NOON + 5_000)).toContain('send main stop BUY 375');
  });

  it('rests a further stop for a later fill', () => {
    const later = sold('M', { quantity: 750, filledQuantity: 600, phase: 'working', firstFillAt: NOON, since: NOON });
    const stop = stopped('S', { quantity: 375 });
    const facts = factsOf([entering({}, { lots: 10 })], [hedged('H', { quantity: 750 }), later, stop]);
    expect(words(facts, NOON + 6_000)).toContain('send main stop BUY 225');
  });

  it('rests stops in slices under the freeze quantity', () => {
    expect(words(open([sold('M1', { quantity: FREEZE }), sold('M2', { quantity: 1_200, slice: 2 })], 40))).toEqual([
      `send main stop BUY ${FREEZE}`,
      'send main stop BUY 1200',
    ]);
  });

  it('leaves a stop that rests for what is sold alone', () => {
    expect(words(open([sold('M'), stopped('S')]))).toEqual([]);
  });

  it('cancels of stops that buy too much as few as it takes', () => {
    const stops = [75, 75, 1_800].map((quantity, index) => stopped(`S${index}`, { quantity, slice: index + 1 }));
    const outside = externally('X', { quantity: 1_800 });
    expect(words(open([sold('M', { quantity: 1_950 }), ...stops, outside], 26))).toEqual(['cancel S2']);
  });

  it('rests its stop again for a carried short whose stop of the day before was not heard of any more', () => {
    const before = { phase: 'ended', status: 'CANCELLED', filledQuantity: 0, intendedAt: OPEN - 60_000_000 } as const;
    expect(words(open([sold('M'), stopped('S', before)]))).toEqual(['send main stop BUY 75']);
  });

  it('leaves when the last price has passed the trigger', () => {
    const passed = stopped('S', { phase: 'not_sent', status: 'TRIGGER PASSED', filledQuantity: 0 });
    expect(words(open([sold('M'), passed]))).toEqual(['exit resting_stop']);
  });

  it('tries a stop that was never sent sixteen times in a row twelve times in one go', () => {
    const unsent = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        stopped(`S${index}`, { phase: 'not_sent', status: 'NOT SENT', filledQuantity: 0, since: NOON }),
      );
    expect(actionsOf(open([sold('M'), ...unsent(15)]), NOON + 2_000)[0]).not.toHaveProperty('repeats');
    const repeats = { attempts: 12, pauseMs: 10_000 };
    const again = [{ do: 'send', purpose: 'stop', quantity: 75, repeats }];
    expect(actionsOf(open([sold('M'), ...unsent(16)]), NOON + 2_000)).toMatchObject(again);
  });

  it('leaves after two refusals in a row of a slice', () => {
    const refused = (tag: string, over: Partial<Order> = {}) =>
      stopped(tag, { phase: 'ended', status: 'REJECTED', filledQuantity: 0, intendedAt: NOON - 60_000, ...over });
    expect(words(open([sold('M'), refused('S1')]))).toEqual(['send main stop BUY 75']);
    expect(words(open([sold('M'), refused('S1'), refused('S2')]))).toEqual(['exit protection_refused']);
    const twoSlices = [refused('S1', { quantity: FREEZE }), refused('S2', { quantity: 1_200, slice: 2 })];
    expect(words(open([sold('M', { quantity: 3_000 }), ...twoSlices], 40))).toEqual([
      `send main stop BUY ${FREEZE}`,
      'send main stop BUY 1200',
    ]);
  });

  it('waits two seconds before a refused stop is sent again', () => {
    const refused = stopped('S', { phase: 'ended', status: 'REJECTED', filledQuantity: 0, since: NOON });
    expect(words(open([sold('M'), refused]), NOON + 1_999)).toEqual([]);
    expect(words(open([sold('M'), refused]), NOON + 2_000)).toEqual(['send main stop BUY 75']);
  });

  it('forgives what the exchange refused in its first thirty seconds', () => {
    const refused = (tag: string, after: number) =>
      stopped(tag, {
        phase: 'ended',
        status: 'REJECTED',
        filledQuantity: 0,
        intendedAt: OPEN + after,
        since: OPEN + after,
      });
    const opening = [refused('S1', 1_000), refused('S2', 4_000), refused('S3', 28_000)];
    expect(words(open([sold('M'), ...opening]), OPEN + 31_000)).toEqual(['send main stop BUY 75']);
    const later = [...opening, refused('S4', 31_000), refused('S5', 34_000)];
    expect(words(open([sold('M'), ...later]), OPEN + 60_000)).toEqual(['exit protection_refused']);
  });

  it('leaves when the stop is triggered and two seconds later still open', () => {
    const triggered = stopped('S', { phase: 'working', since: NOON });
    expect(words(open([sold('M'), triggered]), NOON + 1_999)).toEqual([]);
    expect(look(open([sold('M'), triggered]), NOON).due.wall).toBe(NOON + 2_000);
    expect(words(open([sold('M'), triggered]), NOON + 2_000)).toEqual(['exit resting_stop']);
  });

  it('leaves when somebody else has cancelled the stop, or it has filled', () => {
    const cancelled = stopped('S', { phase: 'ended', status: 'CANCELLED', filledQuantity: 0 });
    expect(words(open([sold('M'), cancelled]))).toEqual(['exit resting_stop']);
    expect(words(open([sold('M'), stopped('S', { phase: 'ended' })]))).toEqual(['exit resting_stop']);
  });

  it('leaves when the stop is a limit that nobody here knows of', () => {
    const limit = stopped('S', { phase: 'working', orderType: 'LIMIT', since: NOON });
    expect(words(open([sold('M'), limit]), NOON + 2_999)).toEqual([]);
    expect(words(open([sold('M'), limit]), NOON + 3_000)).toEqual(['exit resting_stop']);
  });

  it('rests the stop of a carried short at the open, not before', () => {
    const facts = factsOf([spread({ carried: true }, { plan: { product: 'NRML' } })], []);
    facts.carriedOrders = [hedged('H'), sold('M')];
    expect(words(facts, OPEN - 1)).toEqual([]);
    expect(look(facts, OPEN - 1).due.market).toBe(OPEN);
    expect(words(facts, OPEN)).toEqual(['send main stop BUY 75']);
  });

  it('protects an unhedged position by plan, and asks for no cover', () => {
    const bare = spread({}, { hedge: null });
    expect(words(factsOf([bare], [sold('M')]))).toEqual(['send main stop BUY 75']);
  });

  it('sells a hedge that covers nothing, and widens its price like an exit', () => {
    const half = [sold('M', { quantity: 375 }), stopped('S', { quantity: 375 })];
    expect(words(open(half, 10))).toEqual(['send hedge unwind SELL 375']);
    const selling = order('U', { role: 'hedge', purpose: 'unwind', quantity: 375, phase: 'working', since: NOON });
    expect(words(open([...half, selling], 10), NOON + 1_999)).toEqual([]);
    expect(words(open([...half, selling], 10), NOON + 2_000)).toEqual(['reprice U']);
  });

  it('pauses after the hedge was refused instead of sending it at once again', () => {
    const half = [sold('M', { quantity: 375 }), stopped('S', { quantity: 375 })];
    const refused = order('U', {
      role: 'hedge',
      purpose: 'unwind',
      quantity: 375,
      status: 'REJECTED',
      filledQuantity: 0,
      since: NOON,
    });
    expect(words(open([...half, refused], 10), NOON + 999)).toEqual([]);
    expect(words(open([...half, refused], 10), NOON + 1_000)).toEqual(['send hedge unwind SELL 375']);
  });

  it('leaves when nothing of it is sold any more', () => {
    expect(words(open([]))).toContain('exit entry_failed');
    expect(words(open([sold('M'), externally('X', { booked: true })]))).toContain('exit external');
  });
});

describe('leaving', () => {
  const left = (orders: Order[], over: Partial<ControlFacts> = {}, lots = 1) =>
    factsOf(
      [leaving({}, { lots })],
      [hedged('H', { quantity: lots * LOT }), sold('M', { quantity: lots * LOT }), ...orders],
      over,
    );

  it('turns the resting stop into a limit first', () => {
    expect(words(left([stopped('S')]))).toEqual(['to_limit S']);
  });

  it('turns the stops of all slices at once', () => {
    const stops = [stopped('S1', { quantity: FREEZE }), stopped('S2', { quantity: 1_200, slice: 2 })];
    expect(words(left(stops, {}, 40))).toEqual(['to_limit S1', 'to_limit S2']);
  });

  it('buys what no stop is for', () => {
    expect(words(left([]))).toEqual(['send main exit BUY 75']);
  });

  it('takes a conversion for refused that is not shown within two seconds', () => {
    const changing = stopped('S', { change: { kind: 'to_limit', since: NOON, inFlight: false, price: 105_00 } });
    expect(words(left([changing]), NOON + 1_999)).toEqual([]);
    expect(look(left([changing])).due.wall).toBe(NOON + 2_000);
    expect(words(left([changing]), NOON + 2_000)).toEqual(['give_up_change S']);
  });

  it('keeps waiting for an accepted conversion while the book cannot be read', () => {
    const changing = stopped('S', { change: { kind: 'to_limit', since: NOON, inFlight: false, price: 105_00 } });
    const away = { book: { readAt: NOON - 30_000, unreadableSince: NOON - 20_000 } };
    expect(words(left([changing], away), NOON + 5_000)).toEqual([]);
  });

  const refused = (over: Partial<Order> = {}) =>
    stopped('S', { conversionRefused: true, steppedAt: NOON, modifications: 1, ...over });

  it('cancels a stop whose type change was refused, where a price to replace it with is there', () => {
    expect(actionsOf(left([refused()]))).toEqual([{ do: 'cancel', tag: 'S', onlyIfPriced: true }]);
  });

  it('asks again for the conversion instead where its replacement could not be placed in time', () => {
    const late = LAST_PLACEMENT - 10_000;
    const facts = left([refused({ steppedAt: late })]);
    expect(words(facts, late + 1_999)).toEqual([]);
    expect(words(facts, late + 2_000)).toEqual(['to_limit S']);
  });

  it('does not cancel it while fewer than three calls are left, or the last was refused for rate or address', () => {
    const full = { rates: { minute: { at: MINUTE, sent: 378 }, day: 400, held: null } };
    expect(words(left([refused()], full), NOON + 2_000)).toEqual(['to_limit S']);
    const held = { kind: 'address' as const, until: NOON + 1_000, message: 'address', times: 1 };
    const address = { rates: { minute: { at: MINUTE, sent: 1 }, day: 1, held } };
    expect(words(left([refused()], address), NOON + 2_000)).toEqual(['to_limit S']);
    // Where no conversion is left, the cancellation asks.
    expect(words(left([refused({ modifications: 25 })], address), NOON + 2_000)).toEqual(['cancel S']);
  });

  it('counts the calls of the current minute only', () => {
    const before = { rates: { minute: { at: MINUTE - 1, sent: 380 }, day: 400, held: null } };
    expect(words(left([refused()], before))).toEqual(['cancel S']);
    expect(words(left([], before))).toEqual(['send main exit BUY 75']);
  });

  it('does not cancel it while the book cannot be read', () => {
    const away = { book: { readAt: NOON - 30_000, unreadableSince: NOON - 20_000 } };
    expect(words(left([refused()], away), NOON + 2_000)).toEqual(['to_limit S']);
  });

  it('asks for the conversion again while a cancellation gets nowhere', () => {
    const stuck = refused({ cancelAsked: { first: NOON - 30_000, last: NOON, times: 6 }, steppedAt: NOON });
    expect(words(left([stuck]), NOON + 2_000)).toEqual(['to_limit S']);
    expect(words(left([stuck]), NOON + 10_000)).toEqual(['cancel S']);
  });

  it('gives a cancellation up that was asked for again and again, and asks for the conversion', () => {
    const change = { kind: 'cancel' as const, since: NOON, inFlight: false, price: null };
    const stuck = refused({ cancelAsked: { first: NOON - 30_000, last: NOON, times: 6 }, change });
    expect(words(left([stuck]), NOON + 9_999)).toEqual([]);
    expect(look(left([stuck])).due.wall).toBe(NOON + 10_000);
    expect(words(left([stuck]), NOON + 10_000)).toEqual(['give_up_change S']);
  });

  it('modifies again in the next second after too many requests, and never cancels for it', () => {
    const held = { kind: 'rate' as const, until: NOON + 1_000, message: 'too many requests', times: 1 };
    const facts = left([stopped('S', { steppedAt: NOON + 600 })], {
      rates: { minute: { at: MINUTE, sent: 9 }, day: 9, held },
    });
    expect(words(facts, NOON + 900)).toEqual([]);
    expect(look(facts, NOON + 900).due.wall).toBe(NOON + 1_000);
    expect(words(facts, NOON + 1_000)).toEqual(['to_limit S']);
  });

  it('asks for a price that was not there two seconds later, not in a tight circle', () => {
    const unpriced = stopped('S', { steppedAt: NOON });
    expect(words(left([unpriced]), NOON + 500)).toEqual([]);
    expect(look(left([unpriced]), NOON).due.wall).toBe(NOON + 2_000);
    expect(words(left([unpriced]), NOON + 2_000)).toEqual(['to_limit S']);
  });

  it('replaces a stop whose modifications are used up', () => {
    expect(words(left([stopped('S', { modifications: 21, steppedAt: NOON - 60_000 })]))).toEqual(['cancel S']);
  });

  it('keeps four modifications for the square-off', () => {
    const used = stopped('S', { modifications: 21 });
    expect(words(left([used], { squaringOff: true }))).toEqual(['to_limit S']);
  });

  it('places nothing from 15:23 on under MIS, and only changes what is live', () => {
    expect(words(left([]), LAST_PLACEMENT)).toEqual([]);
    expect(words(left([stopped('S')]), LAST_PLACEMENT)).toEqual(['to_limit S']);
    expect(words(left([]), LAST_PLACEMENT - 1)).toEqual(['send main exit BUY 75']);
    const half = factsOf([spread()], [hedged('H', { quantity: 150 }), sold('M'), stopped('S')]);
    expect(words(half, LAST_PLACEMENT)).toEqual([]);
  });

  it("places to the contract's own last minute under NRML", () => {
    const facts = left([]);
    for (const position of facts.positions) position.plan.product = 'NRML';
    expect(words(facts, LAST_PLACEMENT)).toEqual(['send main exit BUY 75']);
    expect(words(facts, CLOSE)).toEqual([]);
  });

  it('widens each two seconds, and never falls', () => {
    const working = exiting('X', { price: 105_00, steps: 2, steppedAt: NOON });
    expect(actionsOf(left([working]), NOON + 2_000)).toMatchObject([
      { kind: 'reprice', widen: 3, noWorseThan: 105_00 },
    ]);
    expect(words(left([working]), NOON + 1_999)).toEqual([]);
    const cancelled = exiting('X', { price: 105_00, phase: 'ended', status: 'CANCELLED', filledQuantity: 0 });
    expect(actionsOf(left([cancelled]), NOON + 1_000)).toMatchObject([{ pricing: { noWorseThan: 105_00 } }]);
  });

  it('never falls where the slice that was shown last was cheaper', () => {
    const over = { phase: 'ended', filledQuantity: 0 } as const;
    const dear = exiting('X1', { ...over, price: 170_00, status: 'CANCELLED' });
    const cheap = exiting('X2', { ...over, price: 153_00, status: 'CANCELLED' });
    expect(actionsOf(left([dear, cheap]), NOON + 1_000)).toMatchObject([{ pricing: { noWorseThan: 170_00 } }]);
  });

  it('lets the price fall after the exchange has refused it', () => {
    const rejected = exiting('X', {
      price: 309_80,
      phase: 'ended',
      status: 'REJECTED',
      filledQuantity: 0,
      since: NOON,
    });
    expect(actionsOf(left([rejected]), NOON + 1_000)).toMatchObject([{ do: 'send', pricing: { noWorseThan: null } }]);
  });

  it('pauses after refusals, but never above ten seconds while something is short', () => {
    const rejected = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        exiting(`X${index}`, { phase: 'ended', status: 'REJECTED', filledQuantity: 0, since: NOON }),
      );
    const dueOf = (count: number) => look(left(rejected(count)), NOON).due.wall;
    expect([1, 3, 4, 15, 16, 400].map(dueOf)).toEqual([1, 1, 2, 2, 10, 10].map((pause) => NOON + pause * SECOND));
    expect(words(left(rejected(400)), NOON + 10_000)).toEqual(['send main exit BUY 75']);
  });

  it('looks each ten seconds at what shows the best price it may, for ever: after some steps minutes long in one activity', () => {
    const best = (steps: number) => exiting('X', { atBest: true, steps, steppedAt: NOON });
    expect(look(left([best(11)]), NOON).due.wall).toBe(NOON + 10_000);
    expect(actionsOf(left([best(11)]), NOON + 10_000)[0]).not.toHaveProperty('watch');
    const watch = { everyMs: 10_000, forMs: 300_000 };
    expect(actionsOf(left([best(500)]), NOON + 2_000)).toMatchObject([{ do: 'change', kind: 'reprice', watch }]);
  });

  it('looks for a price minutes long in one activity where twelve attempts in a row have found none', () => {
    const watch = { everyMs: 2_000, forMs: 300_000 };
    for (const order of [stopped('S'), exiting('X', { steppedAt: NOON })]) {
      order.priceless = 11;
      expect(actionsOf(left([order]), NOON + 2_000)[0]).not.toHaveProperty('watch');
      order.priceless = 12;
      expect(actionsOf(left([order]), NOON + 2_000)).toMatchObject([{ do: 'change', watch }]);
    }
  });

  it('asks nothing of an order whose price is watched but to cancel it', () => {
    const watched = exiting('X', { atBest: true, steps: 500, steppedAt: NOON, watched: 'on' });
    expect(words(left([watched]), NOON + 60_000)).toEqual([]);
    expect(words(left([watched, exiting('Y')]), NOON + 60_000)).toEqual(['cancel X', 'reprice Y']);
  });

  it('replaces what two looks in a row find unfilled at a price that somebody offers', () => {
    const stuck = (crossed: number) => exiting('X', { atBest: true, crossed, steppedAt: NOON });
    expect(words(left([stuck(1)]), NOON + 10_000)).toEqual(['reprice X']);
    expect(words(left([stuck(2)]), NOON + 9_999)).toEqual([]);
    expect(words(left([stuck(2)]), NOON + 10_000)).toEqual(['cancel X']);
    expect(actionsOf(left([stuck(2)]), NOON + 10_000)).toMatchObject([{ onlyIfPriced: true }]);
    // Where that has not helped three times in a row, five minutes are waited.
    const cancelled = [1, 2, 3].map((number) =>
      exiting(`C${number}`, {
        ...{ phase: 'ended', status: 'CANCELLED', filledQuantity: 0 },
        cancelAsked: { first: NOON, last: NOON, times: 1 },
      }),
    );
    expect(words(left([...cancelled, stuck(29)]), NOON + 10_000)).toEqual(['reprice X']);
    expect(words(left([...cancelled, stuck(30)]), NOON + 10_000)).toEqual(['cancel X']);
    // Where nothing may be placed any more, it stays.
    expect(words(left([stuck(2)]), LAST_PLACEMENT)).toEqual(['reprice X']);
  });

  it('replaces it also after a call that was refused for rate or address: its cancellation asks whether that is over', () => {
    const stuck = exiting('X', { atBest: true, crossed: 2, steps: 30, steppedAt: NOON });
    const held = { kind: 'address' as const, until: NOON + 10_000, message: 'address', times: 1 };
    const facts = left([stuck], { rates: { minute: { at: MINUTE, sent: 1 }, day: 1, held } });
    expect(words(facts, NOON + 9_999)).toEqual([]);
    expect(words(facts, NOON + 10_000)).toEqual(['cancel X']);
  });

  it('watches what cannot be replaced until its cancellation may be asked for again, however often it was found crossed', () => {
    const stuck = (cancelAsked?: Order['cancelAsked']) =>
      exiting('X', {
        ...{ atBest: true, crossed: 232, steps: 232, steppedAt: NOON - 60_000 },
        ...(cancelAsked ? { cancelAsked } : {}),
      });
    const watched = (order: Order, wall = NOON) => actionsOf(left([order]), wall);
    expect(watched(stuck(), LAST_PLACEMENT)).toMatchObject([
      { do: 'change', watch: { everyMs: 10_000, forMs: 10_000 } },
    ]);
    const asked = { first: NOON - 900_000, last: NOON - 5_000, times: 61 };
    const watch = { everyMs: 10_000, forMs: 35_000, crossings: Number.MAX_SAFE_INTEGER };
    expect(watched(stuck(asked))).toMatchObject([{ do: 'change', watch }]);
  });

  it('waits for an answer in doubt and sends nothing beside it', () => {
    for (const phase of ['in_flight', 'doubt'] as const) expect(words(left([exiting('X', { phase })]))).toEqual([]);
  });

  it('is blocked by a doubt only for its slice', () => {
    const doubtful = exiting('X', { phase: 'doubt', quantity: FREEZE });
    expect(words(left([doubtful], {}, 40))).toEqual(['send main exit BUY 1200']);
  });

  it('sends an absent exit again', () => {
    expect(words(left([exiting('X', { phase: 'absent', status: 'ABSENT' })]))).toEqual(['send main exit BUY 75']);
  });

  it('goes farther than what stood unfilled until somebody cancelled it, and no farther than what was refused', () => {
    const over = (tag: string, status: string) =>
      exiting(tag, { phase: 'ended', status, filledQuantity: 0, since: NOON - 5_000 });
    const price = (statuses: string[]) =>
      actionsOf(left(statuses.map((status, index) => over(`X${index}`, status))), NOON);
    expect(price(['REJECTED', 'REFUSED', 'REJECTED'])).toMatchObject([
      { do: 'send', pricing: { widen: 0, noWorseThan: null } },
    ]);
    expect(price(['CANCELLED', 'CANCELLED'])).toMatchObject([{ do: 'send', pricing: { widen: 2 } }]);
  });

  it('tries what was refused or never answered sixteen times in a row twelve times in one go', () => {
    const failed = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        index % 2 === 0
          ? exiting(`X${index}`, { phase: 'absent', status: 'ABSENT', since: NOON })
          : exiting(`X${index}`, { phase: 'ended', status: 'REJECTED', filledQuantity: 0, since: NOON }),
      );
    expect(actionsOf(left(failed(15)), NOON)).toMatchObject([{ do: 'send' }]);
    expect(actionsOf(left(failed(15)), NOON)[0]).not.toHaveProperty('repeats');
    expect(words(left(failed(17)), NOON + 9_999)).toEqual([]);
    const repeats = { attempts: 12, pauseMs: 10_000 };
    expect(actionsOf(left(failed(17)), NOON + 10_000)).toMatchObject([{ do: 'send', repeats }]);
  });

  it('cancels what still opens, and waits for it at most five seconds', () => {
    const opening = sold('M2', { phase: 'working', slice: 2, filledQuantity: 0 });
    const facts = left([opening, stopped('S')], {}, 2);
    Object.assign(facts.orders.M ?? {}, { quantity: LOT, filledQuantity: LOT });
    expect(words(facts)).toEqual(['cancel M2']);
    opening.cancelAsked = { first: NOON, last: NOON, times: 1 };
    opening.change = { kind: 'cancel', since: NOON, inFlight: true, price: null };
    expect(words(facts, NOON + 4_999)).toEqual([]);
    expect(words(facts, NOON + 5_000)).toEqual(['to_limit S']);
  });

  it('leaves what is filled also where a cancellation never gets through', () => {
    const stuck = sold('M', {
      quantity: 750,
      filledQuantity: 375,
      phase: 'working',
      cancelAsked: { first: NOON - 60_000, last: NOON, times: 9 },
    });
    expect(words(factsOf([leaving({}, { lots: 10 })], [hedged('H', { quantity: 750 }), stuck]))).toEqual([
      'send main exit BUY 375',
    ]);
  });

  it('sells the hedge only when nothing may be short any more', () => {
    expect(words(left([exiting('X')]))).toEqual([]);
    const doubtful = sold('M2', { phase: 'doubt', slice: 2, filledQuantity: 0 });
    expect(words(left([exiting('X', { phase: 'ended' }), doubtful]))).toEqual([]);
    expect(words(left([exiting('X', { phase: 'ended' })]))).toEqual(['send hedge exit SELL 75']);
  });

  it('is closed when nothing is held and nothing may fill, also in the middle of an entry', () => {
    const done = [exiting('X', { phase: 'ended' }), order('Y', { role: 'hedge', purpose: 'exit' })];
    expect(words(left(done))).toEqual(['closed']);
    const facts = left(done);
    for (const position of facts.positions) position.entry = { decidedAt: NOON, until: NOON + 60_000, since: NOON };
    expect(words(facts)).toEqual(['closed']);
    expect(words(factsOf([leaving({ entry: { decidedAt: NOON, until: NOON, since: NOON } })]))).toEqual(['closed']);
  });

  it('keeps the rest of its stops going while one that buys too much is cancelled', () => {
    const stops = [stopped('S1', { quantity: FREEZE }), stopped('S2', { quantity: 1_200, slice: 2 })];
    expect(words(left([...stops, externally('X', { quantity: 75 })], {}, 40))).toEqual(['cancel S2', 'to_limit S1']);
  });

  it('cancels the stop of a second slice when the short is bought otherwise (F7)', () => {
    const facts = left([stopped('S1', { phase: 'ended' }), stopped('S2', { slice: 2 })]);
    expect(words(facts)).toContain('cancel S2');
  });
});

describe('the hedge that another position needs', () => {
  const both = (orders: Order[] = []) =>
    factsOf(
      [leaving(), spread({ id: 'P2', number: 2 })],
      [
        hedged('H1'),
        sold('M1'),
        exiting('X1', { phase: 'ended' }),
        sold('M2', { positionId: 'P2' }),
        stopped('S2', { positionId: 'P2' }),
        ...orders,
      ],
    );

  it('is handed over to it, also while its stop rests', () => {
    expect(words(both())).toEqual(['hand 75 to P2']);
  });

  it('is sold where the other one has its own', () => {
    expect(words(both([hedged('H2', { positionId: 'P2' })]))).toEqual(['send hedge exit SELL 75']);
  });

  it('goes to the position that lacks cover, not to the one that has it', () => {
    const facts = both([
      hedged('H2', { positionId: 'P2' }),
      sold('M3', { positionId: 'P3' }),
      stopped('S3', { positionId: 'P3' }),
    ]);
    facts.positions.push(spread({ id: 'P3', number: 3 }));
    expect(words(facts)).toEqual(['hand 75 to P3']);
  });

  it('is sold for what nobody needs', () => {
    const facts = both();
    Object.assign(facts.orders.H1 ?? {}, { quantity: 150, filledQuantity: 150 });
    expect(words(facts)).toEqual(['send hedge exit SELL 75']);
  });

  it('bought by command covers what was sold by command, and goes to it', () => {
    const long = manual('M1', 'BUY', HEDGE, { exit: { reason: 'manual', askedAt: NOON } });
    const short = manual('M2', 'SELL', MAIN);
    const orders = [
      hedged('B', { positionId: 'M1' }),
      sold('W', { positionId: 'M2' }),
      stopped('S', { positionId: 'M2' }),
    ];
    expect(words(factsOf([long, short], orders), NOON, 'M1')).toEqual(['hand 75 to M2']);
  });

  it('is not given to a position that is just selling as much', () => {
    const selling = order('U2', { positionId: 'P2', role: 'hedge', purpose: 'unwind', phase: 'in_flight' });
    expect(words(both([selling]))).toEqual([]);
  });

  it('does not count what was bought twice of a main leg as cover', () => {
    const twice = exiting('X2', { phase: 'ended', quantity: 75 });
    const facts = both([twice]);
    expect(words(facts)).toEqual(expect.arrayContaining(['send main unwind SELL 75']));
    expect(words(facts)).not.toContain('send hedge exit SELL 75');
  });
});

describe('late orders', () => {
  const ghost = { ghost: true as const };

  it('main SELL lost, hedge unsellable, emergency, then it appears: it is cancelled and bought back (row 2)', () => {
    const late = sold('M', { ...ghost, quantity: 750, filledQuantity: 375, phase: 'working', since: NOON });
    const facts = factsOf([leaving({}, { lots: 10 })], [hedged('H', { quantity: 750 }), late]);
    expect(words(facts)).toEqual(['cancel M']);
    late.cancelAsked = { first: NOON, last: NOON, times: 1 };
    expect(words(facts, NOON + 5_000)).toEqual(['cancel M', 'send main exit BUY 375']);
  });

  it('main SELL lost, its hedge is offered, then it appears: it is bought back, and the hedge is kept for as long', () => {
    const offered = order('Y', { role: 'hedge', purpose: 'exit', side: 'SELL', tradingsymbol: HEDGE.tradingsymbol });
    const offer = { ...offered, phase: 'working', filledQuantity: 0, quantity: 75, since: NOON } as const;
    const orders = [hedged('H'), sold('M', ghost), offer];
    expect(words(factsOf([leaving()], orders))).toEqual(['cancel Y', 'send main exit BUY 75']);
    // Bought back, or covered by something else, it goes on.
    const back = exiting('X', { phase: 'ended' });
    expect(words(factsOf([leaving()], [...orders, back]))).toEqual([]);
    const covered = hedged('H2', { quantity: 75 });
    expect(words(factsOf([leaving()], [...orders, covered]))).toEqual(['send main exit BUY 75']);
  });

  it('the second SELL slice appears when its hedge is sold: exactly what is naked is bought back (row 3)', () => {
    const orders = [
      hedged('H1', { quantity: FREEZE }),
      sold('M1', { quantity: FREEZE }),
      stopped('S1', { quantity: FREEZE }),
      sold('M2', { ...ghost, quantity: 1_200, slice: 2 }),
    ];
    const facts = factsOf([spread({}, { lots: 40 })], orders);
    expect(words(facts)).toEqual(['send main unwind BUY 1200']);
    for (const phase of ['in_flight', 'accepted', 'working'] as const) {
      const buying = order('U', { purpose: 'unwind', side: 'BUY', quantity: 1_200, phase, since: NOON });
      expect(words(factsOf([spread({}, { lots: 40 })], [...orders, buying]))).toEqual([]);
    }
  });

  it('buys back what is surely naked beside an answer that is still awaited', () => {
    const orders = [
      hedged('H1', { quantity: 150 }),
      sold('M1', { quantity: 75 }),
      stopped('S1', { phase: 'in_flight' }),
      sold('M2', { ...ghost, quantity: 150, slice: 2 }),
    ];
    expect(words(factsOf([spread({}, { lots: 3 })], orders))).toEqual([
      'send main unwind BUY 75',
      'send main stop BUY 75',
    ]);
  });

  it('cancels a late SELL that still rests instead of leaving', () => {
    const orders = [hedged('H'), sold('M'), stopped('S'), sold('M2', { ...ghost, phase: 'working', slice: 2 })];
    expect(words(factsOf([spread({}, { lots: 2 })], orders))).toEqual(['cancel M2']);
  });

  it('both hedges appear twice: the surplus is sold once, never below what is held (row 4)', () => {
    const buys = ['H1', 'H2', 'H3'].map((tag) => hedged(tag, { ...ghost, quantity: 1_000 }));
    const facts = factsOf([leaving({}, { lots: 40 })], buys);
    expect(words(facts)).toEqual([`send hedge exit SELL ${FREEZE}`, 'send hedge exit SELL 1200']);
    const selling = order('U', { role: 'hedge', purpose: 'unwind', quantity: FREEZE, phase: 'doubt', since: NOON });
    facts.orders.U = selling;
    expect(words(facts)).toEqual(['send hedge exit SELL 1200']);
  });

  it('what a late exit bought twice is sold again first of all, and its order left to fill', () => {
    const twice = [exiting('X1', { phase: 'ended' }), exiting('X2', { ...ghost, phase: 'ended' })];
    const facts = factsOf([leaving()], [hedged('H', { quantity: 75 }), sold('M'), ...twice]);
    expect(words(facts)[0]).toBe('send main unwind SELL 75');
    facts.orders.U = order('U', { purpose: 'unwind', quantity: 75, phase: 'working', since: NOON });
    expect(words(facts)).not.toContain('cancel U');
    expect(words(facts, NOON + 2_000)).toContain('reprice U');
  });

  it('a late exit that still rests is cancelled', () => {
    const late = exiting('X2', { ...ghost, phase: 'working' });
    const facts = factsOf([leaving()], [hedged('H'), sold('M'), exiting('X1', { phase: 'ended' }), late]);
    expect(words(facts)).toContain('cancel X2');
  });

  it('what a late order sold twice of the hedge is bought again, and what still sells is cancelled', () => {
    const twice = ['Y1', 'Y2'].map((tag) => order(tag, { role: 'hedge', purpose: 'exit' }));
    const selling = order('U', { role: 'hedge', purpose: 'unwind', phase: 'working', since: NOON });
    const facts = factsOf([spread()], [hedged('H'), ...twice]);
    expect(words(facts)).toContain('send hedge unwind BUY 75');
    facts.orders.U = selling;
    expect(words(facts)).toContain('cancel U');
    expect(words(facts, LAST_PLACEMENT)).toContain('cancel U');
  });

  it('nothing is placed for any of it after the last minute for new orders (row 16)', () => {
    const twice = [exiting('X1', { phase: 'ended' }), exiting('X2', { ...ghost, phase: 'ended' })];
    const facts = factsOf([leaving()], [hedged('H'), sold('M'), ...twice]);
    expect(words(facts, ist(15, 23, 18)).filter((word) => word.startsWith('send'))).toEqual([]);
  });
});

describe('what others do', () => {
  it('cuts the stop while nobody has said whose a trade was, and keeps the hedge', () => {
    const orders = [hedged('H', { quantity: 750 }), sold('M', { quantity: 750 }), stopped('S', { quantity: 750 })];
    const facts = factsOf([spread({}, { lots: 10 })], [...orders, externally('X', { quantity: 75 })]);
    expect(words(facts)).toEqual(['cancel S']);
    facts.orders.S = stopped('S', {
      quantity: 750,
      phase: 'ended',
      status: 'CANCELLED',
      filledQuantity: 0,
      cancelAsked: { first: NOON, last: NOON, times: 1 },
    });
    expect(words(facts)).toEqual(['send main stop BUY 675']);
  });

  it('closes only what is surely ours, and keeps the hedge of what others may have closed until somebody answers', () => {
    const orders = [hedged('H', { quantity: 750 }), sold('M', { quantity: 750 }), externally('X', { quantity: 75 })];
    const facts = factsOf([leaving({}, { lots: 10 })], orders);
    expect(words(facts)).toEqual(['send main exit BUY 675']);
    facts.orders.E = exiting('E', { phase: 'working', quantity: 675, filledQuantity: 600 });
    expect(words(facts)).toEqual([]);
    facts.orders.E = exiting('E', { phase: 'ended', quantity: 675 });
    expect(words(facts)).toEqual(['send hedge exit SELL 675']);
    const sale = { role: 'hedge', side: 'SELL', quantity: 675, tradingsymbol: HEDGE.tradingsymbol } as const;
    facts.orders.Y = exiting('Y', { ...sale, phase: 'ended' });
    expect(words(facts)).toEqual([]);
    Object.assign(facts.orders.X ?? {}, { booked: true });
    expect(words(facts)).toEqual(['send hedge exit SELL 75']);
  });

  it("cancels our buys beside an order of the broker's own square-off, and leaves its order alone", () => {
    const broker = externally('B', {
      takenFrom: 'broker',
      booked: true,
      phase: 'working',
      filledQuantity: 0,
      orderId: 'K1',
      since: ist(15, 25),
    });
    const facts = factsOf(
      [leaving({ exit: { reason: 'broker_square_off', askedAt: NOON } })],
      [hedged('H'), sold('M'), stopped('S'), broker],
    );
    expect(words(facts, ist(15, 25))).toEqual(['cancel S']);
    // Also where both together buy no more than is sold.
    facts.orders.M2 = sold('M2', { slice: 2 });
    expect(words(facts, ist(15, 25))).toEqual(['cancel S']);
  });

  it("sends nothing beside an order of the broker's own square-off, and waits a minute for its fill", () => {
    const since = ist(15, 20);
    const working = { takenFrom: 'broker', booked: true, phase: 'working', filledQuantity: 0, since } as const;
    const orders = [hedged('H', { quantity: 150 }), sold('M', { quantity: 150 }), externally('B', working)];
    const facts = factsOf([leaving()], orders);
    expect(words(facts, since + 59 * SECOND)).toEqual([]);
    expect(words(facts, since + 60 * SECOND)).toEqual(['forget B']);
    delete facts.orders.B;
    expect(words(facts, since + 60 * SECOND)).toEqual(['send main exit BUY 150']);
  });

  it("cancels an entry beside the broker's own order, and widens nothing of it", () => {
    const broker = externally('B', {
      ...{ role: 'hedge', tradingsymbol: HEDGE.tradingsymbol, side: 'SELL', takenFrom: 'broker', booked: true },
      ...{ phase: 'working', filledQuantity: 0, since: NOON },
    });
    const buying = hedged('H', { phase: 'working', since: NOON - 10_000 });
    expect(words(factsOf([entering()], [buying, broker]))).toEqual(['cancel H']);
  });

  it('stays when others have closed as much of the cover as of what it covers', () => {
    const hedgeGone = externally('X', {
      role: 'hedge',
      tradingsymbol: HEDGE.tradingsymbol,
      side: 'SELL',
      quantity: 25,
      filledQuantity: 25,
    });
    const shortGone = externally('Y', { quantity: 25, filledQuantity: 25 });
    const facts = (...gone: Order[]) => factsOf([spread()], [hedged('H'), sold('M'), stopped('S'), ...gone]);
    expect(words(facts(hedgeGone)).join()).toContain('exit cover_lost');
    expect(words(facts(hedgeGone, shortGone)).join()).not.toContain('exit');
  });

  it('leaves when the cover was sold in Kite and cannot be made good by buying back', () => {
    const gone = externally('X', { role: 'hedge', tradingsymbol: HEDGE.tradingsymbol, side: 'SELL', booked: true });
    expect(words(factsOf([spread()], [hedged('H'), sold('M'), stopped('S'), gone]))).toEqual(['exit cover_lost']);
  });
});

describe('orders of a person', () => {
  const intended = (over: Partial<Order> = {}) =>
    order('C', {
      positionId: 'M1',
      phase: 'intended',
      side: 'BUY',
      role: 'hedge',
      intent: { pricing: { kind: 'limit', price: 40_00 }, sendBy: NOON + 5_000 },
      ...over,
    });
  const long = manual('M1', 'BUY', HEDGE);

  it('leave at once', () => {
    expect(words(factsOf([long], [intended()]), NOON, 'M1')).toEqual(['begin C']);
  });

  it('are dropped when they waited too long, or their position is being closed', () => {
    expect(words(factsOf([long], [intended()]), NOON + 5_001, 'M1')).toEqual(['drop C']);
    const closing = { ...long, exit: { reason: 'manual' as const, askedAt: NOON } };
    expect(words(factsOf([closing], [intended()]), NOON, 'M1')).toContain('drop C');
  });

  it('are dropped from the last minute for new orders on', () => {
    const late = intended({ intent: { pricing: { kind: 'limit', price: 40_00 }, sendBy: CLOSE } });
    expect(words(factsOf([long], [late]), LAST_PLACEMENT, 'M1')).toEqual(['drop C']);
  });

  it('are dropped when their cover has gone meanwhile', () => {
    const short = manual('M2', 'SELL', MAIN);
    const sell = order('C', {
      positionId: 'M2',
      phase: 'intended',
      intent: { pricing: { kind: 'limit', price: 90_00 }, sendBy: NOON + 5_000 },
    });
    expect(words(factsOf([short], [sell]), NOON, 'M2')).toEqual(['drop C']);
    const facts = factsOf([long, short], [hedged('B', { positionId: 'M1' }), sell]);
    expect(words(facts, NOON, 'M2')).toEqual(['begin C']);
  });

  it('are dropped when less is held than they would close', () => {
    const selling = intended({ purpose: 'exit', side: 'SELL' });
    expect(words(factsOf([long], [selling]), NOON, 'M1')).toEqual(['drop C']);
    const facts = factsOf([long], [hedged('B', { positionId: 'M1' }), selling]);
    expect(words(facts, NOON, 'M1')).toEqual(['begin C']);
  });

  it('rest for as long as the person wants: nothing is chased or cancelled', () => {
    const resting = hedged('C', { positionId: 'M1', phase: 'working', since: NOON - 3_600_000 });
    expect(words(factsOf([long], [resting]), NOON, 'M1')).toEqual([]);
  });

  it('are protected as what a signal sold', () => {
    const short = manual('M2', 'SELL', MAIN);
    const orders = [hedged('B', { positionId: 'M1' }), sold('W', { positionId: 'M2' })];
    expect(words(factsOf([long, short], orders), NOON, 'M2')).toEqual(['send main stop BUY 75']);
  });

  it('that have no order yet are not closed', () => {
    expect(words(factsOf([long]), NOON, 'M1')).toEqual([]);
  });
});

describe('crossing orders of ours', () => {
  const shortP1 = leaving({}, {});
  const crossing = (phase: Order['phase'], purpose: Order['purpose']) =>
    order('C', {
      positionId: 'P2',
      role: 'hedge',
      tradingsymbol: MAIN.tradingsymbol,
      side: 'SELL',
      purpose,
      phase,
      since: NOON,
    });
  const longP2 = leaving({ id: 'P2', number: 2 }, { hedge: MAIN, main: contract(24_800) });
  const both = (other: Order) =>
    factsOf(
      [shortP1, longP2],
      [hedged('H'), sold('M'), hedged('H2', { positionId: 'P2', tradingsymbol: MAIN.tradingsymbol }), other],
    );

  it('an exit cancels the sale of a hedge that it would trade with, and waits at most five seconds', () => {
    const facts = both(crossing('working', 'exit'));
    expect(words(facts)).toEqual(['cancel C']);
    Object.assign(facts.orders.C ?? {}, {
      cancelAsked: { first: NOON, last: NOON, times: 1 },
      change: { kind: 'cancel', since: NOON, inFlight: true, price: null },
    });
    expect(words(facts, NOON + 4_999)).toEqual([]);
    expect(words(facts, NOON + 5_000)).toEqual(['send main exit BUY 75']);
  });

  it('the sale of a hedge waits for the exit and does not cancel it', () => {
    const facts = both(crossing('ended', 'entry'));
    delete facts.orders.C;
    facts.orders.X = exiting('X', { since: NOON });
    expect(words(facts, NOON, 'P2')).toEqual([]);
    expect(words(facts, NOON + 5_000, 'P2')).toEqual(['send hedge exit SELL 75']);
  });

  it('a stop that rests crosses nothing', () => {
    const facts = both(crossing('ended', 'entry'));
    delete facts.orders.C;
    facts.orders.S = stopped('S', { since: NOON });
    expect(words(facts, NOON, 'P2')).toEqual(['send hedge exit SELL 75']);
  });

  it('an entry waits only for an order that it could meet within its bounds', () => {
    const bounded = entering({}, { plan: { bounds: { lowestSell: 50_00, highestHedge: 20_00 } } });
    const bid = (price: number) =>
      order('C', {
        positionId: 'M1',
        role: 'main',
        side: 'BUY',
        purpose: 'entry',
        phase: 'working',
        price,
        since: NOON,
      });
    const facts = (price: number) => factsOf([bounded], [hedged('H'), bid(price)]);
    expect(words(facts(60_00))).not.toContain('send main entry SELL 75');
    expect(words(facts(5_00))).toEqual(['send main entry SELL 75']);
  });

  it("the broker's own order is none of ours: nothing waits for it", () => {
    const facts = both(crossing('ended', 'entry'));
    delete facts.orders.C;
    facts.orders.B = externally('B', {
      takenFrom: 'broker',
      booked: true,
      phase: 'working',
      filledQuantity: 0,
      since: NOON,
    });
    expect(words(facts, NOON, 'P2')).toEqual(['send hedge exit SELL 75']);
  });
});

describe('rates', () => {
  const used = (share: number) => ({
    rates: { minute: { at: MINUTE, sent: Math.ceil(380 * share) }, day: 10, held: null },
  });

  it('entries stop at sixty per cent of the minute, and go on in the next', () => {
    expect(words(factsOf([entering()], [], used(0.59)))).toEqual(['send hedge entry BUY 75']);
    const next = look(factsOf([entering()], [], used(0.6)));
    expect(next.actions).toEqual([]);
    expect(next.due.wall).toBe((MINUTE + 1) * 60_000);
    expect(words(factsOf([entering()], [], used(0.6)), (MINUTE + 1) * 60_000)).toEqual(['send hedge entry BUY 75']);
  });

  it('entries stop at sixty per cent of the day', () => {
    const rates = { minute: { at: MINUTE, sent: 1 }, day: 2_940, held: null };
    expect(words(factsOf([entering()], [], { rates }))).toEqual([]);
  });

  it('hedge sales of open positions stop at eighty, exits go on to the end', () => {
    const surplus = [hedged('H', { quantity: 150 }), sold('M'), stopped('S')];
    expect(words(factsOf([spread()], surplus, used(0.8)))).toEqual([]);
    const short = [hedged('H'), sold('M')];
    expect(words(factsOf([leaving()], short, used(0.99)))).toEqual(['send main exit BUY 75']);
    const full = look(factsOf([leaving()], short, used(1)));
    expect(full.actions).toEqual([]);
    expect(full.due.wall).toBe((MINUTE + 1) * 60_000);
  });

  it('at a hundred per cent stops are still converted, and nothing is cancelled', () => {
    const opening = sold('M2', { phase: 'working', slice: 2, filledQuantity: 0 });
    const facts = factsOf([leaving()], [hedged('H', { quantity: 150 }), sold('M'), stopped('S'), opening], used(1));
    expect(words(facts)).toEqual(['to_limit S']);
  });

  it('cancels entries first, then leaves shorts, then the rest', () => {
    const opening = sold('M2', { phase: 'working', slice: 2, filledQuantity: 0 });
    const facts = factsOf([leaving()], [hedged('H', { quantity: 150 }), sold('M'), opening]);
    opening.cancelAsked = { first: NOON - 5_000, last: NOON - 1_000, times: 1 };
    expect(words(facts)).toEqual(['cancel M2', 'send main exit BUY 75']);
  });
});

describe('nothing is sent', () => {
  const short = [hedged('H'), sold('M')];
  it('while hands are off, nobody is logged in, or the day is over', () => {
    const handsOff = { handsOff: { by: 'anna', since: NOON } };
    for (const over of [handsOff, { sessionLives: false }, { over: true }])
      for (const position of [spread(), leaving()]) expect(words(factsOf([position], short, over))).toEqual([]);
  });

  it('before the open; it is looked at again then', () => {
    const facts = factsOf([leaving({ carried: true })], short);
    expect(words(facts, OPEN - 1)).toEqual([]);
    expect(words(factsOf([leaving()], [...short, stopped('S')]), OPEN - 1)).toEqual([]);
    expect(look(facts, OPEN - 1).due.market).toBe(OPEN);
    expect(words(facts, OPEN)).toEqual(['send main exit BUY 75']);
  });

  it('while the address is refused; it is tried again after that', () => {
    const held = { kind: 'address' as const, until: NOON + 30_000, message: 'address', times: 1 };
    const facts = factsOf([leaving()], short, { rates: { minute: { at: MINUTE, sent: 1 }, day: 1, held } });
    expect(look(facts)).toMatchObject({ actions: [], due: { wall: NOON + 30_000 } });
    expect(words(facts, NOON + 30_000)).toEqual(['send main exit BUY 75']);
  });

  it('for a position that is unknown or closed', () => {
    expect(words(factsOf([]), NOON, 'P9')).toEqual([]);
    const closed = leaving({ closedAt: NOON });
    const orders = [...short, exiting('X', { phase: 'ended' }), order('Y', { role: 'hedge', purpose: 'exit' })];
    expect(words(factsOf([closed], orders))).toEqual([]);
  });

  it('for ever more than once a second of a cancellation', () => {
    const opening = sold('M2', {
      phase: 'working',
      filledQuantity: 0,
      cancelAsked: { first: NOON, last: NOON, times: 1 },
    });
    const facts = factsOf([leaving()], [hedged('H'), opening]);
    expect(words(facts, NOON + 999)).toEqual([]);
    expect(look(facts, NOON + 999).due.wall).toBe(NOON + 1_000);
    expect(words(facts, NOON + 1_000)).toEqual(['cancel M2']);
  });

  it('beside what is bought back, when others have bought that, or the cover is back', () => {
    const back = exiting('U', { purpose: 'unwind', filledQuantity: 0, phase: 'working' });
    const outside = externally('X');
    expect(words(factsOf([spread()], [hedged('H'), sold('M'), outside, back]))).toContain('cancel U');
    // Nor where the cover is back.
    expect(words(factsOf([spread()], [hedged('H'), sold('M'), back]))).toEqual(['cancel U']);
  });

  it('beside a change that is not shown yet', () => {
    const changing = exiting('X', { change: { kind: 'reprice', since: NOON, inFlight: true, price: null } });
    expect(words(factsOf([leaving()], [...short, changing]), NOON + 60_000)).toEqual([]);
  });
});

it('a price of a fill that is listed twice counts once', () => {
  const fill = fillOf(75, 100_00);
  const facts = factsOf([spread()], [hedged('H'), sold('M', { fills: [fill] })]);
  expect(actionsOf(facts)).toMatchObject([{ pricing: { triggerPrice: 200_00 } }]);
});

it('an order of an entry that is over opens nothing any more, whoever had sent it', () => {
  const orders = (of: Partial<Order>) => [
    hedged('H', { quantity: 2 * LOT }),
    sold('M', { quantity: 2 * LOT, phase: 'working', filledQuantity: LOT, fills: [fillOf(LOT, 100_00)], ...of }),
    stopped('S'),
  ];
  expect(words(factsOf([spread()], orders({})))).toEqual(['cancel M']);
  const ofAPerson = { ...spread(), signal: 'manual' as const };
  expect(words(factsOf([ofAPerson], orders({})))).toEqual([]);
});
