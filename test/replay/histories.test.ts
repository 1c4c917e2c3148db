import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../src/platform/repository-root.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import {
  checksumOf,
  currentVersion,
  frozenVersions,
  historiesFolder,
  historyFile,
  type RecordedHistory,
  readHistory,
  recordedNames,
  replayAll,
  toldBy,
} from './histories.ts';
import { recordedDays } from './recorded-days.ts';

const version = currentVersion();
const historiesOf = (release: string) =>
  recordedNames(release).map((name) => [name, readHistory(release, name)] as const);

describe('running days under new code', () => {
  it.each(readdirSync(historiesFolder))('replay as release %s recorded them', async (release) => {
    const histories = historiesOf(release);
    expect(histories.length).toBeGreaterThan(0);
    const { codePath } = await workflowBundle();
    expect(Object.fromEntries(await replayAll(histories, codePath))).toEqual({});
  });

  it('are recorded in at least eight ways for this version, each as it says', () => {
    const names = recordedNames(version);
    expect(names.length).toBeGreaterThanOrEqual(8);
    expect(names, 'npm run record-histories records them').toEqual(Object.keys(recordedDays).sort());
    for (const [name, { shows }] of Object.entries(recordedDays))
      expect(shows(toldBy(readHistory(version, name))), name).toBe(true);
  });
});

describe('workflows that were changed without patched()', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'changed-workflows-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Replays today's workflows with a change that an interceptor makes. */
  async function failuresWith(change: string, histories = historiesOf(version)): Promise<Map<string, Error>> {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(repositoryRoot, 'workflows', 'index.ts'),
      workflowInterceptorModules: [join(import.meta.dirname, 'changes', `${change}.ts`)],
      logger: new DefaultLogger('ERROR'),
    });
    const codePath = join(folder, `${change}.js`);
    writeFileSync(codePath, code);
    return replayAll(histories, codePath);
  }

  it('fail every day when they give a command that it does not have', async () => {
    const failures = await failuresWith('sleep-first');
    expect([...failures.keys()]).toEqual(recordedNames(version));
    for (const error of failures.values()) expect(error).toBeInstanceOf(DeterminismViolationError);
  });

  it('fail the days on which a call has changed its place, and no others', async () => {
    const all = historiesOf(version);
    const deciding = all.filter(([, history]) => asksForSignals(history)).slice(0, 8);
    const others = all.filter(([, history]) => !asksForSignals(history)).slice(0, 3);
    expect(deciding).toHaveLength(8);
    expect(others.length).toBeGreaterThan(0);
    const failures = await failuresWith('signals-later', [...others, ...deciding]);
    expect([...failures.keys()]).toEqual(deciding.map(([name]) => name));
    for (const error of failures.values()) expect(error).toBeInstanceOf(DeterminismViolationError);
  });
});

function asksForSignals({ events }: RecordedHistory): boolean {
  return events.some((event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'evaluateHour');
}

describe('the histories', () => {
  it('hold nothing of the machine that recorded them', () => {
    const machine = [hostname(), repositoryRoot, 'node_modules', 'file://'].filter((text) => text.length > 3);
    for (const name of recordedNames(version)) {
      const text = readFileSync(historyFile(version, name), 'utf8');
      const payloads = [...text.matchAll(/"data":"([^"]*)"/g)].map(([, data = '']) => Buffer.from(data, 'base64'));
      const all = `${text}\n${payloads.join('\n')}`;
      for (const fact of machine) expect(all.includes(fact), `${name}: ${fact}`).toBe(false);
      expect(all).not.toMatch(/"(identity|binaryChecksum|workerVersion|stackTrace)":"|\d+@\w/);
    }
  });
});

describe('the histories of a release', () => {
  const releases = readdirSync(historiesFolder);

  it('are frozen once the version goes on', () => {
    const open = releases.filter((release) => release !== version && !(release in frozenVersions()));
    expect(open, 'npm run record-histories -- --freeze, before the version is raised').toEqual([]);
  });

  it.each(Object.entries(frozenVersions()))('%s stay as they were frozen', (release, checksum) => {
    expect(checksumOf(release), 'a running day is this history: change the workflow by patched()').toBe(checksum);
  });

  it.each(['another byte', 'another name', 'one less'])('have a checksum that shows %s', (change) => {
    const folder = mkdtempSync(join(tmpdir(), 'frozen-'));
    try {
      mkdirSync(join(folder, '1.0.0'));
      const file = (name: string) => join(folder, '1.0.0', name);
      writeFileSync(file('a.json'), '{}');
      writeFileSync(file('b.json'), '{}');
      const before = checksumOf('1.0.0', folder);
      if (change === 'another byte') writeFileSync(file('b.json'), '{ }');
      else if (change === 'another name') renameSync(file('b.json'), file('c.json'));
      else rmSync(file('b.json'));
      expect(checksumOf('1.0.0', folder)).not.toBe(before);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
