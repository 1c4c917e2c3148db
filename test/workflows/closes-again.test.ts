import { expect, it } from 'vitest';
import type { Day } from '../../workflows/day/day.ts';
import { newFacts } from '../../workflows/day/facts.ts';
import { keepHours } from '../../workflows/day/hourly-close.ts';
import { DATE, ist, OPEN } from '../domain/control/builder.ts';

it('a close that a lost run has decided on is judged by the stops of the run that goes on', async () => {
  const facts = newFacts({ identity: { mode: 'paper', account: 'a', run: 1, date: DATE }, clock: [] });
  const check = ist(10, 15);
  Object.assign(facts, { timetable: { checks: [check] }, decided: [check] });
  await keepHours({ facts, changed: () => {}, now: () => check } as Day);
  expect(facts.closesToJudge).toEqual([{ barStart: OPEN, barEnd: check }]);
});
