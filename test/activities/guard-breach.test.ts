/** Which prices make the guard leave: F12 and F16 among them. */
import { afterEach, describe, expect, it } from 'vitest';
import type { GuardInput } from '../../src/contract/activities.ts';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { type GuardDesk, HEDGE, MAIN, openGuardDesk, priced } from './guard-desk.ts';

let desk: GuardDesk;
afterEach(() => desk?.close());

const isUntouched = ({ orderId }: SimOrder) => desk.order(orderId).status === 'TRIGGER PENDING';
const briefly = (input: GuardInput, ms: number) => ({ ...input, until: desk.exchange.clock.now() + ms });

describe('what counts as a breach', () => {
  it('F12: a live touch beside a stale last price, of the hedge and of the short', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open({ hedge: HEDGE, lots: 10 });
    const hedge = desk.contract(HEDGE).instrumentToken;
    desk.feed.bend((tick) => ({ ...tick, lastPrice: tick.instrumentToken === hedge ? 60_00 : tick.lastPrice }));
    const watching = desk.guard(input);
    await desk.tick(HEDGE);
    const since = performance.now();
    desk.shift(45);
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true });
    expect(performance.now() - since).toBeLessThan(2_500);
  });

  it('F12: a hedge at 100 and 101 whose last price says 60', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open({ hedge: HEDGE });
    const hedge = desk.contract(HEDGE).instrumentToken;
    desk.feed.bend((tick) => (tick.instrumentToken === hedge ? priced(tick, 100_00, 101_00, 60_00) : tick));
    // The hedge has gained more than the short has lost by far: the cap counts what is left.
    const watching = desk.guard({ ...input, maxLoss: -70_00 * 75 });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true });
  });

  it('not one packet', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open();
    const watching = desk.guard(briefly(input, 3_000));
    const real = await desk.tick(MAIN);
    desk.feed.send(priced(real, real.lastPrice + 29_00, real.lastPrice + 30_00));
    expect(await watching).toMatchObject({ kind: 'quiet' });
    expect(isUntouched(stop)).toBe(true);
  });

  it('one packet and a second without any other', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    const watching = desk.guard(input);
    const real = await desk.tick(MAIN);
    desk.feed.bend(() => null);
    desk.feed.send(priced(real, real.lastPrice + 29_00, real.lastPrice + 30_00));
    const since = performance.now();
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap' });
    expect(performance.now() - since).toBeGreaterThan(900);
  });

  it('F16: what the guard finds when it begins is confirmed by the next packet', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open({ hedge: HEDGE });
    const real = await desk.tick(MAIN);
    desk.feed.bend(() => null);
    desk.feed.send(priced(real, real.lastPrice + 44_00, real.lastPrice + 45_00));
    const watching = desk.guard(input);
    await new Promise((done) => setTimeout(done, 300));
    const hedge = await desk.tick(HEDGE);
    const since = performance.now();
    desk.feed.send({ ...hedge, receivedAt: Date.now() });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true });
    expect(performance.now() - since).toBeLessThan(400);
  });

  it('a profit that the guard finds when it begins has to last: the next packet of another leg confirms no lie of this one', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open({ hedge: HEDGE });
    const [real, lied] = [await desk.tick(MAIN), await desk.tick(HEDGE)];
    desk.feed.bend(() => null);
    desk.feed.send(priced(lied, lied.lastPrice + 40_00, lied.lastPrice + 41_00));
    const watching = desk.guard(briefly({ ...input, target: 1_000_00 }, 3_000));
    await new Promise((done) => setTimeout(done, 300));
    desk.feed.send({ ...real, receivedAt: Date.now() });
    await new Promise((done) => setTimeout(done, 200));
    desk.feed.send({ ...lied, receivedAt: Date.now() });
    expect(await watching).toMatchObject({ kind: 'quiet' });
  });

  it('a short that nobody offers is worth at least what is bid for it', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    desk.feed.bend((tick) => ({ ...tick, asks: [] }));
    const watching = desk.guard({ ...input, target: 1 });
    desk.shift(30);
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true });
  });

  it('quotes, where the ticker is mute', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    const watching = desk.guard(input);
    await desk.tick(MAIN);
    desk.feed.bend(() => null);
    desk.shift(25);
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true });
  });
});
