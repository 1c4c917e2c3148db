/** The deliberate bugs of `npm run soak -- --mutate`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../src/repository-root.ts';
import { INVARIANTS } from '../../src/simulation/invariants/findings.ts';
import { playAll } from '../../src/simulation/mutate.ts';
import { applied, MUTATIONS } from '../../src/simulation/mutations.ts';

/** Each is caught on a day of its own: those that are played here take seconds. */
const PLAYED = ['always-flat', 'exit-given-up'];

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

  it('an invariant sees each of those that are played here, on a day that has no finding without it', async () => {
    const verdicts = await playAll(
      MUTATIONS.filter(({ name }) => PLAYED.includes(name)),
      1,
    );
    expect(verdicts.map(({ name, caught }) => [name, caught?.invariant ?? null])).toEqual(
      MUTATIONS.filter(({ name }) => PLAYED.includes(name)).map(({ name, by }) => [name, by]),
    );
  }, 300_000);

  it('a mutation that changes nothing that matters is not caught', async () => {
    const harmless = MUTATIONS.flatMap((mutation) =>
      mutation.name === 'exit-given-up' ? [{ ...mutation, name: 'harmless', replace: mutation.find }] : [],
    );
    expect((await playAll(harmless, 1)).map(({ caught }) => caught)).toEqual([null]);
  }, 300_000);
});
