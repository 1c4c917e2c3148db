/** A child of the soak: plays the cases that its parent sends it, one after the other. */
import type { Case } from './case.ts';
import { type DrawOptions, drawCase } from './draw.ts';
import type { Finding } from './invariants/findings.ts';
import { type Outcome, openRunner } from './run-case.ts';
import { shrink } from './shrink.ts';

export type Task =
  | { kind: 'day'; seed: number; day: number; options: DrawOptions }
  | { kind: 'case'; of: Case }
  | { kind: 'explain'; of: Case }
  | { kind: 'shrink'; of: Case; finding: Pick<Finding, 'invariant' | 'cause'> };
export type Answer =
  | { kind: 'outcome'; outcome: Outcome }
  | { kind: 'told'; outcome: Outcome; told: string[] }
  | { kind: 'shrunk'; of: Case }
  | { kind: 'threw'; message: string };

const send = process.send?.bind(process);
if (!send) throw new Error('soak-worker.ts is started by the soak, not by itself');

const runner = await openRunner();

async function answer(task: Task): Promise<Answer> {
  try {
    switch (task.kind) {
      case 'day':
        return { kind: 'outcome', outcome: await runner.run(drawCase(task.seed, task.day, task.options)) };
      case 'case':
        return { kind: 'outcome', outcome: await runner.run(task.of) };
      case 'explain':
        return { kind: 'told', ...(await runner.explain(task.of)) };
      case 'shrink':
        return { kind: 'shrunk', of: await shrink(runner, task.of, task.finding) };
    }
  } catch (error) {
    return { kind: 'threw', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (task: Task) => {
  void answer(task).then((said) => send(said));
});
process.on('disconnect', () => process.exit(0));
send({ kind: 'ready' });
