/** What the judge excuses, and days of other plans on which it finds nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Case, Deed, Event } from '../../src/simulation/case.ts';
import {
  at,
  callFault,
  after as onMoment,
  order,
  quietDay,
  shortDay,
  thin,
} from '../../src/simulation/mutations/own-days.ts';
import { openRunner, type Runner } from '../../src/simulation/run-case.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await openRunner();
});
afterAll(() => runner.close());

const rejecting = (transaction_type: 'BUY' | 'SELL'): Deed => ({
  ...{ do: 'exchange_fault', kind: 'order.rejected' },
  fault: { kind: 'reject_order', count: 1, transaction_type },
});

describe('a fault of the exchange', () => {
  it('counts once it has met an order', async () => {
    const { met } = await runner.run(shortDay([onMoment('exit_asked', 0, rejecting('SELL'))]));
    expect(met).toContain('order.rejected');
  });

  it('does not count while it is armed and waits', async () => {
    const { met, used } = await runner.run(shortDay([onMoment('short_closed', 30_000, rejecting('BUY'))]));
    expect([met, used].flat()).not.toContain('order.rejected');
  });
});

describe('ticks', () => {
  it('come at their pace from the first order on, not at that of the quiet market before it', async () => {
    const lie = { kind: 'ticks.lie', effect: { do: 'lies', factor: 1.1 }, forMs: 6_000, role: 'main' } as const;
    const { met } = await runner.run(shortDay([onMoment('main_filled', 5_000, { do: 'ticker_fault', fault: lie })]));
    expect(met).toContain('ticks.lie');
  });

  it('correct a lie soon where it was told, whatever another process is told', async () => {
    const effect = { do: 'lies', factor: 1.8 } as const;
    const lie = { kind: 'ticks.lie', effect, forMs: 10_000, count: 1, role: 'main' } as const;
    for (const ms of [5_000, 10_000, 15_000]) {
      const told = onMoment('main_filled', ms, { do: 'ticker_fault', fault: lie });
      const { met, findings } = await runner.run(shortDay([told], { workers: 2, seed: ms }));
      expect([met.includes('ticks.lie'), findings]).toEqual([true, []]);
    }
  });
});

describe('the last minute for new orders', () => {
  it('counts where an order leaves: what is accepted after it accuses nobody', async () => {
    const effect = { do: 'late', ms: 40_000 } as const;
    const late = { kind: 'place.lost', calls: ['placeOrder'], count: 1, effect, order: { side: 'BUY' } } as const;
    const { findings, lateOrders } = await runner.run(
      quietDay([at('15:14:50', { do: 'kill', downMs: 460_000, worker: 0 }), at('15:22:20', callFault(late))], {
        typeChange: 'refuse',
        pace: 'slow',
      }),
    );
    expect(lateOrders).toBe(1);
    // Of the exits: what is sold again after both were filled leaves after the last minute, and is told of.
    const accused = findings.filter(({ cause }) => cause === 'an order after the last minute for new orders');
    expect(accused.filter(({ message }) => message.includes('MX'))).toEqual([]);
  });
});

describe('a hedge that is kept while a person is asked whose trades closed its short', () => {
  it('is to be left within a minute of the answer, and not of the exit', async () => {
    const boughtBack = { do: 'external', kind: 'external.bought_back', role: 'main', side: 'BUY', lots: 4 } as const;
    const { findings, results } = await runner.run(
      shortDay([
        onMoment('main_filled', 10_000, boughtBack),
        at('11:40:00', { do: 'command', of: { command: 'acknowledge' } }),
      ]),
    );
    expect([results, findings]).toEqual([['flat'], []]);
  });
});

describe('a stop that closes everything', () => {
  it('is not for what a person orders after it: that is left at the square-off', async () => {
    const { findings, results, orders } = await runner.run(
      quietDay([
        at('11:12:30', { do: 'command', of: { command: 'stop_and_close' } }),
        at('11:13:30', order({ leg: 'far', lots: 2, side: 'BUY' })),
      ]),
    );
    expect([results, findings, orders]).toEqual([['flat'], [], 2]);
  });
});

describe('a short whose hedge others have sold', () => {
  it('is bought back at whatever price: that nobody sees one is not asked to be told', async () => {
    const sold = { do: 'external', kind: 'external.hedge_sold', role: 'hedge', side: 'SELL', lots: 10 } as const;
    const never = { kind: 'place.never', calls: ['placeOrder'], effect: { do: 'lost' }, count: 2 } as const;
    const dark = { kind: 'ticks.silent', effect: { do: 'silent' }, forMs: 120_000 } as const;
    const { findings, met } = await runner.run(
      shortDay([
        onMoment('main_leaves', 0, { do: 'ticker_fault', fault: dark }),
        onMoment('main_filled', 0, callFault(never)),
        onMoment('main_filled', 0, sold),
      ]),
    );
    expect(met).toEqual(expect.arrayContaining(['ticks.silent', 'place.never', 'external.hedge_sold']));
    expect(findings).toEqual([]);
  });
});

describe('an exit that has shown the price of a peak', () => {
  it('may cost less again once the exchange has refused that', async () => {
    const peak = { kind: 'price_shift', count: 1, role: 'main', points: 150, seconds: 3 } as const;
    const { findings, met } = await runner.run(
      quietDay([
        thin('stop_rests', 'BUY', 1),
        onMoment('stop_rests', 5_000, { do: 'exchange_fault', kind: 'price.spike', fault: peak }),
        onMoment('stop_rests', 5_000, rejecting('BUY')),
      ]),
    );
    expect(met).toEqual(expect.arrayContaining(['price.spike', 'order.thin', 'order.rejected']));
    expect(findings).toEqual([]);
  });
});

describe('an order whose answer is lost', () => {
  it('is in doubt for nobody once a list has shown it, also one that stands still', async () => {
    const effect = { do: 'late', ms: 1_240 } as const;
    const lists = ['orders', 'orderHistory', 'trades', 'orderTrades'] as const;
    const frozen = { kind: 'orders.frozen', calls: lists, effect: { do: 'frozen' }, forMs: 44_000 } as const;
    const { findings, used } = await runner.run(
      shortDay([
        onMoment('signal', 0, callFault({ kind: 'place.lost', calls: ['placeOrder'], effect, count: 1 })),
        onMoment('hedge_filled', 0, callFault(frozen)),
      ]),
    );
    expect(used).toEqual(expect.arrayContaining(['place.lost', 'orders.frozen']));
    expect(findings).toEqual([]);
  });
});

describe('a stop that the exchange has cancelled', () => {
  it('is missed from when a list or the ticker could tell of it', async () => {
    const lists = ['orders', 'orderHistory', 'trades', 'orderTrades'] as const;
    const frozen = { kind: 'orders.frozen', calls: lists, effect: { do: 'frozen' }, forMs: 50_000 } as const;
    const away = { kind: 'ticks.unavailable', effect: { do: 'unavailable' }, forMs: 25_000, cuts: true } as const;
    const spike = { kind: 'price_shift', count: 1, points: 150, seconds: 10, role: 'main' } as const;
    const cancels = { kind: 'cancel_triggered', count: 1 } as const;
    const day = (more: Event[]) =>
      runner.run(
        shortDay([
          onMoment('stop_rests', 3_000, callFault(frozen)),
          onMoment('stop_rests', 3_000, { do: 'exchange_fault', kind: 'order.cancelled_at_trigger', fault: cancels }),
          onMoment('stop_rests', 10_000, { do: 'exchange_fault', kind: 'price.spike', fault: spike }),
          ...more,
        ]),
      );
    const { findings, used } = await day([onMoment('stop_rests', 3_000, { do: 'ticker_fault', fault: away })]);
    expect(used).toEqual(expect.arrayContaining(['orders.frozen', 'order.cancelled_at_trigger', 'ticks.unavailable']));
    expect(findings).toEqual([]);
  });
});

describe('a session that the broker has ended', () => {
  it('is to be told of from the first call on that is answered so', async () => {
    const calls = ['orders', 'orderHistory', 'trades', 'orderTrades', 'positions', 'quotes'] as const;
    const gateway = { kind: 'reads.gateway', calls, effect: { do: 'gateway' }, forMs: 32_000 } as const;
    const { findings, used } = await runner.run(
      shortDay(
        [onMoment('main_filled', 5_000, callFault(gateway)), onMoment('main_filled', 6_000, { do: 'token_death' })],
        {},
        120_000,
      ),
    );
    expect(used).toEqual(expect.arrayContaining(['reads.gateway', 'session.dies']));
    expect(findings).toEqual([]);
  });
});

describe('a run that is lost', () => {
  const lost = { do: 'lose_run', forMs: 20_000 } as const;
  it('may have forgotten a command of its last seconds, and none of before', async () => {
    const commanded = (ms: number) =>
      runner.run(
        quietDay([
          onMoment('main_filled', 30_000, { do: 'command', of: { command: 'close_position', which: 0 } }),
          onMoment('main_filled', 30_000 + ms, lost),
        ]),
      );
    for (const ms of [10, 200, 10_000]) {
      const { findings, used, results } = await commanded(ms);
      expect([findings, used.includes('workflow.lost'), results]).toEqual([[], true, ['flat']]);
    }
  });

  it('and a login that is not back: the next morning tells what is held', async () => {
    const gone = { do: 'token_death', forGood: true } as const;
    const { findings, results } = await runner.run(
      quietDay([onMoment('hedge_leaves', 150, lost), onMoment('hedge_leaves', 200, gone)], {
        dates: ['2025-07-14', '2025-07-15'],
        plan: { numLots: 4, exitPolicy: 'weekly' },
        pace: 'slow',
      }),
    );
    expect([findings, results]).toEqual([[], ['not_flat', 'flat']]);
  });
});

describe('days on which nothing goes wrong have no findings', () => {
  const large = { numLots: 5, maxCapitalAtRisk: 50_000_000_00, maxLossPerDay: 100_000_00 };
  const twoSignals: Partial<Case> = {
    dates: ['2025-12-12', '2025-12-15'],
    market: { signal: 'FRIDAY', later: [[]] },
    pace: 'slow',
  };
  it.each<[string, Case, number]>([
    [
      'two signals of two weeks are two positions',
      quietDay([], { ...twoSignals, plan: { ...large, exitPolicy: 'weekly' } }),
      7,
    ],
    ['a plan without a hedge', shortDay([], { plan: { ...large, useHedging: false, allowUnhedged: true } }), 2],
    ['a hedge 300 points away', shortDay([], { plan: { ...large, hedgeDistance: 300_00 } }), 4],
    ['an account that has too little', shortDay([], { plan: large, cash: 50_000_00, isTight: true }), 0],
  ])('%s', async (_name, of, orders) => {
    const outcome = await runner.run(of);
    expect(outcome.findings).toEqual([]);
    expect(outcome.orders).toBe(orders);
  });
});
