import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { createExchange } from '../../../src/exchange-simulator/replay/exchange.ts';
import { RUN } from '../../run-typescript.ts';
import { lastPrice, moveTo, open, place, temporaryFolder } from './core-fixture.ts';

const CHILD = fileURLToPath(new URL('./restart.child.ts', import.meta.url));

let dataDir: string;
beforeEach(() => {
  dataDir = temporaryFolder();
});

/** What its clock showed: market time at a wall time, both in ms. */
type Look = { market: number; wall: number };

/** Runs an exchange that places orders all the time, and kills it in the middle of that. */
async function runAndKill(options: Record<string, unknown>): Promise<{ acknowledged: string[]; looks: Look[] }> {
  const argument = JSON.stringify({
    dataDir,
    at: istAt('2025-07-14', '11:15'),
    latency: { minMs: 1, maxMs: 40 },
    ...options,
  });
  const child = spawn(process.execPath, [RUN, CHILD, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > 25) child.kill('SIGKILL');
  });
  await ended;
  const lines = output
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '));
  return {
    acknowledged: lines.map(([orderId = '']) => orderId),
    looks: lines.map(([, market, wall]) => ({ market: Number(market), wall: Number(wall) })),
  };
}

describe('after SIGKILL', () => {
  it('no acknowledged order is lost, each goes on to its end, and none is there twice', async () => {
    const first = await runAndKill({ speed: 1, tag: 'A' });
    const second = await runAndKill({ tag: 'B' });
    const exchange = await open({ dataDir });
    const ids = exchange.allOrders().map(({ orderId }) => orderId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining([...first.acknowledged, ...second.acknowledged]));
    await expect
      .poll(() => exchange.allOrders().filter(({ status }) => !['COMPLETE', 'OPEN', 'REJECTED'].includes(status)))
      .toEqual([]);
    const orders = exchange.allOrders();
    for (const order of orders) {
      const filled = order.fills.reduce((sum, fill) => sum + fill.quantity, 0);
      expect(filled).toBe(order.filledQuantity);
      expect(filled).toBeLessThanOrEqual(order.quantity);
    }
    const trades = orders.flatMap(({ fills }) => fills.map(({ tradeId }) => tradeId));
    expect(new Set(trades).size).toBe(trades.length);
    const bought = orders.reduce((sum, order) => sum + order.filledQuantity, 0);
    expect(exchange.positions()[0]?.quantity).toBe(bought);
  });

  it('market time goes on from where it was: not back by more than a moment, not ahead by the time that nobody ran', async () => {
    const speed = 60;
    const { looks } = await runAndKill({ speed, tag: 'A' });
    const endedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const exchange = await open({ dataDir, speed: 0 });
    const now = exchange.clock.now();
    const [beforeLast, last] = looks.slice(-2);
    if (!beforeLast || !last) throw new Error('it acknowledged nothing');
    // It writes its clock every 100 ms, and whatever was due at one order has been done before the next.
    expect(now).toBeGreaterThanOrEqual(beforeLast.market - 150 * speed);
    expect(now).toBeLessThanOrEqual(last.market + (endedAt - last.wall) * speed);
  });

  it('a clock that nobody leased runs on at once at its stored speed', async () => {
    await runAndKill({ speed: 60, tag: 'A' });
    const exchange = await createExchange({ dataDir });
    expect(exchange.clock.speed()).toBe(60);
    await exchange.close();
  });

  it('a leased clock stands still until its owner is back', async () => {
    await runAndKill({ speed: 60, tag: 'A', lease: 30 });
    const exchange = await createExchange({ dataDir });
    expect(exchange.clock.speed()).toBe(0);
    exchange.clock.lease(5);
    expect(exchange.clock.speed()).toBe(60);
    await exchange.close();
  });
});

describe('a folder with a market', () => {
  it('keeps sessions, holds and positions, and starts where it was stopped', async () => {
    const exchange = await createExchange({ dataDir, at: istAt('2025-07-14', '11:15'), speed: 0 });
    const { accessToken } = exchange.exchangeRequestToken(exchange.newRequestToken());
    const unused = exchange.newRequestToken();
    exchange.clock.hold('entry', true);
    await place(exchange, { product: 'NRML' });
    moveTo(exchange, '12:34:56');
    await exchange.close();

    const again = await open({ dataDir, at: istAt('2025-07-15', '09:15') });
    expect(again.clock.now()).toBe(istAt('2025-07-14', '12:34:56'));
    expect(again.clock.holds()).toEqual(['entry']);
    expect(again.sessionAlive(accessToken)).toBe(true);
    expect(again.exchangeRequestToken(unused).accessToken).toBeTruthy();
    expect(again.positions()).toMatchObject([{ quantity: 75, product: 'NRML' }]);
  });

  it('keeps the market that was made for it', async () => {
    const exchange = await createExchange({ dataDir, at: istAt('2026-03-10', '11:00'), speed: 0 });
    moveTo(exchange, '11:00', '2026-03-20');
    const price = lastPrice(exchange, 'NIFTY 50');
    await exchange.close();
    const again = await open({ dataDir });
    expect(lastPrice(again, 'NIFTY 50')).toBe(price);
  });

  it('ignores a line that was being written when the process died, and refuses a damaged one', async () => {
    const exchange = await createExchange({ dataDir, at: istAt('2025-07-14', '11:15'), speed: 0 });
    const order = await place(exchange, { price: 3_000 });
    await exchange.close();
    const book = join(dataDir, 'book.jsonl');
    appendFileSync(book, '{"record":{"order"');
    const again = await createExchange({ dataDir });
    expect(again.allOrders().map(({ orderId }) => orderId)).toEqual([order.orderId]);
    await again.close();
    writeFileSync(book, `{"rec\n${readFileSync(book, 'utf8')}`);
    await expect(createExchange({ dataDir })).rejects.toThrow(/book\.jsonl:1 is damaged/);
  });
});
