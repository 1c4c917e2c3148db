/** How a fault is drawn: the moment at which it hurts, for how long, and what it is made of. */
import type { Deed, Event, Moment, When } from '../case.ts';
import type { Dice } from '../dice.ts';
import type { CallName, Effect } from '../world/call-faults.ts';
import type { TickerFault } from '../world/ticker.ts';

/** One event of a kind. */
export type Draw = (dice: Dice) => Event;

/** An entry's steps, an open position, and an exit: where an order is on its way, or something is held. */
const ENTRY: readonly Moment[] = ['hedge_leaves', 'hedge_filled', 'main_leaves', 'main_filled', 'stop_leaves'];
const EXIT: readonly Moment[] = ['exit_asked', 'exit_leaves', 'short_closed', 'hedge_exit_leaves'];

export const inEntry = (dice: Dice): When =>
  dice.is(0.25)
    ? { after: 'signal', ms: dice.between(0, 4_000) }
    : { after: dice.of(ENTRY), ms: dice.is(0.5) ? 0 : dice.spread(1, 3_000) };
export const whileOpen = (dice: Dice): When => ({ after: 'main_filled', ms: dice.spread(50, 240_000) });
export const atExit = (dice: Dice): When => ({ after: dice.of(EXIT), ms: dice.is(0.5) ? 0 : dice.spread(1, 3_000) });
export const anywhere = (dice: Dice): When => dice.of([inEntry, whileOpen, atExit])(dice);
/** Between the look for an order's tag and the order, which is as long as the look's answer takes. */
export const beforeSending = (dice: Dice): When => ({
  after: dice.of<Moment>(['hedge_looks', 'main_looks', 'exit_looks']),
  ms: dice.between(1, 30),
});
/** In force before the order that it is meant for: from the moment before. */
export const beforeOrder = (dice: Dice): When =>
  dice.of<(dice: Dice) => When>([
    () => ({ after: 'signal', ms: 0 }),
    () => ({ after: 'hedge_filled', ms: 0 }),
    () => ({ after: 'main_filled', ms: 0 }),
    () => ({ after: 'exit_asked', ms: 0 }),
    () => ({ after: 'short_closed', ms: 0 }),
    whileOpen,
  ])(dice);

/** Refused once, some times, or for ever. */
export const often = (dice: Dice): { count?: number } => (dice.is(0.15) ? {} : { count: dice.spread(1, 12) });
export const seconds = (dice: Dice): number => dice.spread(800, 60_000);

export function call(
  kind: string,
  calls: readonly CallName[],
  effect: (dice: Dice) => Effect,
  when: (dice: Dice) => When,
  of: (dice: Dice) => object = () => ({ count: 1 }),
): Draw {
  return (dice) => ({
    when: when(dice),
    deed: { do: 'call_fault', fault: { kind, calls, effect: effect(dice), ...of(dice) } },
  });
}

/** Lists that are wrong for a while. */
export const list = (kind: string, calls: readonly CallName[], effect: Effect): Draw =>
  call(
    kind,
    calls,
    () => effect,
    anywhere,
    (dice) => ({ forMs: seconds(dice) }),
  );

export function exchange(
  kind: string,
  when: (dice: Dice) => When,
  of: (dice: Dice) => Extract<Deed, { do: 'exchange_fault' }>['fault'],
): Draw {
  return (dice) => ({ when: when(dice), deed: { do: 'exchange_fault', kind, fault: of(dice) } });
}

export const ticker =
  (kind: string, effect: (dice: Dice) => TickerFault['effect'], of: (dice: Dice) => object = () => ({})): Draw =>
  (dice) => ({
    when: anywhere(dice),
    deed: { do: 'ticker_fault', fault: { kind, effect: effect(dice), forMs: seconds(dice), ...of(dice) } },
  });

export const deed =
  (when: (dice: Dice) => When, of: (dice: Dice) => Deed): Draw =>
  (dice) => ({ when: when(dice), deed: of(dice) });
export const role = (dice: Dice): 'main' | 'hedge' => dice.of(['main', 'hedge'] as const);
export const ORDER_LISTS: readonly CallName[] = ['orders', 'orderHistory', 'trades', 'orderTrades'];
export const GATEWAY: Effect = { do: 'gateway' };
