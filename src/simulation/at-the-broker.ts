/** What those who carry out deeds know of the exchange. */
import { istDate } from '../domain/clock.ts';
import { parseTag } from '../domain/tags.ts';
import type { SimOrder } from '../exchange-simulator/core/types.ts';
import { virtualNow } from './virtual-time.ts';
import type { World } from './world/world.ts';

export function ours({ exchange }: World): SimOrder[] {
  return exchange
    .allOrders()
    .filter(({ source, tag }) => source === undefined && tag !== null && parseTag(tag) !== null);
}

/** Any of the expiry that trades first. */
export function nearestOption({ exchange }: World) {
  const found = exchange.instruments(istDate(virtualNow())).find(({ kind }) => kind === 'option');
  return found?.kind === 'option' ? found : undefined;
}
