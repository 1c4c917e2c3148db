import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statusView } from '../../src/api/schemas.ts';
import { COMMAND_EXPIRES_MS } from '../../workflows/messages.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { flatReport, openPosition, restingStop, TIMETABLE } from './fixtures/day-facts.ts';

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
    [{ exit_policy: 'weekly' }, 422, 'not_supported'],
  ])('refuses %j with %i %s, and nothing is sent', async (body, status, code) => {
    await program.openDay();
    const answer = await program.post('/live/start-trading', body);
    expect([answer.status, answer.body]).toMatchObject([status, { error: { code, message: expect.any(String) } }]);
    expect(await program.received()).toEqual([]);
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

describe('POST /live/close-position/{id}', () => {
  it('answers the closed position', async () => {
    await program.openDay({ positions: [openPosition()] });
    const answer = await program.post('/live/close-position/P1');
    expect([answer.status, answer.body]).toMatchObject([200, { id: 'P1', state: 'closed' }]);
  });

  it('answers 202 and where it stands when it takes longer than ten seconds', async () => {
    await program.openDay({ positions: [openPosition()] });
    await program.change({ closesPositions: false });
    const started = Date.now();
    const answer = await program.post('/live/close-position/P1');
    expect([answer.status, answer.body]).toMatchObject([202, { id: 'P1', state: 'open' }]);
    expect(Date.now() - started).toBeLessThan(14_000);
  });

  it('an unknown one is 404, a closed one 409', async () => {
    await program.openDay({ positions: [openPosition('P1', { state: 'closed' })] });
    expect(await program.post('/live/close-position/P9')).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown_position' } },
    });
    expect(await program.post('/live/close-position/P1')).toMatchObject({
      status: 409,
      body: { error: { code: 'already_closed' } },
    });
  });

  it('without a day is 404, after its end 409', async () => {
    expect((await program.post('/live/close-position/P1')).status).toBe(404);
    await program.openDay();
    await program.endDay();
    expect(await program.post('/live/close-position/P1')).toMatchObject({
      status: 409,
      body: { error: { code: 'day_over' } },
    });
  });
});

describe('POST /live/close-all', () => {
  it('names what is being closed', async () => {
    await program.openDay({ positions: [openPosition('P1'), openPosition('P2', { state: 'closed' })] });
    const answer = await program.post('/live/close-all');
    expect([answer.status, answer.body]).toEqual([200, { closing: ['P1'], already_flat: false }]);
    expect(await lastSignal()).toMatchObject({ signal: 'closeAll', payload: { by: 'the API' } });
  });

  it('when nothing is open still switches entries off, and says so', async () => {
    await program.openDay();
    expect((await program.post('/live/close-all', {})).body).toEqual({ closing: [], already_flat: true });
    expect(await lastSignal()).toMatchObject({ signal: 'closeAll' });
  });

  it('is not flat while an order of ours may still trade', async () => {
    await program.openDay({ orders: [restingStop()] });
    expect((await program.post('/live/close-all')).body).toMatchObject({ already_flat: false });
  });
});

describe('without a worker', () => {
  it('questions are answered 503, close-all is kept and answered 202, and an unconfirmed close never happens', async () => {
    await program.openDay({ positions: [openPosition()], timetable: TIMETABLE });
    await program.stopWorker();
    try {
      expect(await program.get('/live/status')).toMatchObject({
        status: 503,
        body: { error: { code: 'worker_away' } },
      });
      expect(await program.call('GET', '/health')).toMatchObject({
        status: 503,
        body: { status: 'down', worker: 'down', temporal: 'up', error: { message: expect.stringContaining('worker') } },
      });
      const sent = Date.now();
      const [emergency, close] = await Promise.all([
        program.post('/live/close-all'),
        program.post('/live/close-position/P1'),
      ]);
      expect([emergency.status, emergency.body]).toMatchObject([202, { accepted: true }]);
      expect([close.status, close.body]).toMatchObject([503, { error: { code: 'worker_away' } }]);
      expect(Date.now() - sent).toBeGreaterThan(COMMAND_EXPIRES_MS);
    } finally {
      await program.startWorker();
    }
    await expect.poll(async () => (await program.get('/live/positions')).status, { timeout: 15_000 }).toBe(200);
    expect((await program.received()).map(({ signal }) => signal)).toEqual(['closeAll']);
    expect((await program.get('/live/positions')).body).toMatchObject({ positions: [{ id: 'P1', state: 'open' }] });
  }, 60_000);
});

describe('GET /live/report/{date}', () => {
  it('is the report of the journal, in rupees', async () => {
    const identity = await program.identity();
    await program.journal.saveReport(flatReport(identity));
    const answer = await program.get('/live/report/2025-07-14');
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        date: '2025-07-14',
        result: 'flat',
        trades: [
          {
            order_id: '250714000000001',
            tag: '0714P1HE11',
            tradingsymbol: 'NIFTY2571724800PE',
            transaction_type: 'BUY',
            quantity: 750,
            price: 23.05,
            at: '2025-07-14T11:15:03+05:30',
          },
        ],
        charges: { brokerage: 80, stt: 60, transaction: 29.11, sebi: 0.08, stamp: 0.52, gst: 19.65, total: 189.36 },
        pnl: { gross: -1050.99, charges: 189.36, net: -1240.35 },
        decisions: [],
        reconciled: true,
      },
    ]);
  });

  it.each([
    ['2025-07-15', 404, 'no_report'],
    ['14-07-2025', 422, 'invalid_value'],
  ])('of %s is %i %s', async (date, status, code) => {
    expect(await program.get(`/live/report/${date}`)).toMatchObject({ status, body: { error: { code } } });
  });

  it('of a day that runs is not there yet', async () => {
    await program.openDay();
    const answer = await program.get('/live/report/2025-07-14');
    expect([answer.status, answer.body]).toMatchObject([
      404,
      { error: { code: 'no_report', message: expect.stringContaining('still runs') } },
    ]);
  });
});
