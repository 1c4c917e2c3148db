import { expect, it } from 'vitest';
import type { Day } from '../../workflows/day/day.ts';
import { newFacts } from '../../workflows/day/facts.ts';
import { externalOf, keepBaselines, recordExternalTrades } from '../../workflows/external/trades.ts';
import { DATE, HEDGE, LOT, MAIN, NOON, order, spread } from '../domain/control/builder.ts';

const trade = {
  ...{
    product: 'MIS',
    tradingsymbol: MAIN.tradingsymbol,
    orderId: 'K1',
    tag: null,
    side: 'BUY' as const,
    tradeId: 'X1',
  },
  ...{ quantity: LOT, price: 60_00, at: NOON + 60_000, byBroker: false },
} as const;

it('what others trade in a contract that one position has sold and another one bought is not theirs, though the two are nothing together', () => {
  const facts = newFacts({ identity: { mode: 'paper', account: 'a', run: 1, date: DATE }, clock: [] });
  const day = { facts } as Day;
  const other = spread({ id: 'P2', number: 2 }, { hedge: MAIN, main: HEDGE });
  facts.positions = [spread(), other];
  const bought = { positionId: 'P2', role: 'hedge', side: 'BUY', tradingsymbol: MAIN.tradingsymbol } as const;
  facts.orders = { M: order('M', { intendedAt: NOON }), H: order('H', { ...bought, intendedAt: NOON }) };
  keepBaselines(day);
  recordExternalTrades(day, [trade]);
  keepBaselines(day);
  expect(externalOf(facts, 'MIS', MAIN.tradingsymbol)).toMatchObject({ foreign: 0, before: 0 });
});
