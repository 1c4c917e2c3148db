/** Facts that fast-check makes up: whatever the day could ever have heard, in any combination. */
import fc from 'fast-check';
import type { ControlFacts, Order, Position } from '../../../src/domain/control/facts.ts';
import { contract, factsOf, HEDGE, LOT, leaving, MAIN, manual, NOON, order, SECOND, spread } from './builder.ts';

const PUT = contract(24_900, { tradingsymbol: 'NIFTY2571724900PE', optionType: 'PE' });

type Make = (id: number, lots: number, exit: boolean, entry: boolean) => Position;
const SHAPES: readonly Make[] = [
  (id, lots, exit, entry) => signal(id, lots, exit, entry, HEDGE),
  (id, lots, exit, entry) => signal(id, lots, exit, entry, HEDGE),
  (id, lots, exit, entry) => signal(id, lots, exit, entry, null),
  (id, _, exit) => byCommand(id, 'BUY', HEDGE, exit),
  (id, _, exit) => byCommand(id, 'SELL', MAIN, exit),
  (id, _, exit) => byCommand(id, 'SELL', PUT, exit),
  (id, _, exit) => byCommand(id, 'BUY', MAIN, exit),
];

function signal(id: number, lots: number, exit: boolean, entry: boolean, hedge: typeof HEDGE | null): Position {
  const over = {
    id: `P${id}`,
    number: id,
    ...(entry
      ? { entry: { decidedAt: NOON - 20 * SECOND, until: NOON + 280 * SECOND, since: NOON - 20 * SECOND } }
      : {}),
  };
  return (exit ? leaving : spread)(over, { lots, hedge });
}

function byCommand(id: number, opens: 'BUY' | 'SELL', of: typeof HEDGE, exit: boolean): Position {
  return manual(`M${id}`, opens, of, exit ? { exit: { reason: 'manual', askedAt: NOON - SECOND } } : {});
}

const positions = fc
  .array(
    fc.record({
      shape: fc.constantFrom(...SHAPES),
      lots: fc.constantFrom(1, 2, 10, 24, 25, 40),
      exit: fc.boolean(),
      entry: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) => list.map(({ shape, lots, exit, entry }, index) => shape(index + 1, lots, exit, entry)));

const ago = (most: number) => fc.integer({ min: 0, max: most }).map((ms) => NOON - ms);
const piece = fc.record({
  leg: fc.nat(),
  opening: fc.boolean(),
  lots: fc.integer({ min: 1, max: 24 }),
  filled: fc.double({ min: 0, max: 1, noNaN: true }),
  phase: fc.constantFrom(
    'intended' as const,
    'in_flight' as const,
    'doubt' as const,
    'not_sent' as const,
    'absent' as const,
    'accepted' as const,
    'working' as const,
    'resting' as const,
    'ended' as const,
    'ended' as const,
    'ended' as const,
  ),
  kind: fc.constantFrom('stop' as const, 'exit' as const, 'unwind' as const),
  word: fc.constantFrom('COMPLETE', 'CANCELLED', 'REJECTED', 'REFUSED', 'NOT SENT', 'TRIGGER PASSED', 'NO SESSION'),
  since: ago(90 * SECOND),
  change: fc.option(fc.constantFrom('to_limit' as const, 'reprice' as const, 'cancel' as const), {
    nil: null,
    freq: 4,
  }),
  changeAgo: ago(6 * SECOND),
  inFlight: fc.boolean(),
  asked: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null, freq: 4 }),
  stepped: fc.option(ago(20 * SECOND), { nil: null }),
  steps: fc.integer({ min: 0, max: 6 }),
  modifications: fc.constantFrom(0, 1, 20, 21, 25),
  conversionRefused: fc.boolean(),
  outside: fc.option(fc.constantFrom('person' as const, 'broker' as const, 'transfer' as const), {
    nil: null,
    freq: 5,
  }),
  booked: fc.boolean(),
});
type Piece = typeof piece extends fc.Arbitrary<infer Of> ? Of : never;

function orderOf(position: Position, index: number, of: Piece): Order | null {
  const leg = position.legs[of.leg % position.legs.length];
  if (!leg) return null;
  const { role, contract: what, opens } = leg;
  const closes = opens === 'BUY' ? 'SELL' : 'BUY';
  const outside = of.outside !== null && !of.opening;
  const kind = opens === 'BUY' && of.kind === 'stop' ? 'exit' : of.kind;
  const purpose = of.opening ? (of.kind === 'unwind' ? 'unwind' : 'entry') : kind;
  const stop = purpose === 'stop';
  let { phase } = of;
  if (outside) phase = of.outside === 'broker' && phase === 'working' ? 'working' : 'ended';
  if (phase === 'resting' && !stop) phase = 'working';
  const quantity = of.lots * LOT;
  const mayHave = phase === 'working' || phase === 'ended';
  const part = mayHave ? Math.floor(of.filled * (of.lots + 1)) * LOT : 0;
  const filledQuantity = Math.min(part, phase === 'ended' ? quantity : quantity - LOT);
  const live = phase === 'accepted' || phase === 'working' || phase === 'resting';
  return order(`${position.id}-${index}`, {
    positionId: position.id,
    role,
    tradingsymbol: what.tradingsymbol,
    side: of.opening ? opens : closes,
    purpose,
    phase,
    quantity,
    filledQuantity,
    slice: (index % 3) + 1,
    status: of.word,
    since: of.since,
    steppedAt: of.stepped,
    steps: of.steps,
    modifications: of.modifications,
    orderType: stop && !(phase === 'working' && of.conversionRefused) ? 'SL' : 'LIMIT',
    ...(stop && of.conversionRefused ? { conversionRefused: true as const } : {}),
    ...(live && of.change
      ? { change: { kind: of.change, since: of.changeAgo, inFlight: of.inFlight, price: of.booked ? 1 : null } }
      : {}),
    ...(of.asked ? { cancelAsked: { first: of.since, last: of.changeAgo, times: of.asked } } : {}),
    ...(outside && of.outside ? { takenFrom: of.outside, booked: of.outside !== 'person' || of.booked } : {}),
    ...(phase === 'intended'
      ? { intent: { pricing: { kind: 'limit' as const, price: 40_00 }, sendBy: of.since + 60 * SECOND } }
      : {}),
  });
}

/** What a position mostly has: its hedge, what it sold, the stop for it. */
type Base = 'nothing' | 'hedge' | 'spread' | 'protected';
function baseOf(position: Position, base: Base): Order[] {
  return position.legs.flatMap(({ role, opens, contract: what }): Order[] => {
    const share = {
      positionId: position.id,
      role,
      tradingsymbol: what.tradingsymbol,
      quantity: position.plan.quantity,
    };
    const opening = order(`${position.id}-${role}`, { ...share, side: opens });
    if (base === 'nothing' || (base === 'hedge' && opens === 'SELL')) return [];
    if (base !== 'protected' || opens === 'BUY') return [opening];
    return [opening, order(`${position.id}-stop`, { ...share, side: 'BUY', purpose: 'stop', phase: 'resting' })];
  });
}

const bases = fc.constantFrom<Base>('nothing', 'hedge', 'spread', 'protected');
const minute = Math.floor(NOON / 60_000);
/** At 11:15:30, or in the last minutes of the day. */
export const anyFacts: fc.Arbitrary<ControlFacts> = fc
  .record({
    positions,
    based: fc.array(bases, { minLength: 3, maxLength: 3 }),
    pieces: fc.array(fc.array(piece, { maxLength: 6 }), { minLength: 3, maxLength: 3 }),
    squaringOff: fc.boolean(),
    noNewRisk: fc.boolean(),
    unreadable: fc.boolean(),
    used: fc.constantFrom(0, 0, 0, 230, 310, 378, 380),
    carried: fc.boolean(),
  })
  .map(({ positions: some, based, pieces, squaringOff, noNewRisk, unreadable, used, carried }) => {
    const orders = some.flatMap((position, index) => [
      ...baseOf(position, based[index] ?? 'nothing'),
      ...(pieces[index] ?? []).flatMap((one, nth) => orderOf(position, nth, one) ?? []),
    ]);
    const yesterdays = orders.filter(
      ({ phase, filledQuantity, purpose }) => phase === 'ended' && filledQuantity > 0 && purpose === 'entry',
    );
    const facts = factsOf(
      some,
      orders.filter((one) => !(carried && yesterdays.includes(one))),
      {
        squaringOff,
        noNewRisk,
        book: { readAt: NOON - 3 * SECOND, unreadableSince: unreadable ? NOON - 20 * SECOND : null },
        rates: { minute: { at: minute, sent: used }, day: used, held: null },
      },
    );
    facts.carriedOrders = carried ? yesterdays : [];
    return facts;
  });
