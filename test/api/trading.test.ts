import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statusView } from '../../src/api/schemas.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';

let program: ApiProgram;
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => program.freshAccount());

const SEED_BODY = { enabled: true, lot_size: 75, num_lots: 10, use_hedging: true, max_positions: 3 };
const lastSignal = async () => (await program.received()).at(-1);

describe('POST /live/start-trading', () => {
  it('takes the body of the original system and answers the status with the plan in force', async () => {
    await program.post('/live/auth/complete', { request_token: 'rt' });
    const answer = await program.post('/live/start-trading', SEED_BODY);
    expect(answer.status).toBe(200);
    expect(statusView.parse(answer.body)).toMatchObject({
      state: 'trading',
      enabled: true,
      authenticated: true,
      plan: {
        lot_size: 75,
        num_lots: 10,
        use_hedging: true,
        max_positions: 3,
        exit_policy: 'intraday',
        weekly_exit_day: null,
        max_loss_per_trade: 25_000,
        max_loss_per_day: 50_000,
        max_capital_at_risk: 500_000,
        target: null,
        allow_unhedged: false,
        hedge_distance: 200,
        signals: ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'],
      },
    });
  });

  it('keeps money in paise inside, to the paisa', async () => {
    await program.openDay();
    await program.post('/live/start-trading', { max_loss_per_trade: 19_999.99, hedge_distance: 150, target: 0.8 });
    expect(await lastSignal()).toMatchObject({
      signal: 'startTrading',
      payload: { plan: { maxLossPerTrade: 19_999_99, hedgeDistance: 150_00, target: 0.8, lotSize: 75 }, by: 'the API' },
    });
  });

  it('without a body takes the defaults and the lot of the day', async () => {
    await program.openDay();
    const answer = await program.post('/live/start-trading');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ plan: { lot_size: 75, num_lots: 10 } });
  });

  it('opens a day that nobody has opened; nothing trades before the login', async () => {
    const answer = await program.post('/live/start-trading', SEED_BODY);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ state: 'awaiting_auth', enabled: true, authenticated: false });
    expect(program.opened).toHaveLength(1);
  });

  it('refuses a lot size that is not the one of the day, and names the right one', async () => {
    await program.openDay();
    const answer = await program.post('/live/start-trading', { ...SEED_BODY, lot_size: 65 });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ error: { code: 'lot_size_mismatch', details: { lot_size: 75, sent: 65 } } });
    expect(await program.received()).toEqual([]);
  });

  it.each([
    [{ enabled: 'yes' }, 400, 'malformed'],
    [{ num_lots: '10' }, 400, 'malformed'],
    [{ num_lot: 10 }, 400, 'unknown_field'],
    ['[]', 400, 'malformed'],
    ['{', 400, 'malformed'],
    [{ num_lots: 0 }, 422, 'invalid_value'],
    [{ num_lots: 1.5 }, 400, 'malformed'],
    [{ max_loss_per_day: -1 }, 422, 'invalid_value'],
    [{ signals: ['S9'] }, 422, 'invalid_value'],
    [{ signals: [] }, 422, 'invalid_value'],
    [{ hedge_distance: 120 }, 422, 'invalid_value'],
    [{ weekly_exit_day: 6 }, 422, 'invalid_value'],
    [{ use_hedging: false }, 422, 'unhedged_not_allowed'],
    [{ max_loss_per_trade: 60_000 }, 422, 'limit_exceeded'],
  ])('refuses %j with %i %s, and nothing is sent', async (body, status, code) => {
    await program.openDay();
    const answer = await program.post('/live/start-trading', body);
    expect([answer.status, answer.body]).toMatchObject([status, { error: { code, message: expect.any(String) } }]);
    expect(await program.received()).toEqual([]);
  });

  it('says what to send where the body is no JSON', async () => {
    const answer = await program.post('/live/start-trading', '{"num_lots": 10');
    expect(answer.body).toMatchObject({ error: { message: expect.stringMatching(/JSON object, such as/) } });
  });

  it('refuses a body that is too large, and the next command on the same connections is taken', async () => {
    await program.openDay();
    expect(await program.post('/live/start-trading', 'x'.repeat(3_000_000))).toMatchObject({ status: 413 });
    for (let times = 0; times < 5; times += 1)
      expect(await program.post('/live/close-position/P9')).toMatchObject({ status: 404 });
  });

  it('refuses a body that does not say it is JSON, instead of starting with the defaults', async () => {
    await program.openDay();
    const answer = await program.call('POST', '/live/start-trading', '{"num_lots":1}', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([answer.status, answer.body]).toMatchObject([400, { error: { code: 'malformed' } }]);
    expect(await program.received()).toEqual([]);
  });

  it('enabled false is a stop', async () => {
    await program.openDay();
    const answer = await program.post('/live/start-trading', { enabled: false });
    expect(answer.body).toMatchObject({ state: 'stopped', enabled: false });
    expect(await lastSignal()).toMatchObject({ signal: 'stopTrading', payload: { closePositions: false } });
  });

  it('on a holiday is refused with the next trading day', async () => {
    program.setClock('2025-07-12', '10:00');
    expect(await program.post('/live/start-trading', SEED_BODY)).toMatchObject({
      status: 409,
      body: { error: { code: 'market_closed', details: { next_trading_day: '2025-07-14' } } },
    });
  });

  it.each(['emergency', 'day loss limit'])('is refused while entries are off: %s', async (entriesOff) => {
    await program.openDay({ entriesOff });
    expect(await program.post('/live/start-trading', SEED_BODY)).toMatchObject({
      status: 409,
      body: { error: { code: 'entries_off', message: expect.stringContaining(entriesOff) } },
    });
    expect(await program.received()).toEqual([]);
  });

  it('after the end of the day is refused', async () => {
    await program.openDay();
    await program.endDay();
    expect(await program.post('/live/start-trading', SEED_BODY)).toMatchObject({
      status: 409,
      body: { error: { code: 'day_over' } },
    });
  });
});

describe('POST /live/stop-trading', () => {
  it('stops entries and leaves positions guarded, unless it is told to close them', async () => {
    await program.openDay();
    await program.post('/live/stop-trading', {});
    expect(await lastSignal()).toMatchObject({ signal: 'stopTrading', payload: { closePositions: false } });
    await program.post('/live/stop-trading', { close_positions: true });
    expect(await lastSignal()).toMatchObject({ signal: 'stopTrading', payload: { closePositions: true } });
  });

  it('answers what came of it, under the key of the caller', async () => {
    await program.openDay();
    const headers = { 'idempotency-key': 'mine' };
    const answer = await program.call('POST', '/live/stop-trading', {}, headers);
    expect(answer.body).toMatchObject({
      state: 'stopped',
      command: { id: 'stop:mine', changed: true, message: 'stop was done.' },
    });
  });

  it('without a day answers 409 no_day', async () => {
    expect(await program.post('/live/stop-trading', {})).toMatchObject({
      status: 409,
      body: { error: { code: 'no_day' } },
    });
  });
});

describe('POST /live/acknowledge', () => {
  const warning = {
    id: 'foreign:MIS:X',
    code: 'foreign_position',
    message: 'x',
    since: 0,
    blocksEntries: true,
  } as const;

  it('takes all warnings by default, or those that are named', async () => {
    await program.openDay({ warnings: [warning] });
    expect((await program.post('/live/acknowledge')).status).toBe(200);
    expect(await lastSignal()).toMatchObject({ signal: 'acknowledge', payload: { ids: 'all' } });
    await program.post('/live/acknowledge', { ids: [warning.id] });
    expect(await lastSignal()).toMatchObject({ payload: { ids: [warning.id] } });
  });

  it('an unknown one is 404, and nothing is taken', async () => {
    await program.openDay({ warnings: [warning] });
    const answer = await program.post('/live/acknowledge', { ids: [warning.id, 'no-such'] });
    expect([answer.status, answer.body]).toMatchObject([404, { error: { code: 'unknown_warning' } }]);
    expect(await program.received()).toEqual([]);
  });
});
