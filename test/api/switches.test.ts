import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { restingStop } from './fixtures/day-facts.ts';

let program: ApiProgram;
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => program.freshAccount());

const lastSignal = async () => (await program.received()).at(-1);

describe('POST /live/hands-off', () => {
  it('is switched on by the account’s name, and shown with its time and by whom', async () => {
    await program.openDay();
    const { account } = await program.identity();
    const answer = await program.post('/live/hands-off', { on: true, confirm: account });
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { hands_off: { by: 'the API', since: expect.stringContaining('+05:30') }, command: { changed: true } },
    ]);
    expect(await lastSignal()).toMatchObject({ signal: 'handsOff', payload: { on: true, confirm: account } });
  });

  it.each([undefined, 'another'])('confirmed with %s is refused in words, and nothing is sent', async (confirm) => {
    await program.openDay();
    const { account } = await program.identity();
    const answer = await program.post('/live/hands-off', { on: true, ...(confirm ? { confirm } : {}) });
    expect([answer.status, answer.body]).toMatchObject([
      422,
      { error: { code: 'invalid_value', message: expect.stringContaining(account) } },
    ]);
    expect(await program.received()).toEqual([]);
  });

  it('is switched off without a name', async () => {
    await program.openDay({ handsOff: { by: 'the API', since: 0 } });
    expect(await program.post('/live/hands-off', { on: false })).toMatchObject({
      status: 200,
      body: { hands_off: null },
    });
  });

  it('without a day answers 409 no_day', async () => {
    expect(await program.post('/live/hands-off', { on: false })).toMatchObject({
      status: 409,
      body: { error: { code: 'no_day' } },
    });
  });

  it('refuses manual orders with its code', async () => {
    await program.openDay();
    await program.change({ orders: { refused: 'hands_off', message: 'hands off: no order is sent from here' } });
    const order = { symbol: 'NIFTY2571725000PE', transaction_type: 'BUY', quantity: 75, order_type: 'MARKET' };
    expect(await program.post('/live/place-order', order)).toMatchObject({
      status: 409,
      body: { error: { code: 'hands_off' } },
    });
  });
});

describe('POST /live/settle-order', () => {
  const doubtful = { ...restingStop(), tag: 'R001D25071401ME01001', phase: 'doubt' as const, status: 'IN DOUBT' };

  it('ends the doubt of an order that Kite does not have', async () => {
    await program.openDay({ orders: [doubtful] });
    const answer = await program.post('/live/settle-order', { tag: doubtful.tag, found: false });
    expect([answer.status, answer.body]).toMatchObject([200, { command: { changed: true } }]);
    expect(await lastSignal()).toMatchObject({ signal: 'settleOrder', payload: { tag: doubtful.tag, found: false } });
    const { orders } = (await program.get('/live/orders')).body;
    expect(orders).toMatchObject([{ status: 'ABSENT', phase: 'absent', over: true }]);
  });

  it('ends an order too that Zerodha took and no list has ever shown, as its page says', async () => {
    const taken = { ...doubtful, phase: 'accepted' as const, status: 'SENT' };
    await program.openDay({ orders: [taken] });
    const answer = await program.post('/live/settle-order', { tag: taken.tag, found: false });
    expect([answer.status, answer.body]).toMatchObject([200, { command: { changed: true } }]);
    const { orders } = (await program.get('/live/orders')).body;
    expect(orders).toMatchObject([{ status: 'ABSENT', phase: 'absent', over: true }]);
  });

  it('leaves it in doubt where Kite has it, and says so', async () => {
    await program.openDay({ orders: [doubtful] });
    const answer = await program.post('/live/settle-order', { tag: doubtful.tag, found: true });
    expect([answer.status, answer.body]).toMatchObject([200, { command: { changed: false } }]);
  });

  it('is 404 for a tag that the day does not know, 409 for an order that is not in doubt; nothing is sent', async () => {
    await program.openDay({ orders: [restingStop()] });
    expect(await program.post('/live/settle-order', { tag: 'no-such', found: false })).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown_order' } },
    });
    expect(await program.post('/live/settle-order', { tag: restingStop().tag, found: false })).toMatchObject({
      status: 409,
      body: { error: { code: 'not_in_doubt', message: expect.stringContaining('trigger pending') } },
    });
    expect(await program.received()).toEqual([]);
  });

  it('repeated by its key answers what the first came to', async () => {
    await program.openDay({ orders: [doubtful] });
    const settle = () =>
      program.call('POST', '/live/settle-order', { tag: doubtful.tag, found: false }, { 'idempotency-key': 'once' });
    await settle();
    expect(await settle()).toMatchObject({ status: 200, body: { command: { id: 'settle:once', changed: true } } });
  });
});

describe('GET /live/status', () => {
  it('shows the pages that are out', async () => {
    const page = { cause: 'unprotected', subject: 'P1', text: 'P1: 750 short, no stop rests.', since: 0 };
    await program.openDay({ pages: [{ id: 'unprotected:P1', ...page, deliveredAt: null }] });
    expect((await program.get('/live/status')).body).toMatchObject({
      hands_off: null,
      pages: [{ ...page, id: 'unprotected:P1', since: '1970-01-01T05:30:00+05:30', delivered_at: null }],
    });
  });
});
