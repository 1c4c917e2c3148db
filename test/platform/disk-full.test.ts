import { writeFileSync } from 'node:fs';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { describe, expect, it } from 'vitest';
import { isDiskFull } from '../../src/platform/disk-full.ts';

describe('a full disk', () => {
  it.skipIf(process.platform !== 'linux')('is known by the system’s own error', () => {
    let thrown: unknown;
    try {
      writeFileSync('/dev/full', 'a line');
    } catch (error) {
      thrown = error;
    }
    expect(isDiskFull(thrown)).toBe(true);
  });

  it('is known by what the journal says of it, and nothing else is taken for it', () => {
    const said = new Error('could not extend file "base/5/1": No space left on device');
    expect(isDiskFull(new DrizzleQueryError('insert', [], said))).toBe(true);
    expect(isDiskFull(Object.assign(new Error('disk full'), { code: '53100' }))).toBe(true);
    expect(isDiskFull(new Error('connect ECONNREFUSED'))).toBe(false);
    expect(isDiskFull('ENOSPC')).toBe(false);
  });
});
