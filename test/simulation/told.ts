import { istDate, istTime } from '../../src/domain/clock.ts';
import type { StoredEvent } from '../../src/journal/types.ts';
import type { World } from '../../src/simulation/world/world.ts';

/** Pages, log, events of the day and the exchange's book in their order, a line each. */
export function toldOf({ pages, lines, exchange }: World, events: readonly StoredEvent[]): string {
  const said = [
    // What is an event of the day, or a page, is told as such.
    ...lines
      .filter(({ data }) => !('kind' in data || 'owner' in data))
      .map(({ at, level, text, data }) => ({ at, text: `${level} ${text} ${JSON.stringify(data)}` })),
    ...events.map(({ at, level, text }) => ({ at, text: `day: ${level} ${text}` })),
    ...pages.map(({ at, text }) => ({ at, text: `PAGE ${text}` })),
    ...exchange.allOrders().flatMap(({ tag, side, quantity, tradingsymbol, history }) =>
      history.map((was) => ({
        at: was.at,
        text: `book ${tag} ${side} ${was.filledQuantity}/${quantity} ${tradingsymbol} ${was.status} ${was.orderType} ${was.price} ${was.statusMessage ?? ''}`,
      })),
    ),
  ];
  said.sort((a, b) => a.at - b.at);
  return said.map(({ at, text }) => `${istDate(at)} ${istTime(at)} ${text}`).join('\n');
}
