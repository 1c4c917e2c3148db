/** When a position may send orders at all. */
import type { ContractRef } from '../contracts.ts';
import type { MarketMs } from '../types.ts';
import type { ControlFacts, Now, Position } from './facts.ts';

/**
 * From when on nothing new is placed: two minutes before the broker's own square-off under MIS, else the contract's last minute
 * (TRADING sections 2 and 5).
 */
export function lastPlacement(
  facts: Pick<ControlFacts, 'timetable'>,
  { plan }: Position,
  contract: ContractRef,
): MarketMs {
  const own = plan.product === 'MIS' ? (facts.timetable?.lastPlacement ?? 0) : contract.tradesUntil;
  return Math.min(own, contract.tradesUntil);
}

/** `aheadMs`: still so long from now. */
export function mayPlace(
  facts: ControlFacts,
  position: Position,
  contract: ContractRef,
  now: Now,
  aheadMs = 0,
): boolean {
  const open = facts.timetable?.open ?? Number.POSITIVE_INFINITY;
  return now.market >= open && now.market + aheadMs < lastPlacement(facts, position, contract);
}
