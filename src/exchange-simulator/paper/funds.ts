import { z } from 'zod';
import type { Paise } from '../../domain/types.ts';
import { type SimCash, SimRefusal } from '../core/types.ts';
import { rupees } from '../wire/format.ts';

/** `/user/margins/equity` as far as paper trading changes it; whatever else Kite says stays (K-docs: "User", "Funds and margins"). */
const equity = z.looseObject({
  net: z.number(),
  available: z.looseObject({ live_balance: z.number() }),
  utilised: z.looseObject({
    debits: z.number(),
    span: z.number(),
    exposure: z.number(),
    option_premium: z.number(),
  }),
});

type Equity = z.infer<typeof equity>;

/** Kite's figures for the account. Throws SimRefusal 502 where they cannot be read. */
export function readEquity(data: unknown): Equity {
  const read = equity.safeParse(data);
  if (!read.success) throw new SimRefusal(502, 'NetworkException', "Kite's answer was not understood (margins).");
  return read.data;
}

/** The account's own cash, without which nothing can be opened on paper either. */
export function liveBalance(data: Equity): Paise {
  return Math.round(data.available.live_balance * 100);
}

/** Kite's figures less what the paper book uses and has lost, or more by what it has won. `cash` was counted from Kite's live balance on. */
export function onPaper(data: Equity, cash: SimCash): Equity {
  const change = rupees(cash.available - liveBalance(data));
  const { available, utilised } = data;
  return {
    ...data,
    net: sum(data.net, change),
    available: { ...available, live_balance: rupees(cash.available) },
    utilised: {
      ...utilised,
      debits: sum(utilised.debits, rupees(cash.used)),
      span: sum(utilised.span, rupees(cash.span)),
      exposure: sum(utilised.exposure, rupees(cash.exposure)),
      option_premium: sum(utilised.option_premium, rupees(cash.premium)),
    },
  };
}

function sum(a: number, b: number): number {
  return rupees(Math.round((a + b) * 100));
}
