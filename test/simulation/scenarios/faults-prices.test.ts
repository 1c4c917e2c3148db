import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CandleFile, candleFile } from '../../workflows/candles.ts';
import { buyingBack, filledOf, shortOf } from '../book.ts';
import { HEDGE, MAIN, played, type Scenario } from '../scenario.ts';

/** 45 rupees more for the short than it was sold for: beyond the loss cap of 25,000, and below the trigger of its stop. */
const BEYOND_CAP = 45;
const FINE = { tickMs: 250 };

/** When the stop was first changed, from an instant on; the exchange's history says it. */
function changedAt(day: Scenario, since: number): number {
  const stops = day.orders().filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY');
  const changes = stops
    .flatMap(({ history }) => history)
    .filter(({ at, status }) => at >= since && /^MODIFY/.test(status));
  return Math.min(...changes.map(({ at }) => at));
}

const staleLast = played(FINE, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  await day.at('11:20');
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  const forMs = 60_000;
  // The hedge is quoted around 18, which its stale last price of 60 makes look impossible.
  world.ticker.addFault({ kind: 'hedge.stale', effect: { do: 'shows', last: 60_00 }, tradingsymbol: HEDGE, forMs });
  const effect = { do: 'stale_last', tradingsymbol: HEDGE, last: 60_00 } as const;
  world.faults.add({ kind: 'quotes.stale', calls: ['quotes'], effect, forMs });
  await day.pass(10_000);
  const since = day.now();
  exchange.addFault({ kind: 'price_shift', count: 1, points: BEYOND_CAP, tradingsymbol: MAIN });
  await day.pass(15_000);
  return { before, met: day.used('hedge.stale'), firedAfter: changedAt(day, since) - since };
});

it("the hedge's last price is stale while its touch lives, and the loss goes beyond the cap", async () => {
  const { before, met } = await staleLast();
  expect(before).toEqual({ short: 750, buying: 750 });
  expect(met).toBeGreaterThan(0);
});

it('F12: the loss cap believes a live touch beside a stale last price, and fires within two seconds', async () => {
  const { firedAfter } = await staleLast();
  // And the way to the exchange.
  expect(firedAfter).toBeLessThan(2_500);
});

/** A packet of the main leg with a last price, and bid and ask a rupee around it, that no option has. */
async function absurd(day: Scenario, last: number): Promise<void> {
  const kind = `packet of ${last}`;
  const effect = { do: 'shows', last, spread: 1_00 } as const;
  day.world.ticker.addFault({ kind, effect, tradingsymbol: MAIN, forMs: 10_000, count: 1 });
  await day.until(kind, () => day.used(kind) === 1, 10_000);
}

const oneAbsurd = played(FINE, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  await day.at('11:20');
  const since = day.now();
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  await absurd(day, 24_150_00);
  world.ticker.addFault({ kind: 'ticker.silent', effect: { do: 'silent' }, forMs: 1_500 });
  await day.pass(10_000);
  const after = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  return { before, silent: day.used('ticker.silent'), after, changed: Number.isFinite(changedAt(day, since)) };
});

it('one packet says 24,150 for an option of 63, and 1.5 seconds of silence follow', async () => {
  const { before, silent } = await oneAbsurd();
  expect(before).toEqual({ short: 750, buying: 750 });
  expect(silent).toBeGreaterThan(2);
});

it('F13: one impossible packet and silence exit nothing', async () => {
  const { after, changed } = await oneAbsurd();
  expect({ ...after, changed }).toEqual({ short: 750, buying: 750, changed: false });
});

const twoAbsurd = played(FINE, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('11:20');
  const since = day.now();
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  await absurd(day, 24_150_00);
  await absurd(day, 24_151_00);
  await day.pass(10_000);
  const after = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  const paged = day.world.pages.some(({ at }) => at >= since);
  return { before, after, changed: Number.isFinite(changedAt(day, since)), paged };
});

it('two packets after each other say 24,150 for an option of 63', async () => {
  const { before } = await twoAbsurd();
  expect(before).toEqual({ short: 750, buying: 750 });
});

it('F13: two impossible packets are still garbage: they exit nothing, and a bad feed is paged', async () => {
  const { after, changed, paged } = await twoAbsurd();
  expect({ ...after, changed, paged }).toEqual({ short: 750, buying: 750, changed: false, paged: true });
});

const mute = played({}, async (day) => {
  const { exchange, world, product } = day;
  await day.opened();
  await day.at('11:20');
  const reconnects = () => product.parts.feed.status().reconnects;
  const [since, connections] = [day.now(), reconnects()];
  const short = shortOf(exchange, MAIN);
  const forMs = 60_000;
  world.ticker.addFault({ kind: 'ticker.no_prices', effect: { do: 'no_prices' }, forMs });
  const effect = { do: 'refuse', status: 429, errorType: 'NetworkException', message: 'Too many requests' } as const;
  world.faults.add({ kind: 'quotes.429', calls: ['quotes'], effect, forMs });
  exchange.addFault({ kind: 'price_shift', count: 1, points: BEYOND_CAP, tradingsymbol: MAIN });
  // Ticks of up to five seconds ago are believed; ten seconds after them it is blind.
  await day.pass(16_000);
  const met = [day.used('ticker.no_prices'), day.used('quotes.429')];
  return { short, met, paged: day.pages(since, day.now()).length, connections: reconnects() - connections };
});

it('the ticker sends frames without prices, quotes are refused with 429, and the loss is beyond the cap', async () => {
  const { short, met } = await mute();
  expect(short).toBe(750);
  for (const times of met) expect(times).toBeGreaterThan(0);
});

it('F14: a position without prices is paged, or the feed connects anew, within ten seconds of blindness', async () => {
  const { paged, connections } = await mute();
  expect(paged + connections).toBeGreaterThan(0);
});

let candles: CandleFile;
beforeAll(async () => {
  // The second hour closes at 24,990, below the first one's low: S1 does not fire.
  const hours = [
    [25_149.5, 25_151.1, 25_041.9, 25_119.8],
    [25_120.75, 25_127.05, 24_980, 24_990],
    [24_990, 25_010, 24_980, 25_000],
  ] as const;
  candles = await candleFile({ '2025-07-14': hours });
});
afterAll(() => candles.remove());

let contradicted: Promise<Awaited<ReturnType<typeof playContradicted>>> | null = null;
const breezeDiffers = () => {
  contradicted ??= playContradicted();
  return contradicted;
};
function playContradicted() {
  return played({ exchange: { candles: candles.path } }, async (day) => {
    const { exchange, world } = day;
    const wrong = day.time('10:45');
    let shown = 0;
    world.contradiction = (start) => {
      if (start !== wrong) return 0;
      shown += 1;
      return 120_00;
    };
    await day.at('11:20');
    const nifty = exchange.find('NSE', 'NIFTY 50');
    const bar = nifty && exchange.candles(nifty, wrong, wrong + 1_800_000, 30)[0];
    const paged = world.pages.filter(({ at }) => at >= day.time('11:15')).length;
    return { shown, close: bar?.close, sold: filledOf(exchange, MAIN, 'SELL'), paged };
  })();
}

it("Breeze shows a half hour's close 120 points above what Kite and our own ticks saw", async () => {
  const { shown, close } = await breezeDiffers();
  expect(shown).toBeGreaterThan(0);
  expect(close).toBe(24_990_00);
});

it('F15: a bar that two other sources contradict decides nothing, and is paged', async () => {
  const { sold, paged } = await breezeDiffers();
  expect({ sold, paged: paged > 0 }).toEqual({ sold: 0, paged: true });
});

const insideBreach = played({ tickMs: 100 }, async (day) => {
  const { exchange, world, product } = day;
  // Two holdings of a person keep both contracts on the feed before there is a position.
  await day.at('11:12');
  await day.placeOrder(HEDGE);
  await day.placeOrder(MAIN);
  const { lastPrice: calm } = exchange.touch(exchange.find('NFO', MAIN) as never) ?? { lastPrice: 0 };
  const token = exchange.find('NFO', MAIN)?.instrumentToken ?? 0;
  let guard: { at: number; known: number } | null = null;
  let sent: number | null = null;
  let packet: number | null = null;
  const unlisten = product.parts.feed.onTick(({ instrumentToken }) => {
    if (guard !== null && instrumentToken === token) packet ??= day.now();
  });
  exchange.onOrder(({ tradingsymbol, side, status }) => {
    const sold = tradingsymbol === MAIN && side === 'SELL' && status === 'COMPLETE';
    if (sold) exchange.addFault({ kind: 'price_shift', count: 1, points: BEYOND_CAP, tradingsymbol: MAIN });
  });
  world.hooks.add((point) => {
    if (point.kind === 'activity' && point.point === 'started' && point.type === 'guardPosition')
      guard ??= { at: day.now(), known: product.parts.feed.last(token)?.lastPrice ?? 0 };
    if (point.kind === 'call' && point.point === 'leaves' && point.call.name === 'modifyOrder') sent ??= day.now();
  });
  await day.at('11:15:20');
  unlisten();
  const found = guard as { at: number; known: number } | null;
  return { calm, known: found?.known ?? 0, tookMs: (sent ?? Number.POSITIVE_INFINITY) - (packet ?? 0) };
});

it('the loss is beyond the cap, and on the feed, before the guard begins', async () => {
  const { calm, known } = await insideBreach();
  expect(known - calm).toBeGreaterThan(BEYOND_CAP * 90);
});

it('F16: a breach that a guard finds at its beginning is confirmed by the next packet', async () => {
  const { tookMs } = await insideBreach();
  // The guard looks at the stop before it changes it.
  expect(tookMs).toBeLessThan(600);
});
