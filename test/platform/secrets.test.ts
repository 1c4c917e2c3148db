import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiToken, createSealer, secretsKey } from '../../src/platform/secrets.ts';

describe('a sealed text', () => {
  const sealer = createSealer(randomBytes(32));

  it('opens with its key, whatever is in it', () => {
    for (const text of ['', 'request-token', 'ünïcode ₹ \n"quoted"', 'x'.repeat(10_000)]) {
      expect(sealer.open(sealer.seal(text))).toBe(text);
    }
  });

  it('says its version, shows nothing of the text, and never looks the same twice', () => {
    const sealed = sealer.seal('request-token');
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(Buffer.from(sealed.slice(3), 'base64url').toString('latin1')).not.toContain('request-token');
    expect(sealer.seal('request-token')).not.toBe(sealed);
  });

  it('is the same from the same nonces, for a day that is played again', () => {
    const key = randomBytes(32);
    const numbered = () => {
      let texts = 0;
      return (bytes: number) => new Uint8Array(bytes).fill(++texts);
    };
    const [first, again] = [createSealer(key, numbered()), createSealer(key, numbered())];
    const sealed = ['one', 'two'].map((text) => first.seal(text));
    expect(['one', 'two'].map((text) => again.seal(text))).toEqual(sealed);
    expect(first.open(sealed[1] ?? '')).toBe('two');
  });

  it.each([
    ['another key', (sealed: string) => createSealer(randomBytes(32)).open(sealed)],
    [
      'a changed text',
      (sealed: string) => sealer.open(`${sealed.slice(0, -3)}${sealed.endsWith('AAA') ? 'BBB' : 'AAA'}`),
    ],
    ['a cut text', (sealed: string) => sealer.open(sealed.slice(0, 12))],
    ['another version', (sealed: string) => sealer.open(sealed.replace('v1.', 'v2.'))],
    ['a plain text', () => sealer.open('request-token')],
  ])('does not open with %s', (_, open) => {
    expect(() => open(sealer.seal('request-token'))).toThrow(
      expect.objectContaining({ code: 'sealed_with_another_key' }),
    );
  });

  it('needs a key of 32 bytes', () => {
    expect(() => createSealer(randomBytes(16))).toThrow(RangeError);
  });
});

describe('keys in the data folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trading-day-secrets-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are made once, for their owner alone, and stay', async () => {
    const dataDir = join(folder, 'made');
    const key = await secretsKey(dataDir, null);
    const token = await apiToken(dataDir, null);
    expect(key).toHaveLength(32);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await secretsKey(dataDir, null)).toEqual(key);
    expect(await apiToken(dataDir, null)).toBe(token);
    for (const file of ['secrets.key', 'api-token']) {
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
    }
    expect((await readdir(dataDir)).sort()).toEqual(['api-token', 'secrets.key']);
  });

  it('are the same for all who make them at once', async () => {
    const dataDir = join(folder, 'at-once');
    const tokens = await Promise.all(Array.from({ length: 8 }, () => apiToken(dataDir, null)));
    expect(new Set(tokens).size).toBe(1);
  });

  it('are closed again where somebody opened them to others', async () => {
    const dataDir = join(folder, 'opened');
    const token = await apiToken(dataDir, null);
    await chmod(join(dataDir, 'api-token'), 0o644);
    expect(await apiToken(dataDir, null)).toBe(token);
    expect((await stat(join(dataDir, 'api-token'))).mode & 0o777).toBe(0o600);
  });

  it('are not made where they are configured', async () => {
    const dataDir = join(folder, 'configured');
    const key = randomBytes(32);
    expect(await secretsKey(dataDir, key)).toBe(key);
    expect(await apiToken(dataDir, 'configured-token-1')).toBe('configured-token-1');
    await expect(readdir(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that are damaged are refused, never replaced', async () => {
    const dataDir = join(folder, 'damaged');
    await secretsKey(dataDir, null);
    await writeFile(join(dataDir, 'secrets.key'), 'half');
    await expect(secretsKey(dataDir, null)).rejects.toMatchObject({ code: 'secrets_key_damaged' });
    expect(await readFile(join(dataDir, 'secrets.key'), 'utf8')).toBe('half');
  });
});
