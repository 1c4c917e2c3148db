/** Whose share of a contract somebody else has traded, where several positions of ours hold it. Quantities in units. */
import { takenFromUs } from '../src/domain/outside-fills.ts';
import { foreignOf } from './foreign.ts';
import type { LegRole } from './messages.ts';
import type { Held } from './outside.ts';
import { signalPositions } from './signal-positions.ts';

/** Units of a leg that others have closed: what moved goes through our holdings in a fixed order, each takes what is left. */
export function takenOf(
  position: Held,
  role: LegRole,
  moved = position.outside.moved[position.contract(role).tradingsymbol] ?? 0,
): number {
  const { tradingsymbol } = position.contract(role);
  const holders = holdersIn(position);
  const before = holders.slice(0, holders.indexOf(position));
  return takenFromUs({
    ours: heldAs(position, role, position),
    ahead: before.reduce((sum, other) => sum + heldAs(other, role, position), 0),
    theirs: foreignOf(position.day, position.plan.product, tradingsymbol),
    moved,
  });
}

/** Units that others sold of the main contract beyond every long of it, theirs and ours: a short that nothing here explains. */
export function addedTo(position: Held): number {
  const { tradingsymbol } = position.contract('main');
  const sold = -(position.outside.moved[tradingsymbol] ?? 0);
  const longs = holdersIn(position).reduce((sum, other) => sum + unitsOf(other, 'hedge', position, tradingsymbol), 0);
  return Math.max(0, sold - Math.max(0, foreignOf(position.day, position.plan.product, tradingsymbol)) - longs);
}

/** Positions of signals first: only theirs are watched for trades of others while they are open. */
function holdersIn({ day }: Held): Held[] {
  const watched = signalPositions(day);
  return [...watched, ...day.positions.filter((one) => !watched.some(({ id }) => id === one.id))];
}

/** Signed: what `holder` holds of the contract of `position`'s leg, on the same side. */
function heldAs(holder: Held, role: LegRole, position: Held): number {
  const units = unitsOf(holder, role, position, position.contract(role).tradingsymbol);
  return role === 'main' ? -units : units;
}

function unitsOf(holder: Held, role: LegRole, { plan }: Held, tradingsymbol: string): number {
  const opens = role === 'main' ? 'SELL' : 'BUY';
  const units = holder
    .orders()
    .filter((order) => order.role === role && order.tradingsymbol === tradingsymbol && order.product === plan.product)
    .reduce((sum, { side, filledQuantity }) => sum + (side === opens ? filledQuantity : -filledQuantity), 0);
  return Math.max(0, units);
}
