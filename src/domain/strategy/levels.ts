import { IST_OFFSET_MS, istDate } from '../clock.ts';
import type { Bar, Bias, Paise } from '../types.ts';
import type { StrategyParams } from './params.ts';

/** The previous week in five prices: its extremes, its last hourly close, the extremes of its 4-hour bodies. */
export type Levels = { high: Paise; low: Paise; close: Paise; max4hBody: Paise; min4hBody: Paise };

export type Zones = { upperTop: Paise; upperBottom: Paise; lowerTop: Paise; lowerBottom: Paise };

/** All that the previous week decides for this one (STRATEGY sections 3 and 4). */
export type WeekContext = {
  levels: Levels;
  zones: Zones;
  margins: { high: Paise; low: Paise };
  distances: { resistance: Paise; support: Paise };
  bias: Bias;
};

/** From the previous week's hourly bars, sorted, at least one. */
export function weekContext(previous: readonly Bar[], params: StrategyParams): WeekContext {
  const high = Math.max(...previous.map((bar) => bar.high));
  const low = Math.min(...previous.map((bar) => bar.low));
  const close = previous.at(-1)?.close ?? 0;
  const bodies = fourHourBlocks(previous, params.fourHourBlocks).flatMap((block) => [
    block[0]?.open ?? 0,
    block.at(-1)?.close ?? 0,
  ]);
  const max4hBody = Math.max(...bodies);
  const min4hBody = Math.min(...bodies);
  const resistance = Math.abs(close - max4hBody);
  const support = Math.abs(close - min4hBody);
  const margin = (height: Paise) => Math.max(params.marginZones * height, params.leastMargin);
  return {
    levels: { high, low, close, max4hBody, min4hBody },
    zones: { upperTop: high, upperBottom: max4hBody, lowerTop: min4hBody, lowerBottom: low },
    margins: { high: margin(high - max4hBody), low: margin(min4hBody - low) },
    distances: { resistance, support },
    bias: biasOf(resistance, support),
  };
}

function biasOf(resistance: Paise, support: Paise): Bias {
  if (support < resistance) return 'BULLISH';
  return resistance < support ? 'BEARISH' : 'NEUTRAL';
}

function fourHourBlocks(bars: readonly Bar[], kind: StrategyParams['fourHourBlocks']): Bar[][] {
  const blocks = new Map<string, Bar[]>();
  for (const [index, bar] of bars.entries()) {
    const minutes = ((bar.start + IST_OFFSET_MS) % 86_400_000) / 60_000;
    const number = {
      clock: `${istDate(bar.start)} ${Math.floor(minutes / 240)}`,
      session: `${istDate(bar.start)} ${Math.floor((minutes - 555) / 240)}`,
      sequence: `${Math.floor(index / 4)}`,
    }[kind];
    const block = blocks.get(number);
    if (block) block.push(bar);
    else blocks.set(number, [bar]);
  }
  return [...blocks.values()];
}
