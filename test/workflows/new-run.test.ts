/** A long day goes on in a new run: forced often, so that whatever a run forgot would show. */
import { describe, expect, it } from 'vitest';
import { istTime } from '../../src/domain/clock.ts';
import { carriedWeek, WEEKLY } from './carried-week.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectLedgerIsBook, expectSound, filledOf, ours } from './soundness.ts';
import type { SimulatedDay } from './stage.ts';

const stage = stageOfFile();

const OFTEN = { suggestNewRunAt: 50 };

const runsOf = ({ execution }: SimulatedDay) => execution.runs;

describe('a day whose runs are cut every fifty events', () => {
  it('loses nothing: each hour is decided once, each order sent once, the position leaves at 15:15', async () => {
    const today = await stage.tradingDay(OFTEN);
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(runsOf(today)).toBeGreaterThan(5);
    expect(report.decisions.map(({ at }) => istTime(at))).toEqual([
      ...['10:15:00', '11:15:00', '12:15:00', '13:15:00', '14:15:00', '15:15:00'],
    ]);
    expect(ours(today.book())).toHaveLength(4);
    expect(report.positions).toMatchObject([{ id: 'P1', state: 'closed', exitReason: 'exit_time' }]);
    const kept = await stage.journal.report(today.identity, today.identity.date);
    expect(kept).toEqual(report);
    const events = await stage.journal.events({ ...today.identity }, 10_000);
    expect(new Set(events.map(({ seq }) => seq)).size).toBe(events.length);
    expect(today.world.taskFailures).toEqual([]);
  });

  it('keeps positions, commands and their answers, keys, warnings and acknowledgements', async () => {
    const today = await stage.tradingDay(OFTEN);
    await today.at('09:30');
    const first = await today.placeOrder({ symbol: HEDGE }, { key: 'one' });
    await today.at('11:15');
    await today.seen('P1', ({ positions }) => positions[1]?.state === 'open');
    await today.stop();
    await today.handsOff(true, 'no');
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    const before = runsOf(today);
    await today.at('13:00');
    expect(runsOf(today)).toBeGreaterThan(before);
    const view = await today.view();
    expect(view).toMatchObject({ state: 'stopped', started: true, handsOff: null });
    expect(view.positions.map(({ id, state }) => [id, state])).toEqual([
      ['M1', 'open'],
      ['P1', 'open'],
    ]);
    expect(view.answers.map(({ name }) => name)).toEqual(['start', 'stop', 'hands_off']);
    expect(view.warnings).toMatchObject([{ id: 'external:P1' }]);
    const again = await today.placeOrder({ symbol: HEDGE }, { key: 'one' });
    expect(again.order?.orderId).toBe(first.order?.orderId);
    await today.acknowledge('all');
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
    expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(675);
  });

  it('pages once for what lasts over many runs, and tells its end', async () => {
    const today = await stage.tradingDay(OFTEN);
    await today.opened();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN, side: 'asks' });
    await today.closePosition({});
    await today.at('11:19');
    today.exchange.clearFaults();
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    await today.at('11:25');
    const told = today.world.pages.filter(({ cause }) => cause === 'not_flat').map(({ kind }) => kind);
    expect(told).toEqual(['raised', 'repeated', 'ended']);
    expectSound(await today.result(), today.exchange);
  });

  it('finds an order without an answer, whichever run looks for it', async () => {
    const today = await stage.tradingDay(OFTEN);
    const off = today.exchange.onOrder(({ tradingsymbol, status }) => {
      if (tradingsymbol !== HEDGE || status !== 'COMPLETE') return;
      off();
      today.exchange.addFault({ kind: 'drop_connection', path: '/orders', method: 'POST', count: 1 });
    });
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'entry_failed' }] });
    expectLedgerIsBook(report, today.book());
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(0);
  });

  it('a cancellation flattens in whichever run it meets', async () => {
    const today = await stage.tradingDay(OFTEN);
    await today.opened();
    await today.at('12:40');
    await today.cancelWorkflow();
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.positions).toMatchObject([{ exitReason: 'emergency' }]);
  });

  it('carries a position, and takes it over the next morning', async () => {
    const { week, report } = await carriedWeek(stage, { options: OFTEN });
    expect(report).toMatchObject({ result: 'carried', reconciled: true });
    const tuesday = await week.day('2025-07-15', OFTEN);
    await tuesday.logIn();
    await tuesday.start(WEEKLY);
    await tuesday.at('12:00');
    const stops = ours(tuesday.book()).filter(({ status }) => status === 'TRIGGER PENDING');
    expect(stops.map(({ quantity }) => quantity)).toEqual([750]);
    expect(await week.end(tuesday)).toMatchObject({ result: 'carried', reconciled: true, trades: [] });
  });
});
