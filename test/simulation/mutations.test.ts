/** The deliberate bugs of `npm run soak -- --mutate`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../src/platform/repository-root.ts';
import { INVARIANTS } from '../../src/simulation/invariants/findings.ts';
import { playAll } from '../../src/simulation/mutate.ts';
import { shortDay } from '../../src/simulation/mutations/own-days.ts';
import { applied, MUTATIONS } from '../../src/simulation/mutations.ts';

/** Each is caught on a day of its own: those that are played here take seconds. */
const PLAYED = ['exit-given-up', 'day-limit-not-checked'];

const sourceOf = (file: string): string => readFileSync(join(repositoryRoot, file), 'utf8');

describe('deliberate bugs', () => {
  it.each(MUTATIONS)('$name changes one place of the sources as they are today', (mutation) => {
    const source = sourceOf(mutation.file);
    expect(applied(mutation, source)).not.toBe(source);
    expect(mutation.file).toMatch(/^(workflows|activities|src\/(?!simulation\/))/);
  });

  it('what stands nowhere, or twice, is an error that names the mutation', () => {
    const [mutation] = MUTATIONS;
    if (!mutation) throw new Error('there are none');
    const source = sourceOf(mutation.file);
    expect(() => applied(mutation, '')).toThrow(`the mutation ${mutation.name} does not fit`);
    expect(() => applied(mutation, source + source)).toThrow(`the mutation ${mutation.name} does not fit`);
  });

  it('there are at least 24, each with a name of its own, and one for every invariant', () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(24);
    expect(new Set(MUTATIONS.map(({ by }) => String(by)))).toEqual(new Set(Object.keys(INVARIANTS)));
  });

  it('each that is played here is caught on a day that is clean without it', async () => {
    const played = MUTATIONS.filter(({ name }) => PLAYED.includes(name));
    const verdicts = await playAll(played, 1);
    expect(verdicts.map(({ name, caught, problem }) => [name, caught?.invariant ?? null, problem])).toEqual(
      played.map(({ name, by }) => [name, by, undefined]),
    );
  }, 300_000);

  it('one that changes nothing, does not fit any more, or is no code is told as that, and is not caught', async () => {
    const [mutation] = MUTATIONS.filter(({ name }) => PLAYED.includes(name));
    if (!mutation) throw new Error('there are none');
    const verdicts = await playAll(
      [
        { ...mutation, name: 'the same', replace: mutation.find },
        { ...mutation, name: 'a remark', replace: `/* ${mutation.why} */\n${mutation.find}` },
        { ...mutation, name: 'gone', find: `${mutation.find} of another time` },
        { ...mutation, name: 'no code', replace: '<<<<<<<' },
      ],
      1,
    );
    expect(verdicts.map(({ caught }) => caught)).toEqual([null, null, null, null]);
    expect(verdicts.map(({ problem }) => problem)).toEqual([
      'the mutation the same changes nothing',
      'the mutation a remark changes nothing',
      expect.stringContaining('the mutation gone does not fit'),
      'the mutation no code is no code',
    ]);
  });

  it('one that no invariant sees is not caught', async () => {
    const mutation = {
      name: 'another-word',
      why: 'A line of the log has another word.',
      file: 'workflows/orders/ledger.ts',
      find: 'It is tried again while it is needed.',
      replace: 'It is tried once more while it is needed.',
      by: 5,
      days: { cases: [shortDay([])] },
    } as const;
    expect(await playAll([mutation], 1)).toEqual([{ name: 'another-word', days: 1, caught: null, dirty: 0 }]);
  }, 300_000);
});
