import { describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { AppError } from '../../src/errors.ts';
import { parseCandles, readCandleFile } from '../../src/platform/candle-files.ts';

const HEADER = 'time,open,high,low,close,volume';
const ROW = '2025-07-14T09:15:00+05:30,25149.50,25151.10,25041.90,25119.80,0';
const NEXT = '2025-07-14T09:30:00+05:30,25119.8,25120,25110,25115.05,7';

describe('a file of candles', () => {
  it('is read to the paisa, with its interval', () => {
    expect(parseCandles(`${HEADER}\n${ROW}\n${NEXT}\n`, 'a.csv')).toEqual({
      minutes: 15,
      bars: [
        {
          start: istAt('2025-07-14', '09:15'),
          open: 2_514_950,
          high: 2_515_110,
          low: 2_504_190,
          close: 2_511_980,
          volume: 0,
        },
        {
          start: istAt('2025-07-14', '09:30'),
          open: 2_511_980,
          high: 2_512_000,
          low: 2_511_000,
          close: 2_511_505,
          volume: 7,
        },
      ],
    });
  });

  it('may have Windows line ends and a byte order mark', () => {
    expect(parseCandles(`\uFEFF${HEADER}\r\n${ROW}\r\n`, 'a.csv').bars).toHaveLength(1);
  });

  it.each([
    ['another header', `date,open\n${ROW}`, /a\.csv, line 1: the header/],
    ['a time without an offset', `${HEADER}\n${ROW.replace('+05:30', '')}`, /line 2: .* is not a time with an offset/],
    ['a price that is no number', `${HEADER}\n${ROW.replace('25151.10', 'x')}`, /line 2: "x" is not a price/],
    ['a price with three decimals', `${HEADER}\n${ROW.replace('25151.10', '25151.105')}`, /line 2: .* two decimals/],
    ['a negative price', `${HEADER}\n${ROW.replace('25149.50', '-1')}`, /line 2: "-1" is not a price/],
    ['a missing column', `${HEADER}\n${ROW}\n${NEXT.replace(',7', '')}`, /line 3: 5 columns/],
    ['a volume that is no number', `${HEADER}\n${ROW}x`, /line 2: the volume/],
    ['a close above the high', `${HEADER}\n${ROW.replace('25119.80', '25200')}`, /line 2: open and close must lie/],
    ['bars out of order', `${HEADER}\n${NEXT}\n${ROW}`, /line 3: the bar does not start after/],
    ['the same bar twice', `${HEADER}\n${ROW}\n${ROW}`, /line 3: .* drop duplicates/],
    ['no bars', `${HEADER}\n`, /a\.csv holds no bars/],
    ['an interval that does not divide an hour', `${HEADER}\n${ROW}\n${NEXT.replace('09:30', '09:40')}`, /25 minutes/],
  ])('is refused for %s, with file and line', (_, text, message) => {
    const read = () => parseCandles(text, 'a.csv');
    expect(read).toThrow(AppError);
    expect(read).toThrow(message);
  });

  it('that does not exist is named', async () => {
    await expect(readCandleFile('data/none.csv')).rejects.toThrow(/Cannot read candles from data\/none\.csv/);
  });
});
