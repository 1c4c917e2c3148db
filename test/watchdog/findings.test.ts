import { describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { daySpan } from '../../src/domain/opening.ts';
import { createBeats } from '../../src/watchdog/beats.ts';
import { judge, type WatchFacts } from '../../src/watchdog/findings.ts';
import { openPosition } from '../api/fixtures/day-facts.ts';

const DATE = '2025-07-14';
const at = (time: string) => istAt(DATE, time);

function facts(time: string, change: Partial<WatchFacts> = {}): WatchFacts {
  return {
    ...{ date: DATE, now: at(time), wall: at(time), span: daySpan(DATE), opensDays: true, reopened: 0 },
    ...{
      day: { kind: 'running', failing: null, watches: [] },
      unwatched: null,
      positions: [],
      schedule: 'running',
      freeBytes: null,
    },
    ...{ temporalAwaySince: null, journalAwaySince: null },
    ...change,
  };
}
const causes = (of: WatchFacts) => judge(of).findings.map(({ cause }) => cause);
const textOf = (of: WatchFacts) => judge(of).findings[0]?.text;
const NONE = { kind: 'none' } as const;
const LOST = { kind: 'lost', how: 'TERMINATED', endedAt: at('11:20') } as const;
const carried = [openPosition()];

describe('a day that runs', () => {
  it('is nothing to be said', () => {
    expect(judge(facts('11:00'))).toEqual({ findings: [], unsure: new Set(), actions: [] });
  });

  it('whose code fails is a page after half a minute, with the reason and what is open', () => {
    const failing = (seconds: number) =>
      facts('11:00', {
        positions: carried,
        day: {
          kind: 'running',
          watches: [],
          failing: { since: at('11:00') - seconds * 1_000, attempts: 4, reason: 'Nondeterminism\nat x' },
        },
      });
    expect(causes(failing(29))).toEqual([]);
    expect(causes(failing(30))).toEqual(['day_failing']);
    expect(textOf(failing(45))).toContain('has not moved for 45 s: its code fails, 4 attempts (Nondeterminism).');
    expect(textOf(failing(45))).toContain('Open: P1: 750 NIFTY2571725000PE short, 750 NIFTY2571724800PE long.');
    expect(judge(failing(45)).actions).toEqual([]);
  });
});

describe('what a day has watched', () => {
  const silent = (seconds: number) =>
    facts('11:00', {
      positions: carried,
      unwatched: { names: ['guardPosition', 'watchBook'], since: at('11:00') - seconds * 1_000, reason: 'no ticker' },
    });

  it('and nobody does is a page after half a minute, with what is open', () => {
    expect(causes(silent(29))).toEqual([]);
    expect(causes(silent(30))).toEqual(['unwatched']);
    expect(textOf(silent(45))).toContain('No worker has watched prices and loss caps and the order book for 45 s');
    expect(textOf(silent(45))).toContain(
      'or it fails each time (no ticker). Stops rest at the exchange. Open: P1: 750',
    );
  });

  it('is heard by what it lets hear of itself, not by the clock of the server', () => {
    let wall = 0;
    const beats = createBeats(() => wall);
    const watch = (id: string, beatAt: number | null) => ({ id, beatAt, name: 'watchBook', reason: null });
    expect(beats.look([watch('1', 5)])).toBeNull();
    wall = 30_000;
    expect(beats.look([watch('1', 6)])).toBeNull();
    wall = 60_000;
    // Another activity in its place: it has had no time yet.
    expect(beats.look([watch('2', null)])).toBeNull();
    wall = 90_000;
    expect(beats.look([watch('2', null)])).toEqual({ names: ['watchBook'], since: 60_000, reason: null });
    wall = 120_000;
    expect(beats.look([watch('2', 7)])).toBeNull();
    expect(beats.look([])).toBeNull();
  });
});

describe('a day that was terminated', () => {
  it('is opened again where a position is open, and only so often', () => {
    const open = (reopened: number) => facts('11:21', { day: LOST, positions: carried, reopened });
    expect(judge(open(0))).toMatchObject({
      actions: ['reopen'],
      findings: [{ cause: 'day_lost', since: at('11:20') }],
    });
    expect(textOf(open(0))).toContain('ended without a report at 11:20:00 (terminated)');
    expect(judge(open(3)).actions).toEqual([]);
    expect(textOf(open(3))).toContain('opened again 3 times in vain');
  });

  it('is a page too where nothing is open, and stays as its owner has left it', () => {
    const verdict = judge(facts('11:21', { day: LOST }));
    expect(verdict.actions).toEqual([]);
    expect(verdict.findings).toMatchObject([{ cause: 'day_lost', text: expect.stringContaining('Nothing is open') }]);
  });

  it('is opened again by what the journal said last, while it is away', () => {
    const away = facts('11:21', { day: LOST, positions: carried, journalAwaySince: at('11:20:45') });
    expect(judge(away).actions).toEqual(['reopen']);
    expect(causes(away)).toEqual(['day_lost']);
    expect(textOf(away)).toContain('Open when the journal last answered: P1');
  });
});

describe('a day that nobody has opened', () => {
  it('is expected from 08:55 to the close of trading dates', () => {
    const seen = (time: string, date = DATE) =>
      causes({ ...facts('11:00', { day: NONE }), date, now: istAt(date, time), span: daySpan(date) });
    expect(seen('08:54:59')).toEqual([]);
    expect(seen('08:55')).toEqual(['day_missing']);
    expect(seen('15:29:59')).toEqual(['day_missing']);
    expect(seen('15:30')).toEqual([]);
    // A Saturday.
    expect(seen('11:00', '2025-07-12')).toEqual([]);
  });

  it('is opened where a position is carried, whatever was done to the Schedule', () => {
    for (const schedule of ['running', 'paused', 'gone', null] as const) {
      const verdict = judge(facts('08:55', { day: NONE, positions: carried, schedule }));
      expect(verdict.actions).toContain('open');
      expect(verdict.findings).toMatchObject([
        { cause: 'day_missing', text: expect.stringContaining('NIFTY2571725000PE short') },
      ]);
    }
  });

  it('is left to its owner where nothing is carried: no page for a Schedule paused on purpose', () => {
    const left = (schedule: WatchFacts['schedule']) => judge(facts('08:55', { day: NONE, schedule }));
    expect(left('running')).toMatchObject({ actions: [], findings: [{ cause: 'day_missing' }] });
    expect(left('paused')).toMatchObject({ actions: [], findings: [] });
    expect(left('gone')).toMatchObject({ actions: ['restore_schedule'], findings: [{ cause: 'day_missing' }] });
  });

  it('is the operator’s in a replay', () => {
    expect(judge(facts('08:55', { day: NONE, positions: carried, opensDays: false, schedule: null }))).toMatchObject({
      ...{ findings: [], actions: [] },
    });
  });
});

describe('what a day stands on', () => {
  it('is a page when it has not answered for half a minute; of the day nothing is concluded meanwhile', () => {
    const away = facts('11:00', { day: null, temporalAwaySince: at('10:59:30'), journalAwaySince: at('10:59:30') });
    expect(causes(away)).toEqual(['temporal_away', 'journal_away']);
    expect(judge(away).unsure).toEqual(new Set(['day_lost', 'day_failing', 'day_missing', 'unwatched']));
    expect(causes({ ...away, now: away.now - 1_000, wall: away.wall - 1_000 })).toEqual([]);
  });

  it('is a page when its disk is full', () => {
    expect(causes(facts('11:00', { freeBytes: 9 * 1024 * 1024 }))).toEqual([]);
    expect(textOf(facts('11:00', { freeBytes: 0, positions: carried }))).toMatch(
      /^The disk of the data folder is full.*P1: 750/,
    );
  });
});
