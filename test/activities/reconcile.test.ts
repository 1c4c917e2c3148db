import { afterEach, describe, expect, it } from 'vitest';
import type { Holding } from '../../src/contract/ledger.ts';
import { adoptedKey, makeTag } from '../../src/domain/tags.ts';
import { type Desk, HEDGE, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

/** A desk that has bought 75 of the hedge under a tag of its own. */
async function bought(): Promise<{ today: Desk; tag: string }> {
  desk = await openDesk();
  const { run, parts, intent, contract, eventually, exchange, identity } = desk;
  const { run: number, date } = identity;
  const tag = makeTag({ run: number, date, position: 1, role: 'hedge', purpose: 'entry', slice: 1, attempt: 1 });
  await run(() => parts.day.sendOrder(intent({ tag, side: 'BUY', role: 'hedge', contract: contract(HEDGE) })));
  await eventually('the fill', () => exchange.allOrders()[0]?.status === 'COMPLETE');
  return { today: desk, tag };
}

const hedge = (quantity: number): Holding => ({ tradingsymbol: HEDGE, product: 'MIS', quantity });
const main = (quantity: number): Holding => ({ tradingsymbol: MAIN, product: 'MIS', quantity });

const compare = (today: Desk, ours: Holding[], filled: Record<string, number>, foreign: Holding[] = []) =>
  today.run(() => today.parts.day.reconcile({ identity: today.identity, ours, foreign, filled, settled: [] }));

describe('ledger and broker', () => {
  it('agree when fills and holdings are the same', async () => {
    const { today, tag } = await bought();
    expect(await compare(today, [hedge(75)], { [tag]: 75 })).toEqual({
      ...{ differences: [], foreign: [], liveOrders: [] },
    });
  });

  it('differ when an order filled more than the ledger knows, though both are flat', async () => {
    const { today, tag } = await bought();
    today.exchange.foreignTrade({ tradingsymbol: HEDGE, product: 'MIS', side: 'SELL', quantity: 75 });
    const { differences } = await compare(today, [hedge(0)], { [tag]: 0 });
    expect(differences).toEqual([expect.stringMatching(new RegExp(`filled 75 .*${tag}.*ledger says 0`))]);
  });

  it('differ when an order carries our tag and the ledger has never heard of it', async () => {
    const { today, tag } = await bought();
    const seen = await compare(today, [], {});
    expect(seen.differences).toEqual([expect.stringContaining(tag)]);
  });

  it('agree where the order was another one than intended, and is in the ledger beside its intent', async () => {
    const { today, tag } = await bought();
    const orderId = today.exchange.allOrders()[0]?.orderId ?? '';
    const { differences } = await compare(today, [hedge(75)], { [tag]: 0, [adoptedKey(tag, orderId)]: 75 });
    expect(differences).toEqual([]);
  });

  it('differ when the broker holds less than the ledger says', async () => {
    const { today, tag } = await bought();
    const { differences } = await compare(today, [hedge(75), main(-75)], { [tag]: 75 });
    expect(differences).toEqual([`Zerodha holds 0 ${MAIN} (MIS), the ledger says -75.`]);
  });

  it('tell foreign positions, and agree beside them', async () => {
    const { today, tag } = await bought();
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'NRML', side: 'SELL', quantity: 150 });
    today.exchange.foreignTrade({ tradingsymbol: HEDGE, product: 'MIS', side: 'BUY', quantity: 225 });
    const foreign = [hedge(225)];
    const seen = await compare(today, [hedge(75)], { [tag]: 75 }, foreign);
    expect(seen.differences).toEqual([]);
    expect(seen.foreign).toHaveLength(2);
    expect(seen.foreign).toEqual(
      expect.arrayContaining([hedge(225), { tradingsymbol: MAIN, product: 'NRML', quantity: -150 }]),
    );
  });

  it('differ when our contract was traded elsewhere after the day began', async () => {
    const { today, tag } = await bought();
    today.exchange.foreignTrade({ tradingsymbol: HEDGE, product: 'MIS', side: 'SELL', quantity: 75 });
    const { differences } = await compare(today, [hedge(75)], { [tag]: 75 });
    expect(differences).toEqual([`Zerodha holds 0 ${HEDGE} (MIS), the ledger says 75.`]);
  });

  it('name our live orders', async () => {
    const { today, tag } = await bought();
    const { run, date } = today.identity;
    const of = { run, date, position: 1, role: 'main', purpose: 'entry', slice: 1, attempt: 1 } as const;
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN });
    const open = makeTag(of);
    await today.run(() => today.parts.day.sendOrder(today.intent({ tag: open, side: 'SELL' })));
    expect((await compare(today, [hedge(75)], { [tag]: 75, [open]: 0 })).liveOrders).toEqual([open]);
  });
});
