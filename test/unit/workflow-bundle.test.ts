import { readFile, stat, utimes } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { workflowBundle } from '../../src/temporal/bundle.ts';

it('bundles the workflows once, and again only when a source has changed', async () => {
  const first = await workflowBundle();
  expect(await readFile(first.codePath, 'utf8')).toContain('tradingDay');
  const aMinuteAgo = new Date(Math.floor(Date.now() / 1_000 - 60) * 1_000);
  await utimes(first.codePath, aMinuteAgo, aMinuteAgo);
  const second = await workflowBundle();
  expect(second).toEqual(first);
  // Not built again: the file still has the old date.
  expect((await stat(second.codePath)).mtime).toEqual(aMinuteAgo);
});
