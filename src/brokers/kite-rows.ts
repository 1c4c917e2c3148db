/** Reads Kite's answers by their schemas, and of its lists as much as can be read. */
import { z } from 'zod';
import { parseTag } from '../domain/tags.ts';
import { BrokerError } from '../errors.ts';
import { orderSchema } from './kite-schemas.ts';
import type { BrokerOrder } from './types.ts';

type Warn = (data: object, text: string) => void;

/** Rows of which somebody was told: a list is read each second. */
const REMEMBERED_ROWS = 1_000;
const SHOWN_CHARS = 500;

export type Reader = {
  /** Rows of an unknown shape are left out. */
  rows<T>(what: string, schema: z.ZodType<T>, answer: unknown): Promise<T[]>;
  /** The same of an object's values. */
  entries<T>(what: string, schema: z.ZodType<T>, answer: unknown): Promise<Map<string, T>>;
  /** Throws doubt where a row that cannot be read carries a tag of ours. */
  orders(answer: unknown): Promise<BrokerOrder[]>;
};

export function createReader(warn: Warn): Reader {
  const told = new Set<string>();

  function leaveOut(what: string, row: unknown, error: z.ZodError): void {
    const shown = JSON.stringify(row)?.slice(0, SHOWN_CHARS) ?? String(row);
    if (told.has(shown)) return;
    if (told.size >= REMEMBERED_ROWS) told.clear();
    told.add(shown);
    const reason = z.prettifyError(error).slice(0, SHOWN_CHARS);
    warn({ row: shown, reason }, `Kite sent a ${what} of an unknown shape: it is left out. Look at it in Kite.`);
  }

  async function rows<T>(what: string, schema: z.ZodType<T>, answer: unknown): Promise<T[]> {
    const list = await understand(z.array(z.unknown()), answer);
    return list.flatMap((row) => {
      const parsed = schema.safeParse(row);
      if (parsed.success) return [parsed.data];
      leaveOut(what, row, parsed.error);
      return [];
    });
  }

  return {
    rows,
    async entries(what, schema, answer) {
      const named = Object.entries(await understand(z.record(z.string(), z.unknown()), answer));
      const read = await Promise.all(named.map(async ([key, row]) => [key, await rows(what, schema, [row])] as const));
      return new Map(read.flatMap(([key, found]) => found.map((row) => [key, row] as const)));
    },
    async orders(answer) {
      const list = await understand(z.array(z.unknown()), answer);
      const ours = list.find((row) => hasTagOfOurs(row) && !orderSchema.safeParse(row).success);
      if (ours !== undefined) await understand(orderSchema, ours);
      return rows('row of the list of orders', orderSchema, list);
    },
  };
}

function hasTagOfOurs(row: unknown): boolean {
  const tag = typeof row === 'object' && row !== null && 'tag' in row ? row.tag : null;
  return typeof tag === 'string' && parseTag(tag) !== null;
}

/** An answer of another shape than the documented one is doubt: the call may well have done its work. */
export async function understand<T>(schema: z.ZodType<T>, answer: unknown): Promise<T> {
  const parsed = schema.safeParse(await answer);
  if (parsed.success) return parsed.data;
  const issues = z.prettifyError(parsed.error).slice(0, 500);
  throw new BrokerError('kite', 'doubt', `Kite's answer has an unexpected shape: ${issues}`);
}
