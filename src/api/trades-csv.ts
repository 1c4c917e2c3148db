import type { ReportBody } from './report-schema.ts';

const COLUMNS = [
  'at',
  'order_id',
  'trade_id',
  'tag',
  'tradingsymbol',
  'transaction_type',
  'quantity',
  'price',
] as const;

/** A day's trades by RFC 4180, one line a fill, prices in rupees with two decimals. */
export function tradesCsv({ trades }: ReportBody): string {
  const rows = trades.map((trade) =>
    COLUMNS.map((name) => (name === 'price' ? trade.price.toFixed(2) : `${trade[name]}`)),
  );
  return [COLUMNS, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
