import { assertCovered, CalendarError } from './calendar/index.ts';
import type { IsoDate, Paise, Side } from './types.ts';

/** What an executed order costs beside its price, by line, as the contract note shows it; all in paise. */
export type Charges = {
  brokerage: Paise;
  stt: Paise;
  transaction: Paise;
  sebi: Paise;
  stamp: Paise;
  gst: Paise;
  total: Paise;
};

/** `turnover` is premium x units over all fills of one order, in paise. */
export type ExecutedOrder = {
  date: IsoDate;
  side: Side;
  turnover: Paise;
  /** The broker placed it itself, to close what was left in MIS. */
  squareOff?: boolean;
};

type Rate = readonly [from: IsoDate, perHundredMillion: number];

/** Zerodha: flat, per executed order (₹40 while the account is in debit is not modelled). */
const BROKERAGE: Paise = 20_00;
/** For each order of its own square-off, beside the brokerage (support.zerodha.com, MIS square-off: ₹50 and GST an order). */
const SQUARE_OFF_FEE: Paise = 50_00;

/**
 * Rates in parts of 10^8 of the premium, newest first, so that all of them are whole numbers.
 * STT on the sale: 0.0625 % remembered to begin on 1 April 2023; 0.10 % from 1 October 2024; 0.15 % from 1 April 2026.
 */
const STT_SALE: readonly Rate[] = [
  ['2026-04-01', 150_000],
  ['2024-10-01', 100_000],
  ['2023-04-01', 62_500],
  ['2021-04-01', 50_000],
];
/** STT on what the buyer exercises, of the intrinsic value (NSE/FATAX/73524). */
const STT_EXERCISE: readonly Rate[] = [
  ['2026-04-01', 150_000],
  ['2021-04-01', 125_000],
];
/**
 * NSE's transaction charge, each side. From October 2024 with the investor protection fund's ₹50 a crore, which the
 * rate of 1 March 2026 (NSE/FA/73061) contains: the outflow of ₹3,553 a crore is the same.
 */
const TRANSACTION: readonly Rate[] = [
  ['2024-10-01', 35_530],
  ['2021-04-01', 49_500],
];
/** ₹10 a crore, each side. */
const SEBI_FEE = 100;
/** On the buyer, one rate for India since 1 July 2020. */
const STAMP_DUTY = 3_000;
/** Per cent of brokerage, transaction charge and SEBI's fee; none on STT and stamp. */
const GST_PERCENT = 18;
const SCALE = 100_000_000;

/**
 * Charges of one executed NIFTY options order at Zerodha. Each line is rounded to the paisa, half up; STT to the
 * rupee, per order, as Zerodha bills it (`stt: 'unrounded'` gives it to the paisa, as Kite's estimate does). The total
 * is the sum of the lines. Throws CalendarError outside the dated tables.
 */
export function orderCharges(order: ExecutedOrder, stt: 'rupee' | 'unrounded' = 'rupee'): Charges {
  const { date, side, turnover } = order;
  const brokerage = BROKERAGE + (order.squareOff ? SQUARE_OFF_FEE : 0);
  const lines = {
    brokerage,
    stt: side === 'SELL' ? roundStt(turnover * rateOn(STT_SALE, date), stt) : 0,
    transaction: toPaise(turnover * rateOn(TRANSACTION, date)),
    sebi: toPaise(turnover * SEBI_FEE),
    stamp: side === 'BUY' ? toPaise(turnover * STAMP_DUTY) : 0,
  };
  const taxed = brokerage * SCALE + turnover * (rateOn(TRANSACTION, date) + SEBI_FEE);
  return withTotal({ ...lines, gst: toPaise((taxed * GST_PERCENT) / 100) });
}

/** What a long option that expires in the money costs: STT on its intrinsic value (paise, all units) and nothing else. */
export function exerciseCharges(date: IsoDate, intrinsicValue: Paise): Charges {
  const stt = roundStt(intrinsicValue * rateOn(STT_EXERCISE, date), 'rupee');
  return withTotal({ ...NO_CHARGES, stt });
}

export const NO_CHARGES: Charges = { brokerage: 0, stt: 0, transaction: 0, sebi: 0, stamp: 0, gst: 0, total: 0 };

/** Adds line by line: the total stays the sum of the lines. */
export function sumCharges(charges: readonly Charges[]): Charges {
  const sum = { ...NO_CHARGES };
  for (const one of charges) {
    sum.brokerage += one.brokerage;
    sum.stt += one.stt;
    sum.transaction += one.transaction;
    sum.sebi += one.sebi;
    sum.stamp += one.stamp;
    sum.gst += one.gst;
    sum.total += one.total;
  }
  return sum;
}

function withTotal(lines: Omit<Charges, 'total'>): Charges {
  const { brokerage, stt, transaction, sebi, stamp, gst } = lines;
  const total = brokerage + stt + transaction + sebi + stamp + gst;
  return { brokerage, stt, transaction, sebi, stamp, gst, total };
}

/** The one place where STT is rounded: to the nearest rupee, half up. */
function roundStt(scaled: number, to: 'rupee' | 'unrounded'): Paise {
  return to === 'rupee' ? Math.floor(scaled / SCALE / 100 + 0.5) * 100 : toPaise(scaled);
}

/** Half up. */
function toPaise(scaled: number): Paise {
  return Math.floor(scaled / SCALE + 0.5);
}

function rateOn(rates: readonly Rate[], date: IsoDate): number {
  assertCovered(date);
  const row = rates.find(([from]) => from <= date);
  if (!row)
    throw new CalendarError(date, `No rate of charges is known for ${date}: enter it in src/domain/charges.ts.`);
  return row[1];
}
