import { describe, expect, it } from 'vitest';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectExit, expectSound, filledOf } from './soundness.ts';

const stage = stageOfFile();

describe('an emergency before the entry', () => {
  it('takes no signal any more that day, whatever is started again', async () => {
    const today = await stage.tradingDay();
    await today.at('10:30');
    await today.closeAll();
    await today.start();
    const report = await today.result();
    expect(today.book()).toEqual([]);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', outcome: 'not_taken' });
    expect(report.decisions[1]?.reason).toContain('emergency');
  });
});

describe('an emergency during the entry', () => {
  it('ends the hedge order and sells nothing, also when sellers of the hedge come back', async () => {
    const today = await stage.tradingDay();
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
    const today = await stage.tradingDay();
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

describe('closing one position', () => {
  it('refuses a command that came too late, whatever else is wrong with it', async () => {
    const today = await stage.tradingDay();
    await today.opened();
    await expect(today.closePosition({ id: 'P9', expiresAt: 1 })).rejects.toMatchObject({ cause: { type: 'expired' } });
    await expect(today.closePosition({ id: 'P9' })).rejects.toMatchObject({ cause: { type: 'unknown_position' } });
    await expectExit(today, 'exit_time', '15:15:00');
  });

  it('takes the same request twice, and refuses one for a closed position', async () => {
    const today = await stage.tradingDay();
    await today.opened();
    await Promise.all([today.closePosition({ id: 'P1' }), today.closePosition({ id: 'P1' })]);
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    await expect(today.closePosition({ id: 'P1' })).rejects.toMatchObject({ cause: { type: 'already_closed' } });
    await expectExit(today, 'manual', '11:15:00');
  });
});
