import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEDGE, MAIN } from '../workflows/plan.ts';
import { openStage } from '../workflows/simulated-day.ts';
import { expectOneExitAtATime } from '../workflows/soundness.ts';
import type { Day, Stage } from '../workflows/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const MOMENTS = ['11:40', '12:40', '13:30', '14:40', '15:14:59'] as const;
const DEEDS = ['buy back', 'sell of the hedge', 'acknowledge', 'acknowledge', 'close one'] as const;

const scenario = fc.record({
  typeChange: fc.constantFrom('allow' as const, 'refuse' as const),
  deeds: fc.uniqueArray(
    fc.record({
      at: fc.constantFrom(...MOMENTS),
      deed: fc.constantFrom(...DEEDS),
      lots: fc.integer({ min: 1, max: 10 }),
    }),
    { minLength: 2, maxLength: 5, selector: ({ at }) => at },
  ),
});
type Deed = { at: (typeof MOMENTS)[number]; deed: (typeof DEEDS)[number]; lots: number };

describe('a day in whose contracts a person trades at random', () => {
  it('never sends more than the broker still holds for us, and is flat only when the account is', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ typeChange, deeds }) => {
        const day = await stage.startDay({
          exchange: { typeChange },
        });
        try {
          await day.logIn();
          await day.start();
          await day.opened();
          for (const deed of [...deeds].sort((a, b) => a.at.localeCompare(b.at))) {
            await day.at(deed.at);
            await happen(day, deed);
          }
          await expectInvariants(day);
        } finally {
          await day.close();
        }
      }),
      { numRuns: 8, seed: 20_250_714, endOnFailure: true },
    );
  }, 180_000);
});

const netOf = ({ exchange }: Day, symbol: string) =>
  exchange.positions().find(({ tradingsymbol }) => tradingsymbol === symbol)?.quantity ?? 0;

/** Nobody buys back more than is sold, nor sells more of the hedge than is held. */
async function happen(day: Day, { deed, lots }: Deed): Promise<void> {
  const trade = (tradingsymbol: string, side: 'BUY' | 'SELL', most: number) => {
    const quantity = Math.min(lots * 75, most);
    if (quantity > 0) day.exchange.foreignTrade({ tradingsymbol, product: 'MIS', side, quantity });
  };
  if (deed === 'buy back') trade(MAIN, 'BUY', -netOf(day, MAIN));
  else if (deed === 'sell of the hedge') trade(HEDGE, 'SELL', netOf(day, HEDGE));
  else if (deed === 'acknowledge') await day.acknowledge('all');
  else await day.closePosition({ id: 'P1' }).catch(() => undefined);
}

async function expectInvariants(day: Day): Promise<void> {
  const report = await day.result();
  expectOneExitAtATime(day.book());
  const fills = day
    .book()
    .flatMap(({ tradingsymbol, side, fills }) => fills.map((fill) => ({ ...fill, tradingsymbol, side })))
    .sort((a, b) => Number(a.tradeId) - Number(b.tradeId));
  const net = new Map([
    [MAIN, 0],
    [HEDGE, 0],
  ]);
  for (const { tradingsymbol, side, quantity } of fills) {
    net.set(tradingsymbol, (net.get(tradingsymbol) ?? 0) + (side === 'BUY' ? quantity : -quantity));
    expect(net.get(MAIN), 'never bought beyond what was sold').toBeLessThanOrEqual(0);
    expect(net.get(HEDGE), 'never sold beyond what was held').toBeGreaterThanOrEqual(0);
  }
  expect([...net.values()], 'nothing is left in the account').toEqual([0, 0]);
  if (report.result === 'flat') expect(report).toMatchObject({ reconciled: true, positions: [{ state: 'closed' }] });
  else expect(report.warnings.map(({ code }) => code)).toContain('not_flat');
}
