/** Paper and live trading as `npm start` runs them, in front of a second simulator that plays Kite and Breeze at 11:10 of 14 July 2025. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isTagOf } from '../../src/domain/tags.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { accessToken, login, type Simulator, startSimulator } from '../exchange-simulator/exchange-server.ts';
import { PATIENCE_MS } from '../patience.ts';
import {
  type EventRow,
  type PositionRow,
  type Status,
  startTradingProgram,
  type TradingProgram,
} from './fixtures/trading-program.ts';

const HEDGE = 'NIFTY2571724800PE';
const MAIN = 'NIFTY2571725000PE';

let kite: Simulator;
let dataDir: string;
let program: TradingProgram | null;

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  // The links are for a person at a terminal.
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
beforeEach(async () => {
  kite = await startSimulator({ at: '11:10' });
  dataDir = await mkdtemp(join(tmpdir(), 'trading-'));
  program = null;
});
afterEach(async () => {
  await program?.stop();
  await kite.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(env: Record<string, string>): Promise<TradingProgram> {
  program = await startTradingProgram(kite, dataDir, env);
  return program;
}

const status = (of: TradingProgram) => of.get<Status>('/live/status');
const positions = async (of: TradingProgram) =>
  (await of.get<{ positions: PositionRow[] }>('/live/positions')).positions;
const told = async (of: TradingProgram, kind: string) =>
  (await of.get<{ events: EventRow[] }>('/live/log')).events.filter((event) => event.kind === kind);

/** Polls what the API says, with the day's log in the error. */
async function seen<T>(of: TradingProgram, look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  let last: T | undefined;
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    last = await look();
    if (holds(last)) return last;
    await new Promise((done) => setTimeout(done, 100));
  }
  const said = of.lines.map(({ msg }) => msg).join('\n');
  throw new Error(`waited ${PATIENCE_MS} ms in vain: ${JSON.stringify(last)}\n${said}`);
}

/** Through 11:15 of the Monday on which S1 fires, until its position is open with a stop at the broker. */
async function opened(of: TradingProgram): Promise<PositionRow> {
  await seen(
    of,
    () => told(of, 'preflight'),
    (events) => events.length > 0,
  );
  await of.moveTo('11:14:58');
  const [position] = await seen(
    of,
    () => positions(of),
    ([first]) => first?.state === 'open' && first.resting_stop?.state === 'TRIGGER PENDING',
  );
  if (!position) throw new Error('no position');
  return position;
}

/** What is closed is not listed any more. */
const closed = (of: TradingProgram) =>
  seen(
    of,
    () => positions(of),
    (open) => open.length === 0,
  );

describe('paper trading in one process', () => {
  it('trades on a book of its own at the real prices, and sends Kite no order', async () => {
    const token = accessToken(await login(kite));
    const paper = await start({ TRADING_MODE: 'paper', KITE_ACCESS_TOKEN: token, NUM_LOTS: '2' });
    // The session that was made elsewhere opens the day, as a login would.
    expect(
      await seen(
        paper,
        () => status(paper),
        ({ state }) => state === 'ready',
      ),
    ).toMatchObject({
      authenticated: true,
      user_id: 'SIM001',
      market_open: true,
    });
    await paper.post('/live/start-trading', { enabled: true });
    const { id } = await opened(paper);
    type PaperOrder = { tradingsymbol: string; status: string; filled_quantity: number; transaction_type: string };
    const book = async () => {
      const answer = await fetch(`http://127.0.0.1:${paper.exchangePort}/simulator/book`);
      return (await answer.json()) as { orders: PaperOrder[]; positions: { quantity: number }[] };
    };
    expect((await book()).orders).toMatchObject([
      { tradingsymbol: HEDGE, transaction_type: 'BUY', status: 'COMPLETE', filled_quantity: 150 },
      { tradingsymbol: MAIN, transaction_type: 'SELL', status: 'COMPLETE', filled_quantity: 150 },
      { tradingsymbol: MAIN, transaction_type: 'BUY', status: 'TRIGGER PENDING', filled_quantity: 0 },
    ]);
    await paper.post(`/live/close-position/${id}`);
    await closed(paper);
    const after = await book();
    expect(after.positions.every(({ quantity }) => quantity === 0)).toBe(true);
    expect(after.orders.every((order) => ['COMPLETE', 'CANCELLED'].includes(order.status))).toBe(true);
    expect(kite.exchange.allOrders()).toEqual([]);
    const preflight = await told(paper, 'preflight');
    expect(preflight[0]?.text).toMatch(/all is well.*contracts of 2025-07-17 are listed, lot 75/);
  });
});

describe('live trading in one process', () => {
  it('sends its own orders to the broker, one lot at first, and goes on after a restart and a dead token', async () => {
    const env = { TRADING_MODE: 'live', NUM_LOTS: '3' };
    const first = await start(env);
    expect(await status(first)).toMatchObject({ state: 'no_day', authenticated: false });
    expect(await first.schedule()).toMatchObject({ spec: { timezone: 'Asia/Kolkata' }, state: { paused: false } });
    expect(await first.logIn()).toMatchObject({ status: 200 });
    await first.post('/live/start-trading', { enabled: true });
    const { id } = await opened(first);
    expect((await status(first)).warnings).toMatchObject([{ code: 'one_lot' }]);
    const book = () =>
      kite.exchange
        .allOrders()
        .map(({ tradingsymbol, side, quantity, status: word }) => [tradingsymbol, side, quantity, word]);
    expect(book()).toEqual([
      [HEDGE, 'BUY', 75, 'COMPLETE'],
      [MAIN, 'SELL', 75, 'COMPLETE'],
      [MAIN, 'BUY', 75, 'TRIGGER PENDING'],
    ]);
    const tags = kite.exchange.allOrders().map(({ tag }) => tag ?? '');
    expect(new Set(tags).size).toBe(3);
    expect(tags.every((tag) => isTagOf(tag, { run: 1, date: '2025-07-14' }))).toBe(true);
    await first.stop();

    // The login of before is taken up: nobody has to come back.
    const second = await start(env);
    expect(await status(second)).toMatchObject({ state: 'trading', authenticated: true, open_positions: 1 });
    expect(await told(second, 'login')).toHaveLength(1);

    kite.exchange.addFault({ kind: 'token_death', count: 1 });
    await second.moveTo('11:30:00');
    await seen(
      second,
      () => status(second),
      ({ state }) => state === 'awaiting_auth',
    );
    expect((await status(second)).warnings).toContainEqual(expect.objectContaining({ code: 'login_lost' }));
    expect(await second.logIn()).toMatchObject({ status: 200 });
    await seen(
      second,
      () => status(second),
      ({ state }) => state === 'trading',
    );

    await second.post(`/live/close-position/${id}`);
    await closed(second);
    expect(book()).toEqual([
      [HEDGE, 'BUY', 75, 'COMPLETE'],
      [MAIN, 'SELL', 75, 'COMPLETE'],
      [MAIN, 'BUY', 75, 'COMPLETE'],
      [HEDGE, 'SELL', 75, 'COMPLETE'],
    ]);
    await second.stop();
    const journal = await openJournal({ dataDir });
    // The resting stop became the exit: from now on an entry may have all of its lots.
    expect(await journal.conversionSeen({ mode: 'live', account: 'SIM001', run: 1 })).toBe(true);
    expect(await journal.conversionSeen({ mode: 'paper', account: 'SIM001', run: 1 })).toBe(false);
    await journal.close();
  });

  it('refuses the login of another user, and a session of another user that was made elsewhere', async () => {
    const token = accessToken(await login(kite));
    const live = await start({ TRADING_MODE: 'live', KITE_USER_ID: 'AB1234', KITE_ACCESS_TOKEN: token });
    expect(await status(live)).toMatchObject({ state: 'no_day' });
    expect(live.lines.map(({ msg }) => msg)).toContainEqual(
      expect.stringContaining('a login of SIM001, not of AB1234'),
    );
    const page = await live.logIn();
    expect(page.status).toBe(401);
    expect(page.page).toContain('SIM001');
    const refused = await live.post('/live/auth/complete', { request_token: kite.exchange.newRequestToken() });
    expect(refused).toMatchObject({
      status: 401,
      body: { error: { code: 'auth_refused', message: expect.stringContaining('the account is AB1234') } },
    });
    expect(await status(live)).toMatchObject({ state: 'awaiting_auth', authenticated: false });
  });
});
