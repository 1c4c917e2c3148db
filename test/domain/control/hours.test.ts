import { describe, expect, it } from 'vitest';
import { lastPlacement, mayPlace } from '../../../src/domain/control/hours.ts';
import { at, CLOSE, contract, factsOf, ist, LAST_PLACEMENT, MAIN, OPEN, spread } from './builder.ts';

const facts = factsOf([]);
const mis = spread();
const nrml = spread({}, { plan: { product: 'NRML' } });

describe('new orders are placed', () => {
  it('from the open on', () => {
    expect(mayPlace(facts, mis, MAIN, at(OPEN - 1))).toBe(false);
    expect(mayPlace(facts, mis, MAIN, at(OPEN))).toBe(true);
  });

  it("under MIS until two minutes before the broker's own square-off", () => {
    expect(mayPlace(facts, mis, MAIN, at(LAST_PLACEMENT - 1))).toBe(true);
    expect(mayPlace(facts, mis, MAIN, at(LAST_PLACEMENT))).toBe(false);
  });

  it("under NRML until the contract's own last minute, 15:40 where it trades so long", () => {
    const longer = contract(25_000, { tradesUntil: ist(15, 40) });
    expect(lastPlacement(facts, nrml, longer)).toBe(ist(15, 40));
    expect(mayPlace(facts, nrml, longer, at(CLOSE))).toBe(true);
    expect(mayPlace(facts, nrml, MAIN, at(CLOSE))).toBe(false);
  });

  it('under MIS never after the contract has ended', () => {
    const shorter = contract(25_000, { tradesUntil: ist(15, 0) });
    expect(lastPlacement(facts, mis, shorter)).toBe(ist(15, 0));
  });

  it('with so much time ahead as is asked for', () => {
    expect(mayPlace(facts, mis, MAIN, at(LAST_PLACEMENT - 10_001), 10_000)).toBe(true);
    expect(mayPlace(facts, mis, MAIN, at(LAST_PLACEMENT - 10_000), 10_000)).toBe(false);
  });

  it('never while the timetable is not known', () => {
    expect(mayPlace({ ...facts, timetable: null }, mis, MAIN, at(OPEN))).toBe(false);
    expect(mayPlace({ ...facts, timetable: null }, nrml, MAIN, at(OPEN))).toBe(false);
  });
});
