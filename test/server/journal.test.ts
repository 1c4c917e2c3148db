import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal, JournalBatch, LogEvent } from '../../src/journal/types.ts';
import type { DayIdentity, DayReport, DecisionView, OrderView, PositionView } from '../../workflows/messages.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

const DATE = '2025-07-14';
const AT = istAt(DATE, '11:15');
let runs = 0;

/** A run of its own for each test: they share one database. */
function freshDay(): DayIdentity {
  runs += 1;
  return { mode: 'replay', account: 'ZX0001', run: runs, date: DATE };
}

function order(tag: string, change: Partial<OrderView> = {}): OrderView {
  return {
    tag,
    orderId: null,
    positionId: 'P1',
    role: 'hedge',
    purpose: 'entry',
    slice: 1,
    tradingsymbol: 'NIFTY2571724800PE',
    side: 'BUY',
    product: 'MIS',
    quantity: 750,
    filledQuantity: 0,
    averagePrice: 0,
    orderType: 'LIMIT',
    price: 45_00,
    triggerPrice: 0,
    touch: 44_50,
    status: 'INTENDED',
    statusMessage: null,
    fills: [],
    intendedAt: AT,
    updatedAt: AT,
    ...change,
  };
}

function position(id: string, state: PositionView['state'], openedAt = AT): PositionView {
  return {
    id,
    signal: 'S1',
    state,
    optionType: 'PE',
    strike: 25_000_00,
    expiry: '2025-07-17',
    product: 'MIS',
    lots: 10,
    legs: [],
    indexStop: 25_000_00,
    catastropheStop: null,
    target: null,
    plannedLoss: 25_000_00,
    worstLoss: 107_250_00,
    realised: 0,
    charges: 0,
    earlier: { realised: 0, charges: 0 },
    enteredOn: DATE,
    exitOn: DATE,
    openedAt,
    closedAt: null,
    exitReason: null,
    problem: null,
  };
}

function decision(hour: string, change: Partial<DecisionView> = {}): DecisionView {
  return {
    at: istAt(DATE, hour),
    barStart: istAt(DATE, hour) - 3_600_000,
    close: 25_090_00,
    source: 'breeze',
    signal: null,
    outcome: 'no_signal',
    reason: 'S1 to S8 say nothing',
    bias: 'BULLISH',
    stop: null,
    strike: null,
    optionType: null,
    ...change,
  };
}

function event(seq: number, text = `event ${seq}`): LogEvent {
  return { seq, at: AT + seq, level: 'info', kind: 'order_filled', text };
}

function batch(identity: DayIdentity, change: Partial<JournalBatch> = {}): JournalBatch {
  return { identity, sequence: 1, state: 'trading', events: [], orders: [], positions: [], decisions: [], ...change };
}

function report(identity: DayIdentity, net: number): DayReport {
  return {
    identity,
    result: 'flat',
    trades: [],
    charges: { brokerage: 80_00, stt: 1_00, transaction: 1, sebi: 1, stamp: 1, gst: 1, total: 81_04 },
    pnl: { gross: net + 81_04, charges: 81_04, net },
    positions: [],
    handedOver: [],
    decisions: [decision('11:15')],
    warnings: [],
    reconciled: true,
    differences: [],
    slippage: [],
    lateness: [],
    priceNote: 'modelled',
  };
}

function specify(journalOf: () => Journal): void {
  it('writes a batch once, however often it comes', async () => {
    const journal = journalOf();
    const day = freshDay();
    const fill = { tradeId: 'T1', quantity: 750, price: 44_50, at: AT };
    const once = batch(day, {
      events: [event(1), event(2)],
      orders: [order('A1', { orderId: '1953367517686685697', filledQuantity: 750, fills: [fill] })],
      positions: [position('P1', 'open')],
      decisions: [decision('11:15'), decision('12:15')],
    });
    await journal.openDay(day);
    await journal.write(once);
    await journal.write(once);
    expect(await journal.events(day, 10)).toEqual([
      { ...event(2), date: DATE },
      { ...event(1), date: DATE },
    ]);
    expect(await journal.orders(day)).toEqual(once.orders);
    expect(await journal.positions(day)).toEqual(once.positions);
  });

  it('keeps the newer state when an older batch arrives late', async () => {
    const journal = journalOf();
    const day = freshDay();
    const newer = batch(day, {
      sequence: 7,
      state: 'squaring_off',
      orders: [order('A1', { status: 'COMPLETE', filledQuantity: 750 })],
      positions: [position('P1', 'closed')],
    });
    await journal.write(newer);
    await journal.write(batch(day, { sequence: 6, orders: [order('A1')], positions: [position('P1', 'opening')] }));
    await journal.openDay(day);
    expect((await journal.orders(day)).map((o) => o.status)).toEqual(['COMPLETE']);
    expect((await journal.positions(day)).map((p) => p.state)).toEqual(['closed']);
    expect(await journal.days(day)).toEqual([{ date: DATE, state: 'squaring_off', result: null }]);
  });

  it('answers the newest events first, as many as asked', async () => {
    const journal = journalOf();
    const day = freshDay();
    await journal.write(batch(day, { events: [event(1), { ...event(2), data: { limit: 50_000_00 } }, event(3)] }));
    const newest = await journal.events(day, 2);
    expect(newest.map((e) => e.seq)).toEqual([3, 2]);
    expect(newest[1]?.data).toEqual({ limit: 50_000_00 });
  });

  it('writes nothing of a batch that cannot be written whole', async () => {
    const journal = journalOf();
    const day = freshDay();
    const impossible = order('A1', { fills: [{ tradeId: 'T1', quantity: 0.5, price: 1, at: AT }] });
    await expect(journal.write(batch(day, { events: [event(1)], orders: [impossible] }))).rejects.toThrow();
    expect(await journal.events(day, 10)).toEqual([]);
    expect(await journal.days(day)).toEqual([]);
  });

  it('keeps the report and the result of a day that is over', async () => {
    const journal = journalOf();
    const day = freshDay();
    expect(await journal.report(day, DATE)).toBeNull();
    await journal.saveReport(report(day, 12_345_67));
    await journal.saveReport(report(day, 12_345_67));
    await journal.write(batch(day, { sequence: 9, state: 'squaring_off', events: [event(1)] }));
    expect(await journal.report(day, DATE)).toEqual(report(day, 12_345_67));
    expect(await journal.days(day)).toEqual([{ date: DATE, state: 'closed', result: 'flat' }]);
  });

  it('hands over what the last day left open, past a holiday in between', async () => {
    const journal = journalOf();
    const first = freshDay();
    await journal.write(batch(first, { positions: [position('OLD', 'open')] }));
    const second = { ...first, date: '2025-07-15' };
    await journal.write(
      batch(second, {
        positions: [position('P1', 'closed'), position('P3', 'residual_hedge', AT + 2), position('P2', 'open', AT + 1)],
      }),
    );
    await journal.openDay({ ...first, date: '2025-07-16' });
    const left = async (before: string) => {
      const handed = await journal.handover(first, before);
      return handed && { ...handed, positions: handed.positions.map(({ view }) => view.id) };
    };
    expect(await left('2025-07-17')).toEqual({ date: '2025-07-15', ended: false, positions: ['P2', 'P3'] });
    expect(await left('2025-07-15')).toEqual({ date: DATE, ended: false, positions: ['OLD'] });
    expect(await left(DATE)).toBeNull();
    expect(await journal.handover({ ...first, account: 'OTHER' }, '2025-07-17')).toBeNull();
    await journal.saveReport(report(second, 0));
    expect((await left('2025-07-17'))?.ended).toBe(true);
  });

  it('numbers sessions as they come, two at once included, and the same one only once', async () => {
    const journal = journalOf();
    const day = freshDay();
    expect(await journal.currentSession(day)).toBeNull();
    const login = (sealedAccessToken: string) =>
      journal.addSession(day, { userId: 'ZX0001', sealedAccessToken, since: AT, expiresAt: AT + 1 });
    const [one, two] = await Promise.all([login('v1.a'), login('v1.b')]);
    expect([one?.number, two?.number].sort()).toEqual([1, 2]);
    expect(await login('v1.c')).toMatchObject({ number: 3 });
    expect(await login('v1.c')).toMatchObject({ number: 3 });
    expect(await journal.currentSession(day)).toEqual({
      number: 3,
      userId: 'ZX0001',
      sealedAccessToken: 'v1.c',
      since: AT,
      expiresAt: AT + 1,
    });
  });

  it('keeps the newer of two prices of a contract', async () => {
    const journal = journalOf();
    const price = (at: number, paise: number) => ({
      instrumentToken: 256_265,
      price: paise,
      bid: null,
      ask: paise,
      at,
    });
    await journal.saveLastPrices([]);
    await journal.saveLastPrices([price(AT, 100), price(AT + 5, 105)]);
    await journal.saveLastPrices([price(AT + 3, 103)]);
    expect(await journal.lastPrices()).toEqual([price(AT + 5, 105)]);
  });

  it('remembers the replay run that goes on', async () => {
    const journal = journalOf();
    const account = `ZX-${freshDay().run}`;
    expect(await journal.replayRun(account)).toBeNull();
    await journal.startReplayRun(account, 1);
    expect(await journal.replayRun(account)).toEqual({ run: 1, finished: false });
    await journal.finishReplayRun(account, 1);
    await journal.startReplayRun(account, 1);
    expect(await journal.replayRun(account)).toEqual({ run: 1, finished: true });
    await journal.startReplayRun(account, 2);
    expect(await journal.replayRun(account)).toEqual({ run: 2, finished: false });
  });
}

describe('the journal in its folder', () => {
  let folder: string;
  let journal: Journal;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trading-day-journal-'));
    journal = await openJournal({ dataDir: folder });
  });
  afterAll(async () => {
    await journal.close();
    await rm(folder, { recursive: true, force: true });
  });

  specify(() => journal);

  it('is still there when it is opened again', async () => {
    const day = freshDay();
    await journal.write(batch(day, { events: [event(1)] }));
    await journal.close();
    journal = await openJournal({ dataDir: folder });
    await journal.ping();
    expect(await journal.events(day, 1)).toHaveLength(1);
  });
});

const postgres: PostgresServer | null = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(postgres === null)('the journal on PostgreSQL', () => {
  const location = () => ({ databaseUrl: postgres?.databaseUrl ?? '' });
  let journal: Journal;
  beforeAll(async () => {
    // As several machines that start at once: each brings the tables up to date, one after the other.
    const opened = await Promise.all([openJournal(location()), openJournal(location()), openJournal(location())]);
    const [first, ...others] = opened;
    journal = first as Journal;
    await Promise.all(others.map((other) => other.close()));
  });
  afterAll(() => journal.close());

  specify(() => journal);
});

it('says that the database is away, without its password', async () => {
  const away = openJournal({ databaseUrl: 'postgresql://trader:hunter2-secret@127.0.0.1:1/journal' });
  await expect(away).rejects.toMatchObject({ code: 'journal_unavailable', httpStatus: 503, retryable: true });
  await expect(away).rejects.toThrow(/DATABASE_URL.*ECONNREFUSED/);
  await expect(away).rejects.not.toThrow(/hunter2/);
});
