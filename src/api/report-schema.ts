import { z } from '@hono/zod-openapi';
import { decisionView, instant, isoDate, money, positionView, warningView } from './schemas.ts';

const side = z.enum(['BUY', 'SELL']);

/** The end-of-day report as `GET /live/report/{date}` answers it. */
export const reportView = z
  .object({
    date: isoDate,
    mode: z.enum(['replay', 'paper', 'live']),
    account: z.string(),
    run: z.int(),
    result: z.enum(['flat', 'carried', 'not_flat', 'holiday']),
    trades: z.array(
      z.object({
        order_id: z.string(),
        tag: z.string(),
        trade_id: z.string(),
        tradingsymbol: z.string(),
        transaction_type: side,
        quantity: z.int(),
        price: money,
        at: instant,
      }),
    ),
    charges: z.object({
      brokerage: money,
      stt: money,
      transaction: money,
      sebi: money,
      stamp: money,
      gst: money,
      total: money,
    }),
    pnl: z.object({ gross: money, charges: money, net: money }),
    positions: z.array(positionView),
    decisions: z.array(decisionView),
    warnings: z.array(warningView),
    reconciled: z.boolean().nullable().openapi({
      description: 'Whether ledger and broker agreed after the close; null when the broker could not be asked',
    }),
    differences: z.array(z.string()),
    slippage: z
      .array(z.object({ tag: z.string(), expected: money, got: money, quantity: z.int() }))
      .openapi({ description: 'Each filled order: the far touch when it was sent, and the average of its fills' }),
    lateness: z.array(z.object({ what: z.string(), ms: z.number().openapi({ description: 'Market milliseconds' }) })),
    price_note: z.string(),
  })
  .openapi('Report');

export type ReportBody = z.infer<typeof reportView>;
