/** What every journal holds: the one on PGlite, the one on PostgreSQL, and the simulation's in memory. Writes come twice, late and in another order. */
import { expect, it } from 'vitest';
import type { Switches } from '../../src/contract/journal.ts';
import type { PositionView } from '../../src/contract/views.ts';
import type { Journal } from '../../src/journal/types.ts';
import { specifyNotices } from '../notices/journal-contract.ts';
import { PLAN } from '../workflows/plan.ts';
import { AT, batch, DATE, decision, event, freshDay, handed, order, position, report } from './journal-rows.ts';

export function specifyJournal(journalOf: () => Journal): void {
  specifyDays(journalOf);
  specifyAccounts(journalOf);
  specifyNotices(journalOf, freshDay);
}

function specifyDays(journalOf: () => Journal): void {
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
    await journal.recordDayOpened(day);
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
    await journal.recordDayOpened(day);
    expect((await journal.orders(day)).map((o) => o.status)).toEqual(['COMPLETE']);
    expect((await journal.positions(day)).map((p) => p.state)).toEqual(['closed']);
    expect(await journal.days(day)).toEqual([{ date: DATE, state: 'squaring_off', result: null }]);
  });

  it('keeps an order that is about to be sent, until and unless the day writes of it', async () => {
    const journal = journalOf();
    const day = freshDay();
    await journal.noteIntent(day, order('A1', { phase: 'in_flight' }));
    await journal.write(batch(day, { sequence: 1, orders: [order('A2', { status: 'COMPLETE' })] }));
    await journal.noteIntent(day, order('A2', { phase: 'in_flight' }));
    expect((await journal.soFar(day))?.orders.map(({ tag, status }) => `${tag} ${status}`)).toEqual([
      'A1 INTENDED',
      'A2 COMPLETE',
    ]);
    await journal.write(batch(day, { sequence: 2, orders: [order('A1', { status: 'REJECTED' })] }));
    expect((await journal.orders(day)).map(({ status }) => status)).toEqual(['REJECTED', 'COMPLETE']);
  });

  it('keeps what was switched on for the day, as the newest batch says', async () => {
    const journal = journalOf();
    const day = freshDay();
    const switches = {
      handsOff: { by: 'a person', since: 1 },
      closing: 'emergency',
      entriesOff: 'emergency',
      plan: PLAN,
      overnight: [{ tradingsymbol: 'NIFTY2571725600CE', product: 'NRML', quantity: -75 }],
    } satisfies Switches;
    await journal.write(batch(day, { sequence: 2, switches }));
    await journal.write(
      batch(day, {
        sequence: 1,
        switches: { handsOff: null, closing: null, entriesOff: null, plan: null, overnight: null },
      }),
    );
    expect((await journal.soFar(day))?.switches).toEqual(switches);
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
    await journal.recordDayOpened({ ...first, date: '2025-07-16' });
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

  it('keeps the first of two events with one number, and orders by when they were meant', async () => {
    const journal = journalOf();
    const day = freshDay();
    await journal.write(
      batch(day, {
        events: [event(1, 'first'), event(1, 'second')],
        orders: [order('B'), order('C', { intendedAt: AT - 1 }), order('A')],
      }),
    );
    await journal.write(batch(day, { sequence: 2, events: [event(1, 'third')] }));
    expect((await journal.events(day, 10)).map(({ text }) => text)).toEqual(['first']);
    expect((await journal.orders(day)).map(({ tag }) => tag)).toEqual(['C', 'A', 'B']);
  });

  it('takes the last of two rows of one order or position, also of an equal number, and none of a batch without one', async () => {
    const journal = journalOf();
    const day = freshDay();
    const of = (status: string, state: PositionView['state']) => ({
      orders: [order('A1'), order('A1', { status })],
      positions: [position('P1', 'opening'), position('P1', state)],
    });
    const seen = async () => [(await journal.orders(day))[0]?.status, (await journal.positions(day))[0]?.state];
    await journal.write(batch(day, { sequence: 3, ...of('OPEN', 'open') }));
    expect(await seen()).toEqual(['OPEN', 'open']);
    await journal.write(batch(day, { sequence: 3, ...of('COMPLETE', 'closing') }));
    expect(await seen()).toEqual(['COMPLETE', 'closing']);
    const { sequence: _, ...unnumbered } = batch(day, { state: 'awaiting_auth', ...of('OPEN', 'open') });
    await journal.write(unnumbered);
    expect(await seen()).toEqual(['COMPLETE', 'closing']);
    expect(await journal.days(day)).toMatchObject([{ state: 'trading' }]);
  });

  it('still takes orders and positions after the report, and no state any more', async () => {
    const journal = journalOf();
    const day = freshDay();
    await journal.saveReport({ ...report(day, 0), result: 'holiday' });
    await journal.write(batch(day, { sequence: 9, orders: [order('A1')], positions: [position('P1', 'open')] }));
    expect(await journal.days(day)).toEqual([{ date: DATE, state: 'holiday', result: 'holiday' }]);
    expect(await journal.orders(day)).toHaveLength(1);
    await journal.saveReport(report(day, 5));
    expect((await journal.report(day, DATE))?.pnl.net).toBe(5);
    expect(await journal.handover(day, '2025-07-15')).toMatchObject({ date: DATE, ended: true });
  });

  it('hands over what belongs to a position, as the newest batch has it', async () => {
    const journal = journalOf();
    const day = freshDay();
    const with_ = (sequence: number, leaving: boolean) =>
      batch(day, {
        sequence,
        positions: [position('P1', 'open'), position('P2', 'open')],
        handedOver: { P1: handed(leaving) },
      });
    await journal.write(with_(2, true));
    await journal.write(with_(1, false));
    const left = async () => (await journal.handover(day, '2025-07-15'))?.positions.map(({ handedOver }) => handedOver);
    expect(await left()).toEqual([handed(true), null]);
    await journal.write(batch(day, { sequence: 3, positions: [position('P1', 'open')] }));
    expect(await left()).toEqual([null, null]);
  });

  it('has no day that was only asked about', async () => {
    const journal = journalOf();
    const day = freshDay();
    expect(await journal.events(day, 5)).toEqual([]);
    expect(await journal.orders(day)).toEqual([]);
    expect(await journal.positions(day)).toEqual([]);
    expect(await journal.days(day)).toEqual([]);
    await journal.recordDayOpened(day);
    await journal.recordDayOpened(day);
    expect(await journal.days(day)).toEqual([{ date: DATE, state: 'awaiting_auth', result: null }]);
  });

  it('keeps what was written, whatever becomes of the object that was given', async () => {
    const journal = journalOf();
    const day = freshDay();
    const given = batch(day, { events: [event(1)], orders: [order('A1')], positions: [position('P1', 'open')] });
    await journal.write(given);
    Object.assign(given.orders[0] ?? {}, { status: 'CHANGED' });
    Object.assign(given.positions[0] ?? {}, { state: 'closed' });
    Object.assign((await journal.orders(day))[0] ?? {}, { status: 'CHANGED' });
    expect((await journal.orders(day))[0]?.status).toBe('INTENDED');
    expect((await journal.positions(day))[0]?.state).toBe('open');
    const session = { userId: 'ZX0001', sealedAccessToken: `v1.${day.run}`, since: AT, expiresAt: AT + 1 };
    Object.assign(await journal.addSession(day, session), { userId: 'CHANGED' });
    expect(await journal.currentSession(day)).toEqual({ number: 1, ...session });
  });
}

function specifyAccounts(journalOf: () => Journal): void {
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
    expect((await journal.lastPrices()).at(-1)).toEqual(price(AT + 5, 105));
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

  it('keeps modes, accounts and runs apart, and days in their order', async () => {
    const journal = journalOf();
    const day = freshDay();
    const later = { ...day, date: '2025-07-15' };
    await journal.recordDayOpened(later);
    await journal.write(batch(day, { positions: [position('P1', 'open')] }));
    const others = [{ ...day, mode: 'live' as const }, { ...day, account: `OTHER${day.run}` }, freshDay()];
    for (const other of others) {
      expect(await journal.days(other)).toEqual([]);
      expect(await journal.handover(other, '2025-07-16')).toBeNull();
      expect(await journal.currentSession(other)).toBeNull();
    }
    expect((await journal.days(day)).map(({ date }) => date)).toEqual([DATE, '2025-07-15']);
  });

  it('tells whether a resting stop of the account was ever seen as a limit order', async () => {
    const journal = journalOf();
    const day = freshDay();
    const stop = (orderType: string) => order('S1', { purpose: 'stop', orderType });
    await journal.write(batch(day, { orders: [stop('SL'), order('A1', { orderType: 'LIMIT' })] }));
    expect(await journal.conversionSeen(day)).toBe(false);
    await journal.write(batch(day, { sequence: 2, orders: [stop('LIMIT')] }));
    expect(await journal.conversionSeen(day)).toBe(true);
    expect(await journal.conversionSeen(freshDay())).toBe(false);
  });

  it('takes the last of two prices of one contract in one call, and the later one of equal times', async () => {
    const journal = journalOf();
    const price = (at: number, paise: number) => ({ instrumentToken: 9, price: paise, bid: 1, ask: null, at });
    const kept = async () => (await journal.lastPrices()).find(({ instrumentToken }) => instrumentToken === 9);
    await journal.saveLastPrices([price(AT + 5, 105), price(AT, 100)]);
    expect(await kept()).toEqual(price(AT, 100));
    await journal.saveLastPrices([price(AT, 101)]);
    expect(await kept()).toEqual(price(AT, 101));
    await journal.saveLastPrices([{ ...price(AT, 1), instrumentToken: 8 }]);
    const tokens = (await journal.lastPrices()).map(({ instrumentToken }) => instrumentToken);
    expect(tokens.slice(0, 2)).toEqual([8, 9]);
  });

  it('knows a replay run that was finished before it was begun, and goes on with the highest', async () => {
    const journal = journalOf();
    const account = `ZX-${freshDay().run}`;
    await journal.finishReplayRun(account, 3);
    await journal.startReplayRun(account, 2);
    expect(await journal.replayRun(account)).toEqual({ run: 3, finished: true });
    await journal.ping();
  });
}
