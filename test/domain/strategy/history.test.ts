/** The strategy against years of real candles: every decision of the origin system from 2021 to 2023. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isFullTradingDay } from '../../../src/domain/calendar/index.ts';
import { addDays, istAt, istDate, istIso } from '../../../src/domain/clock.ts';
import {
  aggregateHourly,
  DEFAULT_PARAMS,
  evaluateWeek,
  type StrategyParams,
  weekStartOf,
} from '../../../src/domain/strategy/index.ts';
import type { Bar, IsoDate } from '../../../src/domain/types.ts';
import { readCandleFile } from '../../../src/platform/candle-files.ts';

const FOLDER = resolve(process.env.MARKET_DATA_DIR ?? '../shared/data');
const PRESENT = existsSync(join(FOLDER, 'nifty_1h.csv')) && existsSync(join(FOLDER, 'signals_2021_2023.json'));
if (!PRESENT) {
  console.warn(
    `SKIPPED: no years of candles in ${FOLDER}. Set MARKET_DATA_DIR to the folder of nifty_1h.csv to run them.`,
  );
}

type OriginWeek = {
  weekStart: string;
  skipped?: string;
  prevHigh: number;
  prevLow: number;
  prevClose: number;
  prevMax4hBody: number;
  prevMin4hBody: number;
  zones: Record<'upperTop' | 'upperBottom' | 'lowerTop' | 'lowerBottom' | 'marginHigh' | 'marginLow', number>;
  distToResistance: number;
  distToSupport: number;
  bias: string;
  signal: string | null;
  barCloseTime: string | null;
  barIndex: number | null;
  stopLoss: number | null;
  strike: number | null;
  optionType: string | null;
};

let bars: Bar[];
let byWeek: Map<IsoDate, Bar[]>;

function decide(week: IsoDate, params: Partial<StrategyParams> = {}) {
  const known = [...(byWeek.get(addDays(week, -7)) ?? []), ...(byWeek.get(week) ?? [])];
  return evaluateWeek(known, istAt(addDays(week, 6), '23:59'), { ...DEFAULT_PARAMS, ...params });
}

/** Weeks whose decision another parameter changes. */
function changedBy(params: Partial<StrategyParams>): IsoDate[] {
  return [...byWeek.keys()].filter((week) => {
    const [one, other] = [decide(week), decide(week, params)];
    return one.signal !== other.signal || one.firedAt !== other.firedAt || one.strike !== other.strike;
  });
}

const rupees = (paise: number | null) => (paise === null ? null : paise / 100);

describe.skipIf(!PRESENT)('over real hourly candles', () => {
  beforeAll(async () => {
    bars = (await readCandleFile(join(FOLDER, 'nifty_1h.csv'))).bars;
    byWeek = new Map();
    for (const bar of bars) {
      const week = weekStartOf(istDate(bar.start));
      byWeek.set(week, [...(byWeek.get(week) ?? []), bar]);
    }
  });

  it('every week of 2021 to 2023 is decided as the origin decided it', () => {
    const origin: OriginWeek[] = JSON.parse(readFileSync(join(FOLDER, 'signals_2021_2023.json'), 'utf8'));
    expect(origin).toHaveLength(145);
    for (const week of origin) {
      const got = decide(week.weekStart);
      const at = got.firedAt === null ? null : istIso(got.firedAt).slice(0, 19);
      if (week.skipped) {
        expect({ week: week.weekStart, skipped: got.reason, signal: got.signal }).toEqual({
          week: week.weekStart,
          skipped: week.skipped,
          signal: null,
        });
        continue;
      }
      const { zones, margins, distances } = got;
      expect({
        weekStart: got.weekStart,
        levels: Object.values(got.levels ?? {}).map(rupees),
        zones: [zones?.upperTop, zones?.upperBottom, zones?.lowerTop, zones?.lowerBottom].map((p) => rupees(p ?? null)),
        margins: [rupees(margins?.high ?? null), rupees(margins?.low ?? null)],
        distances: [rupees(distances?.resistance ?? null), rupees(distances?.support ?? null)],
        bias: got.bias,
        signal: got.signal,
        at,
        bar: got.barNumber,
        stop: rupees(got.stop),
        strike: rupees(got.strike),
        optionType: got.optionType,
      }).toEqual({
        weekStart: week.weekStart,
        levels: [week.prevHigh, week.prevLow, week.prevClose, week.prevMax4hBody, week.prevMin4hBody],
        zones: [week.zones.upperTop, week.zones.upperBottom, week.zones.lowerTop, week.zones.lowerBottom],
        margins: [week.zones.marginHigh, week.zones.marginLow],
        distances: [week.distToResistance, week.distToSupport],
        bias: week.bias,
        signal: week.signal,
        at: week.barCloseTime,
        bar: week.barIndex,
        stop: week.stopLoss,
        strike: week.strike,
        optionType: week.optionType,
      });
    }
  });

  it('one call in these years is struck higher than the origin struck it', () => {
    expect(changedBy({ callStrike: 'origin' })).toEqual(['2024-08-04']);
    expect(decide('2024-08-04')).toMatchObject({ signal: 'S5', stop: 2_435_005, strike: 2_440_000 });
  });

  it('S6 fires only where a touch of the resistance zone is not enough for S3', () => {
    const weeks = [...byWeek.keys()];
    expect(weeks.filter((week) => decide(week).signal === 'S6')).toHaveLength(0);
    expect(weeks.filter((week) => decide(week, { resistanceTouch: false }).signal === 'S6')).toHaveLength(4);
  });

  it('hours made of 15-minute bars are the hourly bars', async () => {
    const { bars: quarters, minutes } = await readCandleFile(join(FOLDER, 'nifty_15m.csv'));
    const made = aggregateHourly(quarters, minutes);
    expect(minutes).toBe(15);
    expect(made).toEqual(bars.slice(0, made.length));
    expect(made.length).toBeGreaterThan(7_000);
  });

  it('the calendar knows every day of the official closes, and no other', () => {
    const text = readFileSync(join(FOLDER, 'nifty_daily_official.csv'), 'utf8');
    const traded = new Set(text.split('\n').map((line) => line.slice(0, 10)));
    const last = '2026-07-31';
    // The file holds no weekend, and the evening sessions of Diwali as days.
    const diwali = ['2021-11-04', '2022-10-24', '2024-11-01', '2025-10-21'];
    const weekends = ['2024-01-20', '2025-02-01', '2026-02-01'];
    for (let date = '2021-04-01'; date <= last; date = addDays(date, 1)) {
      const expected = (traded.has(date) && !diwali.includes(date)) || weekends.includes(date);
      expect({ date, trades: isFullTradingDay(date) }).toEqual({ date, trades: expected });
    }
  });
});

describe('over the bundled fortnight', () => {
  it('the week of 14 July 2025 is the worked example: S1 at 11:15, 25000 PE', async () => {
    const { bars: fortnight, minutes } = await readCandleFile('data/nifty_1h_2025-07-07_2025-07-18.csv');
    expect(minutes).toBe(60);
    const decision = evaluateWeek(fortnight, istAt('2025-07-18', '15:30'));
    expect(decision).toMatchObject({
      weekStart: '2025-07-13',
      reason: null,
      levels: { high: 2_554_870, low: 2_512_900, close: 2_514_055, max4hBody: 2_553_900, min4hBody: 2_514_055 },
      zones: { upperTop: 2_554_870, upperBottom: 2_553_900, lowerTop: 2_514_055, lowerBottom: 2_512_900 },
      margins: { high: 2_910, low: 3_465 },
      distances: { resistance: 39_845, support: 0 },
      bias: 'BULLISH',
      signal: 'S1',
      firedAt: istAt('2025-07-14', '11:15'),
      stop: 2_501_220,
      strike: 2_500_000,
      optionType: 'PE',
    });
    expect(decision.checks.find((check) => check.signal === 'S2')?.why).toBe(
      'the first bar closed below the support zone',
    );
    // An hour earlier only the first bar is known.
    expect(evaluateWeek(fortnight, istAt('2025-07-14', '11:14')).signal).toBeNull();
  });
});
