import { describe, expect, it } from 'vitest';
import { candleFile } from './candles.ts';
import { carriedWeek, WEEKLY } from './carried-week.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { filledOf, ours } from './soundness.ts';
import type { Day, SimulatedDay } from './stage.ts';

const stage = stageOfFile();
let day: SimulatedDay;

const held = ({ exchange }: Day) =>
  Object.fromEntries(exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]));
const resting = (today: Day) =>
  ours(today.book())
    .filter(
      ({ status, tradingsymbol, side }) => status === 'TRIGGER PENDING' && tradingsymbol === MAIN && side === 'BUY',
    )
    .map(({ pendingQuantity }) => pendingQuantity);

describe('an external trade in a contract that two positions hold', () => {
  it('closes one of two of signals: the other keeps its stop and its hedge', async () => {
    const { week } = await carriedWeek(stage);
    // On other candles the week begins on Tuesday: S1 fires once more, in the same series.
    const candles = await candleFile({
      '2025-07-15': [
        [25149.5, 25151.1, 25041.9, 25119.8],
        [25120.75, 25127.05, 25061.85, 25063.95],
      ],
    });
    day = await week.day('2025-07-15', { exchange: { candles: candles.path } });
    await day.logIn();
    await day.start({ ...WEEKLY, maxLossPerDay: 100_000_00 });
    await day.at('11:16');
    await day.seen('both open', ({ positions }) => positions.filter(({ state }) => state === 'open').length === 2);
    await day.seen('both protected', () => resting(day).length === 2);
    day.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'NRML', side: 'BUY', quantity: 750 });
    await day.at('12:30');
    await day.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'external:P1'));
    await day.seen('one stop', () => JSON.stringify(resting(day)) === '[750]');
    await day.acknowledge('all');
    await day.seen('one is closed', ({ positions }) => positions[0]?.state === 'closed');
    const report = await week.end(day);
    await candles.remove();
    expect(report.warnings.filter(({ code }) => code !== 'no_data').map(({ id }) => id)).toEqual([]);
    expect(report).toMatchObject({ result: 'carried', reconciled: true });
    expect(report.positions).toMatchObject([
      { id: 'P1', state: 'closed', exitReason: 'external' },
      { id: 'P2', state: 'open' },
    ]);
    expect(held(day)).toEqual({ [MAIN]: -750, [HEDGE]: 750 });
  });

  it('closes the older one first: what is short in the end is bought back once', async () => {
    day = await stage.tradingDay();
    await day.at('09:30');
    await day.placeOrder({ symbol: HEDGE });
    await day.placeOrder({ symbol: MAIN, side: 'SELL' });
    await day.at('11:15');
    const position = (view: Awaited<ReturnType<Day['view']>>, id: string) =>
      view.positions.find((one) => one.id === id);
    await day.seen('P1', (view) => position(view, 'P1')?.state === 'open');
    await day.seen('its stop', () => resting(day).length === 2);
    day.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 750 });
    await day.at('12:30');
    const { warnings } = await day.seen('the questions', (view) => view.warnings.length === 2);
    expect(warnings.map(({ id }) => id)).toEqual(['external:M2', 'external:P1']);
    expect(held(day)).toEqual({ [MAIN]: -75, [HEDGE]: 825 });
    expect(resting(day)).toEqual([75]);
    await day.acknowledge('all');
    await day.seen('M2 is closed', (view) => position(view, 'M2')?.state === 'closed');
    await day.seen('what is left of the hedge', () => held(day)[HEDGE] === 150);
    await day.closePosition({ id: 'P1' });
    await day.seen('P1 is closed', (view) => position(view, 'P1')?.state === 'closed');
    expect(held(day)).toEqual({ [MAIN]: 0, [HEDGE]: 75 });
    const report = await day.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, warnings: [] });
    expect(filledOf(ours(day.book()), MAIN, 'BUY')).toBe(75);
    expect(held(day)).toEqual({ [MAIN]: 0, [HEDGE]: 0 });
  });
});

describe('what somebody bought back of a carried position before the login', () => {
  it('rests its stop as soon as it is sold again', async () => {
    const { week } = await carriedWeek(stage);
    day = await week.day('2025-07-15');
    await day.at('09:30');
    const theirs = { tradingsymbol: MAIN, product: 'NRML', quantity: 750 } as const;
    day.exchange.foreignTrade({ ...theirs, side: 'BUY' });
    await day.logIn();
    await day.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'external:P1'));
    expect(resting(day)).toEqual([]);
    day.exchange.foreignTrade({ ...theirs, side: 'SELL' });
    await day.at('11:30');
    await day.seen('the stop at rest', ({ warnings }) => {
      return resting(day)[0] === 750 && !warnings.some(({ id }) => id.startsWith('external'));
    });
    expect((await week.end(day)).result).toBe('carried');
  });
});

describe('a short of others in the contract of an open position', () => {
  it('is theirs alone: ours leaves with all of its hedge, and the day is flat', async () => {
    day = await stage.tradingDay();
    await day.opened();
    day.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'SELL', quantity: 75 });
    await day.at('12:30');
    await day.closePosition({});
    await day.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    expect(held(day)).toEqual({ [MAIN]: -75, [HEDGE]: 0 });
    const report = await day.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [], warnings: [] });
    expect(filledOf(ours(day.book()), MAIN, 'BUY')).toBe(750);
  });
});
