import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookCursor, BookNews, BookRow, Overnight } from '../../../src/domain/book/book.ts';
import { cursorOf, type KnownOrder, materialOf } from '../../../src/domain/book/cursor.ts';
import {
  type BookTrade,
  type DoubtWatch,
  doubtsAfter,
  flawOf,
  hearDoubts,
  isGood,
  type Look,
  overnightAfter,
  overnightNews,
  overnightOf,
} from '../../../src/domain/book/look.ts';
import { type Memory, newsIn } from '../../../src/domain/book/news.ts';
import { istAt } from '../../../src/domain/clock.ts';
import { isBrokerSquareOff } from '../../../src/domain/control/broker-square-off.ts';
import { bucketsThatDiffer, entryOf, missingFrom, sketchOf } from '../../../src/domain/control/sketch.ts';
import { makeTag } from '../../../src/domain/tags.ts';

const DATE = '2025-07-14';
const IDENTITY = { run: 1, date: DATE };
const MAIN = { tradingsymbol: 'NIFTY2571725000PE', product: 'MIS' };
const AT = istAt(DATE, '11:15');
const NOTHING: Memory = {
  ...{ shown: new Map(), ended: new Map(), told: new Map(), doubts: new Map(), overnight: null },
};

const tagOf = (number: number) =>
  makeTag({
    ...{ ...IDENTITY, position: 1 + (number % 35), role: 'main', purpose: 'exit' },
    ...{ slice: 1 + (Math.floor(number / 35) % 35), attempt: 1 },
  });
/** As long as Kite's ids become. */
const idOf = (number: number) => `1953367517686${String(100_000 + number)}`;

function row(number: number, of: Partial<BookRow> = {}): BookRow {
  return {
    ...{ orderId: idOf(number), tag: tagOf(number), ...MAIN, side: 'BUY', quantity: 750, status: 'OPEN' },
    ...{ statusMessage: null, phase: 'working', orderType: 'LIMIT', price: 80_00, triggerPrice: 0 },
    ...{ filledQuantity: 0, fills: [], placedAt: AT, ...of },
  };
}

const tradesOf = ({ orderId, tradingsymbol, product, side, fills }: BookRow): BookTrade[] =>
  fills.map((fill) => ({ ...fill, orderId, tradingsymbol, product, side }));

function lookAt(orders: BookRow[], of: Partial<Look> = {}): Look {
  const trades = orders.flatMap(tradesOf);
  const look = { beganWall: AT, beganMono: 0, orders, trades, net: [] };
  const net = overnightOf(look).map((held) => ({ ...held, quantity: -held.quantity }));
  return { ...look, net, ...of };
}

/** The day's side: what it makes of news. */
class KnownDay {
  orders = new Map<string, KnownOrder>();
  external = new Set<string>();
  seen = new Set<string>();
  overnight: Overnight[] | null = [];

  cursor(): BookCursor {
    return cursorOf({
      ...{ orders: this.orders.values(), externalTradeIds: this.external, seenOrderIds: this.seen },
      ...{ overnight: this.overnight, unreadableSince: null },
    });
  }

  take(news: BookNews | null): void {
    if (news?.kind !== 'news') return;
    for (const seen of news.rows) this.orders.set(seen.orderId, orderOf(seen));
    for (const { tradeId } of news.externalTrades) this.external.add(tradeId);
    for (const id of news.ids) this.seen.add(id);
    if (news.overnight) this.overnight = news.overnight;
  }
}

function orderOf(of: BookRow): KnownOrder {
  const phase = of.phase === 'pending' ? 'accepted' : of.phase;
  return { ...of, tag: of.tag ?? '', purpose: 'exit', phase, since: AT };
}

const newsOf = (look: Look, cursor: BookCursor, memory = NOTHING) =>
  newsIn(look, { identity: IDENTITY, cursor, contracts: [MAIN] }, memory);

const fills = (number: number, units: number) =>
  units > 0 ? [{ tradeId: `T${number}`, quantity: units, price: 80_00, at: AT }] : [];

/** Any row that the account's list may have: ours or somebody's, in any state. */
const anyRow = fc
  .record({
    number: fc.nat({ max: 400 }),
    isOurs: fc.boolean(),
    phase: fc.constantFrom('pending', 'working', 'resting', 'ended'),
    filled: fc.constantFrom(0, 75, 750),
    price: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ number, isOurs, phase, filled, price }) => {
    const status = { pending: 'OPEN PENDING', working: 'OPEN', resting: 'TRIGGER PENDING', ended: 'COMPLETE' }[phase];
    return row(number, {
      ...{ phase: phase as BookRow['phase'], status, price: price * 5, tag: isOurs ? tagOf(number) : 'APP' },
      ...{ filledQuantity: filled, fills: fills(number, filled) },
    });
  });
const anyBook = fc.uniqueArray(anyRow, { selector: ({ orderId }) => orderId, maxLength: 60 });

describe('what has ended by the word of the ticker', () => {
  const ended = row(2, { status: 'CANCELLED', phase: 'ended' });
  const heard = { ...NOTHING, ended: new Map([[ended.orderId, ended]]) };

  it('is told where the list has left it out, until the day knows it', () => {
    const day = new KnownDay();
    day.take(newsOf(lookAt([row(1), row(2)]), day.cursor()));
    const without = lookAt([row(1)]);
    expect(newsOf(without, day.cursor())).toBeNull();
    const news = newsOf(without, day.cursor(), heard);
    expect(news?.rows).toEqual([ended]);
    day.take(news);
    expect(newsOf(without, day.cursor(), heard)).toBeNull();
  });

  it('of a tag in doubt is its row', () => {
    const day = new KnownDay();
    day.orders.set('doubt', { ...orderOf(row(2)), orderId: null, phase: 'doubt' });
    expect(newsOf(lookAt([row(1)]), day.cursor(), heard)?.rows).toContainEqual(ended);
  });

  it('is not told of what others do', () => {
    const theirs = { ...ended, tag: null };
    const memory = { ...NOTHING, ended: new Map([[theirs.orderId, theirs]]) };
    expect(newsOf(lookAt([]), new KnownDay().cursor(), memory)).toBeNull();
  });
});

describe('a material', () => {
  it('is the same of a row and of the order that the day has from it, and changes with what matters', () => {
    const resting = row(1, { phase: 'resting', orderType: 'SL', status: 'TRIGGER PENDING', triggerPrice: 70_00 });
    expect(materialOf(orderOf(resting))).toBe(materialOf(resting));
    const others: Partial<BookRow>[] = [
      { phase: 'working' },
      { orderType: 'LIMIT' },
      { price: 80_05 },
      { triggerPrice: 70_05 },
      { filledQuantity: 75 },
      { fills: fills(1, 75) },
      { phase: 'ended', status: 'CANCELLED' },
      { phase: 'ended', status: 'COMPLETE' },
    ];
    const all = [resting, ...others.map((other) => ({ ...resting, ...other }))].map(materialOf);
    expect(new Set(all).size).toBe(all.length);
    expect(materialOf({ ...resting, status: 'ANYTHING' })).toBe(materialOf(resting));
  });

  it('of an interim state is that of its fills alone', () => {
    const pending = row(1, { phase: 'pending', status: 'MODIFY PENDING' });
    expect(materialOf({ ...pending, status: 'OPEN PENDING', price: 1 })).toBe(materialOf(pending));
    expect(materialOf({ ...pending, filledQuantity: 75 })).not.toBe(materialOf(pending));
  });
});

describe('a sketch', () => {
  const ids = fc.uniqueArray(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 300 }).map((all) => all.map(idOf));

  it('is the same for any order of its entries, and finds an entry that was added or changed', () => {
    fc.assert(
      fc.property(ids, fc.constantFrom(8, 32, 128), fc.string(), (all, buckets, content) => {
        const [first = '', ...rest] = all;
        const sketch = sketchOf(
          all.map((id) => entryOf(id)),
          buckets,
        );
        expect(
          sketchOf(
            [...all].reverse().map((id) => entryOf(id)),
            buckets,
          ),
        ).toBe(sketch);
        expect(
          bucketsThatDiffer(
            sketch,
            all.map((id) => entryOf(id)),
          ).size,
        ).toBe(0);
        expect(
          bucketsThatDiffer(
            sketch,
            rest.map((id) => entryOf(id)),
          ).size,
        ).toBe(1);
        if (content === '') return;
        expect(
          bucketsThatDiffer(
            sketch,
            all.map((id) => entryOf(id, id === first ? content : '')),
          ).size,
        ).toBe(1);
      }),
    );
  });

  it('never calls an id missing that is there, however many are new, and finds one that is not', () => {
    fc.assert(
      fc.property(ids, ids, (known, others) => {
        const sketch = sketchOf(known.map((id) => entryOf(id)));
        expect(missingFrom(sketch, new Set([...known, ...others])).size).toBe(0);
        expect(missingFrom(sketch, known.slice(1)).size).toBe(1);
      }),
    );
  });

  it('finds a missing id also where another one came in its place', () => {
    const sketch = sketchOf([entryOf(idOf(1))], 1);
    expect(missingFrom(sketch, [idOf(2)]).size).toBe(1);
    expect(missingFrom(sketch, [idOf(2), idOf(3)]).size).toBe(1);
    expect(missingFrom(sketch, [idOf(1), idOf(3)]).size).toBe(0);
  });
});

describe('news', () => {
  it('that were taken in are news no more, in whatever order they stand', () => {
    fc.assert(
      fc.property(anyBook, (orders) => {
        const day = new KnownDay();
        const look = lookAt(orders);
        day.take(newsOf(look, day.cursor()));
        expect(newsOf(look, day.cursor())).toBeNull();
        expect(newsOf({ ...look, orders: [...orders].reverse() }, day.cursor())).toBeNull();
      }),
    );
  });

  it('tell the day everything that matters, also where only a part of the book was known', () => {
    fc.assert(
      fc.property(anyBook, anyBook, (before, after) => {
        const day = new KnownDay();
        const ids = new Set(after.map(({ orderId }) => orderId));
        const kept = before.filter(({ orderId }) => !ids.has(orderId));
        day.take(newsOf(lookAt(before.filter(({ orderId }) => ids.has(orderId))), day.cursor()));
        const look = lookAt([...kept, ...after]);
        day.take(newsOf(look, day.cursor()));
        const ours = look.orders.filter(({ tag, phase, filledQuantity }) => {
          return tag !== 'APP' && (phase !== 'pending' || filledQuantity > 0);
        });
        for (const one of ours.filter(({ phase }) => phase !== 'pending'))
          expect(day.orders.get(one.orderId)).toMatchObject({ filledQuantity: one.filledQuantity, price: one.price });
        for (const one of ours) expect(day.orders.get(one.orderId)?.filledQuantity).toBe(one.filledQuantity);
        expect([...day.external]).toEqual(expect.arrayContaining(theirTrades(look)));
      }),
    );
  });

  const theirTrades = ({ orders }: Look) =>
    orders.filter(({ tag }) => tag === 'APP').flatMap((one) => one.fills.map(({ tradeId }) => tradeId));

  it('whose answer was lost come again', () => {
    fc.assert(
      fc.property(anyBook, (orders) => {
        const cursor = new KnownDay().cursor();
        expect(newsOf(lookAt(orders), cursor)).toEqual(newsOf(lookAt(orders), cursor));
      }),
    );
  });

  it('are rows that an activity has just returned only once they change again', () => {
    const day = new KnownDay();
    const ended = row(1, { phase: 'ended', status: 'COMPLETE' });
    const told = new Map([[ended.orderId, materialOf(ended)]]);
    expect(newsOf(lookAt([ended]), day.cursor(), { ...NOTHING, told })).toBeNull();
    const works = row(2);
    const toldOfIt = new Map([[works.orderId, materialOf(works)]]);
    expect(newsOf(lookAt([works]), day.cursor())?.rows).toEqual([works]);
    expect(newsOf(lookAt([works]), day.cursor(), { ...NOTHING, told: toldOfIt })).toBeNull();
    const filled = { ...ended, filledQuantity: 750, fills: fills(1, 750) };
    expect(newsOf(lookAt([filled]), day.cursor(), { ...NOTHING, told })?.rows).toEqual([filled]);
  });

  it('are no rows of long ago, whichever of those that activities have just returned have reached the day', () => {
    const refused = (number: number) => row(number, { phase: 'ended', status: 'REJECTED' });
    const before = Array.from({ length: 100 }, (_, index) => refused(index));
    const lately = Array.from({ length: 40 }, (_, index) => refused(200 + index));
    const told = new Map(lately.map((one) => [one.orderId, materialOf(one)]));
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (reached) => {
        const day = new KnownDay();
        for (const one of [...before, ...lately.filter((_, index) => reached[index])])
          day.orders.set(one.orderId, orderOf(one));
        expect(newsOf(lookAt([...before, ...lately]), day.cursor(), { ...NOTHING, told })).toBeNull();
        const other = row(300, { phase: 'ended', status: 'COMPLETE' });
        const look = lookAt([...before, ...lately, other]);
        expect(newsOf(look, day.cursor(), { ...NOTHING, told })?.rows).toContainEqual(other);
      }),
    );
  });

  it('are interim rows with a tag in doubt or settled as absent, and second rows of a tag', () => {
    const day = new KnownDay();
    const pending = row(1, { phase: 'pending', status: 'OPEN PENDING' });
    expect(newsOf(lookAt([pending]), day.cursor())).toBeNull();
    for (const phase of ['doubt', 'absent'] as const) {
      day.orders.set('x', { ...orderOf(pending), orderId: null, phase });
      expect(newsOf(lookAt([pending]), day.cursor())?.rows).toEqual([pending]);
    }
    day.orders.set('x', orderOf(row(1)));
    day.seen.add(idOf(1));
    const second = { ...row(2), tag: tagOf(1) };
    expect(newsOf(lookAt([row(1), second]), day.cursor())?.rows).toEqual([second]);
  });

  it('are no ended rows of a bucket from which the list has lost a known order', () => {
    const day = new KnownDay();
    const all = Array.from({ length: 300 }, (_, number) => row(number, { phase: 'ended', status: 'COMPLETE' }));
    day.take(newsOf(lookAt(all), day.cursor()));
    expect(day.orders.size).toBe(300);
    expect(newsOf(lookAt(all.slice(1)), day.cursor())).toBeNull();
  });

  it('are trades of other people alone, and only in contracts that are watched', () => {
    const day = new KnownDay();
    const theirs = row(1, { tag: null, phase: 'ended', filledQuantity: 75, fills: fills(1, 75) });
    const elsewhere = row(2, { tag: null, tradingsymbol: 'OTHER', filledQuantity: 75, fills: fills(2, 75) });
    const news = newsOf(lookAt([theirs, elsewhere]), day.cursor());
    expect(news?.externalTrades).toMatchObject([{ tradeId: 'T1', orderId: theirs.orderId, byBroker: false }]);
    expect(news?.rows).toEqual([]);
    const orphan = lookAt([elsewhere], { trades: tradesOf(theirs) });
    expect(newsOf(orphan, day.cursor())).toBeNull();
  });

  it('are live orders of the broker’s own square-off, once', () => {
    const day = new KnownDay();
    const theirs = row(1, { tag: null, placedAt: istAt(DATE, '15:25') });
    const look = lookAt([theirs, row(2, { tag: null })]);
    const news = newsOf(look, day.cursor());
    expect(news?.squareOffOrders).toEqual([theirs]);
    day.take(news);
    expect(newsOf(look, day.cursor())).toBeNull();
    expect(isBrokerSquareOff({ ...theirs, placedAt: istAt(DATE, '15:19') }, DATE)).toBe(false);
    expect(isBrokerSquareOff({ ...theirs, product: 'NRML' }, DATE)).toBe(false);
  });
});

describe('a cursor', () => {
  it('of 100 live orders, 10 doubts and a long day stays under 4 KB', () => {
    const day = new KnownDay();
    for (let number = 0; number < 1_000; number += 1) {
      const phase = number < 100 ? 'resting' : 'ended';
      day.orders.set(idOf(number), orderOf(row(number, { phase })));
      day.external.add(`T${number}`);
    }
    for (let number = 0; number < 10; number += 1)
      day.orders.set(`d${number}`, { ...orderOf(row(number)), orderId: null, phase: 'doubt' });
    expect(JSON.stringify(day.cursor()).length).toBeLessThan(4_096);
    expect(Object.keys(day.cursor().live)).toHaveLength(100);
    expect(day.cursor().doubts).toHaveLength(10);
  });

  it('leaves shares of other people’s orders out', () => {
    const day = new KnownDay();
    day.orders.set('x', { ...orderOf(row(1)), takenFrom: 'person' });
    expect(day.cursor()).toEqual(new KnownDay().cursor());
  });
});

describe('a look', () => {
  const book = [row(1), row(2, { filledQuantity: 75, fills: fills(2, 75) })];
  const day = new KnownDay();
  day.take(newsOf(lookAt(book), day.cursor()));

  it('is whole only with trades, positions and every row that was ever seen', () => {
    const cursor = day.cursor();
    expect(flawOf(lookAt(book), cursor, new Map())).toBeNull();
    expect(flawOf(lookAt(book, { trades: null }), cursor, new Map())).toMatch(/trades/);
    expect(flawOf(lookAt(book, { net: null }), cursor, new Map())).toMatch(/positions/);
    expect(flawOf(lookAt(book.slice(1)), cursor, new Map())).toMatch(/missing/);
    expect(flawOf(lookAt(book), cursor, new Map([[idOf(9), null]]))).toMatch(/missing/);
    expect(flawOf(lookAt(book, { trades: tradesOf(row(9, { fills: fills(9, 75) })) }), cursor, new Map())).toMatch(
      /not in the list/,
    );
  });

  it('is good only while the positions are what its trades make of the night’s', () => {
    expect(isGood(lookAt(book), day.cursor(), new Map())).toBe(true);
    expect(isGood(lookAt(book, { net: [] }), day.cursor(), new Map())).toBe(false);
  });
});

describe('an absence', () => {
  const doubts = [{ tag: tagOf(1), endedAt: AT }];
  const heard = () => hearDoubts(new Map(), doubts, 1_000);
  const looked = (watches: Map<string, DoubtWatch>, ...seconds: number[]) =>
    seconds.reduce(
      (known, second) => doubtsAfter(known, lookAt([], { beganMono: 1_000 + second * 1_000, beganWall: AT + 1 })),
      watches,
    );
  const isAbsent = (watches: Map<string, DoubtWatch>) => watches.get(tagOf(1))?.absent;

  it.each([
    [[3, 15], true],
    [[16, 17], true],
    [[2, 15], false],
    [[3, 14.9], false],
    [[20], false],
    [[2, 3, 4, 15], true],
  ])('after good looks at %j s is %s', (seconds, absent) => {
    expect(isAbsent(looked(heard(), ...seconds))).toBe(absent);
  });

  it('is not proven by a look with its tag, nor by one that began before the request had ended', () => {
    const shown = doubtsAfter(looked(heard(), 3), lookAt([row(1)], { beganMono: 20_000, beganWall: AT + 1 }));
    expect(isAbsent(shown)).toBe(false);
    const early = doubtsAfter(looked(heard(), 3), lookAt([], { beganMono: 20_000, beganWall: AT - 1 }));
    expect(isAbsent(early)).toBe(false);
  });

  it('is proven by two looks after the positions no longer hold it up, and by none before', () => {
    const held = hearDoubts(looked(heard(), 3), [{ tag: tagOf(1), endedAt: AT, held: true }], 5_000);
    expect(isAbsent(looked(held, 15, 16))).toBe(false);
    const free = hearDoubts(looked(held, 15, 16), doubts, 17_000);
    expect(isAbsent(looked(free, 17))).toBe(false);
    expect(isAbsent(looked(free, 17, 18))).toBe(true);
  });

  it('is measured anew after a later request with the same tag', () => {
    const again = hearDoubts(looked(heard(), 3, 15), [{ tag: tagOf(1), endedAt: AT + 20_000 }], 21_000);
    expect(isAbsent(again)).toBe(false);
    expect(isAbsent(hearDoubts(looked(heard(), 3, 15), doubts, 21_000))).toBe(true);
  });
});

describe('what was held overnight', () => {
  const held = (quantity: number, beganMono: number) =>
    lookAt([], {
      net: [
        { ...MAIN, quantity },
        { ...MAIN, product: 'NRML', quantity: 0 },
      ],
      beganMono,
    });

  it('is told when two looks 5 s apart say the same, or when it stays different for 10 s', () => {
    const first = overnightAfter(null, held(-75, 0));
    expect(overnightNews(first, null)).toBeNull();
    expect(overnightNews(overnightAfter(first, held(-75, 4_999)), null)).toBeNull();
    const settled = overnightAfter(first, held(-75, 5_000));
    expect(overnightNews(settled, null)).toEqual([{ ...MAIN, quantity: -75 }]);
    expect(overnightNews(settled, settled.hash)).toBeNull();
    expect(overnightNews(settled, 'other')).toBeNull();
    expect(overnightNews(overnightAfter(settled, held(-75, 10_000)), 'other')).toEqual([{ ...MAIN, quantity: -75 }]);
    expect(overnightNews(overnightAfter(settled, held(0, 10_000)), 'other')).toBeNull();
  });
});
