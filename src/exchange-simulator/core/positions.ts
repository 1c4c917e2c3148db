import { addDays, istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, OptionContract, Paise, Side } from '../../domain/types.ts';
import { type Book, viewOf } from './book.ts';
import type { SimPosition } from './types.ts';

/** Tokens, DAY orders and the book of a day die at 06:00, so the broker's day begins there. */
const DAY_BEGINS_MS = 6 * 3_600_000;

/** The broker's day that an instant belongs to. */
export function brokerDate(at: MarketMs): IsoDate {
  return istDate(at - DAY_BEGINS_MS);
}

/** The instant at which the broker's day after the one of `at` begins: 06:00. */
export function nextBrokerDay(at: MarketMs): MarketMs {
  return Date.parse(`${addDays(brokerDate(at), 1)}T00:30:00Z`);
}

/** One change of what is held: a fill, or the settlement of an expired contract. */
export type Movement = {
  contract: OptionContract;
  product: string;
  side: Side;
  quantity: number;
  price: Paise;
  at: MarketMs;
};

/** Everything that moved the account's positions, in order of time. */
export const movements = viewOf((book): readonly Movement[] => {
  const fills = book.all().flatMap(({ order, contract }) =>
    order.fills.map(({ quantity, price, at }) => ({
      contract,
      product: order.product,
      side: order.side,
      quantity,
      price,
      at,
    })),
  );
  const settled = book.settlements().map(({ contract, product, quantity, price, at }) => {
    const side: Side = quantity > 0 ? 'SELL' : 'BUY';
    return { contract, product, side, quantity: Math.abs(quantity), price, at };
  });
  return [...fills, ...settled].sort((a, b) => a.at - b.at);
});

export type HeldPosition = {
  contract: OptionContract;
  product: string;
  /** Signed units held when the day began, and what they cost a unit. */
  overnight: number;
  overnightPrice: number;
  dayBuyQuantity: number;
  dayBuyValue: Paise;
  daySellQuantity: number;
  daySellValue: Paise;
};

/** Positions per contract and product on a broker's day: carried ones and those traded on it, flat ones included. */
export function positionsOn(moves: readonly Movement[], date: IsoDate): HeldPosition[] {
  const held = new Map<string, HeldPosition>();
  for (const move of moves) {
    const day = brokerDate(move.at);
    if (day > date) continue;
    const key = `${move.contract.tradingsymbol} ${move.product}`;
    const position = held.get(key) ?? empty(move);
    held.set(key, position);
    if (day < date) carry(position, move);
    else if (move.side === 'BUY') {
      position.dayBuyQuantity += move.quantity;
      position.dayBuyValue += move.quantity * move.price;
    } else {
      position.daySellQuantity += move.quantity;
      position.daySellValue += move.quantity * move.price;
    }
  }
  return [...held.values()].filter(
    (position) => position.overnight !== 0 || position.dayBuyQuantity + position.daySellQuantity > 0,
  );
}

const positionsByDate = viewOf((_book) => new Map<IsoDate, readonly HeldPosition[]>());

/** Those of all that is in a book. */
export function positionsOf(book: Book, date: IsoDate): readonly HeldPosition[] {
  const byDate = positionsByDate(book);
  const positions = byDate.get(date) ?? positionsOn(movements(book), date);
  byDate.set(date, positions);
  return positions;
}

export function netQuantity(position: HeldPosition): number {
  return position.overnight + position.dayBuyQuantity - position.daySellQuantity;
}

/** Kite's words for a position. Carried units count as bought (or sold) at what they cost. */
export function positionRow(position: HeldPosition, lastPrice: Paise, closePrice: Paise): SimPosition {
  const { contract, product, overnight, overnightPrice } = position;
  const carriedValue = Math.round(Math.abs(overnight) * overnightPrice);
  return {
    tradingsymbol: contract.tradingsymbol,
    product,
    instrumentToken: contract.instrumentToken,
    quantity: netQuantity(position),
    overnightQuantity: overnight,
    buyQuantity: position.dayBuyQuantity + Math.max(0, overnight),
    buyValue: position.dayBuyValue + (overnight > 0 ? carriedValue : 0),
    sellQuantity: position.daySellQuantity + Math.max(0, -overnight),
    sellValue: position.daySellValue + (overnight < 0 ? carriedValue : 0),
    dayBuyQuantity: position.dayBuyQuantity,
    dayBuyValue: position.dayBuyValue,
    daySellQuantity: position.daySellQuantity,
    daySellValue: position.daySellValue,
    lastPrice,
    closePrice,
  };
}

function empty({ contract, product }: Movement): HeldPosition {
  const nothing = {
    overnight: 0,
    overnightPrice: 0,
    dayBuyQuantity: 0,
    dayBuyValue: 0,
    daySellQuantity: 0,
    daySellValue: 0,
  };
  return { contract, product, ...nothing };
}

/** Average cost: adding moves the average, reducing keeps it, crossing zero starts anew. */
function carry(position: HeldPosition, move: Movement): void {
  const signed = move.side === 'BUY' ? move.quantity : -move.quantity;
  const before = position.overnight;
  const after = before + signed;
  if (before === 0 || Math.sign(before) === Math.sign(signed)) {
    const value = Math.abs(before) * position.overnightPrice + move.quantity * move.price;
    position.overnightPrice = value / Math.abs(after);
  } else if (Math.sign(after) !== Math.sign(before)) {
    position.overnightPrice = after === 0 ? 0 : move.price;
  }
  position.overnight = after;
}
