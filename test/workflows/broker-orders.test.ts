/** Orders of the broker's own square-off beside what the ledger has of them already. */
import { expect, it } from 'vitest';
import type { BookRow, ExternalTrade } from '../../src/domain/book/book.ts';
import { nextActions } from '../../src/domain/control/index.ts';
import { Day } from '../../workflows/day/day.ts';
import { newFacts } from '../../workflows/day/facts.ts';
import { attribute, recordSquareOffOrders } from '../../workflows/external/attribution.ts';
import { recordExternalTrades } from '../../workflows/external/trades.ts';
import { applyRow } from '../../workflows/orders/ledger.ts';
import {
  at,
  CLOSE,
  DATE,
  hedged,
  ist,
  LAST_PLACEMENT,
  leaving,
  MAIN,
  OPEN,
  sold,
  spread,
  stopped,
} from '../domain/control/builder.ts';

const WHEN = ist(15, 20, 31);

/** Ten lots that are to be left, of which nothing of ours closes anything. */
function dayAt(
  positions = [leaving({}, { lots: 10 })],
  orders = [hedged('H', { quantity: 750 }), sold('M', { quantity: 750 })],
) {
  const facts = newFacts({ identity: { mode: 'paper', account: 'a', run: 1, date: DATE }, clock: [] });
  facts.positions.push(...positions);
  facts.orders = Object.fromEntries(orders.map((of) => [of.tag, of]));
  facts.timetable = { ...(facts.timetable ?? {}), open: OPEN, close: CLOSE, lastPlacement: LAST_PLACEMENT } as never;
  facts.sessionLives = true;
  return new Day(facts);
}

const rowOf = (of: Partial<BookRow>): BookRow => ({
  ...{ orderId: 'B1', tag: null, tradingsymbol: MAIN.tradingsymbol, product: 'MIS', side: 'BUY', quantity: 750 },
  ...{ status: 'OPEN', statusMessage: null, phase: 'working', orderType: 'MARKET', price: 0, triggerPrice: 0 },
  ...{ filledQuantity: 0, fills: [], placedAt: WHEN, ...of },
});
const tradeOf = (quantity: number, tradeId = 'T1'): ExternalTrade => ({
  ...{ tradeId, orderId: 'B1', tradingsymbol: MAIN.tradingsymbol, product: 'MIS', side: 'BUY', quantity },
  ...{ price: 40_00, at: WHEN, tag: null, byBroker: true },
});

/** What may still fill of the broker's order, by the ledger. */
const mayFill = (day: Day) => day.facts.orders['BROKER-B1-P1']?.quantity ?? 0;
const sent = (day: Day) =>
  day.facts.positions
    .flatMap((position) => nextActions(day.facts, position.id, at(WHEN)).actions)
    .filter((action) => action.do === 'send' && action.role === 'main');

it('one that is first seen filled in part may fill what is left of it, whether its trades are known before, with it, or after', () => {
  for (const filled of [450, 300]) {
    for (const when of ['before', 'with', 'after'] as const) {
      const day = dayAt();
      const trades = () => {
        recordExternalTrades(day, [tradeOf(filled)]);
        attribute(day);
      };
      if (when === 'before') trades();
      if (when === 'with') recordExternalTrades(day, [tradeOf(filled)]);
      recordSquareOffOrders(day, [rowOf({ filledQuantity: filled })]);
      attribute(day);
      if (when === 'after') {
        expect(mayFill(day)).toBe(750);
        trades();
      }
      expect({ when, left: mayFill(day) }).toEqual({ when, left: 750 - filled });
      expect(sent(day)).toEqual([]);
    }
  }
});

it('one that closes two positions may fill in each what it has not filled there', () => {
  const second = { ...leaving({}, { lots: 10 }), id: 'P2', number: 2 };
  const of = (id: string) => [
    hedged(`H${id}`, { quantity: 750, positionId: id }),
    sold(`M${id}`, { quantity: 750, positionId: id }),
  ];
  const day = dayAt([leaving({}, { lots: 10 }), second], [...of('P1'), ...of('P2')]);
  recordSquareOffOrders(day, [rowOf({ quantity: 1_500 })]);
  recordExternalTrades(day, [tradeOf(900)]);
  attribute(day);
  recordSquareOffOrders(day, [rowOf({ quantity: 1_500, filledQuantity: 900 })]);
  expect(mayFill(day)).toBe(0);
  expect(day.facts.orders['BROKER-B1-P2']?.quantity).toBe(600);
  expect(sent(day)).toEqual([]);
});

it('a stop of which a person has changed the quantity in Kite protects what it is for: the rest gets another one', () => {
  const stop = stopped('S', { quantity: 750 });
  const day = dayAt([spread({}, { lots: 10 })], [hedged('H', { quantity: 750 }), sold('M', { quantity: 750 }), stop]);
  const row = {
    orderId: stop.orderId ?? '',
    tag: 'S',
    phase: 'resting',
    status: 'TRIGGER PENDING',
    orderType: 'SL',
  } as const;
  const shown = { price: stop.price, triggerPrice: stop.triggerPrice };
  const seconds = at(ist(11, 15, 30));
  applyRow(day, rowOf({ ...row, ...shown, quantity: 75 }), WHEN);
  const actions = () => day.facts.positions.flatMap((position) => nextActions(day.facts, position.id, seconds).actions);
  expect(actions()).toMatchObject([{ do: 'send', purpose: 'stop', side: 'BUY', quantity: 675 }]);
  applyRow(day, rowOf({ ...row, ...shown, quantity: 1_500 }), WHEN);
  expect(actions()).toMatchObject([{ do: 'cancel', tag: 'S' }]);
});
