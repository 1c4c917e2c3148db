import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { afterEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../src/repository-root.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import { bundleWith, type Change } from './changed-workflows.ts';
import {
  currentVersion,
  historiesFolder,
  historyFile,
  isReleased,
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

describe('a changed order of commands', () => {
  let copy: Awaited<ReturnType<typeof bundleWith>> | undefined;
  afterEach(async () => {
    await copy?.remove();
    copy = undefined;
  });

  async function failuresWith(change: Change): Promise<Map<string, Error>> {
    copy = await bundleWith(change);
    return replayAll(historiesOf(version), copy.codePath);
  }

  it('fails every day when the report is saved before the journal has ended', async () => {
    const saved = `  await world.saveReport.executeWithOptions({ summary: \`Report: \${report.result}\` }, [report]);\n`;
    const ended = '  await day.endJournal();\n  await journal;\n';
    const failures = await failuresWith({
      file: 'workflows/trading-day.ts',
      old: ended + saved,
      new: saved + ended,
    });
    expect([...failures.keys()].sort()).toEqual(recordedNames(version));
    for (const error of failures.values()) expect(error).toBeInstanceOf(DeterminismViolationError);
  });

  it('fails the days that hold a position over an hour when signals come before the index stops', async () => {
    const failures = await failuresWith({
      file: 'workflows/hours.ts',
      old: '[checkIndexStops(day, input), decide(day, input)]',
      new: '[decide(day, input), checkIndexStops(day, input)]',
    });
    expect(failures.get('traded')).toBeInstanceOf(DeterminismViolationError);
    expect(failures.has('holiday')).toBe(false);
  });
});

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

describe('a released version', () => {
  it('is one with its tag: its histories are not recorded again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'released-'));
    const settings = ['user.name=t', 'user.email=t@localhost', 'commit.gpgsign=false', 'tag.gpgsign=false'];
    const git = (...args: string[]) =>
      expect(
        spawnSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], { cwd: folder }).status,
      ).toBe(0);
    try {
      expect(() => isReleased('1.0.0', folder)).toThrow('git cannot tell');
      git('init', '-q');
      git('commit', '-q', '--allow-empty', '-m', 'first');
      git('tag', 'v1.0.0');
      expect(isReleased('1.0.0', folder)).toBe(true);
      expect(isReleased('1.0.1', folder)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
