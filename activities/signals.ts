/** The hourly decision, and the index close that ends positions. Breeze decides; Kite stands in, flagged. */
import { Context } from '@temporalio/activity';
import type { DayActivities, HourClose, HourEvaluation, HourInput } from '../src/contract/activities.ts';
import { istIso } from '../src/domain/clock.ts';
import { evaluateWeek } from '../src/domain/strategy/index.ts';
import type { MarketMs } from '../src/domain/types.ts';
import type { Account } from '../src/journal/types.ts';
import { NIFTY_TOKEN } from '../src/market/types.ts';
import type { Deps } from './deps.ts';

/** The stop's bar comes from Breeze within this time of the close, else from our own ticks (TRADING section 5). Wall time. */
const STOP_BAR_WITHIN_MS = 20_000;

export function createSignalActivities(
  deps: Deps & { account: Account; stopBarWithinMs?: number },
): Pick<DayActivities, 'evaluateHour' | 'readHourClose'> {
  const { stopBarWithinMs = STOP_BAR_WITHIN_MS } = deps;
  const watched = () => ({
    signal: Context.current().cancellationSignal,
    heartbeat: () => Context.current().heartbeat(),
  });

  return {
    async evaluateHour(input: HourInput): Promise<HourEvaluation> {
      const kite = await deps.sessions.current(deps.account);
      const seen = await deps.candles.forDecision({
        barStart: input.barStart,
        barEnd: input.barEnd,
        kite,
        ...watched(),
      });
      if (seen.kind === 'no_data') return nothing(seen.reason);
      const week = evaluateWeek(seen.bars, input.barEnd);
      return {
        source: seen.source,
        bar: seen.bars.find((bar) => bar.start === input.barStart) ?? null,
        bias: week.bias,
        signal: week.signal,
        firedAt: week.triggeredAt,
        stop: week.stop,
        strike: week.strike,
        optionType: week.optionType,
        reason: week.skipped,
        note: holesIn(seen.filledFromKite),
      };
    },

    async readHourClose(input: HourInput): Promise<HourClose> {
      const seen = await deps.candles.closeWithin({ ...input, withinMs: stopBarWithinMs, ...watched() });
      const ticks = deps.feed.ownBar(NIFTY_TOKEN, input.barStart, input.barEnd)?.close ?? null;
      if (seen) return { close: seen.close, source: 'breeze', ticks };
      return { close: ticks, source: ticks === null ? 'none' : 'ticks', ticks };
    },
  };
}

function holesIn(filled: readonly MarketMs[]): string | null {
  if (filled.length === 0) return null;
  return `Breeze has no bars of ${filled.map((start) => istIso(start).slice(0, 16)).join(', ')}: Kite's were taken.`;
}

function nothing(reason: string): HourEvaluation {
  return {
    source: 'none',
    bar: null,
    bias: null,
    signal: null,
    firedAt: null,
    stop: null,
    strike: null,
    optionType: null,
    reason,
    note: null,
  };
}
