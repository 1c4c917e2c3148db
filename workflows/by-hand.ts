/** What somebody else did to our contracts at the broker, in the app or by another program (TRADING section 1). */
import { condition, isCancellation } from '@temporalio/workflow';
import type { ByHand, ContractRef, OutsideOrder } from '../activities/contract.ts';
import type { Product } from '../src/domain/types.ts';
import { type Day, MarketOver } from './day.ts';
import { type Protected, restStop } from './entry.ts';
import { foreignOf } from './foreign.ts';
import { askAboutKept } from './kept-hedge.ts';
import type { LegRole } from './messages.ts';
import { isLive } from './order-state.ts';
import { cancelToEnd } from './orders.ts';
import { type Held, isShown, takeOutside, takeUnpriced } from './outside.ts';
import type { Position } from './position.ts';
import { asking, comparing, world } from './proxies.ts';
import { addedTo, takenOf } from './shares.ts';
import { signalPositions } from './signal-positions.ts';

/** Nothing new is placed from 15:23 on; the broker is believed to begin its own square-off at 15:20 at the earliest. */
const SQUARE_OFF_BEGINS_BEFORE_MS = 3 * 60_000;
/** Right after an entry the broker's positions may lag behind its orders: what no trade shows is believed only when it stays so. */
const LOOKS_UNSHOWN = 3;
const LOOK_AGAIN_MS = 1_500;

/**
 * What the account held of a contract when the day began with it, units: somebody else's, and what we carried over night; and
 * what was taken into the ledger of others since.
 */
export function heldBefore(day: Day, product: Product, tradingsymbol: string): number {
  const isOfIt = (of: { product: string; tradingsymbol: string }) =>
    of.product === product && of.tradingsymbol === tradingsymbol;
  const theirs = foreignOf(day, product, tradingsymbol);
  const taken = [...day.orders.values()].filter((order) => order.takenFrom !== undefined);
  return [...day.carriedOrders, ...taken]
    .filter(isOfIt)
    .reduce((sum, order) => sum + (order.side === 'BUY' ? 1 : -1) * order.filledQuantity, theirs);
}

/**
 * What others did to contracts since then. Null when the broker does not say it at once: an exit does not wait for it, and leaves by
 * the ledger alone.
 */
export async function readByHand(
  day: Day,
  product: Product,
  contracts: ContractRef[],
  patiently = false,
): Promise<ByHand | null> {
  const asked = contracts.map(({ tradingsymbol }) => ({
    tradingsymbol,
    foreign: heldBefore(day, product, tradingsymbol),
  }));
  const { readByHand: read } = patiently ? comparing : asking;
  try {
    const seen = await day.withSession(() =>
      read.executeWithOptions({ summary: 'Did somebody trade our contracts by hand?' }, [
        { identity: day.identity, product, contracts: asked },
      ]),
    );
    // What was taken into the ledger meanwhile, for another position, is not taken once more.
    for (const { tradingsymbol, foreign } of asked) {
      const moved = seen.moved[tradingsymbol] ?? 0;
      seen.moved[tradingsymbol] = moved - (heldBefore(day, product, tradingsymbol) - foreign);
    }
    return seen;
  } catch (error) {
    if (isCancellation(error) || (error instanceof MarketOver && !patiently)) throw error;
    return null;
  }
}

/**
 * Reads what others did to a holding's contracts, and takes the broker's own square-off into the ledger at once. Answers the units of
 * it, null when the broker did not say.
 */
export async function lookOutside(
  position: Held,
  roles: readonly LegRole[],
  patiently = false,
): Promise<number | null> {
  const { day, plan, outside } = position;
  // What expired is settled at the close: that nothing is held of it any more is nobody's trade.
  if (day.over && plan.product === 'NRML' && position.contract('main').expiry === day.identity.date) return null;
  const contracts = new Map(roles.map((role) => [position.contract(role).tradingsymbol, position.contract(role)]));
  const { bought, sold, added } = outside;
  outside.stale = false;
  for (let looks = 1; ; looks += 1) {
    const seen = await readByHand(day, plan.product, [...contracts.values()], patiently);
    if (seen === null) {
      Object.assign(outside, { bought, sold, added });
      return null;
    }
    outside.moved = seen.moved;
    outside.orders = seen.orders;
    outside.bought = roles.includes('main') ? takenOf(position, 'main') : 0;
    outside.sold = roles.includes('hedge') ? takenOf(position, 'hedge') : 0;
    outside.added = addedTo(position);
    if (isShown(position) || looks >= LOOKS_UNSHOWN || day.over) break;
    await condition(() => day.over, LOOK_AGAIN_MS, { summary: 'nothing shows who moved it: looking again' });
  }
  for (const other of signalPositions(day))
    if (other !== position && sharesDiffer(position, other)) other.outside.stale = true;
  const theirs = outside.orders.filter((order) => isSquareOff(position, order));
  return takeOutside(position, theirs, 'broker');
}

/** An exit never sends what the broker does not hold for us any more. Whatever somebody else traded is asked about. */
export async function lookForHands(position: Position, patiently = false): Promise<void> {
  const { day, plan, outside } = position;
  const units = await lookOutside(position, rolesOf(position), patiently);
  if (units === null) return;
  if (units > 0) {
    position.exitReason = 'broker_square_off';
    day.touchPosition(position);
  }
  await askAboutKept(position);
  if (withdrawn(position)) return;
  const known = day.warnings.some(({ id }) => id === questionOf(position));
  const text = `${position.id}: somebody traded it outside: ${outside.bought} ${plan.main.tradingsymbol} were bought back and ${outside.sold} of the hedge sold. Only what is left is protected and closed here. Acknowledge it if the trade was yours: it is then booked as closed by hand.`;
  day.warn(questionOf(position), 'foreign_position', text, true);
  if (!known) {
    day.beside(bookAnswer(position, questionOf(position)));
    await world.notifyOwner.executeWithOptions({ summary: text }, [{ level: 'alert', text }]);
  }
}

function rolesOf({ plan }: Position): LegRole[] {
  return plan.hedge ? ['main', 'hedge'] : ['main'];
}

/** With what was just seen of their contracts, the other's share is not what it was when it looked itself. */
function sharesDiffer({ outside: { moved }, plan }: Held, other: Position): boolean {
  return rolesOf(other).some((role) => {
    const { tradingsymbol } = other.contract(role);
    if (other.plan.product !== plan.product || moved[tradingsymbol] === undefined) return false;
    const known = role === 'main' ? other.outside.bought : other.outside.sold;
    return takenOf(other, role, moved[tradingsymbol]) !== known;
  });
}

/** The broker's own: in MIS, without any tag, in the minutes in which it closes what is left (support.zerodha.com, MIS square-off). */
function isSquareOff({ day, plan }: Held, order: OutsideOrder): boolean {
  const from = (day.timetable?.lastPlacement ?? Number.POSITIVE_INFINITY) - SQUARE_OFF_BEGINS_BEFORE_MS;
  return plan.product === 'MIS' && order.tag === null && order.placedAt >= from;
}

/** The warning that asks about it; one that is over is not asked again. */
export function questionOf({ id, outside }: Held): string {
  return `by_hand:${id}${outside.questions > 0 ? `:${outside.questions + 1}` : ''}`;
}

/** True when nothing of ours is missing: somebody has traded it back, so nobody is asked about it any more. */
export function withdrawn(position: Held): boolean {
  const { day, outside } = position;
  if (outside.bought > 0 || outside.sold > 0) return false;
  const question = questionOf(position);
  if (!day.warnings.some(({ id }) => id === question)) return true;
  day.clearWarning(question);
  outside.questions += 1;
  day.log(
    'info',
    'by_hand_over',
    `${position.id}: nothing of it is missing at Zerodha any more: the question is withdrawn.`,
  );
  return true;
}

/** Somebody has said that the trade was theirs. */
export function isAnswered(position: Position): boolean {
  const { day, outside } = position;
  return outside.bought + outside.sold > 0 && day.acknowledged.has(questionOf(position));
}

/** Resting buys are what is still sold, no less and no more: never by a change of quantity, but anew once they are final. */
export async function fitStops(position: Protected): Promise<void> {
  const { day } = position;
  for (const slice of position.slices()) {
    if (position.exitReason !== null || day.over) return;
    const stop = position.stops.get(slice);
    const rests = stop && isLive(stop) ? stop.quantity - stop.filledQuantity : 0;
    if (rests === position.toBuyBack(slice)) continue;
    if (stop && isLive(stop)) {
      const before = stop.filledQuantity;
      await cancelToEnd(day, stop);
      if (stop.filledQuantity > before) position.requestExit('catastrophe_stop');
      if (position.exitReason !== null || day.over) return;
    }
    await restStop(position, slice);
  }
}

/** Books what a person has acknowledged, while the position is watched: the rest stays protected, or leaves. */
export async function takeAnswer(position: Position): Promise<void> {
  await bookByHand(position, rolesOf(position));
  await refit(position);
}

/** The ledger has changed under a watched position: stops and hedge are made to fit what is still sold, or the rest leaves. */
export async function refit(position: Position): Promise<void> {
  position.outside.unfit = false;
  await fitStops(position);
  if (position.short() === 0) position.requestExit('closed_by_hand');
  else await position.undoLate();
}

/** The same, for a position that has ended open because of it. */
async function bookAnswer(position: Position, question: string): Promise<void> {
  const { day } = position;
  const ended = () => position.state === 'not_flat' || position.state === 'residual_hedge';
  const isOver = () => day.over || position.state === 'closed' || questionOf(position) !== question;
  await condition(() => isOver() || (day.acknowledged.has(question) && ended()));
  if (!isOver() && isAnswered(position)) {
    await bookByHand(position, rolesOf(position));
    await position.leaveToTheEnd();
  }
}

/**
 * What others closed of a holding, and what a person has acknowledged, into the ledger. It is looked at once more before: another
 * position may have taken it meanwhile, and what no trade shows is only believed of a look that has just been.
 */
export async function bookByHand(position: Held, roles: readonly LegRole[]): Promise<void> {
  const { outside } = position;
  const seen = await lookOutside(position, roles);
  takeOutside(position, outside.orders, 'person');
  outside.questions += 1;
  if (outside.bought === 0 && outside.sold === 0) return;
  if (seen === null) outside.stale = true;
  else takeUnpriced(position);
}
