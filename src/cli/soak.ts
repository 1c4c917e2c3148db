/** `npm run soak`: days by the ten thousand in the simulation. Exit code 1 when a day fails, 2 for options that are none. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { istTime } from '../domain/clock.ts';
import { repositoryRoot } from '../platform/repository-root.ts';
import type { Case } from '../simulation/case.ts';
import { openCrew } from '../simulation/crew.ts';
import { drawCase } from '../simulation/draw.ts';
import { FAULTS } from '../simulation/draw-faults.ts';
import { INVARIANTS } from '../simulation/invariants/findings.ts';
import { type Failure, type Group, percentile, type SoakResult, shrunk, soak } from '../simulation/soak.ts';
import { type Options, readOptions, USAGE } from './soak-options.ts';

/** So often each pair of kinds is to meet something open in ten thousand days. */
const PAIR_MET_IN_10000 = 20;
const SHOWN_PAIRS = 20;

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  if (options.kinds?.includes('list')) {
    console.log(Object.keys(FAULTS).join('\n'));
    return 0;
  }
  if (options.mutate) {
    const { mutate } = await import('../simulation/mutate.ts');
    return mutate({ seed: options.seed, json: options.json, ...(options.only ? { only: options.only } : {}) });
  }
  const { day, file } = options;
  if (file !== null) return playKept(options, file);
  if (day === null) return many(options);
  return one(options, `Seed ${options.seed}, day ${day}`, drawCase(options.seed, day, drawn(options)));
}

const replayOf = (options: Options, day: number): string =>
  `npm run soak -- --seed ${options.seed}${options.weeks ? ' --weeks' : ''}${options.kinds ? ` --faults ${options.kinds.join(',')}` : ''} --day ${day} --explain`;

const drawn = ({ weeks, kinds }: Options) => ({ weeks, ...(kinds ? { kinds } : {}) });

async function playKept(options: Options, file: string): Promise<number> {
  let of: Case;
  try {
    of = JSON.parse(readFileSync(file, 'utf8')).case;
    if (!Array.isArray(of.events)) throw new Error('it holds no "case" with events');
  } catch (error) {
    console.error(`${file} cannot be played: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  return one(options, file, of);
}

async function one(options: Options, name: string, of: Case): Promise<number> {
  const crew = await openCrew(1);
  try {
    const answer = await crew.ask({ kind: 'explain', of });
    if (answer.kind !== 'told') throw new Error(answer.kind === 'threw' ? answer.message : 'no answer');
    const { outcome, told } = answer;
    if (options.explain) console.log(`${JSON.stringify(of, null, 1)}\n\n${told.join('\n')}\n`);
    console.log(
      `${name}: ${outcome.results.join(', ')}. ${outcome.orders} orders, ${outcome.pages} pages, digest ${outcome.digest}.`,
    );
    for (const { invariant, cause, message, at } of outcome.findings)
      console.log(`✗ ${istTime(at)} ${invariant} ${INVARIANTS[invariant]}: ${cause}. ${message}`);
    if (options.json) console.log(JSON.stringify({ seed: options.seed, day: options.day, ...outcome }));
    return outcome.findings.length > 0 ? 1 : 0;
  } finally {
    crew.close();
  }
}

async function many(options: Options): Promise<number> {
  const crew = await openCrew(availableParallelism());
  const stop = () => {
    crew.close();
    process.exit(130);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const began = performance.now();
  let shown = 0;
  let told = 0;
  const onDay = (done: number, failures: readonly Failure[]) => {
    for (const { day, invariant, cause, message } of failures.slice(told))
      process.stderr.write(`✗ day ${day}: ${invariant} ${cause}. ${message.slice(0, 200)}\n`);
    told = failures.length;
    const seconds = (performance.now() - began) / 1_000;
    if (seconds - shown < (process.stderr.isTTY ? 1 : 15) && done < options.days) return;
    shown = seconds;
    const left = Math.round((seconds / done) * (options.days - done));
    const line = `${done} of ${options.days} days, ${(done / seconds).toFixed(1)} a second, ${told} failures, ${left} s left`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}   ` : `${line}\n`);
  };
  try {
    const drawing = { seed: options.seed, draw: drawn(options) };
    const result = await soak(crew, { ...drawing, days: options.days, onDay });
    if (process.stderr.isTTY) process.stderr.write('\n');
    show(options, result);
    // The table is there while that takes its minutes; each group is shown when its turn has come.
    const small = result.groups.map((group) => (options.shrink ? shrunk(crew, drawing, group) : null));
    for (const [index, group] of result.groups.entries()) showGroup(options, group, await small[index]);
    if (options.json) console.log(JSON.stringify(asJson(options, result)));
    return result.failures.length > 0 ? 1 : 0;
  } finally {
    crew.close();
  }
}

function show(options: Options, result: SoakResult): void {
  const rows = Object.entries(result.faults).sort(([a], [b]) => a.localeCompare(b));
  const pairs = pairsOf(options, result);
  const enough = (PAIR_MET_IN_10000 * result.days) / 10_000;
  const rare = pairs.filter(([, count]) => count < enough);
  console.log(`
${result.days} days of seed ${result.seed} in ${result.seconds.toFixed(0)} s (${(result.days / result.seconds).toFixed(1)} a second), digest ${result.digest}
  results        ${Object.entries(result.results)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')}
  orders         ${result.orders}, duplicates ${result.duplicates}
  naked seconds  ${result.nakedSeconds.toFixed(1)}
  late orders    ${result.lateOrders}, naked by them ${result.lateNakedSeconds.toFixed(1)} s
  exits          p50 ${percentile(result.lateExits, 0.5).toFixed(0)} s, p99 ${percentile(result.lateExits, 0.99).toFixed(0)} s, longest ${percentile(result.lateExits, 1).toFixed(0)} s, of ${result.lateExits.length}
  not flat       ${
    Object.entries(result.notFlatCauses)
      .map(([cause, count]) => `${count} × ${cause}`)
      .join('; ') || 'none'
  }
  pages          ${result.pages}

Days on which a kind of fault met an open position or order:
${rows.map(([kind, count]) => `  ${kind.padEnd(30)} ${count}`).join('\n')}
  ${pairs.length} pairs of kinds: half of them on ${percentile(
    pairs.map(([, count]) => count),
    0.5,
  )} days or more, ${rare.length} on fewer than ${Math.ceil(enough)}${rare.length > 0 ? ', the rarest:' : ''}
${rare
  .slice(0, SHOWN_PAIRS)
  .map(([pair, count]) => `  ${pair.padEnd(60)} ${count}`)
  .join('\n')}`);
  console.log(result.groups.length === 0 ? '\n✓ every invariant holds on every day' : '');
}

/** All pairs of the kinds that were drawn, also those that never met, the rarest first. */
function pairsOf({ kinds }: Options, { pairs }: SoakResult): [pair: string, days: number][] {
  const drawnKinds = [...(kinds ?? Object.keys(FAULTS))].sort();
  return drawnKinds
    .flatMap((kind, index) => drawnKinds.slice(index + 1).map((other) => `${kind} + ${other}`))
    .map((pair): [string, number] => [pair, pairs[pair] ?? 0])
    .sort(([, a], [, b]) => a - b);
}

function showGroup(options: Options, { invariant, cause, days, first }: Group, small: Case | null | undefined): void {
  console.log(
    `✗ ${invariant} ${INVARIANTS[invariant as keyof typeof INVARIANTS]}: ${cause}: ${days} day(s), first day ${first.day}`,
  );
  console.log(`    ${first.message}`);
  console.log(`    ${replayOf(options, first.day)}`);
  if (!small) return;
  const file = join('.cache', 'soak', `${invariant}-${cause.replaceAll(/[^a-z0-9]+/gi, '-')}.json`);
  const size = `shrunk to ${small.events.length} event(s) and ${small.plan.numLots} lot(s)`;
  try {
    mkdirSync(join(repositoryRoot, '.cache', 'soak'), { recursive: true });
    writeFileSync(join(repositoryRoot, file), `${JSON.stringify({ invariant, cause, case: small }, null, 1)}\n`);
    console.log(`    ${size}: npm run soak -- --case ${file} --explain`);
  } catch (error) {
    // What was found is told all the same.
    console.log(`    ${size}, and not written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function asJson(options: Options, result: SoakResult) {
  return {
    days: result.days,
    seconds: Math.round(result.seconds * 10) / 10,
    seed: result.seed,
    orders: result.orders,
    duplicates: result.duplicates,
    naked_seconds: result.nakedSeconds,
    late_orders: result.lateOrders,
    late_naked_seconds: result.lateNakedSeconds,
    late_exit_seconds: {
      p50: percentile(result.lateExits, 0.5),
      p99: percentile(result.lateExits, 0.99),
      max: percentile(result.lateExits, 1),
    },
    not_flat: result.results.not_flat ?? 0,
    pages: result.pages,
    faults: result.faults,
    digest: result.digest,
    failures: result.failures.map(({ day, invariant, cause, message }) => ({
      day,
      invariant,
      message: `${cause}: ${message}`,
      replay: replayOf(options, day),
    })),
  };
}

process.exitCode = await main();
