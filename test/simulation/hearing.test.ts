/** What the judge takes for unknown to the product: a change of the book that nothing has told of, while nothing can. */
import { describe, expect, it } from 'vitest';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { Hearing } from '../../src/simulation/invariants/hearing.ts';
import type { Point, World } from '../../src/simulation/world/world.ts';

const STOP = 'R001D25071401MS01001';

/** A stop that rests, and has been listed so; the list stands still since. */
function listening() {
  const hooks = new Set<(point: Point) => void>();
  const listeners: ((order: SimOrder) => void)[] = [];
  const updates: ((order: SimOrder) => void)[] = [];
  let hidden = false;
  let delayed = false;
  const hearing = new Hearing({
    ...{ hooks, faults: { hides: () => hidden, delays: () => delayed } },
    exchange: { onOrder: (listener: (order: SimOrder) => void) => listeners.push(listener) },
    ticker: { onUpdate: (listener: (order: SimOrder) => void) => updates.push(listener) },
  } as unknown as World);
  const order = (status: string, filledQuantity = 0, tag: string | null = STOP) =>
    ({ orderId: tag ?? 'other', tag, status, filledQuantity, tradingsymbol: 'PE', product: 'MIS' }) as SimOrder;
  const becomes = (of: SimOrder) => {
    for (const listener of listeners) listener(of);
  };
  const answers = (name: string, answer: unknown) => {
    for (const hook of hooks) hook({ kind: 'call', point: 'answered', call: { name }, answer } as unknown as Point);
  };
  becomes(order('TRIGGER PENDING'));
  answers('orders', [order('TRIGGER PENDING')]);
  hidden = true;
  const shows = () => {
    hidden = false;
  };
  const slows = () => {
    delayed = true;
  };
  const update = (of: SimOrder) => {
    for (const listener of updates) listener(of);
  };
  return { hearing, order, becomes, answers, update, shows, slows, isDeaf: () => hearing.isDeafTo('P1') };
}

describe('a change of the book', () => {
  it('is unknown while the list stands still', () => {
    const { order, becomes, answers, isDeaf, hearing } = listening();
    expect(isDeaf()).toBe(false);
    becomes(order('CANCELLED'));
    answers('orders', [order('TRIGGER PENDING')]);
    expect([isDeaf(), hearing.isDeafTo('P2'), hearing.isDeafToOthers('MIS PE')]).toEqual([true, false, false]);
  });

  it('is to be known from when the list could tell of it, whether anybody reads it or not', () => {
    const { order, becomes, shows, isDeaf } = listening();
    becomes(order('CANCELLED'));
    shows();
    expect(isDeaf()).toBe(false);
  });

  it.each<[string, string, (of: ReturnType<typeof listening>) => void]>([
    ['an update of the ticker', 'CANCELLED', ({ update, order }) => update(order('CANCELLED'))],
    ['a list', 'CANCELLED', ({ answers, order }) => answers('orders', [order('CANCELLED')])],
    ['its own history', 'CANCELLED', ({ answers, order }) => answers('orderHistory', [order('CANCELLED')])],
    ['its trades', 'COMPLETE', ({ answers }) => answers('trades', [{ tradeId: '1', orderId: STOP, quantity: 75 }])],
  ])('is known by %s', (_name, status, tell) => {
    const of = listening();
    of.becomes(of.order(status, status === 'COMPLETE' ? 75 : 0));
    expect(of.isDeaf()).toBe(true);
    tell(of);
    expect(of.isDeaf()).toBe(false);
  });

  it('is not known by an update while the list that it asks for is answered late', () => {
    const { order, becomes, update, slows, isDeaf } = listening();
    slows();
    becomes(order('CANCELLED'));
    update(order('CANCELLED'));
    expect(isDeaf()).toBe(true);
  });

  it('is not known by the trades of an order that was cancelled after them, nor by an update of before', () => {
    const { order, becomes, answers, update, isDeaf } = listening();
    becomes(order('CANCELLED', 75));
    answers('trades', [{ tradeId: '1', orderId: STOP, quantity: 75 }]);
    update(order('TRIGGER PENDING'));
    expect(isDeaf()).toBe(true);
  });

  it('of others concerns their contract', () => {
    const { order, becomes, hearing, isDeaf } = listening();
    becomes(order('COMPLETE', 75, null));
    expect([isDeaf(), hearing.isDeafToOthers('MIS PE'), hearing.isDeafToOthers('MIS CE')]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
