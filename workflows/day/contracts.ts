/** A carried contract is what today's master says it is: its expiry may have moved, and with it the day on which it is left. */
import type { ContractRef } from '../../src/contract/ledger.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { Position } from '../../src/domain/control/facts.ts';
import { MASTER_WRITTEN_BY } from '../../src/domain/opening.ts';
import { reads } from '../activity-proxies.ts';
import type { Day } from './day.ts';
import { DayOver } from './loops.ts';

/** What was read before the day's file was written is read once more. */
export async function refreshContracts(day: Day): Promise<void> {
  const { facts } = day;
  const writtenAt = istAt(facts.identity.date, MASTER_WRITTEN_BY);
  await readContracts(day);
  if (facts.contractsReadAt === null || facts.contractsReadAt >= writtenAt) return;
  await day.untilMarket(writtenAt, 'contracts', () => facts.over);
  if (!day.ending && !facts.over) await readContracts(day);
}

async function readContracts(day: Day): Promise<void> {
  const { facts } = day;
  const carried = facts.positions.filter(
    ({ carried: was, closedAt, plan }) => was && closedAt === null && plan.main.expiry >= facts.identity.date,
  );
  if (carried.length === 0 || facts.over) return;
  const tradingsymbols = [
    ...new Set(carried.flatMap(({ legs }) => legs.map(({ contract }) => contract.tradingsymbol))),
  ];
  try {
    const input = { identity: day.identity, tradingsymbols };
    const listed = await day.withSession('contracts', () =>
      reads.readContracts.executeWithOptions({ summary: "Carried contracts in today's master" }, [input]),
    );
    facts.contractsReadAt = day.now();
    for (const position of carried) refresh(day, position, listed);
  } catch (error) {
    if (!(error instanceof DayOver)) throw error;
  }
}

function refresh(day: Day, position: Position, listed: readonly ContractRef[]): void {
  const now = (contract: ContractRef) =>
    listed.find(({ tradingsymbol }) => tradingsymbol === contract.tradingsymbol) ?? contract;
  const { plan } = position;
  const main = now(plan.main);
  position.legs = position.legs.map((leg) => ({ ...leg, contract: now(leg.contract) }));
  position.plan = { ...plan, main, hedge: plan.hedge && now(plan.hedge) };
  if (main.expiry === plan.main.expiry) return;
  if (main.expiry < plan.exitOn) position.plan.exitOn = main.expiry;
  const text = `${position.id}: Zerodha now lists ${main.tradingsymbol} with expiry ${main.expiry} instead of ${plan.main.expiry}. It is left on ${position.plan.exitOn} at the latest.`;
  day.warn(`expiry:${position.id}`, 'difference', text, false);
  day.page('expiry_moved', position.id, text);
  day.touchPosition(position);
}
