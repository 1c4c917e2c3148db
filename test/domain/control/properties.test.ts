/**
 * What holds of every decision, over made-up facts and over runs against a small exchange. `CONTROL_RUNS` asks for more than `npm test`
 * does, e.g. `CONTROL_RUNS=1000000 npm test -- test/domain/control/properties.test.ts`; `CONTROL_SEED` repeats a run: it is in the titles.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Action } from '../../../src/domain/control/action.ts';
import { conditionsOf } from '../../../src/domain/control/deadlines.ts';
import type { ControlFacts, Order, Position } from '../../../src/domain/control/facts.ts';
import { nextActions } from '../../../src/domain/control/next-action.ts';
import { pagesDue, type Watched } from '../../../src/domain/control/pages-due.ts';
import { at, CLOSE, LAST_PLACEMENT, NOON, order, SECOND } from './builder.ts';
import { anyFacts } from './generated.ts';
import { slacksOf, worsened } from './inequalities.ts';
import { CALM, Model } from './model.ts';
import { checkBook, drawn, isFlat, shortOf } from './runs.ts';

const runs = Number(process.env.CONTROL_RUNS ?? 2_000);
const seed = Number(process.env.CONTROL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const check = { numRuns: runs, seed };
const fewer = { numRuns: Math.ceil(runs / 3), seed };

const clock = Date.now;
afterAll(() => {
  Date.now = clock;
});

const instants = fc.constantFrom(
  NOON,
  NOON + 7 * SECOND,
  LAST_PLACEMENT - 15 * SECOND,
  LAST_PLACEMENT - 1,
  LAST_PLACEMENT,
  CLOSE - 1,
);

/** What the facts become in the moment in which an action is begun: bounds count what is under way. */
function begun(facts: ControlFacts, position: Position, action: Action, index: number): ControlFacts {
  const orders = { ...facts.orders };
  const add = (tag: string, over: Partial<Order>) => {
    orders[tag] = order(tag, { phase: 'in_flight', filledQuantity: 0, ...over });
  };
  if (action.do === 'send') {
    const { role, side, quantity, purpose, leg } = action;
    add(`new-${index}`, {
      positionId: position.id,
      role,
      side,
      quantity,
      purpose,
      tradingsymbol: leg.contract.tradingsymbol,
    });
    return { ...facts, orders };
  }
  if (action.do !== 'hand_cover') return facts;
  const { to, leg, units } = action;
  const { tradingsymbol } = leg.contract;
  const share = { role: leg.role, tradingsymbol, quantity: units, filledQuantity: units, phase: 'ended' as const };
  add(`from-${index}`, { ...share, positionId: position.id, side: 'SELL' });
  add(`to-${index}`, { ...share, positionId: to, side: 'BUY' });
  const positions = facts.positions.map((other) => {
    const has = other.legs.some(({ role, contract }) => role === leg.role && contract.tradingsymbol === tradingsymbol);
    return other.id === to && !has ? { ...other, legs: [...other.legs, leg] } : other;
  });
  return { ...facts, positions, orders };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

describe(`over made-up facts (seed ${seed})`, () => {
  it('each action keeps what is covered and held, or makes it no worse', () => {
    fc.assert(
      fc.property(anyFacts, instants, (facts, wall) => {
        // Two loops never decide in the same moment: each sees what the other has begun.
        for (const position of facts.positions) {
          let now = facts;
          let index = 0;
          for (const action of nextActions(facts, position.id, at(wall)).actions) {
            index += 1;
            const next = begun(now, position, action, index);
            expect(worsened(slacksOf(now), slacksOf(next))).toEqual([]);
            now = next;
          }
        }
      }),
      check,
    );
  });

  it('a decision changes no fact, is due in the future, and is the same when it is asked for again', () => {
    fc.assert(
      fc.property(anyFacts, instants, (made, wall) => {
        const facts = freeze(made);
        for (const { id } of facts.positions) {
          const next = nextActions(facts, id, at(wall));
          const { due } = next;
          for (const one of [due.wall, due.market]) if (one !== null) expect(one).toBeGreaterThan(wall);
          expect(nextActions(facts, id, at(wall)).actions).toEqual(next.actions);
        }
      }),
      check,
    );
  });

  it('nothing is placed after the last minute for new orders, and each order is whole lots under the freeze quantity', () => {
    fc.assert(
      fc.property(anyFacts, instants, (facts, wall) => {
        for (const { id } of facts.positions)
          for (const action of nextActions(facts, id, at(wall)).actions) {
            if (action.do !== 'send' && action.do !== 'begin') continue;
            expect(wall).toBeLessThan(LAST_PLACEMENT);
            if (action.do === 'begin') continue;
            expect(action.quantity % action.leg.contract.lotSize).toBe(0);
            expect(action.quantity).toBeGreaterThan(0);
            expect(action.quantity).toBeLessThanOrEqual(action.leg.contract.maxOrderQuantity);
          }
      }),
      check,
    );
  });

  it('no two actions of one decision are about the same order', () => {
    fc.assert(
      fc.property(anyFacts, instants, (facts, wall) => {
        for (const { id } of facts.positions) {
          const { actions } = nextActions(facts, id, at(wall));
          const tags = actions.flatMap((action) => ('tag' in action ? [action.tag] : []));
          expect(new Set(tags).size).toBe(tags.length);
        }
      }),
      check,
    );
  });

  it('from every state, an exchange that answers lets a position that leaves be flat', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer(), (facts, drawing) => {
        Object.assign(facts, { book: { readAt: NOON, unreadableSince: null }, noNewRisk: true });
        facts.rates = { minute: { at: 0, sent: 0 }, day: 0, held: null };
        const model = new Model(facts, NOON, drawing, CALM);
        for (const position of facts.positions) model.requestExit(position, 'emergency');
        model.acknowledge();
        model.finishBrokersOrders();
        leaves(model);
      }),
      fewer,
    );
  });

  it('each page is raised once, repeated in time, and its end told once', () => {
    fc.assert(
      fc.property(anyFacts, fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 30 }), (facts, pauses) => {
        let watched: Record<string, Watched> = {};
        const open = new Map<string, number>();
        let wall = NOON;
        for (const pause of pauses) {
          const { pages, watched: kept, due } = pagesDue(watched, conditionsOf(facts, at(wall)), wall);
          for (const { kind, cause, subject } of pages) {
            const key = `${cause}:${subject}`;
            expect(open.has(key)).toBe(kind !== 'raised');
            if (kind === 'ended') open.delete(key);
            else open.set(key, wall);
          }
          if (due !== null) expect(due).toBeGreaterThan(wall);
          const again = pagesDue(kept, conditionsOf(facts, at(wall)), wall);
          expect(again.pages).toEqual([]);
          watched = kept;
          wall += pause * SECOND;
        }
        const ended = pagesDue(watched, [], wall);
        expect(ended.pages.map(({ cause, subject }) => `${cause}:${subject}`).sort()).toEqual([...open.keys()].sort());
        expect(ended.pages.every(({ kind }) => kind === 'ended')).toBe(true);
      }),
      check,
    );
  });
});

/** By the true book: nothing short within a minute, and flat, told as closed, when pauses of the hedge's sale are over. */
function leaves(model: Model): void {
  const from = model.wall;
  const say = () => model.describe();
  model.run(from + 60 * SECOND);
  const kept = Object.values(model.facts.orders).some(
    ({ phase, role, purpose }) => phase === 'absent' && role === 'main' && purpose === 'entry',
  );
  expect(shortOf(model), `short after a minute: ${say()}`).toBe(0);
  model.run(from + (kept ? 150 : 130) * SECOND);
  expect(isFlat(model), `not flat: ${say()}`).toBe(true);
  for (const { closedAt } of model.facts.positions) expect(closedAt, `not closed: ${say()}`).not.toBeNull();
}

describe(`against an exchange (seed ${seed})`, () => {
  it('nothing is sold that is not covered, nothing is closed twice, and no order goes twice', () => {
    fc.assert(
      fc.property(fc.integer(), (drawing) => {
        const model = drawn(drawing);
        model.onFill = checkBook;
        model.run(NOON + 240 * SECOND);
      }),
      fewer,
    );
  });

  it('once it answers, a position that leaves is flat', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 240 }), (drawing, seconds) => {
        const model = drawn(drawing);
        model.onFill = checkBook;
        model.run(NOON + seconds * SECOND);
        model.habits = CALM;
        model.facts.sessionLives = true;
        model.facts.rates.held = null;
        for (const position of model.facts.positions) model.requestExit(position, 'emergency');
        model.acknowledge();
        leaves(model);
      }),
      fewer,
    );
  });
});
