import { createHash } from 'node:crypto';

/** Lower-case hexadecimal SHA-256, of which both brokers make their checksums. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
