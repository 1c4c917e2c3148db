import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../src/platform/repository-root.ts';
import type { Case } from '../../src/simulation/case.ts';
import { drawCase } from '../../src/simulation/draw.ts';
import { FAULTS } from '../../src/simulation/draw-faults.ts';
import type { Finding } from '../../src/simulation/invariants/findings.ts';
import { openRunner, type Runner } from '../../src/simulation/run-case.ts';
import { shrink } from '../../src/simulation/shrink.ts';
import { HELD_INVARIANTS, HELD_KINDS } from './holds.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await openRunner();
});
afterAll(() => runner.close());

const SEED = 20_250_714;

describe('random days', () => {
  const chunks = Array.from({ length: 8 }, (_, index) => index * 12);
  it.each(chunks)('hold what today’s code is known to hold, days %i and the eleven after it', async (first) => {
    for (let day = first + 1; day <= first + 12; day++) {
      const { findings } = await runner.run(drawCase(SEED, day, { weeks: false, kinds: HELD_KINDS }));
      const broken = findings.filter(({ invariant }) => HELD_INVARIANTS.includes(invariant));
      expect(broken, `seed ${SEED}, day ${day}, kinds of test/simulation/holds.ts`).toEqual([]);
    }
  });

  it('meet every kind of fault that is listed as held', () => {
    expect(HELD_KINDS.filter((kind) => !(kind in FAULTS))).toEqual([]);
  });
});

describe('a seed', () => {
  it('draws the same case each time, and another one for another day', () => {
    expect(drawCase(5, 17)).toEqual(drawCase(5, 17));
    expect(drawCase(5, 18)).not.toEqual(drawCase(5, 17));
  });

  it.each([3, 12, 33])(
    'gives the same day byte for byte, day %i',
    async (day) => {
      const first = await runner.explain(drawCase(5, day));
      const again = await runner.explain(drawCase(5, day));
      expect(again.told.join('\n')).toBe(first.told.join('\n'));
      expect(again.outcome).toEqual(first.outcome);
    },
    120_000,
  );

  it('gives the same day in another process and another time zone', async () => {
    const day = 33;
    const { digest } = (await runner.run(drawCase(5, day))) as { digest: string };
    const run = promisify(execFile);
    for (const TZ of ['UTC', 'America/New_York']) {
      const args = ['scripts/run.mjs', 'src/cli/soak.ts', '--seed', '5', '--day', String(day), '--json'];
      // A day that fails exits with 1: what it says is looked at all the same.
      const told = await run(process.execPath, args, { cwd: repositoryRoot, env: { ...process.env, TZ } }).catch(
        (error: { stdout: string }) => error,
      );
      const last = told.stdout.trim().split('\n').at(-1) ?? '';
      expect((JSON.parse(last) as { digest: string }).digest, TZ).toBe(digest);
    }
  });
});

describe('a failing day', () => {
  it('shrinks to the events that it takes', async () => {
    const cancelled: Case = {
      ...drawCase(5, 1, { weeks: false, kinds: [] }),
      events: [
        { when: { at: '11:12:00' }, deed: { do: 'command', of: { command: 'acknowledge' } } },
        { when: { at: '11:13:00' }, deed: { do: 'command', of: { command: 'cancel_workflow' } } },
        { when: { at: '11:14:00' }, deed: { do: 'command', of: { command: 'acknowledge' } } },
      ],
    };
    const outcome = await runner.run(cancelled);
    // Nothing that is known fails: a product that cannot bear a cancellation stands in for one.
    const first: Finding = { invariant: 5, cause: 'a hedge is not left', message: '', at: 0 };
    const isCancelled = ({ events }: Case) =>
      events.some(({ deed }) => deed.do === 'command' && deed.of.command === 'cancel_workflow');
    const failing: Runner = {
      ...runner,
      run: async (of) => ({ ...outcome, findings: isCancelled(of) ? [first] : [] }),
    };
    const small = await shrink(failing, cancelled, first);
    expect(small.events).toHaveLength(1);
    expect(small.plan.numLots).toBe(1);
  });
});

/** Each failure that the soak found, shrunk, as data with its story: it fails until it is repaired. */
type Kept = {
  story: string;
  invariant: number;
  cause: string;
  /** So many are sent at least where it is right: two unless told otherwise. */
  orders?: number;
  case: Case;
};

describe('kept failures', () => {
  const folder = join(repositoryRoot, 'test', 'simulation', 'failures');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  for (const file of files) {
    const kept = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Kept;
    const name = `${file.replace('.json', '')}: ${kept.story}`;
    // Played once: the set-up and the expectation are of the same day.
    let played: ReturnType<Runner['explain']> | null = null;
    const once = () => {
      played ??= runner.explain(kept.case);
      return played;
    };
    it(`${name} (its set-up is reached)`, async () => {
      const { outcome, told } = await once();
      expect(outcome.orders, 'something was open').toBeGreaterThanOrEqual(kept.orders ?? 2);
      expect(told.filter((line) => line.includes(' ** ')).length, 'each event happened').toBeGreaterThanOrEqual(
        kept.case.events.length,
      );
    });
    const play = async () => {
      const { findings } = (await once()).outcome;
      const same = findings.filter(({ invariant, cause }) => invariant === kept.invariant && cause === kept.cause);
      expect(same).toEqual([]);
    };
    it(name, play);
  }
});
