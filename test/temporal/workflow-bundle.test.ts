import { readFile, stat, utimes } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { workflowBundle } from '../../src/temporal/bundle.ts';

it('bundles the workflows once, and what is used is never too old to be kept', async () => {
  const first = await workflowBundle();
  expect(await readFile(first.codePath, 'utf8')).toContain('tradingDay');
  const { ino } = await stat(first.codePath);
  const lastWeek = new Date(Date.now() - 7 * 86_400_000);
  await utimes(first.codePath, lastWeek, lastWeek);
  const second = await workflowBundle();
  expect(second).toEqual(first);
  // What is built again is put in place as another file.
  const after = await stat(second.codePath);
  expect(after.ino).toBe(ino);
  expect(after.mtimeMs).toBeGreaterThan(lastWeek.getTime());
});
