// `npm test`: types, lint and format, then every test. `npm test -- test/domain/clock.test.ts`: those tests alone.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };

// Beside the tests, which wait for real time now and then.
const checks =
  args.length > 0 ? [] : [check('types', 'tsc', ['--noEmit']), check('lint and format', 'biome', ['ci', '.'])];
await runTests();
for (const { title, result } of checks) {
  const { status, said } = await result;
  console.log(`${status === 0 ? '✓' : `${said}\n✗`} ${title}`);
  totals[status === 0 ? 'passed' : 'failed'] += 1;
}

const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exitCode = totals.failed > 0 ? 1 : 0;

function check(title, program, programArgs) {
  return { title, result: run(program, programArgs, 'pipe') };
}

async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'trading-day-test-'));
  const summary = join(folder, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${summary}`];
  const { status } = await run('vitest', ['run', ...reporters, ...args], 'inherit');
  try {
    const results = JSON.parse(readFileSync(summary, 'utf8'));
    // A file that could not be loaded failed no test of its own: it counts as one.
    const broken = results.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(isFailed),
    );
    const failed = results.numFailedTests + broken.length;
    totals.passed += results.numPassedTests;
    totals.skipped += results.numPendingTests + results.numTodoTests;
    // An error outside any test fails the run without failing a test.
    totals.failed += failed === 0 && status !== 0 ? 1 : failed;
  } catch {
    totals.failed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isFailed(test) {
  return test.status === 'failed';
}

/** Its exit code, and what it said unless its output is inherited. A Ctrl-C of the terminal reaches it too, and ends all. */
function run(program, programArgs, output) {
  const bin = join(root, 'node_modules', '.bin', program);
  const child = spawn(bin, programArgs, { cwd: root, stdio: ['inherit', output, output] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  }
  return new Promise((ended) => {
    child.once('error', ({ message }) => ended({ status: null, said: message }));
    child.once('close', (status, signal) => {
      if (signal === 'SIGINT') process.exit(130);
      ended({ status, said });
    });
  });
}
