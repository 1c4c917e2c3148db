/** A signal's position: whether it is taken, and what it is to hold. */
import type { EntryPlan, HourEvaluation } from '../../src/contract/activities.ts';
import type { DecisionView } from '../../src/contract/views.ts';
import { istTime } from '../../src/domain/clock.ts';
import type { Leg, Position, PositionPlan } from '../../src/domain/control/facts.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import { planning } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import { decideWithin, openUntil } from '../day/decision-age.ts';
import { limitsOf } from '../day/limits.ts';
import { DayOver } from '../day/loops.ts';
import { runGuard } from './guard.ts';
import { runPosition } from './position.ts';

/** Plans and begins the entry, or says in the decision why not. */
export async function enterOnSignal(day: Day, seen: HourEvaluation, decision: DecisionView): Promise<void> {
  const { facts } = day;
  // A login at the last moment is not quicker than the look at what the account holds.
  await day.until(
    `decision of ${istTime(decision.at)}`,
    () => (facts.compared && facts.preflighted) || !facts.sessionLives || facts.over || isLate(day, decision.at),
    () => day.wallOf(decision.at + decideWithin(day) + 1),
  );
  const why = notTaken(day, seen, decision.at);
  if (why) {
    decision.reason = `not taken: ${why}`;
    return;
  }
  await day.inTurn(() => enter(day, seen, decision));
}

const isLate = (day: Day, at: MarketMs) => day.now() > at + decideWithin(day);

function notTaken(day: Day, seen: HourEvaluation, at: MarketMs): string | null {
  const { facts } = day;
  const { plan, timetable } = facts;
  if (!plan || !timetable || !seen.signal) return 'no plan';
  if (facts.noNewRisk) return 'trading is stopped';
  if (facts.handsOff) return 'hands off';
  if (facts.entriesOff) return `entries are off for the day (${facts.entriesOff})`;
  if (!facts.entriesAllowedToday) return 'no entries in a special session';
  // What is carried overnight may be entered up to the square-off; on expiry day the limits say no sooner.
  const weekly = plan.exitPolicy === 'weekly';
  if (at > (weekly ? timetable.squareOff : timetable.lastEntry) || (facts.squaringOff && !weekly)) return 'too late';
  if (!facts.sessionLives) return 'nobody is logged in';
  if (!facts.preflighted) return 'the pre-flight has not ended yet: nothing is entered unchecked';
  if (!facts.compared) return 'Zerodha has not said yet what the account holds';
  if (isLate(day, at)) return 'the decision came too late after the close';
  if (!plan.signals.includes(seen.signal)) return `${seen.signal} is not in the plan`;
  const block = day.entriesBlockedBy();
  if (block) return `blocked until acknowledged: ${block.message}`;
  return null;
}

async function enter(day: Day, seen: HourEvaluation, decision: DecisionView): Promise<void> {
  const { facts } = day;
  const { signal, optionType, strike } = seen;
  if (!facts.plan || !signal || !optionType || strike === null) return;
  const { reserved, lostToday, capitalAtRisk, openPositions } = limitsOf(facts);
  const input = {
    ...{ identity: day.identity, at: decision.at, signal, optionType, strike, plan: facts.plan },
    book: { reserved, lostToday, capitalAtRisk, openPositions },
  };
  let planned: EntryPlan;
  try {
    planned = await day.withSession(`plan of ${signal}`, () =>
      planning.planEntry.executeWithOptions({ summary: `Limits, margin and contracts for ${signal}` }, [input]),
    );
  } catch (error) {
    const why = error instanceof DayOver ? 'nobody is logged in' : 'the broker did not give what it takes';
    decision.reason = `not taken: ${why}`;
    return;
  }
  if (planned.kind === 'refused') {
    decision.reason = `not taken: ${planned.refusals.map(({ message }) => message).join('; ')}`;
    for (const { message, code, numbers } of planned.refusals)
      day.log('warn', 'limit_refused', `${signal} refused: ${message}`, { code, ...numbers });
    return;
  }
  if (planned.cut) day.warn('one_lot', 'one_lot', planned.cut, false);
  // Trading may have been stopped, or the login lost, while the plan was made.
  const late = notTaken(day, seen, decision.at);
  if (late) {
    decision.reason = `not taken: ${late}`;
    return;
  }
  const { kind: _, seen: __, cut: ___, ...plan } = planned;
  decision.outcome = 'fired';
  const hedge = plan.hedge ? `, hedge ${plan.hedge.tradingsymbol} first` : ', unhedged';
  decision.reason = `fired, sell ${plan.lots} lots ${plan.main.tradingsymbol}${hedge}`;
  day.recordSignal(signal);
  day.noteLateness(`entry decision of ${istTime(decision.at)}`, decision.at);
  open(day, signal, plan, { decidedAt: decision.at, until: openUntil(day, decision.at), since: Date.now() });
}

function open(day: Day, signal: Position['signal'], plan: PositionPlan, entry: Position['entry']): void {
  const { positions, identity } = day.facts;
  const number = positions.filter((known) => known.signal !== 'manual').length + 1;
  const position: Position = {
    id: `P${number}`,
    number,
    signal,
    legs: legsOf(plan),
    plan,
    enteredOn: identity.date,
    openedAt: day.now(),
    closedAt: null,
    entry,
    exit: null,
    inJournal: false,
    carried: false,
    guardEpoch: 0,
    problem: null,
  };
  positions.push(position);
  day.touchPosition(position);
  runPosition(day, position);
  runGuard(day, position);
}

export function legsOf({ main, hedge }: Pick<PositionPlan, 'main' | 'hedge'>): Leg[] {
  return [
    ...(hedge ? [{ role: 'hedge' as const, contract: hedge, opens: 'BUY' as const }] : []),
    { role: 'main', contract: main, opens: 'SELL' },
  ];
}
