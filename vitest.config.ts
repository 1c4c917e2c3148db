import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Minutes of them wait for real time or for programs: whoever begins with one of these last is waited for by all others. */
const LONGEST_FIRST = [
  'fault-f10',
  'agreement',
  'chaos-command',
  'kill.test',
  'start-and-stop',
  'simulation/days.test',
  'processes.test',
  'browser/dashboard',
];

class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST_FIRST.findIndex((name) => moduleId.includes(`/${name}`));
      return found < 0 ? LONGEST_FIRST.length : found;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

/** Virtual time is the process's: files that install it for good share no process with those that live in real time. */
const VIRTUAL_TIME = ['workflows', 'properties', 'simulation'].map((name) => `test/${name}/**/*.test.ts`);
/** They put something else in a module's place, which would stay there for the next file. */
const ALONE = ['test/workflows/alone/*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: 'test/global-setup.ts',
    // The Temporal SDK is native code that does not survive worker threads.
    pool: 'forks',
    // PGlite is WebAssembly: V8 would go on optimising what a test uses for seconds.
    execArgv: ['--liftoff-only'],
    sequence: { sequencer: Sequencer },
    // A file leaves its process as it found it: the next one is spared loading the same modules again.
    isolate: false,
    // More than cores: real servers and clocks make tests wait.
    maxWorkers: 4,
    // A machine that has other work takes long: these only tell a hang from slowness.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
    teardownTimeout: 20_000,
    // The SDK's client tries a call again on a timer that outlives its connection, and throws there: in a shared process another file's.
    onUnhandledError: ({ message }) => message !== 'Channel has been shut down',
    projects: [
      { extends: true, test: { name: 'virtual time', include: VIRTUAL_TIME, exclude: ALONE } },
      { extends: true, test: { name: 'alone', include: ALONE, isolate: true } },
      {
        extends: true,
        test: { name: 'real time', include: ['test/**/*.test.ts'], exclude: VIRTUAL_TIME },
      },
    ],
  },
});
