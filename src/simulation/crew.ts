/** As many children as there are cores, each playing cases: a case needs a process of its own, for time is the process's. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { compiled } from '../platform/compiled.mjs';
import { repositoryRoot } from '../platform/repository-root.ts';
import type { Answer, Task } from './soak-worker.ts';

export type Crew = {
  size: number;
  ask(task: Task): Promise<Answer>;
  close(): void;
};

type Hand = { child: ChildProcess; busy: ((answer: Answer | Gone) => void) | null };
/** The process that played ended in the middle. */
type Gone = { kind: 'gone'; how: string };

/** Of a machine that does other things as well. A day takes seconds of its own at most, and what shrinks a day plays it many times. */
const WITHIN_MS = { day: 180_000, case: 180_000, explain: 180_000, shrink: 1_800_000 } as const;

/** `root` is whose code is played: the repository's, or that of a copy with a deliberate bug in it. */
export async function openCrew(size: number, root = repositoryRoot): Promise<Crew> {
  const program = await compiled(join(root, 'src', 'simulation', 'soak-worker.ts'));
  const hands: Hand[] = [];
  const free: Hand[] = [];
  const waiting: { found(hand: Hand): void; failed(error: Error): void }[] = [];
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
      child.on('error', fail);
      child.on('exit', (code, signal) => {
        const how = String(signal ?? code);
        fail(new Error(`a child of the soak ended (${how}) before it was ready`));
        hands.splice(hands.indexOf(hand), 1);
        const place = free.indexOf(hand);
        if (place >= 0) free.splice(place, 1);
        // What cannot start would not start the next time either.
        if (!closed && isReady) void begin().then(release, giveUp);
        hand.busy?.({ kind: 'gone', how });
      });
    });
  }

  function release(hand: Hand): void {
    const next = waiting.shift();
    if (next) next.found(hand);
    else free.push(hand);
  }

  function giveUp(error: Error): void {
    if (hands.length === 0) for (const { failed } of waiting.splice(0)) failed(error);
  }

  async function play(task: Task): Promise<Answer | Gone> {
    const hand = free.shift() ?? (await new Promise<Hand>((found, failed) => waiting.push({ found, failed })));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      hand.child.kill('SIGKILL');
    }, WITHIN_MS[task.kind]);
    const answer = await new Promise<Answer | Gone>((answered) => {
      hand.busy = answered;
      hand.child.send(task);
    });
    clearTimeout(timer);
    return late ? { kind: 'threw', message: `it took longer than ${WITHIN_MS[task.kind] / 1_000} s` } : answer;
  }

  for (const hand of await Promise.all(Array.from({ length: size }, begin))) free.push(hand);
  return {
    size,
    async ask(task) {
      const first = await play(task);
      // Somebody else may have ended the process, or the memory was short: the day itself has done it only when it does so again.
      const answer = first.kind === 'gone' ? await play(task) : first;
      if (answer.kind !== 'gone') return answer;
      return { kind: 'threw', message: `the process that played it ended twice (${answer.how})` };
    },
    close() {
      closed = true;
      for (const { child } of hands) child.kill();
    },
  };
}
