/** Candle files for days of the test's own making, after the real week before them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays } from '../../src/domain/clock.ts';
import type { IsoDate } from '../../src/domain/types.ts';

export type Hour = readonly [open: number, high: number, low: number, close: number];

/** 14 July 2025 as it was until S1 fired at 11:15. */
const FIRST_HOURS: readonly Hour[] = [
  [25149.5, 25151.1, 25041.9, 25119.8],
  [25120.75, 25127.05, 25061.85, 25063.95],
];
const STARTS = ['09:15', '10:15', '11:15', '12:15', '13:15', '14:15', '15:15'];
const BUNDLE = new URL('../../data/nifty_1h_2025-07-07_2025-07-18.csv', import.meta.url);

export type CandleFile = { path: string; remove(): Promise<void> };

/** A file whose Monday 14 July fires S1 at 11:15 and goes on with `hours` from 11:15 on; the last one is repeated to the close. */
export function mondayAfterS1(...hours: readonly Hour[]): Promise<CandleFile> {
  return candleFile({ '2025-07-14': [...FIRST_HOURS, ...hours] });
}

/** A file whose Monday 14 July fires S1 at 11:15, and whose Tuesday is of the test's own making; Monday's last hour is repeated. */
export function tuesdayAfterS1(monday: readonly Hour[], tuesday: readonly Hour[]): Promise<CandleFile> {
  return candleFile({ '2025-07-14': [...FIRST_HOURS, ...monday], '2025-07-15': tuesday });
}

/**
 * The real week of 7 July 2025, or so many days earlier, and then days of the given hours; the last one of a day is repeated to its
 * close.
 */
export async function candleFile(days: Record<IsoDate, readonly Hour[]>, earlier = 0): Promise<CandleFile> {
  const lines = (await readFile(BUNDLE, 'utf8')).split('\n');
  const before = moved(
    lines.filter((line) => line.startsWith('time,') || line < '2025-07-12'),
    earlier,
  );
  const made = Object.entries(days).flatMap(([date, hours]) => {
    const last = hours.at(-1)?.[3] ?? 0;
    return STARTS.map((start, index) => {
      const [open, high, low, close] = hours[index] ?? [last, last, last, last];
      const prices = [open, high, low, close].map((price) => price.toFixed(2));
      return `${date}T${start}:00+05:30,${prices.join(',')},0`;
    });
  });
  return write([...before.filter(Boolean), ...made]);
}

/** The two bundled weeks, so many days earlier. */
export async function bundleEarlier(days: number): Promise<CandleFile> {
  const lines = (await readFile(BUNDLE, 'utf8')).split('\n').filter(Boolean);
  return write(moved(lines, days));
}

function moved(lines: readonly string[], days: number): string[] {
  return lines
    .filter(Boolean)
    .map((line) => (line.startsWith('time,') ? line : `${addDays(line.slice(0, 10), -days)}${line.slice(10)}`));
}

async function write(lines: readonly string[]): Promise<CandleFile> {
  const folder = await mkdtemp(join(tmpdir(), 'candles-'));
  const path = join(folder, 'candles.csv');
  await writeFile(path, `${lines.join('\n')}\n`);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
