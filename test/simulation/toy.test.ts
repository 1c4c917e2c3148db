/**
 * The simulated Temporal on a workflow of its own. The SDK's insides are reached by deep imports (src/simulation/temporal/workflow-vm.ts):
 * after an upgrade of the SDK this says first whether they still are what they were.
 */
import { beforeAll, expect, it } from 'vitest';
import type { WorkflowCode } from '../../src/simulation/temporal/workflow-vm.ts';
import { bundleToy, type Played, playToy } from './toy.ts';

let code: WorkflowCode;
let played: Played;
beforeAll(async () => {
  code = await bundleToy();
  played = await playToy(code);
}, 120_000);

const words = (said: readonly string[]) => said.map((line) => line.slice(line.indexOf(' ') + 1));
const timeOf = ({ said }: Played, what: string) => Number(said.find((line) => line.endsWith(what))?.split(' ')[0]);
const logged = ({ log }: Played, what: string) => log.filter((line) => line.includes(what));

it('retries an activity after 200 and 400 ms, each counted from the failure before', () => {
  expect(played.log.filter((line) => /^\d+ .?(setPatchMarker, )?flaky/.test(line))).toEqual([
    '3 {setPatchMarker, flaky}',
    '4 flaky started',
    '25 flaky attempt 1 failed: not yet',
    '25 flaky ended',
    '225 flaky started',
    '246 flaky attempt 2 failed: not yet',
    '246 flaky ended',
    '646 flaky started',
    '667 flaky ended',
  ]);
});

it('wakes a workflow by timers, signals, updates and activities, at their times and in their order', () => {
  expect(played.said).toEqual([
    '1 patched',
    '668 flaky at attempt 3',
    '1671 nobody false',
    '3001 heard true now',
    '6006 steady at attempt 1',
    '9009 cancelled',
    '25054 sum 5',
    '25057 the run after it',
  ]);
  expect(played.execution.runs).toBe(2);
  expect(played.failures).toEqual([]);
});

it('refuses an update by its validator, which leaves nothing, and answers the others and queries', () => {
  expect(logged(played, 'add')).toEqual(['4003 add -1 refused: never less', '25056 add 5 answered 5']);
  expect(logged(played, 'said answered')[0]).toMatch(/^20000 .*cancelled"\]$/);
});

it('is the same a second time, byte for byte', async () => {
  const again = await playToy(code);
  expect(again.log.join('\n')).toBe(played.log.join('\n'));
  expect(again.asked).toEqual(played.asked);
  expect(again.execution.history.events).toBe(played.execution.history.events);
});

it('asks for the same when each task is worked on by a fresh VM, which replays all before it', async () => {
  const fresh = await playToy(code, { evict: true });
  // All but the first one of each run.
  expect(fresh.execution.replays).toBe(fresh.asked.length - fresh.execution.runs);
  expect(fresh.failures).toEqual([]);
  expect(fresh.log.join('\n')).toBe(played.log.join('\n'));
  expect(fresh.asked).toEqual(played.asked);
});

it('gives an activity to another worker once its heartbeats are missing for five seconds', async () => {
  const died = await playToy(code, { dies: 'in an activity' });
  expect(died.failures).toEqual([]);
  expect(words(died.said)).toEqual(
    words(played.said).map((said) => said.replace('steady at attempt 1', 'steady at attempt 2')),
  );
  // The last heartbeat was sent before 5,000; then the time-out, a second's pause before the retry, three seconds of work, and a task.
  expect(timeOf(died, 'steady at attempt 2')).toBeGreaterThan(4_000 + 5_000 + 1_000 + 3_000);
  expect(timeOf(died, 'steady at attempt 2')).toBeLessThan(5_000 + 5_000 + 1_000 + 3_000 + 2_500);
});

it('gives a task to another worker ten seconds after its worker died in it, with nothing of it done', async () => {
  const died = await playToy(code, { dies: 'in a task' });
  expect(died.failures).toEqual([]);
  expect(died.execution.replays).toBe(1);
  expect(words(died.said)).toEqual(words(played.said));
  const [death] = logged(died, 'the worker dies');
  expect(timeOf(died, 'heard true now')).toBe(Number(death?.split(' ')[0]) + 10_001);
});
