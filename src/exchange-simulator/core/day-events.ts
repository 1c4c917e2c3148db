import { BROKER_SQUARE_OFF, freezeQuantity } from '../../domain/calendar/index.ts';
import { addDays, istAt, istDate, istTime } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, OptionContract, Paise, Side } from '../../domain/types.ts';
import { type Book, isLive } from './book.ts';
import { segmentHours, tradingHours } from './hours.ts';
import type { MatchingLoop } from './matching-loop.ts';
import type { OrderEntry } from './order-entry.ts';
import { brokerDate, type HeldPosition, netQuantity, positionsOf } from './positions.ts';
import { priceProtection } from './price-rules.ts';
import type { Prices } from './prices.ts';

const DAY_MS = 86_400_000;

export type DayEvent = { kind: 'square-off' | 'close'; at: MarketMs; run(): void };

export type DayEventOptions = {
  book: Book;
  orderEntry: OrderEntry;
  matchingLoop: MatchingLoop;
  prices: Prices;
  /** What an expired contract is worth; null where it is not known at the close, and somebody settles later. */
  settlement(contract: OptionContract): Paise | null;
};

/** What happens by itself at fixed times of a day. Every event can happen twice without doing anything twice: a restart may repeat it. */
export function createDayEvents({ book, orderEntry, matchingLoop, prices, settlement }: DayEventOptions) {
  function positions(at: MarketMs): readonly HeldPosition[] {
    return positionsOf(book, brokerDate(at));
  }

  /**
   * The broker closes what is left in MIS, with orders of its own (support.zerodha.com, MIS square-off). What has no price yet is
   * left for the next call.
   */
  function squareOff(at: MarketMs, hasPrice: (contract: OptionContract) => boolean = () => true): void {
    for (const record of book.all().filter(isLive))
      if (record.order.product === 'MIS' && record.order.source !== 'broker')
        matchingLoop.end(record, 'CANCELLED', at, 'Cancelled by the broker before its MIS square-off.');
    const open = positions(at).filter(({ product, contract }) => product === 'MIS' && hasPrice(contract));
    // Shorts first: their hedges protect them until they are gone.
    for (const position of open.sort((a, b) => netQuantity(a) - netQuantity(b))) {
      const underWay = book
        .all()
        .filter((record) => isLive(record) && record.order.product === 'MIS')
        .filter(({ order }) => order.tradingsymbol === position.contract.tradingsymbol)
        .reduce((sum, { order }) => sum + order.pendingQuantity, 0);
      const side: Side = netQuantity(position) < 0 ? 'BUY' : 'SELL';
      closeAt(position.contract, side, Math.abs(netQuantity(position)) - underWay, at);
    }
  }

  function closeAt(contract: OptionContract, side: Side, quantity: number, at: MarketMs): void {
    const range = priceProtection(prices.reference(contract, at));
    const tick = contract.tickSize;
    const price =
      side === 'BUY' ? Math.floor(range.upper / tick) * tick : Math.max(tick, Math.ceil(range.lower / tick) * tick);
    const most = Math.floor(freezeQuantity(istDate(at)) / contract.lotSize) * contract.lotSize;
    for (let left = quantity; left > 0; left -= most) {
      const request = {
        variety: 'regular',
        exchange: 'NFO',
        tradingsymbol: contract.tradingsymbol,
        side,
        orderType: 'LIMIT',
        product: 'MIS',
        validity: 'DAY',
        quantity: Math.min(left, most),
        price,
        triggerPrice: 0,
        disclosedQuantity: 0,
        marketProtection: null,
        tag: null,
      };
      orderEntry.placeAtOnce(request, contract, 'broker', at);
    }
  }

  /** DAY orders die with their contract's session; what expires is settled in cash on the official close. */
  function close(at: MarketMs): void {
    const date = istDate(at);
    const closes = (contract: OptionContract) => tradingHours(contract.expiry, date)?.close === at;
    for (const record of book.all().filter(isLive))
      if (closes(record.contract))
        matchingLoop.end(record, 'CANCELLED', at, `DAY order cancelled at the close (${istTime(at).slice(0, 5)}).`);
    for (const { contract, product, ...position } of positions(at)) {
      const quantity = netQuantity({ contract, product, ...position });
      if (contract.expiry !== date || quantity === 0 || !closes(contract)) continue;
      const price = settlement(contract);
      if (price !== null) book.settle({ contract, product, quantity, price, at });
    }
  }

  function eventsOf(date: IsoDate): DayEvent[] {
    const hours = segmentHours(date);
    if (!hours) return [];
    const squareOffAt = istAt(date, BROKER_SQUARE_OFF);
    // Expiring contracts may end before the others.
    const expiringEnd = tradingHours(date, date)?.close ?? hours.close;
    const closes = [...new Set([expiringEnd, hours.close])].map(
      (at): DayEvent => ({ kind: 'close', at, run: () => close(at) }),
    );
    const inSession = squareOffAt > hours.open && squareOffAt < hours.close;
    const squareOffs: DayEvent[] = inSession
      ? [{ kind: 'square-off', at: squareOffAt, run: () => squareOff(squareOffAt) }]
      : [];
    return [...squareOffs, ...closes].sort((a, b) => a.at - b.at);
  }

  const byDate = new Map<IsoDate, DayEvent[]>();
  function eventsOn(date: IsoDate): DayEvent[] {
    const known = byDate.get(date);
    if (known) return known;
    const events = eventsOf(date);
    byDate.set(date, events);
    return events;
  }

  /** Between these two nothing happens: most looks ask about an instant in between. */
  let quiet = { from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY };
  function nextAfter(from: MarketMs): MarketMs {
    if (from >= quiet.from && from < quiet.until) return quiet.until;
    const last = addDays(istDate(from), 2);
    for (let date = istDate(from); date <= last; date = addDays(date, 1)) {
      const next = eventsOn(date).find(({ at }) => at > from);
      if (!next) continue;
      quiet = { from, until: next.at };
      return next.at;
    }
    return Number.POSITIVE_INFINITY;
  }

  return {
    squareOff,
    /** The instant of the first event after `from`, Number.POSITIVE_INFINITY when none comes within two days. */
    nextAfter,
    /** Events after `from`, up to and including `to`, in order. */
    between(from: MarketMs, to: MarketMs): DayEvent[] {
      const events: DayEvent[] = [];
      // Farther than a day the next event says nothing: it may lie beyond the days that were looked at.
      if (to < nextAfter(from) && to - from < DAY_MS) return events;
      for (let date = istDate(from); date <= istDate(to); date = addDays(date, 1))
        for (const event of eventsOn(date)) if (event.at > from && event.at <= to) events.push(event);
      return events;
    },
  };
}
