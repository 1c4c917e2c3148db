import type { SimQuote } from '../core/types.ts';
import { total } from './kite-market.ts';

export type TickerMode = 'ltp' | 'quote' | 'full';

/** The 1-byte frame that Kite sends about every second when there is nothing else to say. */
export const HEARTBEAT = Buffer.from([0]);

/**
 * One instrument as the ticker's binary packet, big endian, prices in paise, times in epoch seconds (K-docs: "WebSocket streaming"). The
 * length tells the mode: 8 ltp, 44 quote, 184 full; indices 28 quote, 32 full.
 */
export function packet(quote: SimQuote, mode: TickerMode): Buffer {
  if (mode === 'ltp') return integers([quote.instrument.instrumentToken, quote.lastPrice]);
  return quote.instrument.kind === 'index' ? indexPacket(quote, mode) : contractPacket(quote, mode);
}

/** Packets in one frame: their number, then each with its length. */
export function frame(packets: Buffer[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(packets.length);
  return Buffer.concat([
    count,
    ...packets.flatMap((bytes) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  ]);
}

function indexPacket(quote: SimQuote, mode: TickerMode): Buffer {
  const { lastPrice, high, low, open, close } = quote;
  const fields = [quote.instrument.instrumentToken, lastPrice, high, low, open, close, lastPrice - close];
  return integers(mode === 'full' ? [...fields, seconds(quote.at)] : fields);
}

function contractPacket(quote: SimQuote, mode: TickerMode): Buffer {
  const { bids, asks } = quote.depth;
  const fields = [
    quote.instrument.instrumentToken,
    quote.lastPrice,
    quote.lastQuantity,
    quote.averagePrice,
    quote.volume,
    total(bids),
    total(asks),
    quote.open,
    quote.high,
    quote.low,
    quote.close,
  ];
  if (mode === 'quote') return integers(fields);
  const head = integers([...fields, seconds(quote.at), quote.oi, quote.oi, quote.oi, seconds(quote.at)]);
  const depth = Buffer.alloc(120);
  for (const [side, levels] of [bids, asks].entries())
    for (const [index, level] of levels.slice(0, 5).entries()) {
      const offset = side * 60 + index * 12;
      depth.writeUInt32BE(level.quantity, offset);
      depth.writeUInt32BE(level.price, offset + 4);
      depth.writeUInt16BE(Math.min(level.orders, 0xffff), offset + 8);
    }
  return Buffer.concat([head, depth]);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function integers(values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  // `| 0` lets unsigned counts above 2^31 and the signed change share one way of writing.
  for (const [index, value] of values.entries()) bytes.writeInt32BE(Math.round(value) | 0, index * 4);
  return bytes;
}
