/** The deliberate bugs of `npm run soak -- --mutate`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../src/platform/repository-root.ts';
import { INVARIANTS } from '../../src/simulation/invariants/findings.ts';
import { playAll } from '../../src/simulation/mutate.ts';
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

  it('each that is played here is caught on a day that is clean without it, and a change that changes nothing is not', async () => {
    const played = MUTATIONS.filter(({ name }) => PLAYED.includes(name));
    const harmless = played.slice(0, 1).map((mutation) => ({ ...mutation, name: 'harmless', replace: mutation.find }));
    const verdicts = await playAll([...played, ...harmless], 1);
    expect(verdicts.map(({ name, caught, problem }) => [name, caught?.invariant ?? null, problem])).toEqual([
      ...played.map(({ name, by }) => [name, by, undefined]),
      ['harmless', null, undefined],
    ]);
  }, 300_000);
});
