/** What leaves nothing in the history changes nothing: a worker that is shown the history sees the same day. */
import { expect, it } from 'vitest';
import { virtualNow } from '../../../src/simulation/virtual-time.ts';
import { HEDGE, played } from '../scenario.ts';

/** The machine sleeps while the stop is sent. A command expires meanwhile, and is refused in the workflow task of a signal, when a page is due. */
const refusedWithASignal = played({}, async (day) => {
  const { world } = day;
  let asleep = false;
  world.hooks.add((point) => {
    if (asleep || point.kind !== 'call' || point.point !== 'leaves' || point.call.order?.orderType !== 'SL') return;
    asleep = true;
    world.stop(day.product.process, 120_000, true);
  });
  await day.until('the stop is on its way', () => asleep);
  const order = { symbol: HEDGE, side: 'BUY', quantity: 75, orderType: 'MARKET', price: null, triggerPrice: null };
  const command = { order: { ...order, product: null }, key: null, checkOnly: false, by: 'test' };
  const refused: unknown[] = [];
  day.execution.update('placeOrder', [{ ...command, expiresAt: virtualNow() + 8_000 }]).catch((error: unknown) => {
    refused.push(error);
  });
  await day.pass(60_000);
  day.start();
  await day.pass(80_000);
  await day.execution.evict();
  await day.pass(60_000);
  return { refused: refused.length, failures: world.taskFailures };
});

it('a command that is refused in the workflow task of a signal is none for a worker that begins anew', async () => {
  expect(await refusedWithASignal()).toEqual({ refused: 1, failures: [] });
});
