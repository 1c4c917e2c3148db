/** Positions by hand of one type, expiry and product: its longs bound what its shorts can lose. */
import { freeLongs, gapLosses, type ManualHolding, seriesOf } from '../src/domain/manual-orders.ts';
import type { Paise } from '../src/domain/types.ts';
import type { Day } from './day.ts';
import { ManualPosition } from './manual-position.ts';
import { unitsAhead } from './order-state.ts';

export function openByHand(day: Day): ManualPosition[] {
  return day.positions.filter((one) => one instanceof ManualPosition).filter((one) => one.isOpen());
}

function seriesAround({ day, plan }: ManualPosition): ManualHolding[] {
  const holdings = openByHand(day).map((position) => position.holding());
  return seriesOf(holdings, { ...plan.main, product: plan.product });
}

/** Units of this long without which shorts of the series would be naked, sales at rest among them: longs that are leaving cover nothing. */
export function neededAsCover(position: ManualPosition): number {
  const others = seriesAround(position).filter(({ id }) => id !== position.id);
  const shorts = others.reduce((sum, { net, selling }) => sum + Math.max(0, selling - net), 0);
  const longs = others
    .filter(({ leaving }) => !leaving)
    .reduce((sum, { net, selling }) => sum + Math.max(0, net - selling), 0);
  return Math.max(0, shorts - longs);
}

/** Shorts of the series, sales at rest among them, when nothing covers all of them any more: somebody sold a cover outside. */
export function uncoveredBeside(position: ManualPosition): ManualPosition[] {
  const series = seriesAround(position);
  if (freeLongs(series) >= 0) return [];
  return openByHand(position.day).filter(({ id }) =>
    series.some((one) => one.id === id && !one.leaving && one.net < one.selling),
  );
}

/** Shorts that would be naked without this long, or that could lose more: what was reserved for them does not hold without it. */
export function leaningOn(position: ManualPosition): ManualPosition[] {
  // A sale at rest may fill at any moment: it leans on its cover as what is sold does.
  const series = seriesAround(position).map((one) => ({ ...one, net: one.net - one.selling }));
  const others = series.filter(({ id }) => id !== position.id);
  const total = (holdings: ManualHolding[]) => [...gapLosses(holdings).values()].reduce((sum, loss) => sum + loss, 0);
  if (neededAsCover(position) === 0 && total(others) <= total(series)) return [];
  const shorts = new Set(others.filter(({ net }) => net < 0).map(({ id }) => id));
  return openByHand(position.day).filter(({ id }) => shorts.has(id));
}

/** What it can lose in all: every long worthless, every short at the width of its spread, live orders filled. Paise. */
export function worstLossOf(position: ManualPosition, charges: Paise): Paise {
  if (!position.isOpen()) return 0;
  let cash = 0;
  let selling = 0;
  for (const order of position.orders()) {
    const ahead = order.purpose === 'entry' ? unitsAhead(order) : 0;
    const filled = order.fills.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    cash += (order.side === 'SELL' ? 1 : -1) * (filled + ahead * order.price);
    if (order.side === 'SELL') selling += ahead;
  }
  const series = seriesAround(position).map((one) =>
    one.id === position.id ? { ...one, net: one.net - selling } : one,
  );
  return Math.max(0, (gapLosses(series).get(position.id) ?? 0) - cash + charges);
}
