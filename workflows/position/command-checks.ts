/** What a manual order is refused for: the state of the day, its limits, and what Zerodha and the market say. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { type ManualCheck, SESSION_LOST } from '../../src/contract/activities.ts';
import type { PlaceOrder } from '../../src/contract/commands.ts';
import type { ContractRef } from '../../src/contract/ledger.ts';
import { checkCover, type ManualHolding } from '../../src/domain/manual-orders.ts';
import type { Product } from '../../src/domain/types.ts';
import { checking } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import { holdingOf, limitsOf, openManual } from '../day/limits.ts';
import { refusal } from '../refusal.ts';

export function refuseState({ facts }: Day): void {
  if (facts.over || facts.report) throw refusal('day_over', 'the market is closed for today');
  if (facts.holiday !== null) throw refusal('market_closed', `market holiday: ${facts.holiday}`);
  if (!facts.sessionLives) throw refusal('not_authenticated', 'nobody is logged in at Zerodha: log in first');
  if (facts.handsOff) throw refusal('hands_off', 'hands off: no order is sent from here until it is taken back');
}

/** What only opens something: an emergency, the day's loss limit and differences that nobody acknowledged keep it from happening. */
export function refuseOpening(day: Day, closingAtFirst: Day['facts']['closing']): void {
  const { entriesOff, closing } = day.facts;
  if (entriesOff !== null)
    throw refusal('entries_off', `nothing new is opened today: ${entriesOff}. What is open can be closed`);
  if (closing !== null && closingAtFirst === null)
    throw refusal('too_late', 'everything was to be closed while it was looked at');
  const block = day.entriesBlockedBy();
  if (block) throw refusal('not_acknowledged', `acknowledge it first: ${block.message}`, { warning: block.id });
}

export async function check(day: Day, command: PlaceOrder, product: Product): Promise<ManualCheck> {
  const { facts } = day;
  const { order, expiresAt, plan } = command;
  await day.until(
    'a manual order: what the account holds',
    () => facts.compared || facts.over || Date.now() > expiresAt,
    () => expiresAt + 1,
  );
  const { reserved, lostToday, capitalAtRisk, openPositions } = limitsOf(facts);
  try {
    return await checking.checkManualOrder.executeWithOptions(
      { summary: `${order.side} ${order.quantity} ${order.symbol}, manual: what would it take?` },
      [
        {
          ...{ identity: day.identity, at: day.now(), order, product, plan: facts.plan ?? plan },
          ...{ book: { reserved, lostToday, capitalAtRisk, openPositions }, holdings: holdings(facts) },
        },
      ],
    );
  } catch (error) {
    throw checkFailed(day, error);
  }
}

function checkFailed(day: Day, error: unknown): ApplicationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure))
    return refusal('expired', 'Zerodha did not answer in time, and nothing was ordered; send it again');
  if (cause.type === SESSION_LOST) {
    day.loseSession(Number(cause.details?.[0] ?? 0));
    return refusal('not_authenticated', 'Zerodha does not accept the login any more: log in again');
  }
  return ApplicationFailure.nonRetryable(cause.message, cause.type ?? 'kite_doubt');
}

export function refuseChecked(
  day: Day,
  { by, order }: PlaceOrder,
  { refusals }: Extract<ManualCheck, { kind: 'refused' }>,
): Error {
  const [first] = refusals;
  const message = refusals.map((one) => one.message).join('; ');
  const details = Object.assign({}, ...refusals.map((one) => one.details)) as Record<string, unknown>;
  const code = first?.code ?? 'no_price';
  day.log('warn', 'limit_refused', `${order.side} ${order.quantity} ${order.symbol} by ${by} refused: ${message}.`, {
    code,
    ...details,
  });
  return refusal(code, message, details);
}

/** What has become of the day while it was looked at. Nothing is waited for between this and the recording. */
export function refuseSince({ facts }: Day, { order }: PlaceOrder, contract: ContractRef, product: Product): void {
  if (facts.squaringOff)
    throw refusal('too_late', 'the square-off began while it was looked at: no manual order is taken after it');
  const naked = checkCover(order, contract, product, holdings(facts));
  if (naked) throw refusal(naked.code, naked.message, naked.details);
}

function holdings(facts: Day['facts']): ManualHolding[] {
  return openManual(facts).map((position) => holdingOf(facts, position));
}
