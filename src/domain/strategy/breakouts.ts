import { istDate } from '../clock.ts';
import type { Bar, Paise } from '../types.ts';

/** What one bar is in its week (STRATEGY section 5). `edge`: the breakout begins on this bar. */
export type BarState = {
  newHigh: boolean;
  newLow: boolean;
  up: { level: boolean; edge: boolean };
  down: { level: boolean; edge: boolean };
};

/** Steps through a week's bars, oldest first: the extremes so far, and the breakout and breakdown machines. */
export class WeekState {
  private readonly first: Bar;
  private readonly firstDate: string;
  private readonly before: Bar[] = [];
  /** The high (low) of the later day's bar that has to be closed above (below); set once, never moved. */
  private breakout: Paise | null = null;
  private breakdown: Paise | null = null;
  private wasUp = false;
  private wasDown = false;

  constructor(first: Bar) {
    this.first = first;
    this.firstDate = istDate(first.start);
  }

  step(bar: Bar): BarState {
    const highs = this.before.map((earlier) => earlier.high);
    const lows = this.before.map((earlier) => earlier.low);
    const newHigh = highs.length > 0 && bar.close > Math.max(...highs);
    const newLow = lows.length > 0 && bar.close < Math.min(...lows);
    const up = this.isUp(bar, Math.max(...highs));
    const down = this.isDown(bar, Math.min(...lows));
    const state = {
      newHigh,
      newLow,
      up: { level: up, edge: up && !this.wasUp },
      down: { level: down, edge: down && !this.wasDown },
    };
    this.wasUp = up;
    this.wasDown = down;
    this.before.push(bar);
    return state;
  }

  private isUp(bar: Bar, maxHigh: Paise): boolean {
    if (istDate(bar.start) === this.firstDate) return bar.close > this.first.high;
    if (this.breakout !== null) return bar.close > this.breakout;
    if (bar.close > bar.open && bar.close > this.first.high && bar.high >= maxHigh) this.breakout = bar.high;
    return false;
  }

  private isDown(bar: Bar, minLow: Paise): boolean {
    if (istDate(bar.start) === this.firstDate) return bar.close < this.first.low;
    if (this.breakdown !== null) return bar.close < this.breakdown;
    if (bar.close < bar.open && bar.close < this.first.low && bar.low <= minLow) this.breakdown = bar.low;
    return false;
  }
}
