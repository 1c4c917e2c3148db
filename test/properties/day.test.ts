import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimFault, SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { HEDGE, MAIN } from '../workflows/plan.ts';
import { openStage } from '../workflows/simulated-day.ts';
import { expectLedgerIsBook, expectNeverNaked, expectOneExitAtATime, ours } from '../workflows/soundness.ts';
import type { Day, Stage } from '../workflows/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** What a person trades manually: other contracts than those of the signal. */
const MONTHLY = 'NIFTY25JUL25000PE';
const FAR = 'NIFTY25JUL24800PE';

const orders = { path: '/orders', count: 1 };
const FAULTS: readonly SimFault[] = [
  { kind: 'timeout_after_accept', count: 1 },
  { kind: 'drop_connection', method: 'POST', ...orders },
  { kind: 'drop_connection', method: 'POST', after: true, ...orders },
  { kind: 'drop_connection', method: 'PUT', after: true, ...orders },
  { kind: 'http_error', method: 'POST', ...orders },
  { kind: 'http_error', method: 'GET', path: '/orders', count: 3 },
  { kind: 'http_error', method: 'DELETE', ...orders },
  { kind: 'late_acceptance', count: 1, ms: 200 },
  { kind: 'rate_limit', count: 2 },
  { kind: 'ip_refused', count: 1 },
  { kind: 'reject_order', count: 1 },
  { kind: 'reject_order', count: 2, tradingsymbol: MAIN, transaction_type: 'BUY' },
  { kind: 'reject_order', count: 1, tradingsymbol: HEDGE, transaction_type: 'SELL' },
  { kind: 'refuse_type_change', count: 1 },
  { kind: 'refuse_type_change', count: 1, after: true },
  { kind: 'fill_before_change', count: 1 },
  { kind: 'thin_depth', count: 2, quantity: 75 },
  { kind: 'no_liquidity', count: 1, seconds: 2 },
  { kind: 'price_shift', count: 1, tradingsymbol: MAIN, points: 75, seconds: 1 },
];
const MOMENTS = ['before the entry', 'hedge bought', 'main sold', '11:40', '12:40', '14:40', '15:14:59'] as const;
const COMMANDS = [
  'stop',
  'stop and close',
  'start',
  'close all',
  'close one',
  'log in again',
  'manual purchase',
  'manual spread',
] as const;

type Moment = (typeof MOMENTS)[number];
type Command = (typeof COMMANDS)[number];
type Event = { at: Moment } & ({ fault: SimFault } | { command: Command });

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ at: fc.constantFrom(...MOMENTS), fault: fc.constantFrom(...FAULTS) }) },
  // A command needs a time: an entry's moments are over before anybody could press anything.
  {
    weight: 1,
    arbitrary: fc.record({ at: fc.constantFrom(...MOMENTS.slice(3)), command: fc.constantFrom(...COMMANDS) }),
  },
);

const scenario = fc.record({
  typeChange: fc.constantFrom('allow' as const, 'refuse' as const),
  maxLossPerTrade: fc.constantFrom(1_500_00, 25_000_00, 25_000_00),
  target: fc.constantFrom(null, null, 0.05),
  events: fc.array(event, { minLength: 2, maxLength: 5 }),
});

describe('a day of random faults and commands', () => {
  it('never has a tag twice, is never naked, ends flat or says that it does not, and keeps its books', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ typeChange, maxLossPerTrade, target, events }) => {
        const day = await stage.startDay({ exchange: { typeChange } });
        try {
          await day.logIn();
          await day.start({ maxLossPerTrade, target });
          await play(day, events);
          await expectInvariants(day);
        } finally {
          await day.close();
        }
      }),
      { numRuns: 14, seed: 20_250_714, endOnFailure: true },
    );
  }, 180_000);
});

async function play(day: Day, events: readonly Event[]): Promise<void> {
  const inOrder = [...events].sort((a, b) => MOMENTS.indexOf(a.at) - MOMENTS.indexOf(b.at));
  const once = (event: Event, before: (order: SimOrder) => boolean) => {
    const off = day.exchange.onOrder((order) => {
      if (!before(order)) return;
      off();
      void happen(day, event);
    });
  };
  const complete = (symbol: string, side: string) => (order: SimOrder) =>
    order.tradingsymbol === symbol && order.side === side && order.status === 'COMPLETE';
  for (const event of inOrder) {
    if (event.at === 'hedge bought') once(event, complete(HEDGE, 'BUY'));
    else if (event.at === 'main sold') once(event, complete(MAIN, 'SELL'));
    else {
      await day.at(event.at === 'before the entry' ? '11:14' : event.at);
      await happen(day, event);
    }
  }
}

async function happen(day: Day, event: Event): Promise<void> {
  if ('fault' in event) {
    day.exchange.addFault(event.fault);
    return;
  }
  switch (event.command) {
    case 'stop':
    case 'stop and close':
      return day.stop(event.command === 'stop and close');
    case 'start':
      return day.start();
    case 'close all':
      return day.closeAll();
    case 'close one':
      // It may be closed already, or never have been: then it is refused.
      await day.closePosition({ id: 'P1' }).catch(() => undefined);
      return;
    case 'manual purchase':
      return orderManually(day, ['BUY', MONTHLY]);
    case 'manual spread':
      return orderManually(day, ['BUY', FAR], ['SELL', MONTHLY]);
    default:
      day.exchange.killSessions();
      return day.logIn();
  }
}

/** What is sold manually never exceeds what is bought manually, at no instant of the book. */
function expectManualCovered(book: readonly SimOrder[]): void {
  const fills = ours(book)
    .filter(({ tradingsymbol }) => tradingsymbol === MONTHLY || tradingsymbol === FAR)
    .flatMap(({ side, fills }) => fills.map((fill) => ({ ...fill, side })))
    .sort((a, b) => Number(a.tradeId) - Number(b.tradeId));
  let free = 0;
  for (const { side, quantity } of fills) {
    free += side === 'BUY' ? quantity : -quantity;
    expect(free, 'a manual sale is covered').toBeGreaterThanOrEqual(0);
  }
}

/** Whatever the day refuses of it, or leaves in doubt. */
async function orderManually(day: Day, ...orders: ['BUY' | 'SELL', string][]): Promise<void> {
  for (const [side, symbol] of orders) await day.placeOrder({ side, symbol }).catch(() => undefined);
}

async function expectInvariants(day: Day): Promise<void> {
  const report = await day.result();
  const book = day.book();
  expectNeverNaked(book);
  expectManualCovered(book);
  expectOneExitAtATime(book);
  expectLedgerIsBook(report, book);
  const held = ours(book).reduce((net, { tradingsymbol, side, filledQuantity }) => {
    return net.set(tradingsymbol, (net.get(tradingsymbol) ?? 0) + (side === 'BUY' ? filledQuantity : -filledQuantity));
  }, new Map<string, number>());
  const flat = [...held.values()].every((quantity) => quantity === 0);
  expect(report.result).toBe(flat ? 'flat' : 'not_flat');
  if (!flat) expect(report.warnings.map(({ code }) => code)).toContain('not_flat');
}
