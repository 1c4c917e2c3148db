import { findProgram, type TemporalProgram } from '../src/temporal/binaries.mjs';

const PROGRAMS: [variable: string, program: TemporalProgram][] = [
  ['TEMPORAL_BINARY', 'temporal'],
  ['TEMPORAL_TEST_SERVER_BINARY', 'temporal-test-server'],
];

/** Looks the Temporal programs up once for all test files, which find their paths in the environment. */
export default function findTemporalPrograms(): void {
  for (const [variable, program] of PROGRAMS) {
    const { path, tried } = findProgram(program, process.env);
    if (!path) throw new Error(`${program} is missing (${tried.join('; ')}). \`npm test\` fetches it.`);
    process.env[variable] = path;
  }
}
