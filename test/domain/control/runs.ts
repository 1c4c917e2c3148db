/** Runs of the model: what is drawn, and what the true book must never show. */
import type { ControlFacts, Order, Position } from '../../../src/domain/control/facts.ts';
import { needsCover, seriesOf } from '../../../src/domain/control/intervals.ts';
import {
  contract,
  entering,
  factsOf,
  HEDGE,
  hedged,
  MAIN,
  manual,
  NEARER,
  NOON,
  order,
  SECOND,
  spread,
} from './builder.ts';
import { CALM, type Habits, Model, mulberry } from './model.ts';

/** A day's minutes with positions, faults, exits, trades of others and lost logins, all from a seed. */
export function drawn(seed: number): Model {
  const random = mulberry(seed);
  const pick = <T>(...of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  const lots = pick(1, 2, 10, 25, 40);
  const bad = random() < 0.8;
  const habits = Object.fromEntries(
    Object.keys(CALM).map((name) => [name, bad && random() < 0.5 ? random() * 0.4 : 0]),
  ) as Habits;
  habits.addressRefused /= 10;
  const positions: Position[] = [];
  const orders: Order[] = [];
  const shape = { lots, hedge: pick(HEDGE, HEDGE, HEDGE, null), plan: { nearerHedges: pick([], [NEARER]) } };
  positions.push(entering({}, shape));
  if (random() < 0.4) {
    positions.push(spread({ id: 'P2', number: 2 }, { lots: 2, main: pick(MAIN, contract(24_900)) }));
    const [second] = positions.slice(-1);
    orders.push(hedged('H2', { positionId: 'P2', quantity: 150 }));
    orders.push(order('M2', { positionId: 'P2', quantity: 150, tradingsymbol: second?.plan.main.tradingsymbol ?? '' }));
  }
  if (random() < 0.3) {
    positions.push(manual('M1', 'BUY', pick(HEDGE, MAIN)), manual('M2', 'SELL', pick(MAIN, contract(24_950))));
    const [long, short] = positions.slice(-2);
    orders.push(hedged('B1', { positionId: 'M1', quantity: 150, tradingsymbol: long?.plan.main.tradingsymbol ?? '' }));
    orders.push(order('W1', { positionId: 'M2', quantity: 150, tradingsymbol: short?.plan.main.tradingsymbol ?? '' }));
  }
  const model = new Model(factsOf(positions, orders), NOON, seed + 1, habits);
  happenings(model, random);
  return model;
}

function happenings(model: Model, random: () => number): void {
  const { facts } = model;
  const some = () => Math.floor(random() * 200 * SECOND);
  for (const position of facts.positions)
    if (random() < 0.6) model.after(some(), () => model.requestExit(position, 'index_stop'));
  for (let count = Math.floor(random() * 3); count > 0; count -= 1)
    model.after(some(), () => {
      const stops = [...model.real.values()].filter(({ phase }) => phase === 'resting');
      const stop = stops[Math.floor(random() * stops.length)];
      if (stop) model.trigger(stop.orderId);
    });
  if (random() < 0.2) {
    const from = some();
    model.after(from, () => {
      // An exchange that answers keeps its session.
      if (model.habits !== CALM) facts.sessionLives = false;
    });
    model.after(from + some(), () => {
      facts.sessionLives = true;
    });
  }
  if (random() < 0.2)
    model.after(some(), () => {
      if (model.habits !== CALM) outside(model, random);
    });
  if (random() < 0.2)
    model.after(some(), () => {
      facts.noNewRisk = true;
    });
}

function outside(model: Model, random: () => number): void {
  const position = model.facts.positions[Math.floor(random() * model.facts.positions.length)];
  const leg = position?.legs[Math.floor(random() * position.legs.length)];
  if (!position || !leg) return;
  const held = heldTruly(model, position, leg);
  if (held >= 75) model.closeOutside(position, leg, 75, random() < 0.7 ? 'person' : 'broker');
  if (random() < 0.5) model.after(20 * SECOND, () => model.acknowledge());
}

/** By the exchange's book: what was traded, heard of or not. */
function trulyFilled(model: Model, known: Order): number {
  for (const real of model.real.values()) if (real.tag === known.tag) return real.filledQuantity;
  return known.filledQuantity;
}

function heldTruly(model: Model, position: Position, leg: Position['legs'][number]): number {
  const { facts } = model;
  let held = 0;
  for (const known of [...facts.carriedOrders, ...Object.values(facts.orders)]) {
    if (known.positionId !== position.id || known.role !== leg.role) continue;
    if (known.tradingsymbol !== leg.contract.tradingsymbol) continue;
    const filled = trulyFilled(model, known);
    held += known.side === leg.opens ? filled : -filled;
  }
  return held;
}

/** Throws when more is sold than covered, or more is closed than held, but for what late orders and others have done. */
export function checkBook(model: Model): void {
  const { positions } = model.facts;
  const excused = [...model.excused.values()].reduce((sum, units) => sum + units, 0);
  const naked = new Map<string, number>();
  for (const position of positions)
    for (const leg of position.legs) {
      const held = heldTruly(model, position, leg);
      const allowed = model.excused.get(position.id) ?? 0;
      if (held < -allowed) throw new Error(`${position.id}: ${-held} ${leg.role} closed twice. ${model.describe()}`);
      const most =
        position.signal === 'manual'
          ? Number.POSITIVE_INFINITY
          : position.plan.quantity + handedTo(model.facts, position);
      if (held > most + allowed) throw new Error(`${position.id}: ${held} ${leg.role} opened. ${model.describe()}`);
      if (!needsCover(position)) continue;
      const series = seriesOf(leg.contract, position);
      const by = leg.opens === 'SELL' ? Math.max(0, held) : -Math.max(0, held);
      naked.set(series, (naked.get(series) ?? 0) + by);
    }
  for (const [series, units] of naked)
    if (units > excused) throw new Error(`${units} of ${series} are naked. ${model.describe()}`);
}

function handedTo(facts: ControlFacts, { id }: Position): number {
  return Object.values(facts.orders).reduce(
    (sum, { positionId, takenFrom, side, filledQuantity }) =>
      sum + (positionId === id && takenFrom === 'transfer' && side === 'BUY' ? filledQuantity : 0),
    0,
  );
}

export function shortOf(model: Model): number {
  let short = 0;
  for (const position of model.facts.positions)
    for (const leg of position.legs) if (leg.opens === 'SELL') short += Math.max(0, heldTruly(model, position, leg));
  return short;
}

export function isFlat(model: Model): boolean {
  return model.facts.positions.every((position) => position.legs.every((leg) => heldTruly(model, position, leg) === 0));
}
