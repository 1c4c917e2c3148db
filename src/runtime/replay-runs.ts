/** A replay's run: numbered, with its own book, and gone on with until its last day is over. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { isTradingDay } from '../domain/calendar/index.ts';
import { addDays } from '../domain/clock.ts';
import type { IsoDate } from '../domain/types.ts';
import { AppError } from '../errors.ts';
import type { Journal } from '../journal/types.ts';

const Dates = z.object({ from: z.string(), to: z.string() });

export type ReplayRun = { run: number; dates: [IsoDate, ...IsoDate[]]; resumed: boolean; folder: string };

/**
 * The unfinished run, with the dates that it began with, else the next one.
 * Throws AppError `config_invalid` when no trading day lies between the dates, CalendarError outside the calendar.
 */
export async function openReplayRun(config: Config, journal: Journal): Promise<ReplayRun> {
  const last = await journal.replayRun(config.account);
  const resumed = last !== null && !last.finished;
  const run = resumed ? last.run : (last?.run ?? 0) + 1;
  const folder = join(config.dataDir, 'runs', String(run));
  const file = join(folder, 'run.json');
  await mkdir(folder, { recursive: true });
  const begun = resumed ? await readDates(file) : null;
  const { from, to } = begun ?? config.replay;
  const dates = tradingDates(from, to);
  if (!begun) {
    await writeFile(file, JSON.stringify({ from, to }));
    await journal.startReplayRun(config.account, run);
  }
  return { run, dates, resumed, folder };
}

/**
 * The run's number alone, for processes whose exchange is elsewhere, with its dates and its book: the unfinished run, else the next one.
 * All of them find the same.
 */
export async function replayRunOf(journal: Journal, account: string): Promise<number> {
  const last = await journal.replayRun(account);
  if (last && !last.finished) return last.run;
  const run = (last?.run ?? 0) + 1;
  await journal.startReplayRun(account, run);
  return run;
}

async function readDates(file: string) {
  try {
    return Dates.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

function tradingDates(from: IsoDate, to: IsoDate): ReplayRun['dates'] {
  const dates: IsoDate[] = [];
  for (let date = from; date <= to; date = addDays(date, 1)) if (isTradingDay(date)) dates.push(date);
  const [first, ...others] = dates;
  if (first) return [first, ...others];
  throw new AppError({
    code: 'config_invalid',
    message: `No trading day lies between REPLAY_FROM=${from} and REPLAY_TO=${to}. Choose dates with at least one.`,
    httpStatus: 500,
    retryable: false,
  });
}
