import type { DayIdentity } from '../contract/identity.ts';
import type { PositionView } from '../contract/views.ts';
import type { Journal } from '../journal/types.ts';

/** What is open by the journal: of today, and of earlier days where today has not taken it over. Throws where the journal is away. */
export async function openPositions(
  journal: Pick<Journal, 'positions' | 'handover'>,
  identity: DayIdentity,
): Promise<PositionView[]> {
  const [today, before] = await Promise.all([journal.positions(identity), journal.handover(identity, identity.date)]);
  const isTakenOver = today.some(({ enteredOn }) => enteredOn < identity.date);
  const carried = isTakenOver ? [] : (before?.positions ?? []).map(({ view }) => view);
  return [...carried, ...today.filter(({ state }) => state !== 'closed')];
}

/** As in `P1: 75 NIFTY2571725000PE short, 75 NIFTY2571724800PE long`; shorts first. */
export function positionWords(positions: readonly PositionView[]): string {
  return positions
    .map(({ id, legs }) => {
      const open = legs
        .filter(({ openQuantity }) => openQuantity > 0)
        .sort((a, b) => Number(b.side === 'SELL') - Number(a.side === 'SELL'))
        .map(
          ({ openQuantity, tradingsymbol, side }) =>
            `${openQuantity} ${tradingsymbol} ${side === 'SELL' ? 'short' : 'long'}`,
        );
      return open.length > 0 ? `${id}: ${open.join(', ')}` : id;
    })
    .join('; ');
}
