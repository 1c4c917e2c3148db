/** CONTROL's three inequalities, written down once more and differently: for every set of short legs, and every leg. */
import type { ControlFacts, Order, Position } from '../../../src/domain/control/facts.ts';

type Bounds = { key: string; group: string; short: boolean; lo: number; hi: number; covered: boolean };

function fillOf(order: Order): { lo: number; hi: number } {
  const over = ['ended', 'absent', 'not_sent'].includes(order.phase);
  const unanswered = order.takenFrom !== undefined && order.booked === false;
  return { lo: unanswered ? 0 : order.filledQuantity, hi: over ? order.filledQuantity : order.quantity };
}

function boundsOf(facts: ControlFacts): Bounds[] {
  const orders = [...facts.carriedOrders, ...Object.values(facts.orders)];
  return facts.positions.flatMap((position: Position) =>
    position.legs.map(({ role, opens, contract }) => {
      const bounds = { lo: 0, hi: 0 };
      for (const order of orders) {
        if (order.positionId !== position.id || order.role !== role) continue;
        if (order.tradingsymbol !== contract.tradingsymbol) continue;
        const { lo, hi } = fillOf(order);
        if (order.side === opens) {
          bounds.lo += lo;
          bounds.hi += hi;
        } else {
          bounds.lo -= hi;
          bounds.hi -= lo;
        }
      }
      return {
        key: `${position.id} ${role} ${contract.tradingsymbol}`,
        group: `${position.plan.product} ${contract.expiry} ${contract.optionType}`,
        short: opens === 'SELL',
        covered: position.signal === 'manual' || position.plan.hedge !== null,
        ...bounds,
      };
    }),
  );
}

/** By name, how far each inequality is from being broken: below zero it is. */
export function slacksOf(facts: ControlFacts): Map<string, number> {
  const all = boundsOf(facts);
  const slacks = new Map<string, number>();
  // Each leg keeps it for itself: then it holds of the contract as well.
  for (const { key, lo } of all) slacks.set(`held ${key}`, lo);
  const shorts = all.filter(({ short, covered }) => short && covered);
  const longs = all.filter(({ short, covered }) => !short && covered);
  for (let set = 1; set < 2 ** shorts.length; set += 1) {
    const some = shorts.filter((_, index) => Math.floor(set / 2 ** index) % 2 === 1);
    const groups = new Set(some.map(({ group }) => group));
    // Sets that share no cover are judged apart.
    if (groups.size > 1) continue;
    const short = some.reduce((sum, { hi }) => sum + Math.max(0, hi), 0);
    const long = longs.reduce((sum, { group, lo }) => sum + (groups.has(group) ? Math.max(0, lo) : 0), 0);
    slacks.set(`covered ${some.map(({ key }) => key).join(', ')}`, long - short);
  }
  return slacks;
}

/** Inequalities that are broken after, and were nearer to being kept before. */
export function worsened(before: Map<string, number>, after: Map<string, number>): string[] {
  return [...after].flatMap(([name, slack]) => {
    const was = before.get(name) ?? 0;
    return slack >= 0 || slack >= was ? [] : [`${name}: ${was} becomes ${slack}`];
  });
}
