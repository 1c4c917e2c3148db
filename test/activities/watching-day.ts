import type { MockActivityEnvironment } from '@temporalio/testing';
import { BOOK_PACE } from '../../activities/book-pace.ts';
import { createBookActivities } from '../../activities/watch-book.ts';
import type { BookInput } from '../../src/contract/activities.ts';
import type { BookNews, Overnight } from '../../src/domain/book/book.ts';
import { cursorOf, type KnownOrder } from '../../src/domain/book/cursor.ts';
import { type Desk, HEDGE, MAIN } from './trading-desk.ts';

type News = Extract<BookNews, { kind: 'news' }>;

/** The day's side of the watcher: what it has taken in, and how it watches with that. */
export class WatchingDay {
  private readonly desk: Desk;
  orders = new Map<string, KnownOrder>();
  external = new Set<string>();
  seen = new Set<string>();
  overnight: Overnight[] | null = [];
  unreadableSince: number | null = null;
  pace = BOOK_PACE;

  constructor(of: Desk) {
    this.desk = of;
  }

  watch(of: Partial<BookInput> = {}, environment?: MockActivityEnvironment): Promise<BookNews> {
    const { parts, identity, exchange, run, contract } = this.desk;
    const { watchBook } = createBookActivities({ ...parts.activities, bookPace: this.pace });
    const cursor = cursorOf({
      ...{ orders: this.orders.values(), externalTradeIds: this.external, seenOrderIds: this.seen },
      ...{ overnight: this.overnight, unreadableSince: this.unreadableSince },
    });
    const contracts = [MAIN, HEDGE].map((tradingsymbol) => ({
      ...{ tradingsymbol, product: 'MIS', instrumentToken: contract(tradingsymbol).instrumentToken },
    }));
    const until = exchange.clock.now() + 600_000;
    return run(() => watchBook({ identity, cursor, contracts, open: true, until, ...of }), environment);
  }

  /** Quiet until then, in milliseconds of the market. */
  quietFor(ms: number): Promise<BookNews> {
    return this.watch({ until: this.desk.exchange.clock.now() + ms });
  }

  async news(of: Partial<BookInput> = {}): Promise<News> {
    const news = await this.watch(of);
    if (news.kind !== 'news') throw new Error(`no news but ${JSON.stringify(news)}`);
    return news;
  }

  take(news: BookNews): void {
    if (news.kind !== 'news') return;
    for (const row of news.rows) {
      const phase = row.phase === 'pending' ? 'accepted' : row.phase;
      this.orders.set(row.orderId, { ...row, tag: row.tag ?? '', purpose: 'exit', phase, since: 0 });
    }
    for (const { tradeId } of news.externalTrades) this.external.add(tradeId);
    for (const id of news.ids) this.seen.add(id);
    if (news.overnight) this.overnight = news.overnight;
  }

  doubt(tag: string): void {
    const order = { tag, orderId: null, purpose: 'entry', phase: 'doubt', since: Date.now() } as const;
    const nothing = {
      quantity: 75,
      filledQuantity: 0,
      fills: [],
      orderType: 'LIMIT',
      price: 0,
      triggerPrice: 0,
      status: 'IN DOUBT',
    };
    this.orders.set(tag, { ...order, ...nothing });
  }
}
