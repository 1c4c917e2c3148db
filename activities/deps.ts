import type { Breeze, Kite } from '../src/brokers/types.ts';
import type { Notices } from '../src/contract/notices.ts';
import type { Journal } from '../src/journal/types.ts';
import type { HourlyCandles } from '../src/market/candles.ts';
import type { ClockSource, Feed, InstrumentMaster } from '../src/market/types.ts';
import type { Sealer } from '../src/platform/secrets.ts';
import type { Book } from './book.ts';
import type { Sessions } from './session.ts';

export type Log = {
  info(data: object, text: string): void;
  warn(data: object, text: string): void;
  error(data: object, text: string): void;
};

/** Everything the activities touch; made once a process by the worker. */
export type Deps = {
  kite: Kite;
  breeze: Breeze;
  feed: Feed;
  journal: Journal;
  sealer: Sealer;
  clock: ClockSource;
  master: InstrumentMaster;
  candles: HourlyCandles;
  sessions: Sessions;
  /** What all activities of the process know of the account's orders. */
  book: Book;
  notices: Pick<Notices, 'send'>;
  log: Log;
};
