import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/clock.ts';
import { isTagOf, makeTag, type OrderTag, parseTag } from '../../src/domain/tags.ts';

const FIRST: OrderTag = {
  run: 1,
  date: '2025-07-14',
  position: 1,
  role: 'hedge',
  purpose: 'entry',
  slice: 1,
  attempt: 1,
};

const signalTags: fc.Arbitrary<OrderTag> = fc.record({
  run: fc.integer({ min: 0, max: 46_655 }),
  date: fc.integer({ min: 0, max: 4_000 }).map((days) => addDays('2021-04-01', days)),
  position: fc.integer({ min: 1, max: 35 }),
  role: fc.constantFrom('hedge', 'main'),
  purpose: fc.constantFrom('entry', 'stop', 'exit', 'unwind'),
  slice: fc.integer({ min: 1, max: 35 }),
  attempt: fc.integer({ min: 1, max: 1_295 }),
});

const tags = fc.oneof(
  signalTags,
  signalTags.map((tag): OrderTag => ({ ...tag, manual: true })),
);

describe('an order tag', () => {
  it('of a position by hand has its own letters: it is never that of a signal with the same number', () => {
    expect(makeTag({ ...FIRST, manual: true })).toBe('R001D2507141BE101');
    expect(makeTag({ ...FIRST, manual: true, role: 'main' })).toBe('R001D2507141WE101');
    fc.assert(
      fc.property(signalTags, (of) => {
        expect(makeTag({ ...of, manual: true })).not.toBe(makeTag(of));
      }),
    );
  });

  it('spells run, date, position, role, purpose, slice and attempt', () => {
    expect(makeTag(FIRST)).toBe('R001D2507141HE101');
    expect(
      makeTag({ ...FIRST, run: 46_655, position: 35, role: 'main', purpose: 'stop', slice: 35, attempt: 1_295 }),
    ).toBe('RZZZD250714ZMSZZZ');
  });
  it('is at most 20 of A-Z and 0-9, and reads back as what it was made of', () => {
    fc.assert(
      fc.property(tags, (of) => {
        const tag = makeTag(of);
        expect(tag).toMatch(/^[A-Z0-9]{1,20}$/);
        expect(parseTag(tag)).toEqual(of);
      }),
    );
  });
  it('is never the same for two different orders', () => {
    fc.assert(
      fc.property(tags, tags, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(makeTag(one)).not.toBe(makeTag(other));
      }),
    );
  });
  it.each([
    ['run', -1],
    ['run', 46_656],
    ['position', 0],
    ['position', 36],
    ['slice', 0],
    ['slice', 36],
    ['attempt', 0],
    ['attempt', 1_296],
    ['attempt', 1.5],
  ])('is refused, not cut, for %s %d', (field, value) => {
    expect(() => makeTag({ ...FIRST, [field]: value })).toThrow(RangeError);
  });
  it.each(['2025-02-30', '250714', '1999-12-31'])('is refused for the date %s', (date) => {
    expect(() => makeTag({ ...FIRST, date })).toThrow(/not a date for an order tag/);
  });
  it.each([
    '',
    'autoslice',
    'R001D2507141HE1',
    'r001d2507141he101',
    'R001D2513141HE101',
    'R001D2507141HE100',
    'X001D2507141HE101',
  ])('of somebody else, "%s", is nobody’s of ours', (tag) => expect(parseTag(tag)).toBeNull());
  it('belongs to one run and one trading date', () => {
    const tag = makeTag(FIRST);
    expect(isTagOf(tag, { run: 1, date: '2025-07-14' })).toBe(true);
    expect(isTagOf(tag, { run: 2, date: '2025-07-14' })).toBe(false);
    expect(isTagOf(tag, { run: 1, date: '2025-07-15' })).toBe(false);
    expect(isTagOf('FOREIGN', { run: 1, date: '2025-07-14' })).toBe(false);
  });
});
