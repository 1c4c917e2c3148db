/** `npm run record-histories`: histories of whole days, as today's workflows write them, for the replay tests. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Plan } from '../src/contract/commands.ts';
import { workflowBundle } from '../src/temporal/bundle.ts';
import { findTemporalPrograms } from '../test/global-setup.ts';
import {
  currentVersion,
  freeze,
  frozenVersions,
  historyFile,
  parseHistory,
  readHistory,
  recordedNames,
  replayAll,
  textOf,
  toldBy,
} from '../test/replay/histories.ts';
import { type RecordedDay, recordedDays } from '../test/replay/recorded-days.ts';
import { mondayAfterS1 } from '../test/workflows/candles.ts';
import { onFreshServers } from '../test/workflows/on-fresh-servers.ts';
import type { ReplayedStage } from '../test/workflows/stage.ts';

const USAGE = `Usage: npm run record-histories [-- --all | --freeze | NAME…]

Records into test/replay/histories/<version of package.json> the days that are missing there or that today's workflows no
longer replay; with --all every day anew; with names those days anew.
--freeze writes the checksum of this version's histories down (test/replay/frozen.json): they are never recorded again.`;

const version = currentVersion();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { all: { type: 'boolean' }, freeze: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) return console.log(USAGE);
  const unknown = positionals.find((name) => !(name in recordedDays));
  if (unknown) throw new Error(`There is no day "${unknown}". Known: ${Object.keys(recordedDays).join(', ')}.`);
  if (version in frozenVersions())
    throw new Error(`${version} is frozen: its histories stay as they are. Raise the version in package.json first.`);

  for (const name of recordedNames(version).filter((known) => !(known in recordedDays))) {
    rmSync(historyFile(version, name));
    console.log(`${name}: removed, no such day is recorded any more`);
  }
  const { codePath } = await workflowBundle();
  const kept = values.all ? [] : await stillGood(codePath, positionals);
  for (const name of kept) console.log(`${name}: kept, it replays as it is`);
  const wanted = Object.entries(recordedDays).filter(
    ([name]) => !kept.includes(name) && (positionals.length === 0 || positionals.includes(name)),
  );
  if (wanted.length > 0) await recordAll(wanted);

  const all = recordedNames(version).map((name) => [name, readHistory(version, name)] as const);
  const [failure] = await replayAll(all, codePath);
  if (failure) throw new Error(`${failure[0]} does not replay on the code that recorded it: ${failure[1].message}`);
  console.log(`${all.length} histories of ${version}: ${wanted.length} recorded, all replay.`);
  if (!values.freeze) return;
  freeze(version);
  console.log('Frozen: from now on a workflow is changed by patched().');
}

async function stillGood(codePath: string, anew: readonly string[]): Promise<string[]> {
  const known = recordedNames(version).filter((name) => !anew.includes(name));
  const histories = known.map((name) => [name, readHistory(version, name)] as const);
  const failures = await replayAll(histories, codePath);
  return histories
    .filter(([name, history]) => !failures.has(name) && recordedDays[name]?.shows(toldBy(history)))
    .map(([name]) => name);
}

async function recordAll(days: readonly (readonly [string, RecordedDay])[]): Promise<void> {
  findTemporalPrograms();
  const servers = onFreshServers();
  try {
    for (const [name, day] of days) {
      const since = Date.now();
      // Under another account each time: what the journal has of an attempt is not gone on with.
      const events = await servers.play((stage, attempt, withinMs) =>
        record(stage, name, day, { account: `recorded-${name}${'-again'.repeat(attempt - 1)}`, withinMs }),
      );
      console.log(`${name}: recorded, ${events} events in ${((Date.now() - since) / 1_000).toFixed(1)} s`);
    }
  } finally {
    await servers.close();
  }
}

/** Each day has an account of its own: they share a journal, and many are the same date. */
async function record(
  stage: ReplayedStage,
  name: string,
  recorded: RecordedDay,
  { account, withinMs }: { account: string; withinMs: number },
): Promise<number> {
  const { options, hours, carriesFromMonday, play, shows } = recorded;
  const candles = hours && (await mondayAfterS1(...hours));
  const week = carriesFromMonday && (await mkdtemp(join(tmpdir(), 'week-')));
  const exchange = {
    ...options?.exchange,
    ...(candles ? { candles: candles.path } : {}),
    ...(week ? { dataDir: week } : {}),
  };
  if (week) await carryMonday(stage, account, week, carriesFromMonday, withinMs);
  const day = await stage.startDay({ ...options, exchange, account });
  try {
    await play(day);
    await day.result(withinMs);
    const history = await stage.env.client.workflow.getHandle(day.workflowId).fetchHistory();
    const text = textOf(history);
    const parsed = parseHistory(text);
    if (!shows(toldBy(parsed))) {
      const wrong = `${name} did not go the way that it is recorded for ("shows" in test/replay/recorded-days.ts).`;
      throw new Error(`${wrong} It logged:\n${day.lines.join('\n')}`);
    }
    // This server now and then keeps half of a workflow task that it refuses (sdk-java issues 2606 and 3088).
    const broken = (await replayAll([[name, parsed]], (await workflowBundle()).codePath)).get(name);
    if (broken) throw new Error(`${name} never ended as a history that replays: ${broken.message}`);
    const file = historyFile(version, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return parsed.events.length;
  } finally {
    await day.close();
    await candles?.remove();
    if (week) await rm(week, { recursive: true, force: true });
  }
}

async function carryMonday(
  stage: ReplayedStage,
  account: string,
  dataDir: string,
  plan: Partial<Plan>,
  withinMs: number,
): Promise<void> {
  const monday = await stage.startDay({ account, exchange: { dataDir } });
  try {
    await monday.logIn();
    await monday.start({ ...plan, exitPolicy: 'weekly' });
    await monday.result(withinMs);
  } finally {
    await monday.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// A server that stood still leaves connections that would hold this process.
process.exit();
