import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { flatReport, HEDGE_TOKEN, MAIN_TOKEN, openPosition, restingStop, TIMETABLE } from './fixtures/day-facts.ts';

let program: ApiProgram;
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => program.freshAccount());

describe('GET /live/status', () => {
  it('before anybody opened the day says no_day', async () => {
    expect((await program.get('/live/status')).body).toMatchObject({
      date: '2025-07-14',
      mode: 'replay',
      state: 'no_day',
      no_day: 'No trading day is open. A login or start-trading opens it.',
      enabled: false,
      authenticated: false,
      market_time: '2025-07-14T11:42:07+05:30',
      market_open: true,
      plan: null,
      open_positions: 0,
      pnl: { realised: 0, unrealised: 0, charges: 0, net: 0 },
    });
  });

  it('after the close of a date on which nobody opened a day says so, and when the next one is', async () => {
    program.setClock('2025-07-14', '15:30');
    expect((await program.get('/live/status')).body).toMatchObject({
      state: 'no_day',
      no_day: 'The market closed at 15:30, and no day was opened. Next trading day 2025-07-15.',
    });
  });

  it('on a holiday names it and the next trading day', async () => {
    program.setClock('2025-07-13', '11:00');
    expect((await program.get('/live/status')).body).toMatchObject({
      state: 'holiday',
      market_open: false,
      holiday: 'Sunday',
      next_trading_day: '2025-07-14',
    });
  });

  it.each([
    ['09:14:59', false],
    ['09:15', true],
    ['15:29:59', true],
    ['15:30', false],
  ])('at %s the market is open: %s', async (time, open) => {
    program.setClock('2025-07-14', time);
    expect((await program.get('/live/status')).body).toMatchObject({ market_open: open });
  });

  it('joins last prices to the fills: the short leg at the ask, the hedge at the bid', async () => {
    const now = Date.now();
    await program.journal.saveLastPrices([
      { instrumentToken: MAIN_TOKEN, price: 70_00, bid: 69_90, ask: 70_15, at: now },
      { instrumentToken: HEDGE_TOKEN, price: 20_00, bid: 19_80, ask: 20_10, at: now - 1000 },
    ]);
    await program.openDay({
      state: 'trading',
      timetable: TIMETABLE,
      positions: [openPosition()],
      pnl: { realised: -100_00, charges: 120_45 },
      nextCheckAt: istAt('2025-07-14', '12:15'),
      squareOffAt: TIMETABLE.squareOff,
    });
    // 750 x (80.00 - 70.15) and 750 x (19.80 - 23.00).
    expect((await program.get('/live/status')).body).toMatchObject({
      open_positions: 1,
      pnl: { realised: -100, unrealised: 4987.5, charges: 120.45, net: 4767.05 },
      next_check_at: '2025-07-14T12:15:00+05:30',
      square_off_at: '2025-07-14T15:15:00+05:30',
    });
    expect((await program.get('/live/positions')).body).toMatchObject({
      positions: [
        {
          id: 'P1',
          signal: 'S1',
          state: 'open',
          stop: 25_000,
          target: null,
          unrealised: 4987.5,
          pnl: 4867.05,
          opened_at: '2025-07-14T11:15:04+05:30',
          resting_stop: { trigger_price: 160, limit_price: 176, state: 'TRIGGER PENDING' },
          legs: [
            {
              role: 'hedge',
              tradingsymbol: 'NIFTY2571724800PE',
              side: 'BUY',
              quantity: 750,
              entry_price: 23,
              last_price: 19.8,
            },
            {
              role: 'main',
              tradingsymbol: 'NIFTY2571725000PE',
              side: 'SELL',
              quantity: 750,
              entry_price: 80,
              last_price: 70.15,
            },
          ],
        },
      ],
    });
  });

  it('says why entries are off, and which warnings were acknowledged', async () => {
    const warning = { code: 'difference' as const, message: 'Look.', since: TIMETABLE.open, blocksEntries: true };
    await program.openDay({
      entriesOff: 'emergency',
      acknowledged: ['w1'],
      warnings: [
        { id: 'w1', ...warning },
        { id: 'w2', ...warning },
      ],
    });
    expect((await program.get('/live/status')).body).toMatchObject({
      entries_off: 'emergency',
      warnings: [
        { id: 'w1', acknowledged: true },
        { id: 'w2', acknowledged: false },
      ],
    });
  });

  it('does not invent a profit while a price is missing', async () => {
    const unpriced = openPosition();
    const legs = unpriced.legs.map((leg) => ({ ...leg, instrumentToken: leg.instrumentToken + 90_000 }));
    await program.openDay({ positions: [{ ...unpriced, legs }] });
    expect((await program.get('/live/status')).body).toMatchObject({ pnl: { unrealised: null, net: null } });
  });

  it('a login that has expired does not count', async () => {
    await program.openDay({
      session: { number: 1, userId: 'AB1234', since: 0, expiresAt: istAt('2025-07-14', '06:00') },
    });
    expect((await program.get('/live/status')).body).toMatchObject({ authenticated: false });
  });
});

describe('GET /live/positions', () => {
  it('lists what is open, and with all=true what was closed today as well', async () => {
    await program.openDay({
      positions: [openPosition('P1', { state: 'closed' }), openPosition('P2', { state: 'not_flat' })],
    });
    const ids = async (path: string) => {
      const { positions } = (await program.get(path)).body as unknown as { positions: { id: string }[] };
      return positions.map((position) => position.id);
    };
    expect(await ids('/live/positions')).toEqual(['P2']);
    expect(await ids('/live/positions?all=true')).toEqual(['P1', 'P2']);
  });

  it('refuses a parameter that it does not know', async () => {
    expect(await program.get('/live/positions?al=true')).toMatchObject({
      status: 400,
      body: { error: { code: 'unknown_field' } },
    });
  });
});

describe('GET /live/orders', () => {
  it('shows the ledger with tags, statuses and times', async () => {
    await program.openDay({ orders: [restingStop()] });
    expect((await program.get('/live/orders')).body).toMatchObject({
      source: 'ledger',
      orders: [
        {
          order_id: '250714000000003',
          tag: '0714P1MS11',
          tradingsymbol: 'NIFTY2571725000PE',
          transaction_type: 'BUY',
          order_type: 'SL',
          status: 'TRIGGER PENDING',
          status_message: null,
          phase: 'resting',
          over: false,
          trigger_price: 160,
          placed_at: '2025-07-14T11:15:06+05:30',
        },
      ],
    });
  });

  it('of the broker needs a login', async () => {
    expect(await program.get('/live/orders?source=broker')).toMatchObject({
      status: 409,
      body: { error: { code: 'not_authenticated' } },
    });
  });
});

describe('GET /live/log', () => {
  it('is newest first, with words of anybody kept as data', async () => {
    const identity = await program.identity();
    const at = istAt('2025-07-14', '09:00');
    await program.journal.recordDayOpened(identity);
    await program.journal.write({
      identity,
      state: 'ready',
      orders: [],
      positions: [],
      decisions: [],
      events: [
        { seq: 1, at, level: 'info', kind: 'day_opened', text: 'Day opened.' },
        { seq: 2, at: at + 1000, level: 'alert', kind: 'order_refused', text: '<img src=x onerror=alert(1)>' },
      ],
    });
    const answer = await program.get('/live/log');
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.body).toMatchObject({
      events: [
        { seq: 2, at: '2025-07-14T09:00:01+05:30', level: 'alert', text: '<img src=x onerror=alert(1)>' },
        { seq: 1 },
      ],
    });
    expect((await program.get('/live/log?limit=1')).body).toMatchObject({ events: [{ seq: 2 }] });
    expect((await program.get('/live/log?limit=0')).status).toBe(422);
  });
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

describe('a defect', () => {
  it('is answered with an id that is in the log, and none of its own words', async () => {
    const failing = await startFailing();
    try {
      const answer = await failing.get('/live/log');
      expect(answer.status).toBe(500);
      const { error } = answer.body as unknown as { error: { message: string } };
      const id = /under ([0-9a-f-]{36})/.exec(error.message)?.[1];
      expect(id).toBeDefined();
      expect(JSON.stringify(answer.body)).not.toContain('postgres://user:secret');
      expect(failing.logged.join()).toContain(String(id));
    } finally {
      await failing.stop();
    }
  });
});

function startFailing(): Promise<ApiProgram> {
  return startApiProgram({
    deps: {
      identity: () => Promise.reject(new Error('cannot reach postgres://user:secret@db')),
    },
  });
}
