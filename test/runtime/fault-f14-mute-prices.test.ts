/**
 * F14: a ticker that is there and tells no prices, while quotes are refused: the position's loss cap looks at nothing. The whole program
 * on live, with the real KiteTicker, at an exchange whose ticker keeps the prices of some instruments to itself.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SimFault, SimQuote } from '../../src/exchange-simulator/core/types.ts';
import {
  eventually,
  PUT as MAIN,
  NIFTY,
  type Simulator,
  startSimulator,
} from '../exchange-simulator/exchange-server.ts';
import { type MutingTicker, startMutingTicker } from './fixtures/muting-ticker.ts';
import { type PositionRow, startTradingProgram, type TradingProgram } from './fixtures/trading-program.ts';

const HEDGE = 'NIFTY2571724800PE';
/** What one lot may lose, in rupees; 20 points of it. */
const CAP = 1_500;
const BEYOND_POINTS = 45;
/** Ten seconds, and what looking each second adds to it. */
const WITHIN_MS = 12_000;

let simulator: Simulator;
let ticker: MutingTicker;
let dataDir: string;
let program: TradingProgram;

const tokenOf = (tradingsymbol: string) => simulator.exchange.find('NFO', tradingsymbol)?.instrumentToken ?? 0;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  // The links are for a person at a terminal.
  vi.spyOn(console, 'log').mockImplementation(() => {});
  simulator = await startSimulator({ at: '11:10' });
  ticker = await startMutingTicker(simulator.server.addresses.ticker_root);
  dataDir = await mkdtemp(join(tmpdir(), 'trading-f14-'));
  program = await startTradingProgram(simulator, dataDir, {
    ...{ TRADING_MODE: 'live', NUM_LOTS: '1', MAX_LOSS_PER_TRADE: `${CAP}`, KITE_TICKER_ROOT: ticker.root },
  });
  await program.logIn();
  await program.post('/live/start-trading', { enabled: true });
  await sleep(2_000);
  await program.moveTo('11:14:58');
  await patiently(async () => (await positions())[0]?.state === 'open');
  await patiently(() => resting().length === 1);
}, 240_000);
afterAll(async () => {
  await program?.stop();
  await ticker.close();
  await simulator.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const positions = async () => (await program.get<{ positions: PositionRow[] }>('/live/positions')).positions;
const resting = () => simulator.exchange.orders().filter(({ status }) => status === 'TRIGGER PENDING');

async function patiently(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 900) throw new Error(`waited in vain for ${holds}\n${JSON.stringify(program.lines)}`);
    await sleep(100);
  }
}

type Line = { msg?: string; level?: number; owner?: boolean };

/** Pages that say that this position's prices are missing. */
function pages(from: number): string[] {
  return (program.lines as Line[])
    .slice(from)
    .filter(({ level = 0, owner, msg = '' }) => level >= 50 && owner && /P1\b|25000|price|blind/i.test(msg))
    .map(({ msg = '' }) => msg);
}

/** What closing MAIN and HEDGE at the exchange's own touch would lose, in rupees, without charges. */
function lossNow(): number {
  const touch = (tradingsymbol: string): SimQuote => {
    const instrument = simulator.exchange.find('NFO', tradingsymbol);
    const quote = instrument && simulator.exchange.quote(instrument);
    if (!quote) throw new Error(`nobody quotes ${tradingsymbol}`);
    return quote;
  };
  const paid = (tradingsymbol: string) => {
    const order = simulator.exchange.orders().find((one) => one.tradingsymbol === tradingsymbol);
    return order?.averagePrice ?? Number.NaN;
  };
  const main = (touch(MAIN).depth.asks[0]?.price ?? 0) - paid(MAIN);
  const hedge = (touch(HEDGE).depth.bids[0]?.price ?? 0) - paid(HEDGE);
  return (75 * (main - hedge)) / 100;
}

const count = (of: Map<number, number>, token: number) => of.get(token) ?? 0;

type Form = { name: string; mute(): readonly number[] | 'all'; mutes: string[]; quotes: Omit<SimFault, 'count'> };
const FORMS: Form[] = [
  {
    name: 'no instrument sends prices, and quotes are too many requests',
    ...{ mute: () => 'all', mutes: [MAIN, HEDGE], quotes: { kind: 'rate_limit', path: '/quote' } },
  },
  {
    name: 'the index sends prices, the legs send none, and quotes answer 503',
    mute: () => [tokenOf(MAIN), tokenOf(HEDGE)],
    ...{ mutes: [MAIN, HEDGE], quotes: { kind: 'http_error', status: 503, path: '/quote' } },
  },
  {
    name: 'MAIN alone sends no prices, and quotes are too many requests',
    mute: () => [tokenOf(MAIN)],
    ...{ mutes: [MAIN], quotes: { kind: 'rate_limit', path: '/quote' } },
  },
];
/** More looks than can happen in the time. */
const MANY = 100_000;

describe.each(FORMS)('while $name', ({ mute, mutes, quotes }) => {
  const before = { passed: new Map<number, number>(), states: [] as string[] };
  const after = { kept: [] as number[], passed: [] as number[], heartbeats: 0, refused: 0, loss: 0 };
  const noticed = { pages: [] as string[], connections: 0 };

  beforeAll(async () => {
    before.states = (await positions()).map(({ state }) => state);
    const kept = new Map(ticker.seen.kept);
    const { connections, heartbeats } = ticker.seen;
    const lines = program.lines.length;
    before.passed = new Map(ticker.seen.passed);

    simulator.exchange.addFault({ ...quotes, count: MANY } as SimFault);
    ticker.mute(mute());
    simulator.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: MAIN, points: BEYOND_POINTS });
    const end = performance.now() + WITHIN_MS;
    const isNoticed = () => ticker.seen.connections > connections || pages(lines).length > 0;
    const refused = () => MANY - (simulator.exchange.faults().find(({ path }) => path === '/quote')?.count ?? MANY);
    while (!(isNoticed() && refused() > 0) && performance.now() < end) await sleep(100);
    Object.assign(noticed, { pages: pages(lines), connections: ticker.seen.connections - connections });

    Object.assign(after, {
      kept: mutes.map((leg) => count(ticker.seen.kept, tokenOf(leg)) - count(kept, tokenOf(leg))),
      passed: mutes.map((leg) => count(ticker.seen.passed, tokenOf(leg)) - count(before.passed, tokenOf(leg))),
      heartbeats: ticker.seen.heartbeats - heartbeats,
      ...{ refused: refused(), loss: lossNow() },
    });

    // The price is back before anybody can see it: the next form finds the position open.
    simulator.exchange.clearFaults();
    await sleep(300);
    ticker.unmute();
    const passed = count(ticker.seen.passed, tokenOf(MAIN));
    await eventually(() => count(ticker.seen.passed, tokenOf(MAIN)) > passed + 3);
  }, 60_000);

  it('the position is open beyond its cap, prices are kept back, heartbeats are not, quotes are refused', () => {
    expect(before.states).toEqual(['open']);
    expect(count(before.passed, tokenOf(MAIN))).toBeGreaterThan(0);
    expect(count(before.passed, NIFTY)).toBeGreaterThan(0);
    for (const packets of after.kept) expect(packets).toBeGreaterThan(0);
    expect(after.passed.every((packets) => packets === 0)).toBe(true);
    expect(after.heartbeats).toBeGreaterThan(0);
    expect(after.refused).toBeGreaterThan(0);
    expect(after.loss).toBeGreaterThan(CAP);
  });

  it('F14: within 10 s there is a new connection, or a page that the position is blind', () => {
    expect(noticed.pages.length + noticed.connections).toBeGreaterThan(0);
  });
});
