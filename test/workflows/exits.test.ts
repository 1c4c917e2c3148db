import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { istTime } from '../../src/domain/clock.ts';
import type { ExitReason } from '../../workflows/messages.ts';
import { type Hour, mondayAfterS1 } from './candles.ts';
import { type DayOptions, HEDGE, MAIN, openStage, type ReplayedDay, type Stage } from './replayed-day.ts';
import { expectSound, filledOf, ours } from './soundness.ts';

let stage: Stage;
let day: ReplayedDay | undefined;
let files: { path: string; remove(): Promise<void> }[] = [];
beforeAll(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await day?.close();
  day = undefined;
  for (const file of files) await file.remove();
  files = [];
});
afterAll(() => stage.close());

async function candles(...hours: Hour[]): Promise<string> {
  const file = await mondayAfterS1(...hours);
  files.push(file);
  return file.path;
}

async function traded(options: DayOptions = {}, plan = {}): Promise<ReplayedDay> {
  day = await stage.startDay(options);
  await day.logIn();
  await day.start(plan);
  return day;
}

/** The day ended flat, left once for that reason, and the main leg was bought back at or after `since`. */
async function expectExit(today: ReplayedDay, reason: ExitReason, since: string): Promise<void> {
  const report = await today.result();
  expectSound(report, today.exchange);
  expect(report.positions).toMatchObject([{ state: 'closed', exitReason: reason }]);
  expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
  const out = ours(today.book()).filter((order) => order.tradingsymbol === MAIN && order.side === 'BUY');
  for (const { at } of out.flatMap(({ fills }) => fills)) expect(istTime(at) >= since, istTime(at)).toBe(true);
  const hedgeSold = ours(today.book()).filter((order) => order.tradingsymbol === HEDGE && order.side === 'SELL');
  const lastBuy = Math.max(...out.flatMap(({ fills }) => fills.map(({ at }) => at)));
  for (const { placedAt } of hedgeSold) expect(placedAt).toBeGreaterThanOrEqual(lastBuy);
}

describe.each(['allow', 'refuse'] as const)('every exit, where a stop may become a limit order: %s', (typeChange) => {
  const exchange = { typeChange };

  it('leaves at 15:15:00 by the durable timer', async () => {
    const today = await traded({ exchange, guard: ({ until }) => ({ kind: 'quiet', until }) });
    await expectExit(today, 'exit_time', '15:15:00');
    const report = await today.result();
    const stop = report.positions[0]?.catastropheStop;
    expect(stop?.state).toBe(typeChange === 'allow' ? 'COMPLETE' : 'CANCELLED');
  });

  it('leaves when the target is reached', async () => {
    const path = await candles([25063.95, 25260, 25060, 25250]);
    const today = await traded({ exchange: { ...exchange, candles: path } }, { target: 0.3 });
    await expectExit(today, 'target', '11:16:00');
    const report = await today.result();
    expect(report.pnl.net).toBeGreaterThan(0);
    expect(istTime(report.positions[0]?.closedAt ?? 0) < '12:20:00').toBe(true);
  });

  it('leaves when an hourly close is at the strike', async () => {
    const path = await candles([25063.95, 25070, 24995, 25000]);
    const today = await traded({ exchange: { ...exchange, candles: path } }, { maxLossPerTrade: 50_000_00 });
    await expectExit(today, 'index_stop', '12:15:00');
  });

  it('stays when the index was below the strike within the hour but closed above it', async () => {
    const path = await candles([25063.95, 25070, 24980, 25000.05]);
    const today = await traded({ exchange: { ...exchange, candles: path } }, { maxLossPerTrade: 50_000_00 });
    await expectExit(today, 'exit_time', '15:15:00');
  });

  it('leaves when the loss cap is reached, before the hour closes', async () => {
    const path = await candles([25063.95, 25070, 24880, 25050]);
    const today = await traded({ exchange: { ...exchange, candles: path } }, { maxLossPerTrade: 10_000_00 });
    await expectExit(today, 'loss_cap', '11:16:00');
    const report = await today.result();
    expect(istTime(report.positions[0]?.closedAt ?? 0) < '12:15:00').toBe(true);
    expect(report.pnl.net).toBeLessThan(0);
  });

  it('leaves at once in an emergency, and trades nothing more that day', async () => {
    const today = await traded({ exchange });
    await today.opened();
    await today.at('12:00');
    await today.closeAll();
    const closed = await today.seen('the end of the position', ({ positions }) => positions[0]?.state === 'closed');
    expect(istTime(closed.positions[0]?.closedAt ?? 0) < '12:01:00').toBe(true);
    await today.start();
    await expectExit(today, 'emergency', '12:00:00');
  });

  it('leaves when trading is stopped with its positions', async () => {
    const today = await traded({ exchange });
    await today.opened();
    await today.at('12:00');
    await today.stop(true);
    await expectExit(today, 'stopped', '12:00:00');
  });

  it('leaves one position on request', async () => {
    const today = await traded({ exchange });
    await today.opened();
    await today.at('13:00');
    const answered = await today.closePosition({ id: 'P1' });
    expect(answered.id).toBe('P1');
    await expectExit(today, 'manual', '13:00:00');
  });

  it('sells the hedge when the exchange has filled the resting stop while nobody looked', async () => {
    const today = await traded({ exchange, guard: ({ until }) => quietUnlessStopEnded(today, until) });
    await today.opened();
    await touchStop(today);
    await expectExit(today, 'catastrophe_stop', '11:15:00');
    const stop = today.book().find((order) => order.orderType === 'SL');
    expect(stop).toMatchObject({ status: 'COMPLETE', filledQuantity: 750 });
  });

  it('leaves when the exchange has cancelled the resting stop', async () => {
    const today = await traded({ exchange, guard: ({ until }) => quietUnlessStopEnded(today, until) });
    await today.opened();
    today.exchange.addFault({ kind: 'cancel_triggered', count: 1 });
    await touchStop(today);
    await expectExit(today, 'catastrophe_stop', '12:15:00');
    expect(today.book().find((order) => order.orderType === 'SL')).toMatchObject({ status: 'CANCELLED' });
  });
});

describe('an exit whose change is acknowledged and then refused', () => {
  it('cancels the stop to its end, then buys back what is still sold', async () => {
    const today = await traded();
    await today.opened();
    today.exchange.addFault({ kind: 'refuse_type_change', count: 1, after: true });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    const [stop, exit] = ours(today.book()).filter(
      ({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY',
    );
    expect(stop).toMatchObject({ orderType: 'SL', status: 'CANCELLED', filledQuantity: 0 });
    expect(exit?.placedAt).toBeGreaterThanOrEqual(stop?.updatedAt ?? Number.POSITIVE_INFINITY);
    expect(exit).toMatchObject({ orderType: 'LIMIT', status: 'COMPLETE', filledQuantity: 750 });
  });

  it('buys nothing twice when the stop fills just before it becomes the exit', async () => {
    const today = await traded();
    await today.opened();
    today.exchange.addFault({ kind: 'fill_before_change', count: 1, tradingsymbol: MAIN });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
  });

  it('buys nothing twice when the stop fills just before it is cancelled', async () => {
    const today = await traded({ exchange: { typeChange: 'refuse' } });
    await today.opened();
    today.exchange.addFault({ kind: 'fill_before_change', count: 1, tradingsymbol: MAIN, change: 'cancel' });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
  });

  it('goes on through depth that fills it in parts, at prices that never fall', async () => {
    const today = await traded();
    await today.opened();
    today.exchange.addFault({
      kind: 'thin_depth',
      count: 2,
      tradingsymbol: MAIN,
      transaction_type: 'BUY',
      quantity: 225,
    });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    for (const { history } of today
      .book()
      .filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY')) {
      const limits = history.filter(({ orderType }) => orderType === 'LIMIT').map(({ price }) => Number(price));
      expect(limits).toEqual([...limits].sort((a, b) => a - b));
    }
  });
});

describe('an exit while the market runs away from it', () => {
  it('never shows a lower price than it has shown', async () => {
    const today = await traded();
    await today.opened();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN, side: 'asks' });
    await today.closeAll();
    const exit = () => today.book().find(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY');
    const limits = () =>
      exit()?.history.filter(({ orderType, status }) => orderType === 'LIMIT' && status === 'OPEN') ?? [];
    await today.seen('the limit', () => limits().length > 0);
    today.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: MAIN, points: -15 });
    // Some steps of its chase: each would ask for less, and each is content with what was shown.
    await new Promise((done) => setTimeout(done, 2_000));
    today.exchange.clearFaults();
    await expectExit(today, 'emergency', '11:15:00');
    const prices = limits().map(({ price }) => Number(price));
    expect(prices).toEqual([...prices].sort((a, b) => a - b));
  });
});

describe('an exit that the market does not take', () => {
  it('refused again and again: it is tried fast at first, then patiently', async () => {
    const today = await traded({ exchange: { typeChange: 'refuse' } });
    await today.opened();
    today.exchange.addFault({ kind: 'reject_order', count: 100_000, tradingsymbol: MAIN, transaction_type: 'BUY' });
    await today.closeAll();
    await today.at('11:35');
    const tries = () =>
      ours(today.book()).filter(({ orderType, tradingsymbol, side }) => {
        return orderType === 'LIMIT' && tradingsymbol === MAIN && side === 'BUY';
      });
    const early = tries();
    // Twenty minutes: fifteen tries at once and one each half minute after them; a try a second would be a thousand.
    expect(early.length).toBeGreaterThan(40);
    expect(early.length).toBeLessThan(60);
    expect(istTime(early[13]?.placedAt ?? 0) < '11:16:00', istTime(early[13]?.placedAt ?? 0)).toBe(true);
    today.exchange.clearFaults();
    await expectExit(today, 'emergency', '11:35:00');
    expect(new Set(ours(today.book()).map(({ tag }) => tag)).size).toBe(ours(today.book()).length);
  }, 60_000);

  it('a hedge that nobody bids for is left over, bounded, and said', async () => {
    const today = await traded();
    await today.opened();
    await today.at('15:14:30');
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: HEDGE, side: 'bids' });
    today.exchange.addFault({ kind: 'reject_order', count: 100_000, tradingsymbol: HEDGE, transaction_type: 'SELL' });
    await today.at('15:15:05');
    await today.missUntil('15:22:50');
    const report = await today.result();
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
    expect(report.positions).toMatchObject([{ state: 'residual_hedge', exitReason: 'exit_time' }]);
    expect(report.result).toBe('not_flat');
    expect(report.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['residual_hedge', 'not_flat']));
    const placed = ours(today.book()).map(({ placedAt }) => istTime(placedAt));
    expect(placed.filter((at) => at >= '15:23:02')).toEqual([]);
  }, 60_000);
});

describe('an emergency before the entry', () => {
  it('takes no signal any more that day, whatever is started again', async () => {
    const today = await traded();
    await today.at('10:30');
    await today.closeAll();
    await today.start();
    const report = await today.result();
    expect(today.book()).toEqual([]);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', outcome: 'skipped' });
    expect(report.decisions[1]?.reason).toContain('emergency');
  });
});

describe('an emergency during the entry', () => {
  it('ends the hedge order and sells nothing, also when sellers of the hedge come back', async () => {
    const today = await traded();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: HEDGE });
    await today.at('11:15');
    await today.seen('the hedge order', ({ orders }) => orders.some(({ orderId }) => orderId !== null));
    await today.closeAll();
    await today.seen('the emergency', ({ positions }) => positions[0]?.exitReason === 'emergency');
    today.exchange.clearFaults();
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(today.book().filter(({ tradingsymbol }) => tradingsymbol === MAIN)).toEqual([]);
  });

  it('ends the main leg and sells the hedge again', async () => {
    const today = await traded();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN });
    await today.at('11:15');
    await today.seen('the main leg', ({ orders }) => orders.some(({ role, orderId }) => role === 'main' && orderId));
    await today.closeAll();
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    today.exchange.clearFaults();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.positions).toMatchObject([{ exitReason: 'emergency' }]);
    expect(filledOf(today.book(), HEDGE, 'SELL')).toBe(750);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(0);
  });
});

describe('protection', () => {
  it('closes the position when the protective stop is refused twice', async () => {
    day = await stage.startDay();
    day.exchange.addFault({ kind: 'reject_order', count: 2, tradingsymbol: MAIN, transaction_type: 'BUY' });
    await day.logIn();
    await day.start();
    await expectExit(day, 'protection_refused', '11:15:00');
    const report = await day.result();
    expect(istTime(report.positions[0]?.closedAt ?? 0) < '11:17:00').toBe(true);
  });

  it('keeps the position when only the first protective stop is refused', async () => {
    day = await stage.startDay();
    day.exchange.addFault({ kind: 'reject_order', count: 1, tradingsymbol: MAIN, transaction_type: 'BUY' });
    await day.logIn();
    await day.start();
    await expectExit(day, 'exit_time', '15:15:00');
  });
});

describe('closing one position by hand', () => {
  it('refuses a command that came too late, whatever else is wrong with it', async () => {
    const today = await traded();
    await today.opened();
    await expect(today.closePosition({ id: 'P9', expiresAt: 1 })).rejects.toMatchObject({ cause: { type: 'expired' } });
    await expect(today.closePosition({ id: 'P9' })).rejects.toMatchObject({ cause: { type: 'unknown_position' } });
    await expectExit(today, 'exit_time', '15:15:00');
  });

  it('takes the same request twice, and refuses one for a closed position', async () => {
    const today = await traded();
    await today.opened();
    await Promise.all([today.closePosition({ id: 'P1' }), today.closePosition({ id: 'P1' })]);
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    await expect(today.closePosition({ id: 'P1' })).rejects.toMatchObject({ cause: { type: 'already_closed' } });
    await expectExit(today, 'manual', '11:15:00');
  });
});

function quietUnlessStopEnded(today: ReplayedDay, until: number) {
  const stop = today.book().find((order) => order.orderType === 'SL');
  if (!stop || stop.status === 'TRIGGER PENDING') return { kind: 'quiet', until } as const;
  const at = today.exchange.clock.now();
  return { kind: 'triggered', reason: 'catastrophe_stop', at, sent: false, detail: `stop is ${stop.status}` } as const;
}

/** The price goes to where the stop fires, stays there for a while, and comes back. */
async function touchStop(today: ReplayedDay): Promise<void> {
  const stop = today.book().find((order) => order.orderType === 'SL');
  const contract = today.exchange.find('NFO', MAIN);
  const last = contract && today.exchange.quote(contract)?.lastPrice;
  if (!stop || last === undefined) throw new Error('no resting stop');
  const points = (stop.triggerPrice - last) / 100 + 4;
  today.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: MAIN, points });
  await today.at('11:40');
  today.exchange.clearFaults();
}
