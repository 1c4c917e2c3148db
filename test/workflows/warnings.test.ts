/** What a person has acknowledged, and what a command answers when nothing can be done any more. */
import { describe, expect, it } from 'vitest';
import { closeAll } from '../../workflows/day/commands.ts';
import { Day } from '../../workflows/day/day.ts';
import { newFacts } from '../../workflows/day/facts.ts';

const DATE = '2025-07-14';
const today = () => new Day(newFacts({ identity: { mode: 'paper', account: 'a', run: 1, date: DATE }, clock: [] }));
const ID = 'unexplained:NRML:X';

describe('a warning that holds up entries', () => {
  const acknowledged = () => {
    const day = today();
    day.warn(ID, 'difference', '75 X are not explained.', true);
    expect(day.entriesBlockedBy()).toBeDefined();
    day.facts.acknowledged.push(ID);
    day.warn(ID, 'difference', '75 X are not explained.', true);
    expect(day.entriesBlockedBy()).toBeUndefined();
    return day;
  };

  it('is to be acknowledged anew when it says something else', () => {
    const day = acknowledged();
    day.warn(ID, 'difference', '750 X are not explained.', true);
    expect(day.entriesBlockedBy()?.message).toBe('750 X are not explained.');
  });

  it('and when it comes again after it was gone', () => {
    const day = acknowledged();
    day.clearWarning(ID);
    day.warn(ID, 'difference', '75 X are not explained.', true);
    expect(day.entriesBlockedBy()).toBeDefined();
  });
});

describe('an emergency after the close', () => {
  it('says that nothing is closed any more, and changes nothing', () => {
    const day = today();
    day.facts.over = true;
    expect(closeAll(day, 'a person')).toMatchObject({
      changed: false,
      text: expect.stringContaining('market is closed'),
    });
    expect(day.facts).toMatchObject({ closing: null, entriesOff: null, notices: [] });
  });
});
