/** What a run that goes on after one was lost takes from the journal. */
import { expect, it } from 'vitest';
import type { ManualChecks } from '../../src/contract/commands.ts';
import type { PositionView } from '../../src/contract/views.ts';
import type { ClockSegments } from '../../src/domain/clock.ts';
import type { Order } from '../../src/domain/control/facts.ts';
import { heldOf, ordersOf } from '../../src/domain/control/intervals.ts';
import type { Spent } from '../../src/domain/control/spent-orders.ts';
import { Day } from '../../workflows/day/day.ts';
import { newFacts } from '../../workflows/day/facts.ts';
import { resume } from '../../workflows/day/resume.ts';
import { DATE, HEDGE, LOT, NOON, order, sold, spread, stopped } from '../domain/control/builder.ts';

const NOTHING_SPENT: Spent = { rows: [], calls: 0, attempt: 0 };

const NOTHING_BEFORE = {
  ...{ sequence: 1, logged: 0, orders: [], positions: [], decisions: [], switches: null, spent: NOTHING_SPENT },
};

function dayOf(clock: ClockSegments = []): Day {
  return new Day(newFacts({ identity: { mode: 'paper', account: 'a', run: 1, date: DATE }, clock }));
}

/** Of P1, which was entered the day before with these orders, and has had these today. */
function resumed(before: Order[], today: Order[], clock: ClockSegments = [], spent = NOTHING_SPENT) {
  const day = dayOf(clock);
  const { id, signal, openedAt, plan, legs } = spread();
  const enteredOn = '2025-07-11';
  const view = { id, closedAt: null, exitReason: null } as PositionView;
  const handedOver = { id, signal, enteredOn, openedAt, plan, legs, leaving: false, orders: [...before, ...today] };
  resume(
    day,
    {
      ...{ ...NOTHING_BEFORE, orders: today, positions: [{ view, handedOver }] },
      spent,
    },
    null,
    [],
  );
  return day.facts;
}

const booked = (intendedAt: number) =>
  order('TRANSFER-P2-P1-HEDGE-0-BUY', {
    ...{ role: 'hedge', side: 'BUY', tradingsymbol: HEDGE.tradingsymbol, takenFrom: 'transfer', booked: true },
    intendedAt,
  });

it('cover that was given the day before is held beside what was given today under the same name', () => {
  const facts = resumed([booked(NOON - 3 * 86_400_000)], [booked(NOON)]);
  const [position] = facts.positions;
  const hedge = position?.legs.find(({ role }) => role === 'hedge');
  expect(position && hedge && heldOf(ordersOf(facts, position), hedge).lo).toBe(2 * LOT);
});

it("the day's order calls are counted on: sent, changed, and asked to be cancelled", () => {
  const stop = stopped('S', { modifications: 4, cancelAsked: { first: NOON, last: NOON, times: 2 } });
  const facts = resumed([], [sold('M'), stop, order('N', { orderId: null, sentAt: null, phase: 'not_sent' })]);
  expect(facts.rates.day).toBe(8);
});

it('what is told of in a line each counts as well: its calls, its attempts, and its rows in the book', () => {
  const rows = [{ orderId: '1953367517686685697', status: 'REJECTED' }];
  const facts = resumed([], [sold('M')], [], { rows, calls: 40, attempt: 900 });
  expect(facts.rates.day).toBe(41);
  expect(facts.attemptsFrom).toBeGreaterThan(900);
  expect(facts.dropped).toEqual(rows);
});

it('a manual order that is sent again under its key is the one of the lost run', () => {
  const day = dayOf();
  const given = { body: '[{"side":"BUY"},false]', tag: 'R001D25071401BE01001', checks: {} as ManualChecks };
  const switches = { handsOff: null, closing: null, entriesOff: null, plan: null, overnight: null };
  resume(day, { ...NOTHING_BEFORE, switches: { ...switches, keys: { K: given } } }, null, []);
  expect(day.facts.keys).toEqual({ K: given });
});

it('the index at the open is not looked at again once what was carried has had its stop', () => {
  expect(resumed([], [sold('M')]).openJudged).toBe(false);
  expect(resumed([], [stopped('S')]).openJudged).toBe(true);
});

it('a replayed market that the lost run has held is let go where nothing is under way, and held where something is', () => {
  const clock = [{ real: 0, market: NOON, speed: 60 }];
  // The other way round than it is wanted: so it is asked for.
  expect(resumed([], [sold('M')], clock).held).toBe(true);
  expect(resumed([], [sold('M', { phase: 'in_flight' })], clock).held).toBe(false);
});

it('what stood for several attempts is in doubt as long as nothing has its place: it is never sent itself', () => {
  const whole = (tag: string) => order(tag, { phase: 'in_flight', orderId: null, repeats: tag, purpose: 'exit' });
  const [first, second] = ['R001D25071401MX01017', 'R001D25071401MX01018'];
  const refused = order('R001D25071401MX02019', { phase: 'not_sent', slice: 2, purpose: 'exit', repeats: second });
  const { orders } = resumed([], [whole(first), whole(second), refused]);
  expect(Object.values(orders).map(({ tag, phase }) => `${tag} ${phase}`)).toEqual([
    `${second} doubt`,
    `${refused.tag} not_sent`,
  ]);
});
