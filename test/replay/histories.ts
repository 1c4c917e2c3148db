/** Recorded histories of whole days: where they are kept, what is left out of them, and their replay against some code. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { z } from 'zod';
import type { DayReport } from '../../src/contract/views.ts';
import { repositoryRoot } from '../../src/platform/repository-root.ts';
import { installQuietRuntime } from '../workflows/replayed-day.ts';

const payloads = z.looseObject({ payloads: z.array(z.looseObject({ data: z.string() })).default([]) });
/** What is read of a history here; the rest of it is kept as it is. */
const historySchema = z.looseObject({
  events: z.array(
    z.looseObject({
      activityTaskScheduledEventAttributes: z
        .looseObject({ activityType: z.looseObject({ name: z.string() }), input: payloads.optional() })
        .optional(),
      workflowExecutionCompletedEventAttributes: z.looseObject({ result: payloads }).optional(),
    }),
  ),
});

/** A history in Temporal's own JSON: payloads are base64. */
export type RecordedHistory = z.infer<typeof historySchema>;

export const historiesFolder: string = join(repositoryRoot, 'test', 'replay', 'histories');

/** The release that is being worked on: histories of today's code belong to it. */
export function currentVersion(): string {
  const text = readFileSync(join(repositoryRoot, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

const frozenFile = join(import.meta.dirname, 'frozen.json');

/** The releases whose histories stay as they are, each with the checksum of all of them. */
export function frozenVersions(): Record<string, string> {
  return z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(frozenFile, 'utf8')));
}

/** From now on days of this release may run somewhere: its histories are never written again. */
export function freeze(version: string): void {
  const all = { ...frozenVersions(), [version]: checksumOf(version) };
  writeFileSync(frozenFile, `${JSON.stringify(all, null, 2)}\n`);
}

/** SHA-256 over the names and the bytes of a release's histories. */
export function checksumOf(version: string, folder: string = historiesFolder): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(join(folder, version)).sort())
    hash.update(`${file}\n`).update(readFileSync(join(folder, version, file)));
  return hash.digest('hex');
}

/** Names of the histories of a release, without `.json`; none without a folder. */
export function recordedNames(version: string): string[] {
  try {
    const files = readdirSync(join(historiesFolder, version));
    return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export function historyFile(version: string, name: string): string {
  return join(historiesFolder, version, `${name}.json`);
}

export function readHistory(version: string, name: string): RecordedHistory {
  return parseHistory(readFileSync(historyFile(version, name), 'utf8'));
}

export function parseHistory(text: string): RecordedHistory {
  return historySchema.parse(JSON.parse(text));
}

/** Names a machine, a process, a build or its folders; a replay needs none of them. */
const OF_THE_MACHINE = new Set(['identity', 'binaryChecksum', 'workerVersion', 'stackTrace']);

/** As it is kept: compact, an event a line, nothing of the machine that recorded it. */
export function textOf(history: Parameters<typeof historyToJSON>[0]): string {
  const { events } = JSON.parse(historyToJSON(history)) as { events: unknown[] };
  const withoutMachine = (key: string, value: unknown) => (OF_THE_MACHINE.has(key) ? undefined : value);
  return `{"events":[\n${events.map((event) => JSON.stringify(event, withoutMachine)).join(',\n')}\n]}\n`;
}

/** What a day tells by its history: its report, and the kinds of its log's events. */
export type Told = { report: DayReport; kinds: string[] };

export function toldBy({ events }: RecordedHistory): Told {
  const kinds = events.flatMap(({ activityTaskScheduledEventAttributes: activity }) => {
    if (activity?.activityType.name !== 'writeJournal') return [];
    const [batch] = (activity.input?.payloads ?? []).map(({ data }) => decoded(data) as { events: { kind: string }[] });
    return batch?.events.map(({ kind }) => kind) ?? [];
  });
  const [result] = events.at(-1)?.workflowExecutionCompletedEventAttributes?.result.payloads ?? [];
  if (!result) throw new Error('the history does not end with the report of its day');
  return { report: decoded(result.data) as DayReport, kinds };
}

/** The JSON of a payload. */
function decoded(data: string): unknown {
  return JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
}

/** Replays histories against a bundle of workflows. Answers what went wrong, by name; nothing is sent anywhere. */
export async function replayAll(
  histories: Iterable<readonly [name: string, history: RecordedHistory]>,
  codePath: string,
): Promise<Map<string, Error>> {
  installQuietRuntime();
  const named = [...histories].map(([workflowId, history]) => ({ workflowId, history }));
  const failures = new Map<string, Error>();
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, named)) {
    if (error) failures.set(workflowId, error);
  }
  return failures;
}
