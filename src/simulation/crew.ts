/** As many children as there are cores, each playing cases: a case needs a process of its own, for time is the process's. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { compiled } from '../compiled.mjs';
import { repositoryRoot } from '../repository-root.ts';
import type { Answer, Task } from './soak-worker.ts';

export type Crew = {
  size: number;
  ask(task: Task): Promise<Answer>;
  close(): void;
};

type Hand = { child: ChildProcess; busy: ((answer: Answer) => void) | null };

/** `root` is whose code is played: the repository's, or that of a copy with a deliberate bug in it. */
export async function openCrew(size: number, root = repositoryRoot): Promise<Crew> {
  const program = await compiled(join(root, 'src', 'simulation', 'soak-worker.ts'));
  const hands: Hand[] = [];
  const free: Hand[] = [];
  const waiting: ((hand: Hand) => void)[] = [];
  let closed = false;

  function begin(): Promise<Hand> {
    const child = fork(program, [], {
      cwd: root,
      execArgv: ['--enable-source-maps=false', '--max-old-space-size=3000', '--max-semi-space-size=64'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const hand: Hand = { child, busy: null };
    let isReady = false;
    hands.push(hand);
    return new Promise((ready, fail) => {
      child.on('message', (message: Answer | { kind: 'ready' }) => {
        if (message.kind === 'ready') {
          isReady = true;
          return ready(hand);
        }
        const { busy } = hand;
        hand.busy = null;
        busy?.(message);
        release(hand);
      });
      child.on('exit', (code, signal) => {
        fail(new Error(`a child of the soak ended (${signal ?? code}) before it was ready`));
        hand.busy?.({ kind: 'threw', message: `the process that played it ended (${signal ?? code})` });
        hands.splice(hands.indexOf(hand), 1);
        const place = free.indexOf(hand);
        if (place >= 0) free.splice(place, 1);
        // What cannot start would not start the next time either.
        if (!closed && isReady) void begin().then(release, () => {});
      });
    });
  }

  function release(hand: Hand): void {
    const next = waiting.shift();
    if (next) next(hand);
    else free.push(hand);
  }

  for (const hand of await Promise.all(Array.from({ length: size }, begin))) free.push(hand);
  return {
    size,
    async ask(task) {
      const hand = free.shift() ?? (await new Promise<Hand>((found) => waiting.push(found)));
      return new Promise((answered) => {
        hand.busy = answered;
        hand.child.send(task);
      });
    },
    close() {
      closed = true;
      for (const { child } of hands) child.kill();
    },
  };
}
