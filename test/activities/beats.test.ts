/** A worker that dies over a call is noticed within the heartbeat's time-out, whatever the call waits for. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { type ActivityOptions, createDayActivities } from '../../activities/index.ts';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import { freshDay } from '../journal/journal-rows.ts';
import { virtually } from '../virtual.ts';

test(
  'an activity is heard of while it waits for a journal that does not answer',
  virtually(async () => {
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => beats++);
    const slow = new Promise<void>((done) => setTimeout(done, 20_000));
    const journal = { ...createMemoryJournal(), recordDayOpened: () => slow };
    const options = { journal, clock: { now: () => 0 } } as unknown as ActivityOptions;
    await environment.run(() => createDayActivities(options).loadDayContext(freshDay()));
    // Four are needed at least, five seconds apart.
    expect(beats).toBeGreaterThan(4);
    const before = beats;
    await new Promise((done) => setTimeout(done, 10_000));
    expect(beats).toBe(before);
  }),
);
