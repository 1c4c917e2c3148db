/** Candle files for a Monday of the test's own making, after the real week before it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Hour = readonly [open: number, high: number, low: number, close: number];

/** 14 July 2025 as it was until S1 fired at 11:15. */
const FIRST_HOURS: readonly Hour[] = [
  [25149.5, 25151.1, 25041.9, 25119.8],
  [25120.75, 25127.05, 25061.85, 25063.95],
];
const STARTS = ['09:15', '10:15', '11:15', '12:15', '13:15', '14:15', '15:15'];
const BUNDLE = new URL('../../data/nifty_1h_2025-07-07_2025-07-18.csv', import.meta.url);

/** A file whose Monday 14 July fires S1 at 11:15 and goes on with `hours` from 11:15 on; the last one is repeated to the close. */
export async function mondayAfterS1(...hours: readonly Hour[]): Promise<{ path: string; remove(): Promise<void> }> {
  const lines = (await readFile(BUNDLE, 'utf8')).split('\n');
  const before = lines.filter((line) => line.startsWith('time,') || line < '2025-07-12');
  const all = [...FIRST_HOURS, ...hours];
  const last = all.at(-1)?.[3] ?? 0;
  const monday = STARTS.map((start, index) => {
    const [open, high, low, close] = all[index] ?? [last, last, last, last];
    const prices = [open, high, low, close].map((price) => price.toFixed(2));
    return `2025-07-14T${start}:00+05:30,${prices.join(',')},0`;
  });
  const folder = await mkdtemp(join(tmpdir(), 'candles-'));
  const path = join(folder, 'monday.csv');
  await writeFile(path, `${[...before.filter(Boolean), ...monday].join('\n')}\n`);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
