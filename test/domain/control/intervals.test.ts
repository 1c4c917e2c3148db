import { describe, expect, it } from 'vitest';
import type { Draft } from '../../../src/domain/control/intervals.ts';
import { coverSlack, heldOf, mayBeSent, nakedOf, seriesOf } from '../../../src/domain/control/intervals.ts';
import { exiting, externally, factsOf, HEDGE, hedged, LOT, leaving, MAIN, sold, spread, stopped } from './builder.ts';

const position = spread();
const series = seriesOf(MAIN, position);
const main = { role: 'main' as const, contract: MAIN, opens: 'SELL' as const };
const hedge = { role: 'hedge' as const, contract: HEDGE, opens: 'BUY' as const };
const draft = (role: 'main' | 'hedge', side: 'BUY' | 'SELL', quantity = LOT): Draft => ({
  positionId: 'P1',
  role,
  tradingsymbol: (role === 'main' ? MAIN : HEDGE).tradingsymbol,
  side,
  quantity,
});

describe('what is held', () => {
  it('lies between what has surely filled and what may', () => {
    expect(heldOf([sold('M', { quantity: 150, filledQuantity: 75, phase: 'working' })], main)).toEqual({
      lo: 75,
      hi: 150,
    });
    expect(heldOf([sold('M'), stopped('S')], main)).toEqual({ lo: 0, hi: 75 });
  });

  it('counts what is intended, in flight or in doubt as possible, and what is absent or was never sent as nothing', () => {
    for (const phase of ['intended', 'in_flight', 'doubt', 'accepted'] as const)
      expect(heldOf([sold('M', { phase })], main)).toEqual({ lo: 0, hi: 75 });
    for (const phase of ['absent', 'not_sent'] as const)
      expect(heldOf([sold('M', { phase, filledQuantity: 0 })], main)).toEqual({ lo: 0, hi: 0 });
  });

  it("leaves open whether others' trades closed it, until they are booked", () => {
    expect(heldOf([sold('M'), externally('X')], main)).toEqual({ lo: 0, hi: 75 });
    expect(heldOf([sold('M'), externally('X', { booked: true })], main)).toEqual({ lo: 0, hi: 0 });
  });

  it('may be more by what nobody has heard of since yesterday', () => {
    const unheard = [{ tag: 'M', units: 75 }];
    expect(heldOf([sold('M', { filledQuantity: 0, quantity: 75 })], main, unheard)).toEqual({ lo: 0, hi: 75 });
    const stop = stopped('S', { phase: 'ended', filledQuantity: 0 });
    expect(heldOf([sold('M'), stop], main, [{ tag: 'S', units: 75 }])).toEqual({ lo: 0, hi: 75 });
  });
});

describe('an order may be sent', () => {
  it('to close what is surely held, and no unit more, with all that goes beside it', () => {
    const facts = factsOf([position], [hedged('H'), sold('M')]);
    expect(mayBeSent(facts, position, main, draft('main', 'BUY'))).toBe(true);
    expect(mayBeSent(facts, position, main, draft('main', 'BUY', 150))).toBe(false);
    expect(mayBeSent(facts, position, main, draft('main', 'BUY'), [draft('main', 'BUY')])).toBe(false);
    expect(
      mayBeSent(factsOf([position], [hedged('H'), sold('M'), stopped('S')]), position, main, draft('main', 'BUY')),
    ).toBe(false);
  });

  it('to sell what a filled hedge covers, and no unit more', () => {
    const facts = factsOf([position], [hedged('H')]);
    expect(mayBeSent(facts, position, main, draft('main', 'SELL'))).toBe(true);
    expect(mayBeSent(facts, position, main, draft('main', 'SELL'), [draft('main', 'SELL')])).toBe(false);
    expect(mayBeSent(facts, position, main, draft('main', 'SELL'), [draft('hedge', 'SELL')])).toBe(false);
  });

  it('to sell a hedge only when nothing needs it', () => {
    expect(mayBeSent(factsOf([position], [hedged('H'), sold('M')]), position, hedge, draft('hedge', 'SELL'))).toBe(
      false,
    );
    expect(mayBeSent(factsOf([position], [hedged('H')]), position, hedge, draft('hedge', 'SELL'))).toBe(true);
  });

  it('to bring back what was closed twice, also while something else is naked', () => {
    const naked = spread({ id: 'P2', number: 2 });
    const twice = [hedged('H'), sold('M'), exiting('X1', { phase: 'ended' }), exiting('X2', { phase: 'ended' })];
    const facts = factsOf([position, naked], [...twice, sold('M2', { positionId: 'P2', quantity: 150 })]);
    expect(mayBeSent(facts, position, main, draft('main', 'SELL'))).toBe(true);
    expect(mayBeSent(facts, position, main, draft('main', 'SELL', 150))).toBe(false);
  });
});

describe('cover', () => {
  it('is no main leg that was bought twice', () => {
    const twice = [sold('M'), exiting('X1', { phase: 'ended' }), exiting('X2', { phase: 'ended' })];
    const short = spread({ id: 'P2', number: 2 });
    expect(coverSlack(factsOf([position, short], [...twice, sold('M2', { positionId: 'P2' })]), series)).toBe(-75);
  });

  it('is asked for where a position does not cover itself: of those that leave first, then of the newest', () => {
    const bare = (id: string, exit = false) => (exit ? leaving : spread)({ id, number: Number(id.slice(1)) });
    const shorts = ['P1', 'P2', 'P3'].map((id) => sold(`M${id}`, { positionId: id }));
    const both = [hedged('H1'), hedged('H3', { positionId: 'P3' })];
    const facts = factsOf([bare('P1'), bare('P2'), bare('P3')], [...shorts, ...both]);
    expect(facts.positions.map((one) => nakedOf(facts, one, series))).toEqual([0, 75, 0]);
    delete facts.orders.H3;
    expect(facts.positions.map((one) => nakedOf(facts, one, series))).toEqual([0, 75, 75]);
    const one = factsOf(
      [bare('P1', true), bare('P2'), bare('P3')],
      [...shorts, hedged('H', { positionId: 'P2', quantity: 150 })],
    );
    expect(one.positions.map((other) => nakedOf(one, other, series))).toEqual([75, 0, 0]);
    one.positions.splice(0, 1, bare('P1'));
    expect(one.positions.map((other) => nakedOf(one, other, series))).toEqual([0, 0, 75]);
  });

  it('is not lost by what is only on its way', () => {
    const facts = factsOf([position], [hedged('H'), sold('M'), sold('M2', { phase: 'doubt' })]);
    expect(coverSlack(facts, series)).toBe(-75);
    expect(nakedOf(facts, position, series)).toBe(0);
  });
});
