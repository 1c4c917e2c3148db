/** Whether sources agree on the index's half hours: one that two others contradict decides nothing (TRADING section 8, FAULTS F15). */
import { istIso } from '../domain/clock.ts';
import { hourlyBarEnd } from '../domain/strategy/index.ts';
import type { Bar, MarketMs, Paise } from '../domain/types.ts';
import type { OwnBar } from './types.ts';

/** Highs, lows and closes that differ by more are not the same bar. The open is left out: Kite corrects it later. */
const AGREED_WITHIN: Paise = 5_00;
/** Ticks with longer holes (a replay that runs fast) may have missed a high, a low or the close. Market time. */
const LONGEST_HOLE_MS = 5_000;

export const HALF_HOUR_MS = 1_800_000;

/** Our own bar of a span, as the feed has it. */
export type OwnBars = (start: MarketMs, end: MarketMs) => OwnBar | undefined;

export type Checked = {
  /** Breeze's, where nothing is known against them; Kite's, where our own ticks agree with it and not with Breeze. */
  bars: Bar[];
  /** Starts of half hours in which Breeze stood against Kite and our own ticks. */
  outvoted: MarketMs[];
  /** Of those in which two sources differ and no third one says who is right. `bars` has Breeze's. */
  disputed: MarketMs[];
  /** Of those that only Breeze knows. */
  unchecked: MarketMs[];
  /** `bars` with what the other source says of the disputed ones. */
  otherwise: Bar[];
};

export function areAlike(one: Bar, other: Bar): boolean {
  return (['high', 'low', 'close'] as const).every((of) => Math.abs(one[of] - other[of]) <= AGREED_WITHIN);
}

/** Our own bar, where its ticks are dense enough to speak against others. */
export function denseBar(own: OwnBars, start: MarketMs, end: MarketMs): Bar | null {
  const found = own(start, end);
  if (!found || found.longestHole > LONGEST_HOLE_MS) return null;
  const { longestHole: _, ...bar } = found;
  return bar;
}

/** `breeze` and `kite` are half hours; Kite's are null where it gave no answer. */
export function crossCheck(breeze: readonly Bar[], kite: readonly Bar[] | null, own: OwnBars): Checked {
  const byKite = new Map(kite?.map((bar) => [bar.start, bar]));
  const checked: Checked = { bars: [], outvoted: [], disputed: [], unchecked: [], otherwise: [] };
  for (const bar of breeze) {
    const { start } = bar;
    const kites = byKite.get(start);
    const ours = denseBar(own, start, Math.min(start + HALF_HOUR_MS, hourlyBarEnd(start)));
    const others = [kites, ours].filter((other) => other !== undefined && other !== null);
    const isOutvoted = !!kites && !!ours && !areAlike(bar, kites) && !areAlike(bar, ours) && areAlike(kites, ours);
    const [other] = others;
    const believed = isOutvoted && kites ? kites : bar;
    if (isOutvoted) checked.outvoted.push(start);
    else if (!other) checked.unchecked.push(start);
    else if (!others.some((one) => areAlike(bar, one))) checked.disputed.push(start);
    checked.bars.push(believed);
    checked.otherwise.push(checked.disputed.at(-1) === start && other ? other : believed);
  }
  return checked;
}

/** What the sources say of bars, for a person: at most three of them. */
export function wordsOfBars(starts: readonly MarketMs[], sources: Record<string, readonly Bar[]>): string {
  const points = (price: Paise) => (price / 100).toFixed(2);
  const each = starts.slice(0, 3).map((start) => {
    const said = Object.entries(sources).flatMap(([name, bars]) => {
      const bar = bars.find((one) => one.start === start);
      return bar ? [`${name} ${points(bar.high)} / ${points(bar.low)} / ${points(bar.close)}`] : [];
    });
    return `${istIso(start).slice(0, 16)} (high / low / close) ${said.join(', ')}`;
  });
  return each.join('; ') + (starts.length > 3 ? `; and ${starts.length - 3} more` : '');
}
