import { describe, expect, it, onTestFinished } from 'vitest';
import { istTime } from '../../src/domain/clock.ts';
import { type Hour, mondayAfterS1 } from './candles.ts';
import { stageOfFile } from './file-stage.ts';
import { MAIN } from './plan.ts';
import { expectExit } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

/** What a filled stop loses is not the day's limit. */
const ROOMY = { maxLossPerDay: 100_000_00 };

async function candles(...hours: Hour[]): Promise<string> {
  const file = await mondayAfterS1(...hours);
  onTestFinished(() => file.remove());
  return file.path;
}

describe.each(['allow', 'refuse'] as const)('every exit, where a stop may become a limit order: %s', (typeChange) => {
  const exchange = { typeChange };

  it('leaves at 15:15:00 by the durable timer', async () => {
    const today = await stage.tradingDay({ exchange, guard: ({ until }) => ({ kind: 'quiet', until }) });
    await expectExit(today, 'exit_time', '15:15:00');
    const report = await today.result();
    const stop = report.positions[0]?.restingStop;
    expect(stop?.state).toBe(typeChange === 'allow' ? 'COMPLETE' : 'CANCELLED');
  });

  it('leaves when the target is reached', async () => {
    const path = await candles([25063.95, 25260, 25060, 25250]);
    const today = await stage.tradingDay({ exchange: { ...exchange, candles: path } }, { target: 0.3 });
    await expectExit(today, 'target', '11:16:00');
    const report = await today.result();
    expect(report.pnl.net).toBeGreaterThan(0);
    expect(istTime(report.positions[0]?.closedAt ?? 0) < '12:20:00').toBe(true);
  });

  it('leaves when an hourly close is at the strike', async () => {
    const path = await candles([25063.95, 25070, 24995, 25000]);
    const today = await stage.tradingDay({ exchange: { ...exchange, candles: path } }, { maxLossPerTrade: 50_000_00 });
    await expectExit(today, 'index_stop', '12:15:00');
  });

  it('stays when the index was below the strike within the hour but closed above it', async () => {
    const path = await candles([25063.95, 25070, 24980, 25000.05]);
    const today = await stage.tradingDay({ exchange: { ...exchange, candles: path } }, { maxLossPerTrade: 50_000_00 });
    await expectExit(today, 'exit_time', '15:15:00');
  });

  it('leaves when the loss cap is reached, before the hour closes', async () => {
    const path = await candles([25063.95, 25070, 24880, 25050]);
    const today = await stage.tradingDay({ exchange: { ...exchange, candles: path } }, { maxLossPerTrade: 10_000_00 });
    await expectExit(today, 'loss_cap', '11:16:00');
    const report = await today.result();
    expect(istTime(report.positions[0]?.closedAt ?? 0) < '12:15:00').toBe(true);
    expect(report.pnl.net).toBeLessThan(0);
  });

  it('leaves at once in an emergency, and trades nothing more that day', async () => {
    const today = await stage.tradingDay({ exchange });
    await today.opened();
    await today.at('12:00');
    await today.closeAll();
    const closed = await today.seen('the end of the position', ({ positions }) => positions[0]?.state === 'closed');
    expect(istTime(closed.positions[0]?.closedAt ?? 0) < '12:01:00').toBe(true);
    await today.start();
    await expectExit(today, 'emergency', '12:00:00');
  });

  it('leaves when trading is stopped with its positions', async () => {
    const today = await stage.tradingDay({ exchange });
    await today.opened();
    await today.at('12:00');
    await today.stop(true);
    await expectExit(today, 'stopped', '12:00:00');
  });

  it('leaves one position on request', async () => {
    const today = await stage.tradingDay({ exchange });
    await today.opened();
    await today.at('13:00');
    const answered = await today.closePosition({ id: 'P1' });
    expect(answered.id).toBe('P1');
    await expectExit(today, 'manual', '13:00:00');
  });

  it('sells the hedge when the exchange has filled the resting stop while nobody looked', async () => {
    const today = await stage.tradingDay({ exchange, guard: ({ until }) => ({ kind: 'quiet', until }) }, ROOMY);
    await today.opened();
    await touchStop(today);
    await expectExit(today, 'resting_stop', '11:15:00');
    const stop = today.book().find((order) => order.orderType === 'SL');
    expect(stop).toMatchObject({ status: 'COMPLETE', filledQuantity: 750 });
  });

  it('leaves when the exchange has cancelled the resting stop', async () => {
    const today = await stage.tradingDay({ exchange, guard: ({ until }) => ({ kind: 'quiet', until }) }, ROOMY);
    await today.opened();
    today.exchange.addFault({ kind: 'cancel_triggered', count: 1 });
    await touchStop(today);
    await expectExit(today, 'resting_stop', '11:15:00');
    expect(today.book().find((order) => order.orderType === 'SL')).toMatchObject({ status: 'CANCELLED' });
  });
});

/** The price goes to where the stop fires, stays there for a while, and comes back. */
async function touchStop(today: Day): Promise<void> {
  const stop = today.book().find((order) => order.orderType === 'SL');
  const contract = today.exchange.find('NFO', MAIN);
  const last = contract && today.exchange.quote(contract)?.lastPrice;
  if (!stop || last === undefined) throw new Error('no resting stop');
  const points = (stop.triggerPrice - last) / 100 + 4;
  today.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: MAIN, points });
  await today.at('11:40');
  today.exchange.clearFaults();
}
