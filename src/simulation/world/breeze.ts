/** ICICI Breeze's candles over the exchange's core, with its limits and its faults. */
import { breezeError } from '../../brokers/breeze-errors.ts';
import type { Breeze } from '../../brokers/types.ts';
import type { Bar, Paise } from '../../domain/types.ts';
import { faultNumber } from '../../exchange-simulator/core/faults.ts';
import type { Exchange } from '../../exchange-simulator/core/types.ts';
import type { RateLimiter } from '../../exchange-simulator/wire/rate-limits.ts';
import type { SimProcess } from '../process.ts';
import { after, later, virtualNow } from '../virtual-time.ts';
import type { Call, CallFaults } from './call-faults.ts';

export type BreezeWorld = {
  exchange: Exchange;
  limiter: RateLimiter;
  faults: CallFaults;
  latencyMs(): number;
  /** The adapter's own patience with a call, ten seconds unless given. */
  timeoutMs?: number;
  /** Bars that Breeze shows otherwise than they were: added to high and close. */
  contradicts(bar: Bar): Paise;
};

const MINUTES = { '5minute': 5, '30minute': 30 } as const;
const TIMEOUT_MS = 10_000;
const CANDLES: Call = { name: 'candles', method: 'GET', path: '/api/v2/historicalcharts' };

export function createSimulatedBreeze(world: BreezeWorld, process: SimProcess): Breeze {
  const { exchange, limiter, faults } = world;

  async function serve(from: number, to: number, minutes: number): Promise<Bar[]> {
    const slow = exchange.takeFault('breeze_slow');
    if (slow) await later(faultNumber(slow, 'ms', 5_000));
    if (exchange.takeFault('breeze_down')) throw down();
    const fault = faults.take(CANDLES);
    const effect = fault?.fault.effect;
    if (effect?.do === 'gateway' || effect?.do === 'cut' || effect?.do === 'refuse') throw down();
    if (effect?.do === 'lost' || effect?.do === 'late') return new Promise(() => {});
    if (effect?.do === 'slow' || effect?.do === 'late_answer') await later(effect.ms);
    if (exchange.takeFault('breeze_invalid_session'))
      throw breezeError({ status: 200, bodyStatus: 500, message: 'Invalid session.' });
    if (limiter.breeze() !== null)
      throw breezeError({
        status: 200,
        bodyStatus: 5,
        message: 'Limit exceed: API call per minute:Try after some time',
      });
    if (exchange.takeFault('breeze_empty') || effect?.do === 'empty') return [];
    const late = exchange.takeFault('breeze_late');
    const known = exchange.clock.now() - (late ? faultNumber(late, 'market_seconds', 60) * 1_000 : 0);
    const nifty = exchange.find('NSE', 'NIFTY 50');
    if (!nifty) return [];
    return exchange
      .candles(nifty, from, to, minutes)
      .filter((bar) => !late || bar.start + minutes * 60_000 <= known)
      .map((bar) => {
        const more = world.contradicts(bar);
        return more === 0
          ? bar
          : {
              ...bar,
              high: Math.max(bar.high, bar.close + more),
              low: Math.min(bar.low, bar.close + more),
              close: bar.close + more,
            };
      });
  }

  return {
    indexCandles: (from, to, interval) =>
      new Promise((resolve, reject) => {
        let over = false;
        const toClient = (then: () => void) => {
          if (over || process.dead) return;
          const wait = process.stoppedUntil - virtualNow();
          if (wait > 0) return void after(wait, () => toClient(then));
          over = true;
          noAnswer();
          then();
        };
        const noAnswer = after(world.timeoutMs ?? TIMEOUT_MS, () =>
          toClient(() =>
            reject(breezeError({ status: null, bodyStatus: null, message: 'No answer from Breeze: timeout' })),
          ),
        );
        after(world.latencyMs(), () => {
          serve(from, to, MINUTES[interval]).then(
            (bars) => after(world.latencyMs(), () => toClient(() => resolve(bars))),
            (error: unknown) => after(world.latencyMs(), () => toClient(() => reject(error))),
          );
        });
      }),
    optionCandles: async () => [],
    check: async () => ({ authenticated: true, reason: null }),
  };
}

function down() {
  return breezeError({ status: 503, bodyStatus: null, message: 'Request failed with status code 503' });
}
