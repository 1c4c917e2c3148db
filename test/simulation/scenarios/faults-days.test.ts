import { expect, it } from 'vitest';
import { isLive, netOf } from '../book.ts';
import { HEDGE, MAIN, played } from '../scenario.ts';

const movedExpiry = played({ coarse: true, plan: { exitPolicy: 'weekly' } }, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  const monday = await day.ended();
  const effect = { do: 'moved_expiry', from: '2025-07-17', to: '2025-07-16' } as const;
  world.faults.add({ kind: 'expiry.moved', calls: ['optionContracts'], effect });
  await day.nextDay();
  const [from, to] = [day.time('08:45'), day.time('15:30')];
  const tuesday = await day.ended();
  await day.nextDay();
  await day.at('15:14:50');
  const net = () => [netOf(exchange, MAIN), netOf(exchange, HEDGE)];
  const before = net();
  await day.at('15:16');
  const named = day.pages(from, to).filter(({ text }) => /2025-07-16|16 July/.test(text));
  return {
    results: [monday.result, tuesday.result],
    met: day.used('expiry.moved'),
    before,
    named: named.length,
    after: net(),
  };
});

it('a position is carried over two nights, and from Tuesday on its contracts are listed with an earlier expiry', async () => {
  const { results, met, before } = await movedExpiry();
  expect(results).toEqual(['carried', 'carried']);
  expect(met).toBeGreaterThan(0);
  expect(before).toEqual([-750, 750]);
});

it('F3: it is bought back at 15:15 of its new expiry, and the day before names it and the date in a page', async () => {
  const { after, named } = await movedExpiry();
  expect({ after, named: named > 0 }).toEqual({ after: [0, 0], named: true });
});

const lateCancel = played({ coarse: true, plan: { exitPolicy: 'weekly' } }, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  // Lists show what they showed shortly before the close until ten seconds after it.
  await day.at('15:28:50');
  world.faults.add({
    kind: 'orders.frozen',
    calls: ['orders', 'orderHistory'],
    effect: { do: 'frozen' },
    forMs: 80_000,
  });
  await day.at('15:30:01');
  const atClose = { live: day.orders().filter(isLive).length, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
  const report = await day.ended();
  return { met: day.used('orders.frozen'), atClose, report };
});

it('a position is carried, and for ten seconds after the close the broker still shows its stop', async () => {
  const { met, atClose } = await lateCancel();
  expect(met).toBeGreaterThan(0);
  expect(atClose).toEqual({ live: 0, net: [-750, 750] });
});

it('F11: a stop that the broker cancels some seconds after the close leaves the day carried', async () => {
  const { report } = await lateCancel();
  expect({ result: report.result, differences: report.differences }).toEqual({ result: 'carried', differences: [] });
});

const settledLate = played({ coarse: true, plan: { exitPolicy: 'weekly' } }, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  for (let nights = 0; nights < 3; nights += 1) {
    await day.ended();
    await day.nextDay();
  }
  await day.at('15:14:50');
  exchange.addFault({ kind: 'no_liquidity', count: 1, side: 'bids', tradingsymbol: HEDGE });
  await day.at('15:28:50');
  const effect = { do: 'frozen' } as const;
  exchange.addFault({ kind: 'drop_order_update', count: 100 });
  world.faults.add({ kind: 'orders.frozen', calls: ['orders', 'orderHistory'], effect, forMs: 11 * 60_000 + 20_000 });
  await day.at('15:30:01');
  const unsold = day.orders().filter(({ tradingsymbol, side }) => tradingsymbol === HEDGE && side === 'SELL');
  const report = await day.ended();
  return { met: day.used('orders.frozen'), unsold: unsold.map(({ status }) => status), report };
});

it('a hedge finds no buyer on its expiry day, and the broker still shows its sale as open when the official close is out', async () => {
  const { met, unsold } = await settledLate();
  expect(met).toBeGreaterThan(0);
  expect(unsold).toEqual(['CANCELLED']);
});

it('F11: what is left of a sale that died with the market is settled, and the day ends flat', async () => {
  const { report } = await settledLate();
  expect({ result: report.result, differences: report.differences }).toEqual({ result: 'flat', differences: [] });
  expect(report.trades.map(({ tag }) => tag)).toContainEqual(expect.stringContaining('SETTLED'));
});
