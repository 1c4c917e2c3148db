import { describe, expect, it } from 'vitest';
import { istTime } from '../../src/domain/clock.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectExit, expectSound, filledOf, ours } from './soundness.ts';
import type { SimulatedDay } from './stage.ts';

const stage = stageOfFile();

const resting = (today: SimulatedDay) =>
  ours(today.book())
    .filter(({ status }) => status === 'TRIGGER PENDING')
    .reduce((sum, { pendingQuantity }) => sum + pendingQuantity, 0);

/** Everything that a person or the exchange could see change of our orders. */
const changes = (today: SimulatedDay) => ours(today.book()).map(({ orderId, history }) => [orderId, history.length]);

async function opened(): Promise<SimulatedDay> {
  const today = await stage.tradingDay();
  await today.opened();
  await today.seen('its stop', () => resting(today) === 750);
  return today;
}

describe('an emergency', () => {
  it('a second time changes nothing, and says so', async () => {
    const today = await opened();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN, side: 'asks' });
    await today.closeAll();
    await today.seen('the exit', ({ busy }) => busy);
    await today.closeAll();
    const { answers } = await today.view();
    expect(answers.filter(({ name }) => name === 'close_all')).toMatchObject([
      { changed: true, text: expect.stringContaining('Leaving now: P1') },
      { changed: false, text: expect.stringContaining('Already being left: P1') },
    ]);
    today.exchange.clearFaults();
    await expectExit(today, 'emergency', '11:15:00');
    expect(today.world.pages.filter(({ cause }) => cause === 'emergency')).toHaveLength(2);
  });

  it('with nothing open says that as well, and ends the entries of the day', async () => {
    const today = await stage.tradingDay();
    await today.closeAll();
    const { answers, entriesOff } = await today.view();
    expect(answers.at(-1)).toMatchObject({ changed: true, text: expect.stringContaining('Nothing is open') });
    expect(entriesOff).toBe('emergency');
    await today.closeAll();
    expect((await today.view()).answers.at(-1)).toMatchObject({ name: 'close_all', changed: false });
  });
});

describe('hands off', () => {
  it('is confirmed by the name of the account: another word changes nothing', async () => {
    const today = await opened();
    await today.handsOff(true, 'yes');
    const { answers, handsOff } = await today.view();
    expect(handsOff).toBeNull();
    expect(answers.at(-1)).toMatchObject({
      name: 'hands_off',
      changed: false,
      text: expect.stringContaining('"test"'),
    });
    await expectExit(today, 'exit_time', '15:15:00');
  });

  it('sends no order call at all, the stops rest, and the owner is paged each minute', async () => {
    const today = await opened();
    const before = changes(today);
    await today.handsOff(true);
    const since = today.now();
    await today.handsOff(true);
    expect((await today.view()).answers.slice(-2).map(({ changed }) => changed)).toEqual([true, false]);
    await today.closePosition({});
    await today.closeAll();
    await today.at('11:21');
    expect(changes(today), 'no order was touched').toEqual(before);
    expect(resting(today)).toBe(750);
    const pages = today.world.pages.filter(({ cause, text }) => cause === 'hands_off' && text.includes('P1'));
    expect(pages.map(({ at }) => Math.round((at - since) / 60_000))).toEqual([0, 1, 2, 3, 4, 5]);
    await expect(today.placeOrder({ symbol: HEDGE })).rejects.toMatchObject({ cause: { type: 'hands_off' } });

    await today.handsOff(false);
    const { positions } = await today.seen('the end', (view) => view.positions[0]?.state === 'closed');
    expect(istTime(positions[0]?.closedAt ?? 0) < '11:22:00').toBe(true);
    await expectExit(today, 'emergency', '11:21:00');
  });

  it('takes no signal, and what is open at the close is not flat', async () => {
    const today = await stage.tradingDay();
    await today.handsOff(true);
    const report = await today.result();
    expect(today.book()).toEqual([]);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', outcome: 'not_taken', reason: 'not taken: hands off' });
    expect(report.result).toBe('flat');
  });
});

describe("a cancellation in Temporal's own UI", () => {
  it('flattens, and the day completes with its report', async () => {
    const today = await opened();
    await today.cancelWorkflow();
    const { positions } = await today.seen('the end', (view) => view.positions[0]?.state === 'closed');
    expect(istTime(positions[0]?.closedAt ?? 0) < '11:16:00').toBe(true);
    await expectExit(today, 'emergency', '11:15:00');
    expect(today.world.taskFailures).toEqual([]);
  });

  it('before the open only pages: the day goes on', async () => {
    const today = await stage.tradingDay();
    await today.at('09:00');
    await today.cancelWorkflow();
    await today.seen('the page', () => today.world.pages.some(({ cause }) => cause === 'cancelled'));
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
  });
});
