/** A guard that sees no prices, or none that can be true: F13 and F14. */
import { afterEach, describe, expect, it } from 'vitest';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { NIFTY_TOKEN, type Tick } from '../../src/market/types.ts';
import { type GuardDesk, HEDGE, MAIN, openGuardDesk, priced } from './guard-desk.ts';

let desk: GuardDesk;
afterEach(() => desk.close());

const isUntouched = ({ orderId }: SimOrder) => desk.order(orderId).status === 'TRIGGER PENDING';
const MANY = 100_000;

describe('F13: a price that no option can have', () => {
  it.each([
    { main: MAIN, hedge: HEDGE, lots: 10, of: (_: Tick) => 24_150_00 },
    { main: MAIN, hedge: null, lots: 1, of: ({ lastPrice }: Tick) => 10 * lastPrice },
    { main: 'NIFTY2571725200CE', hedge: null, lots: 24, of: ({ lastPrice }: Tick) => 10 * lastPrice },
    { main: 'NIFTY2571724900PE', hedge: 'NIFTY2571724700PE', lots: 2, of: (_: Tick) => 1_000_00 },
  ])('exits nothing once, also in silence, for $lots lots of $main', async ({ of, ...position }) => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open(position);
    const watching = desk.guard({ ...input, until: desk.exchange.clock.now() + 3_500 });
    const real = await desk.tick(position.main);
    desk.feed.bend(() => null);
    desk.feed.send(priced(real, of(real) - 1_00, of(real) + 1_00, of(real)));
    expect(await watching).toMatchObject({ kind: 'quiet' });
    expect(isUntouched(stop)).toBe(true);
    expect(desk.warnings.join()).toMatch(/impossible price/);
  });

  it('exits nothing however often it comes, and is told as a bad feed until it is well again', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open({ hedge: HEDGE, lots: 10 });
    const token = desk.contract(MAIN).instrumentToken;
    const watching = desk.guard(input);
    await desk.tick(MAIN);
    const since = Date.now();
    desk.feed.bend((tick) => (tick.instrumentToken === token ? priced(tick, 24_149_00, 24_151_00, 24_150_00) : tick));
    const told = await watching;
    expect(told).toMatchObject({ kind: 'blind', detail: expect.stringMatching(/^bad feed: .*24149/), epoch: 7 });
    expect(told.kind === 'blind' && Math.abs(told.since - since)).toBeLessThan(3_000);
    const known = { ...input, blind: true };
    expect(await desk.guard({ ...known, until: desk.exchange.clock.now() + 12_000 })).toMatchObject({ kind: 'quiet' });
    expect(isUntouched(stop)).toBe(true);
    desk.feed.bend((tick) => tick);
    expect(await desk.guard(known)).toEqual({ kind: 'sighted', epoch: 7 });
    // What is over is not told again.
    const until = desk.exchange.clock.now() + 1_500;
    expect(await desk.guard({ ...input, until })).toMatchObject({ kind: 'quiet' });
  });

  it('a gap of the index is believed: the loss cap fires', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    const token = desk.contract(MAIN).instrumentToken;
    const watching = desk.guard({ ...input, maxLoss: 200_00 * 75 });
    await desk.tick(MAIN);
    desk.feed.bend((tick) => {
      if (tick.instrumentToken === NIFTY_TOKEN) return { ...tick, lastPrice: Math.round(tick.lastPrice * 0.98) };
      return tick.instrumentToken === token ? priced(tick, 409_00, 411_00) : tick;
    });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap' });
  });
});

describe('F14: a ticker that tells no prices', () => {
  it.each([
    { name: 'no instrument', mutes: (_: number) => true, fault: { kind: 'rate_limit', path: '/quote' } },
    {
      name: 'the legs',
      mutes: (token: number) => token !== NIFTY_TOKEN,
      fault: { kind: 'http_error', status: 503, path: '/quote' },
    },
    {
      name: 'the short alone',
      mutes: (token: number) => token === desk.contract(MAIN).instrumentToken,
      fault: { kind: 'rate_limit', path: '/quote' },
    },
  ])('of $name, while quotes are refused: a new connection, then blind within ten seconds', async (of) => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open({ hedge: HEDGE });
    const watching = desk.guard(input);
    await desk.tick(MAIN);
    desk.exchange.addFault({ ...of.fault, count: MANY });
    const since = Date.now();
    desk.feed.bend((tick) => (of.mutes(tick.instrumentToken) ? null : tick));
    desk.shift(45);
    const told = await watching;
    expect(told).toMatchObject({ kind: 'blind', detail: expect.stringContaining(MAIN), epoch: 7 });
    expect(Date.now() - since).toBeLessThan(11_000);
    expect(told.kind === 'blind' && Math.abs(told.since - since)).toBeLessThan(1_500);
    expect(desk.feed.connections).toHaveLength(1);
    expect(isUntouched(stop)).toBe(true);

    // The day asks for a guard again: it goes on watching, and fires as soon as it sees.
    const again = desk.guard({ ...input, blind: true, maxLoss: 100 * input.maxLoss });
    setTimeout(() => desk.feed.bend((tick) => tick), 1_000);
    expect(await again).toEqual({ kind: 'sighted', epoch: 7 });
  });

  it('a guard that begins again does not begin to wait again', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    desk.exchange.addFault({ kind: 'rate_limit', path: '/quote', count: MANY });
    await desk.tick(MAIN);
    desk.feed.bend(() => null);
    const since = Date.now();
    for (let run = 0; run < 3; run += 1) {
      const seen = await desk.guard({ ...input, until: desk.exchange.clock.now() + 2_500 });
      expect(seen.kind).toBe('quiet');
    }
    expect(await desk.guard(input)).toMatchObject({ kind: 'blind' });
    expect(Date.now() - since).toBeLessThan(12_000);
  });

  it('nobody is blind before the open', async () => {
    desk = await openGuardDesk({ at: Date.parse('2025-07-14T09:14:30+05:30') });
    const contract = desk.contract(MAIN);
    desk.exchange.addFault({ kind: 'rate_limit', path: '/quote', count: MANY });
    desk.feed.bend(() => null);
    const identity = { mode: 'replay', account: 'desk', run: 1, date: '2025-07-14' } as const;
    const until = desk.exchange.clock.now() + 12_000;
    const seen = await desk.guard({
      ...{ identity, positionId: 'P1', epoch: 1, product: 'NRML', hedge: null, stop: null, target: null },
      main: { contract, quantity: 75, entryPrice: 60_00 },
      ...{ maxLoss: 1_500_00, charges: 0, exitAt: null, blind: false, until },
    });
    expect(seen).toMatchObject({ kind: 'quiet' });
    expect(desk.feed.connections).toEqual([]);
  });
});
