/** Commands to the day on the wire, and what came of them. */
import { z } from '@hono/zod-openapi';
import { acceptedBody, statusView } from './schemas.ts';

export const handsOffBody = z
  .strictObject({
    on: z.boolean(),
    confirm: z
      .string()
      .max(100)
      .optional()
      .openapi({ description: "The account's name, as in /live/status: only needed to switch it on" }),
  })
  .openapi('HandsOff', { example: { on: true, confirm: 'AB1234' } });
export const settleOrderBody = z
  .strictObject({
    tag: z.string().min(1).max(50),
    found: z.boolean().openapi({ description: "False: Kite's order book does not have it. True: it does" }),
  })
  .openapi('SettleOrder', { example: { tag: 'R001D25071401ME01001', found: false } });
export const commandHeader = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .optional()
    .openapi({ description: 'The same key is the same command: it is carried out once. Any text of yours' }),
});

const commandView = z
  .object({
    id: z.string(),
    changed: z.boolean().openapi({ description: 'False: it was so already, or could not be done' }),
    message: z.string(),
  })
  .openapi('Command');
export const commandedStatusView = statusView
  .extend({ command: commandView.nullable().openapi({ description: 'Null until the day has taken it up' }) })
  .openapi('CommandedStatus');

export const keptBody = acceptedBody.extend({ id: z.string() }).openapi('Kept');

export type CommandBody = z.infer<typeof commandView>;
export type CommandedStatusBody = z.infer<typeof commandedStatusView>;
