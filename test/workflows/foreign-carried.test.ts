import { describe, expect, it } from 'vitest';
import { WEEKLY, weekBesideOthers } from './carried-week.ts';
import { stageOfFile } from './file-stage.ts';
import { MAIN } from './plan.ts';
import { filledOf, ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

const resting = (day: Day) =>
  ours(day.book())
    .filter(({ status }) => status === 'TRIGGER PENDING')
    .map(({ pendingQuantity }) => pendingQuantity);

describe('what others hold of a contract that is carried', () => {
  it.each([
    ['a short', 'SELL', 'BUY', -75],
    ['a long', 'BUY', 'SELL', 75],
  ] as const)('is known on the days after: %s', async (_, side, closing, quantity) => {
    const theirs = { tradingsymbol: MAIN, product: 'NRML', quantity: 75 } as const;
    const week = await weekBesideOthers(stage, { ...theirs, side });
    const monday = await week.day('2025-07-14');
    await monday.logIn();
    await monday.start(WEEKLY);
    await monday.seen('the warning', ({ warnings }) => warnings.length > 0);
    await monday.acknowledge('all');
    await monday.opened();
    expect(await week.end(monday)).toMatchObject({ result: 'carried', handedOver: [{ foreign: [{ quantity }] }] });

    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    await tuesday.at('09:16');
    await tuesday.seen('the stop at rest', () => resting(tuesday)[0] === 750);
    const second = await week.end(tuesday);
    expect(second).toMatchObject({ result: 'carried', reconciled: true, handedOver: [{ foreign: [{ quantity }] }] });
    expect(second.warnings).toMatchObject([{ id: `foreign:NRML:${MAIN}` }]);

    // Closed by those who opened it: nothing of ours is missing, on this day and on the next.
    const wednesday = await week.day('2025-07-16');
    await wednesday.logIn();
    await wednesday.at('10:00');
    wednesday.exchange.foreignTrade({ ...theirs, side: closing });
    const third = await week.end(wednesday);
    expect(third).toMatchObject({ result: 'carried', reconciled: true });
    expect(third.handedOver[0]?.foreign).toBeUndefined();

    const thursday = await week.day('2025-07-17');
    await thursday.logIn();
    const last = await week.end(thursday);
    expect(last).toMatchObject({ result: 'flat', reconciled: true, warnings: [] });
    expect(filledOf(ours(thursday.book()), MAIN, 'BUY')).toBe(750);
  });
});
