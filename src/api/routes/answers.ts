import type { z } from '@hono/zod-openapi';

/** A JSON answer of a route's description. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { content: { 'application/json': { schema } }, description };
}

/** A JSON body; where it is not required, leaving it out means `{}`. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, required: boolean) {
  return { content: { 'application/json': { schema } }, required };
}
