import { expect, it } from 'vitest';
import type { Leg, Order } from '../../src/domain/control/facts.ts';
import type { Day } from '../../workflows/day/day.ts';
import { othersKnown } from '../../workflows/orders/outcomes.ts';

const exit = {
  ...{ positionId: 'P1', tradingsymbol: 'MAIN', product: 'MIS', side: 'BUY', purpose: 'exit' },
  ...{ phase: 'in_flight', status: 'INTENDED' },
} as Order;
const overtaken = (count: number) =>
  Array.from({ length: count }, (): Order => ({ ...exit, phase: 'not_sent', status: 'OVERTAKEN' }));

const known = (before: readonly Order[], of: Partial<Order> = {}) => {
  const orders = Object.fromEntries([...before, exit].map((order, index) => [`X${index}`, order]));
  const trades = [
    { side: 'BUY', quantity: 150 },
    { side: 'SELL', quantity: 75 },
  ];
  const external = [
    { product: 'NRML', tradingsymbol: 'MAIN', trades: [{ side: 'BUY', quantity: 300 }] },
    { product: 'MIS', tradingsymbol: 'MAIN', trades },
    { product: 'MIS', tradingsymbol: 'HEDGE', trades: [{ side: 'SELL', quantity: 150 }] },
  ];
  const legs = [
    { opens: 'BUY', contract: { tradingsymbol: 'HEDGE' } },
    { opens: 'SELL', contract: { tradingsymbol: 'MAIN' } },
  ] as Leg[];
  return othersKnown({ facts: { orders, external } } as unknown as Day, { legs }, { ...exit, ...of });
};
const bought = (tradingsymbol: string, traded: number) => ({ others: [{ tradingsymbol, side: 'BUY', traded }] });

it('an exit goes with what others have traded in its contract as far as the day has heard', () => {
  expect(known([])).toEqual(bought('MAIN', 75));
  expect(known([], { tradingsymbol: 'OTHER' })).toEqual(bought('OTHER', 0));
});

it('what is sold to open goes with what they have sold of its hedge', () => {
  const others = [{ tradingsymbol: 'HEDGE', side: 'SELL', traded: -150 }];
  expect(known([], { purpose: 'entry', side: 'SELL' })).toEqual({ others });
  expect(known([], { purpose: 'entry' })).toEqual({});
});

it('an exit that was overtaken four times in a row goes all the same', () => {
  expect(known(overtaken(3))).toEqual(bought('MAIN', 75));
  expect(known(overtaken(4))).toEqual({});
  expect(known([...overtaken(4), { ...exit, phase: 'ended', status: 'REJECTED' }])).toEqual(bought('MAIN', 75));
});
