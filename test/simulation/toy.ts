/** Plays the toy workflow on the simulated Temporal, without the product. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { SimProcess } from '../../src/simulation/process.ts';
import type { Execution } from '../../src/simulation/temporal/execution.ts';
import { Temporal } from '../../src/simulation/temporal/server.ts';
import { type Command, loadWorkflowCode, type WorkflowCode } from '../../src/simulation/temporal/workflow-vm.ts';
import { after, resetTime, runTime, virtualNow } from '../../src/simulation/virtual-time.ts';
import { enterVirtualTime } from '../../src/simulation/world/world.ts';

export type ToyActivities = {
  /** Fails twice. */
  flaky(): Promise<string>;
  /** Three seconds with heartbeats; says which attempt it was. */
  steady(): Promise<string>;
  forEver(): Promise<void>;
};

export type ToyOptions = {
  /** A fresh VM before each task. */
  evict?: boolean;
  /** The first worker dies: in the middle of `steady`, or while it works on a workflow task. */
  dies?: 'in an activity' | 'in a task';
};

export type Played = {
  said: string[];
  /** What each workflow task asked for, what attempts began, what was answered: with times. */
  log: string[];
  /** The commands of each task as they are. */
  asked: string[];
  execution: Execution;
  failures: string[];
};

const BEGIN = Date.UTC(2025, 6, 14);
const NAMES: readonly (keyof ToyActivities)[] = ['flaky', 'steady', 'forEver'];
/** The task in which a worker dies: the one that hears of the signal. */
const FATAL_TASK_AFTER_MS = 3_000;

export async function bundleToy(): Promise<WorkflowCode> {
  const workflowsPath = fileURLToPath(new URL('toy-workflow.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const folder = await mkdtemp(join(tmpdir(), 'toy-'));
  try {
    const path = join(folder, 'toy.js');
    await writeFile(path, code);
    return loadWorkflowCode(path, NAMES);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function playToy(code: WorkflowCode, options: ToyOptions = {}): Promise<Played> {
  const leave = enterVirtualTime();
  try {
    return await play(code, options);
  } finally {
    leave();
  }
}

async function play(code: WorkflowCode, { evict = false, dies }: ToyOptions): Promise<Played> {
  resetTime(BEGIN);
  const log: string[] = [];
  const failures: string[] = [];
  const asked: string[] = [];
  const note = (text: string) => void log.push(`${virtualNow() - BEGIN} ${text}`);
  const workers = [new SimProcess('first'), new SimProcess('second')];
  const [first] = workers;
  let tasksBeforeDeath = dies === 'in a task' ? 1 : 0;
  const temporal = new Temporal({
    seed: 7,
    dispatchMs: () => 1,
    taskMs() {
      if (tasksBeforeDeath > 0 && virtualNow() - BEGIN >= FATAL_TASK_AFTER_MS) {
        tasksBeforeDeath -= 1;
        first?.kill();
        note('the worker dies in a task');
      }
      return 2;
    },
    reportMs: () => 1,
    note,
    onPayload: () => {},
    onCommands(_at, commands) {
      note(namesOf(commands));
      asked.push(JSON.stringify(commands));
      if (evict) void execution.evict();
    },
    onTaskFailure: (message) => failures.push(message),
    at: (point, type) => note(`${type} ${point}`),
  });
  for (const process of dies ? workers : workers.slice(0, 1)) {
    const worker = { process, activities: activities(), throttleMs: 1_000 };
    temporal.addWorker({ process, workflows: { queue: 'toys', code }, queues: new Map([['toys', worker]]) });
    // Only the first one takes up work as long as it lives.
    if (process !== first) process.stop(dies === 'in an activity' ? 5_000 : FATAL_TASK_AFTER_MS);
  }
  after(5_000, () => temporal.polledAgain());
  temporal.start({ workflowId: 'toy', workflowType: 'toy', taskQueue: 'toys', args: [] });
  const execution = temporal.executions.get('toy') as Execution;
  after(FATAL_TASK_AFTER_MS, () => execution.signal('go', ['now']));
  if (dies === 'in an activity') after(5_000, () => first?.kill());
  after(4_000, () => void ask(execution.update('add', [-1]), 'add -1', note));
  after(25_000, () => void ask(execution.update('add', [5]), 'add 5', note));
  after(20_000, () => void ask(execution.query('said'), 'said', note));
  await runTime(() => execution.state !== 'running', BEGIN + 120_000);
  await execution.dispose();
  return { said: execution.result as string[], log, execution, failures, asked };
}

const KINDS = ['setPatchMarker', 'startTimer', 'cancelTimer', 'requestCancelActivity', 'updateResponse'] as const;
const ENDS = ['continueAsNewWorkflowExecution', 'completeWorkflowExecution'] as const;

/** The kinds of a task's commands, activities by their names. */
function namesOf(commands: readonly Command[]): string {
  const names = commands.map(
    (command) => command.scheduleActivity?.activityType ?? [...KINDS, ...ENDS].find((kind) => command[kind]) ?? 'other',
  );
  return `{${names.join(', ')}}`;
}

async function ask(asked: Promise<unknown>, what: string, note: (text: string) => void): Promise<void> {
  try {
    note(`${what} answered ${JSON.stringify(await asked)}`);
  } catch (error) {
    note(`${what} refused: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function activities(): ToyActivities {
  return {
    async flaky() {
      const { attempt } = Context.current().info;
      await new Promise((done) => setTimeout(done, 20));
      if (attempt < 3) throw new Error('not yet');
      return `at attempt ${attempt}`;
    },
    async steady() {
      const beat = setInterval(() => Context.current().heartbeat(), 500);
      await new Promise((done) => setTimeout(done, 3_000));
      clearInterval(beat);
      return `at attempt ${Context.current().info.attempt}`;
    },
    async forEver() {
      const beat = setInterval(() => Context.current().heartbeat(), 500);
      try {
        await Context.current().cancelled;
      } finally {
        clearInterval(beat);
      }
    },
  };
}
