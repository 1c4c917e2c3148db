import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

/** Seals what has to travel through Temporal or rest in the journal. */
export type Sealer = { seal(text: string): string; open(sealed: string): string };

const VERSION = 'v1.';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM with a fresh nonce for each text, from `random`, which must never give the same bytes twice for one key; `v1.` says how
 * it was sealed.
 * @example createSealer(key).seal('request-token') // 'v1.k3J…'
 * `open` throws AppError `sealed_with_another_key` for anything that this key has not sealed as it is.
 */
export function createSealer(key: Uint8Array, random: (bytes: number) => Uint8Array = randomBytes): Sealer {
  if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${key.length}`);
  return {
    seal(text) {
      const iv = random(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(VERSION));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return VERSION + Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open(text) {
      try {
        if (!text.startsWith(VERSION)) throw new RangeError('unknown version');
        const bytes = Buffer.from(text.slice(VERSION.length), 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(VERSION))
          .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const opened = [decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()];
        return Buffer.concat(opened).toString('utf8');
      } catch (cause) {
        throw new AppError({
          code: 'sealed_with_another_key',
          message: 'A stored secret cannot be opened: it was sealed with another key (SECRETS_KEY). Log in again.',
          httpStatus: 409,
          retryable: false,
          cause,
        });
      }
    },
  };
}

/** SECRETS_KEY, or the key in `DATA_DIR/secrets.key`, which is made when it is missing. 32 bytes. */
export async function secretsKey(dataDir: string, configured: Uint8Array | null): Promise<Uint8Array> {
  if (configured !== null) return configured;
  const file = join(dataDir, 'secrets.key');
  const key = Buffer.from(await keptText(file, () => randomBytes(KEY_BYTES).toString('base64')), 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new AppError({
    code: 'secrets_key_damaged',
    message: `${file} does not hold a key. Restore it; or remove it, and log in again: what was sealed with it is lost.`,
    httpStatus: 500,
    retryable: false,
  });
}

/** API_TOKEN, or the token in `DATA_DIR/api-token`, which is made when it is missing. */
export async function apiToken(dataDir: string, configured: string | null): Promise<string> {
  return configured ?? keptText(join(dataDir, 'api-token'), () => randomBytes(KEY_BYTES).toString('base64url'));
}

/** Readable for its owner alone. Of two processes that make it at once, both get the one that is kept. */
async function keptText(file: string, make: () => string): Promise<string> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const incoming = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await chmod(file, 0o600);
  } catch (missing) {
    if ((missing as NodeJS.ErrnoException).code !== 'ENOENT') throw missing;
    await writeFile(incoming, `${make()}\n`, { mode: 0o600, flush: true });
    try {
      await link(incoming, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(incoming);
    }
  }
  return (await readFile(file, 'utf8')).trim();
}
