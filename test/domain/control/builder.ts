/** Facts as a test needs them: a day at 11:15 with positions in it. Wall and market clock are the same, as in live trading. */
import type { ContractRef } from '../../../src/domain/contracts.ts';
import type {
  ControlFacts,
  Fill,
  Leg,
  Now,
  Order,
  OrderPhase,
  Position,
  PositionPlan,
} from '../../../src/domain/control/facts.ts';

export const LOT = 75;
export const FREEZE = 1_800;
export const DATE = '2025-07-14';
const ist = (hours: number, minutes: number, seconds = 0) =>
  Date.UTC(2025, 6, 14, hours, minutes, seconds) - 5.5 * 3_600_000;
export const OPEN = ist(9, 15);
export const CLOSE = ist(15, 30);
export const LAST_PLACEMENT = ist(15, 23);
export const NOON = ist(11, 15, 30);
export const SECOND = 1_000;

export { ist };

export function at(wall: number): Now {
  return { wall, market: wall };
}

export function contract(strike: number, over: Partial<ContractRef> = {}): ContractRef {
  return {
    tradingsymbol: `NIFTY25717${strike}CE`,
    instrumentToken: strike,
    expiry: '2025-07-17',
    strike: strike * 100,
    optionType: 'CE',
    lotSize: LOT,
    tickSize: 5,
    maxOrderQuantity: FREEZE,
    tradesUntil: CLOSE,
    ...over,
  };
}

export const MAIN = contract(25_000);
export const HEDGE = contract(25_200);
export const NEARER = contract(25_150);

export function factsOf(positions: Position[], orders: Order[] = [], over: Partial<ControlFacts> = {}): ControlFacts {
  return {
    positions,
    orders: Object.fromEntries(orders.map((order) => [order.tag, order])),
    carriedOrders: [],
    external: [],
    rates: { minute: { at: 0, sent: 0 }, day: 0, held: null },
    book: { readAt: NOON - 2 * SECOND, unreadableSince: null },
    sessionLives: true,
    noNewRisk: false,
    entriesOff: null,
    handsOff: null,
    squaringOff: false,
    over: false,
    blind: {},
    unexplained: {},
    held: true,
    waitsForBook: null,
    defects: {},
    timetable: { open: OPEN, close: CLOSE, lastPlacement: LAST_PLACEMENT },
    ...over,
  };
}

type Shape = { lots?: number; hedge?: ContractRef | null; main?: ContractRef; plan?: Partial<PositionPlan> };

/** A signal's spread that is open: its entry is over. */
export function spread(over: Partial<Position> = {}, shape: Shape = {}): Position {
  const { lots = 1, hedge = HEDGE, main = MAIN } = shape;
  const legs: Leg[] = [
    ...(hedge ? [{ role: 'hedge' as const, contract: hedge, opens: 'BUY' as const }] : []),
    { role: 'main', contract: main, opens: 'SELL' },
  ];
  return {
    id: 'P1',
    number: 1,
    signal: 'S1',
    legs,
    plan: {
      main,
      hedge,
      nearerHedges: [],
      lots,
      quantity: lots * LOT,
      product: 'MIS',
      plannedLoss: 25_000_00,
      maxLoss: 25_000_00,
      worstLoss: null,
      target: null,
      exitOn: DATE,
      ...shape.plan,
    },
    enteredOn: DATE,
    openedAt: NOON,
    closedAt: null,
    entry: null,
    exit: null,
    inJournal: true,
    carried: false,
    guardEpoch: 0,
    problem: null,
    ...over,
  };
}

/** One that has just been decided and may open for five minutes. */
export function entering(over: Partial<Position> = {}, shape: Shape = {}): Position {
  return spread({ entry: { decidedAt: NOON, until: NOON + 300 * SECOND, since: NOON }, ...over }, shape);
}

export function leaving(over: Partial<Position> = {}, shape: Shape = {}): Position {
  return spread({ exit: { reason: 'emergency', askedAt: NOON - SECOND }, ...over }, shape);
}

/** By command: one leg. */
export function manual(id: string, opens: 'BUY' | 'SELL', of: ContractRef, over: Partial<Position> = {}): Position {
  const whole = spread({ id, number: Number(id.slice(1)), signal: 'manual', ...over }, { hedge: null, main: of });
  return { ...whole, legs: [{ role: opens === 'SELL' ? 'main' : 'hedge', contract: of, opens }] };
}

let trades = 0;
export function fillOf(quantity: number, price: number, when = NOON - 60 * SECOND): Fill {
  trades += 1;
  return { tradeId: `T${trades}`, quantity, price, at: when };
}

/** An order of ours: by default a sell of one lot that opened the main leg and is filled. */
export function order(tag: string, over: Partial<Order> = {}): Order {
  const quantity = over.quantity ?? LOT;
  const phase: OrderPhase = over.phase ?? 'ended';
  const filled = over.filledQuantity ?? (phase === 'ended' ? quantity : 0);
  const price = over.price ?? 100_00;
  return {
    tag,
    orderId: ['intended', 'in_flight', 'doubt', 'not_sent', 'absent'].includes(phase) ? null : `Z${tag}`,
    positionId: 'P1',
    role: 'main',
    purpose: 'entry',
    slice: 1,
    tradingsymbol: over.role === 'hedge' ? HEDGE.tradingsymbol : MAIN.tradingsymbol,
    side: 'SELL',
    product: 'MIS',
    quantity,
    filledQuantity: filled,
    averagePrice: filled > 0 ? price : 0,
    orderType: over.purpose === 'stop' ? 'SL' : 'LIMIT',
    price,
    triggerPrice: over.purpose === 'stop' ? 200_00 : 0,
    touch: null,
    status: phase === 'ended' ? 'COMPLETE' : phase.toUpperCase(),
    statusMessage: null,
    fills: filled > 0 ? [fillOf(filled, price)] : [],
    phase,
    steps: 0,
    steppedAt: null,
    modifications: 0,
    intendedAt: NOON - 70 * SECOND,
    updatedAt: NOON - 60 * SECOND,
    seenAt: NOON - 60 * SECOND,
    sentAt: NOON - 65 * SECOND,
    firstFillAt: filled > 0 ? NOON - 60 * SECOND : null,
    since: NOON - 60 * SECOND,
    ...over,
  };
}

export const sold = (tag: string, over: Partial<Order> = {}) => order(tag, over);
export const hedged = (tag: string, over: Partial<Order> = {}) =>
  order(tag, { role: 'hedge', side: 'BUY', price: 40_00, ...over });
export const stopped = (tag: string, over: Partial<Order> = {}) =>
  order(tag, { purpose: 'stop', side: 'BUY', phase: 'resting', price: 220_00, ...over });
export const exiting = (tag: string, over: Partial<Order> = {}) =>
  order(tag, { purpose: 'exit', side: 'BUY', phase: 'working', since: NOON, ...over });

/** A share of somebody else's trade. */
export const externally = (tag: string, over: Partial<Order> = {}) =>
  order(tag, { purpose: 'exit', side: 'BUY', takenFrom: 'person', booked: false, ...over });
