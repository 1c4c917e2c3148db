import { readFile } from 'node:fs/promises';
import { istDate } from '../domain/clock.ts';
import type { Bar, Paise } from '../domain/types.ts';
import { AppError } from '../errors.ts';

const HEADER = 'time,open,high,low,close,volume';
const PRICE = /^\d+(\.\d{1,2})?$/;

/** A file of bars of one interval, sorted. `minutes` divides an hour. */
export type CandleFile = { bars: Bar[]; minutes: number };

/**
 * Reads a CSV of bars: `time,open,high,low,close,volume`, time in ISO 8601 with its offset, the bar's START; prices in
 * rupees with at most two decimals. Throws AppError `bad_candle_file`, naming file and line.
 */
export async function readCandleFile(path: string): Promise<CandleFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw badFile(`Cannot read candles from ${path}: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  return parseCandles(text, path);
}

/** `name` is what errors call the file. */
export function parseCandles(text: string, name: string): CandleFile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines[0]?.trim() !== HEADER) throw badFile(`${name}, line 1: the header must be "${HEADER}", not "${lines[0]}".`);
  const bars: Bar[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const where = `${name}, line ${index + 1}`;
    const bar = parseLine(line, where);
    const previous = bars.at(-1);
    if (previous && bar.start <= previous.start) {
      throw badFile(`${where}: the bar does not start after the one before it. Sort the file and drop duplicates.`);
    }
    bars.push(bar);
  }
  if (bars.length === 0) throw badFile(`${name} holds no bars.`);
  return { bars, minutes: intervalOf(bars, name) };
}

function parseLine(line: string, where: string): Bar {
  const cells = line.split(',').map((cell) => cell.trim());
  const [time = '', ...numbers] = cells;
  if (cells.length !== 6) throw badFile(`${where}: ${cells.length} columns where ${HEADER} are expected.`);
  const start = /(Z|[+-]\d\d:\d\d)$/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(start)) {
    throw badFile(`${where}: "${time}" is not a time with an offset, like 2025-07-14T09:15:00+05:30.`);
  }
  const [open, high, low, close] = numbers.slice(0, 4).map((text) => toPaise(text, where));
  const volume = Number(numbers[4]);
  if (numbers[4] === '' || !Number.isFinite(volume) || volume < 0) {
    throw badFile(`${where}: the volume "${numbers[4]}" is not a number.`);
  }
  if (open === undefined || high === undefined || low === undefined || close === undefined) {
    throw badFile(`${where}: a price is missing.`);
  }
  if (low > Math.min(open, close) || high < Math.max(open, close)) {
    throw badFile(`${where}: open and close must lie between low and high.`);
  }
  return { start, open, high, low, close, volume };
}

/** Exact: no floating point on the way. */
function toPaise(text: string, where: string): Paise {
  if (!PRICE.test(text)) throw badFile(`${where}: "${text}" is not a price in rupees with at most two decimals.`);
  const [rupees, fraction = ''] = text.split('.');
  return Number(rupees) * 100 + Number(fraction.padEnd(2, '0'));
}

/** The smallest step between two bars of a day; an hour where no day has two. */
function intervalOf(bars: readonly Bar[], name: string): number {
  let minutes = 60;
  let previous: Bar | undefined;
  for (const bar of bars) {
    if (previous && istDate(previous.start) === istDate(bar.start)) {
      minutes = Math.min(minutes, (bar.start - previous.start) / 60_000);
    }
    previous = bar;
  }
  if (60 % minutes !== 0) {
    throw badFile(`${name}: bars of ${minutes} minutes; give bars of an interval that divides an hour.`);
  }
  return minutes;
}

function badFile(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'bad_candle_file', message, httpStatus: 422, retryable: false, cause });
}
