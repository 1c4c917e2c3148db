/** How routes describe what they take and answer: one description validates, types and documents. */
import { z } from '@hono/zod-openapi';
import { REFUSALS, type RefusalCode, type RefusalStatus } from '../refusals.ts';
import { errorBody } from '../schemas.ts';

/** The chapters of the documentation that more than one file of routes has pages in. */
export const STATUS = 'Status';
export const TRADING = 'Trading';

/** A JSON answer of a route's description. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { content: { 'application/json': { schema } }, description };
}

/** A page for a browser. */
export function page(description: string) {
  return { content: { 'text/html': { schema: z.string() } }, description };
}

/** A JSON body; where it is not required, leaving it out means `{}`. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, required: boolean) {
  return { content: { 'application/json': { schema } }, required };
}

/** What any route answers to a caller from elsewhere, and what a gated one answers to a stranger. */
const FOREIGN = ['foreign_host', 'foreign_origin'] as const;
const STRANGER = ['unauthorized', ...FOREIGN] as const;
/** Of routes with parameters, and of those with a body. */
export const BAD_QUERY = ['malformed', 'unknown_field', 'invalid_value'] as const;
export const BAD_BODY = [...BAD_QUERY, 'too_large'] as const;
/** Of routes that ask the day or the journal. */
export const DAY_AWAY = ['temporal_away', 'worker_away', 'journal_unavailable'] as const;

/** Of routes that ask Zerodha. */
export const KITE_FAILS = ['kite_rate_limited', 'kite_refused', 'kite_ip_refused', 'kite_doubt'] as const;
/** Of routes that ask Breeze. */
export const BREEZE_FAILS = [
  'breeze_rate_limited',
  'breeze_refused',
  'breeze_ip_refused',
  'breeze_doubt',
  'breeze_away',
] as const;

type Refused = ReturnType<typeof json<typeof errorBody>>;

/** The refusals that a route may answer, by status; `unauthorized` and the foreign callers come with them. */
export function refusals<Code extends RefusalCode = never>(
  ...codes: Code[]
): Record<RefusalStatus<Code | (typeof STRANGER)[number]>, Refused> {
  return described([...STRANGER, ...codes]);
}

/** The same of a route that needs no token. */
export function openRefusals<Code extends RefusalCode = never>(
  ...codes: Code[]
): Record<RefusalStatus<Code | (typeof FOREIGN)[number]>, Refused> {
  return described([...FOREIGN, ...codes]);
}

function described<Status extends number>(codes: RefusalCode[]): Record<Status, Refused> {
  const lines = new Map<number, string[]>();
  for (const code of new Set(codes)) {
    const { status, when } = REFUSALS[code];
    lines.set(status, [...(lines.get(status) ?? []), `\`${code}\`: ${when}`]);
  }
  const answers = [...lines].map(([status, words]) => [status, json(errorBody, `${words.join('; ')}.`)]);
  return Object.fromEntries(answers) as Record<Status, Refused>;
}
