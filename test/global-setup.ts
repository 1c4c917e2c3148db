import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { freePort } from '../src/platform/ports.ts';
import { findProgram, type TemporalProgram } from '../src/temporal/binaries.mjs';
import { PATIENCE_MS } from './patience.ts';
import { developmentServerArguments, SHARED_TEMPORAL } from './shared-temporal.ts';

const PROGRAMS: [variable: string, program: TemporalProgram][] = [
  ['TEMPORAL_BINARY', 'temporal'],
  ['TEMPORAL_TEST_SERVER_BINARY', 'temporal-test-server'],
];

/** Looks the Temporal programs up once for all test files, which find their paths in the environment. */
export function findTemporalPrograms(): void {
  for (const [variable, program] of PROGRAMS) {
    const { path, tried } = findProgram(program, process.env);
    if (!path) throw new Error(`${program} is missing (${tried.join('; ')}). \`npm test\` fetches it.`);
    process.env[variable] = path;
  }
}

/** Once for all projects. Returns what ends it. */
export default async function setUp(): Promise<() => void> {
  if (process.env[SHARED_TEMPORAL]) return () => {};
  findTemporalPrograms();
  const port = await freePort();
  process.env[SHARED_TEMPORAL] = `127.0.0.1:${port}`;
  const command = ['server', 'start-dev', '--headless', '--port', `${port}`, '--log-level', 'error'];
  const server = spawn(process.env.TEMPORAL_BINARY ?? 'temporal', [...command, ...developmentServerArguments()], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const end = () => void server.kill('SIGKILL');
  for (const deadline = performance.now() + PATIENCE_MS; !(await listens(port)); await passed(100)) {
    if (server.exitCode === null && performance.now() < deadline) continue;
    end();
    throw new Error('The Temporal development server of the tests does not come up.');
  }
  return end;
}

/** A look that takes the port itself would keep the server from it. */
async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
