import { describe, expect, it } from 'vitest';
import type { ControlFacts, Order, Position } from '../../../src/domain/control/facts.ts';
import { fallbackTags } from '../../../src/domain/control/fallback.ts';
import { at, factsOf, hedged, leaving, NOON, OPEN, SECOND, sold, spread, stopped } from './builder.ts';

const tags = (
  stop: Partial<Order> = {},
  over: Partial<ControlFacts> = {},
  position: Position = leaving(),
  wall = NOON,
) => fallbackTags(factsOf([position], [hedged('H'), sold('M'), stopped('S', stop)], over), 'P1', at(wall));

describe('where the decision itself fails', () => {
  it('the resting stops of a position that leaves become limits, and nothing else is touched', () => {
    expect(tags()).toEqual(['S']);
  });

  it('a position that stays is left alone', () => {
    expect(tags({}, {}, spread())).toEqual([]);
  });

  it('a stop that is being changed, or has become a limit, is left alone', () => {
    expect(tags({ change: { kind: 'to_limit', since: NOON, inFlight: true, price: null } })).toEqual([]);
    expect(tags({ phase: 'working', orderType: 'LIMIT' })).toEqual([]);
    expect(tags({ watched: 'on' })).toEqual([]);
  });

  it('it is asked again after ten seconds, not sooner', () => {
    expect(tags({ steppedAt: NOON - 9 * SECOND })).toEqual([]);
    expect(tags({ steppedAt: NOON - 10 * SECOND })).toEqual(['S']);
  });

  it('nothing is sent with hands off, without a session, before the open, or after the close', () => {
    expect(tags({}, { handsOff: { by: 'anna', since: NOON } })).toEqual([]);
    expect(tags({}, { sessionLives: false })).toEqual([]);
    expect(tags({}, { over: true })).toEqual([]);
    expect(tags({}, {}, leaving(), OPEN - 1)).toEqual([]);
    expect(tags({}, {}, leaving(), OPEN)).toEqual(['S']);
  });

  it("another position's stops are its own", () => {
    expect(tags({ positionId: 'P2' })).toEqual([]);
  });
});
