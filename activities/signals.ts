/** The hourly decision, and the index close that ends positions. Breeze decides; Kite and our own ticks speak against it, or stand in. */
import { Context } from '@temporalio/activity';
import type { DayActivities, HourClose, HourEvaluation, HourInput } from '../src/contract/activities.ts';
import { istIso } from '../src/domain/clock.ts';
import { evaluateWeek, type WeekDecision } from '../src/domain/strategy/index.ts';
import type { MarketMs } from '../src/domain/types.ts';
import type { Account } from '../src/journal/types.ts';
import type { DecisionCandles } from '../src/market/candles.ts';
import type { OwnBars } from '../src/market/cross-check.ts';
import { NIFTY_TOKEN } from '../src/market/types.ts';
import type { Deps } from './deps.ts';

/** The stop's bar comes from Breeze within this time of the close, else from our own ticks (TRADING section 5). Wall time. */
const STOP_BAR_WITHIN_MS = 20_000;

export function createSignalActivities(
  deps: Pick<Deps, 'candles' | 'feed' | 'sessions'> & { account: Account; stopBarWithinMs?: number },
): Pick<DayActivities, 'evaluateHour' | 'readHourClose'> {
  const { stopBarWithinMs = STOP_BAR_WITHIN_MS } = deps;
  const watched = () => ({ signal: Context.current().cancellationSignal });
  const own: OwnBars = (start, end) => deps.feed.ownBar(NIFTY_TOKEN, start, end);

  return {
    async evaluateHour({ barStart, barEnd }: HourInput): Promise<HourEvaluation> {
      const kite = await deps.sessions.current(deps.account);
      const seen = await deps.candles.forDecision({ barStart, barEnd, kite, own, ...watched() });
      if (seen.kind === 'no_data') return nothing(seen.reason);
      if (seen.kind === 'contradicted') return contradicted(seen.reason);
      const week = evaluateWeek(seen.bars, barEnd);
      // Older bars that are disputed matter only where the decision hangs on them.
      if (seen.otherwise && !isSameDecision(week, evaluateWeek(seen.otherwise, barEnd))) {
        return contradicted(`an older bar is disputed, and decides: ${seen.disputed}`);
      }
      return {
        source: seen.source,
        bar: seen.bars.find((bar) => bar.start === barStart) ?? null,
        bias: week.bias,
        signal: week.signal,
        firedAt: week.firedAt,
        stop: week.stop,
        strike: week.strike,
        optionType: week.optionType,
        reason: week.reason,
        note: noteOn(seen),
        // Outvoted in the hour that decides: the other two sources decide, and the owner hears of it.
        ...(seen.source === 'kite' && seen.outvoted ? { contradicted: outvoted(seen.outvoted) } : {}),
      };
    },

    async readHourClose(input: HourInput): Promise<HourClose> {
      const seen = await deps.candles.closeWithin({ ...input, withinMs: stopBarWithinMs, ...watched() });
      const ticks = own(input.barStart, input.barEnd)?.close ?? null;
      if (seen) return { close: seen.close, source: 'breeze', ticks };
      if (ticks !== null) return { close: ticks, source: 'ticks', ticks };
      const kite = await deps.sessions.current(deps.account);
      const bar = kite && (await deps.candles.closeByKite({ ...input, kite, ...watched() }));
      return bar ? { close: bar.close, source: 'kite', ticks } : { close: null, source: 'none', ticks };
    },
  };
}

function isSameDecision(one: WeekDecision, other: WeekDecision): boolean {
  return (['bias', 'signal', 'firedAt', 'stop', 'strike', 'optionType', 'reason'] as const).every(
    (of) => one[of] === other[of],
  );
}

const outvoted = (bars: string) => `Kite and our own ticks contradict Breeze, and decide: ${bars}`;

function noteOn(seen: Extract<DecisionCandles, { kind: 'bars' }>): string | null {
  const notes = [
    holesIn(seen.filledFromKite),
    seen.outvoted && `${outvoted(seen.outvoted)}.`,
    seen.disputed && `Older bars are disputed, and change nothing: ${seen.disputed}.`,
    seen.isUnchecked && seen.source === 'breeze' ? 'No second source has shown this hour: Breeze alone decides.' : null,
  ].filter((note) => note !== null);
  return notes.length > 0 ? notes.join(' ') : null;
}

function holesIn(filled: readonly MarketMs[]): string | null {
  if (filled.length === 0) return null;
  return `Breeze has no bars of ${filled.map((start) => istIso(start).slice(0, 16)).join(', ')}: Kite's were taken.`;
}

const contradicted = (reason: string): HourEvaluation => ({
  ...nothing('the sources of the candles contradict each other'),
  contradicted: reason,
});

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
