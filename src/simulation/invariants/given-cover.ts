/** Cover that another position's short needs goes to it (CONTROL): the judge's legs follow what the product says of it. */
import type { World } from '../world/world.ts';
import { type Legs, positionOf, tagOf } from './legs.ts';

/** Believed where the other one has sold something, or may have. */
export function followGivenCover(world: World, legs: Legs): void {
  /** Positions whose opening sale has left, whatever became of it: it may need cover. */
  const selling = new Set<string>();
  /** Lines of cover that was given to an order which waited for its turn. */
  let waiting: string[] = [];

  function give(text: string): void {
    const [, from, units, symbol, to] = /^([PM]\d+): (\d+) (\S+) are kept for ([PM]\d+)/.exec(text) ?? [];
    if (!from || !to || !symbol) return;
    if (!selling.has(to) && !legs.legsOf(to).some(({ role }) => role === 'main')) {
      waiting.push(text);
      return;
    }
    const held = legs.legsOf(from).find(({ contract }) => contract.endsWith(` ${symbol}`));
    if (held) legs.transfer(from, to, held.contract, Number(units));
  }

  world.onLine(({ data, text }) => {
    if ('kind' in data && data.kind === 'hedge_kept') give(text);
  });
  world.hooks.add((point) => {
    if (point.kind !== 'call' || point.point !== 'leaves' || point.call.name !== 'placeOrder') return;
    const tag = tagOf(point.call.order?.tag);
    // Where nothing of it was ever sold, its cover is sold under its name.
    const isSale = tag?.role === 'main' && tag.purpose === 'entry';
    if (!tag || (!isSale && !waiting.some((text) => text.includes(`kept for ${positionOf(tag)}, `)))) return;
    selling.add(positionOf(tag));
    const texts = waiting;
    waiting = [];
    for (const text of texts) give(text);
  });
}
