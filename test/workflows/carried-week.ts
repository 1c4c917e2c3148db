/** Days that follow each other: one account, one book on disk, one journal. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Plan } from '../../src/contract/commands.ts';
import type { DayReport } from '../../src/contract/views.ts';
import type { IsoDate } from '../../src/domain/types.ts';
import type { CandleFile } from './candles.ts';
import type { DayOptions, SimulatedDay, SimulatedStage } from './stage.ts';

export const WEEKLY: Partial<Plan> = { exitPolicy: 'weekly' };

type ForeignTrade = Parameters<SimulatedDay['exchange']['foreignTrade']>[0];

export type Week = {
  /** Opens a day; the one before must have been ended. */
  day(date: IsoDate, options?: DayOptions): Promise<SimulatedDay>;
  /** Waits for the day's report and closes its market. */
  end(day: SimulatedDay): Promise<DayReport>;
};

let weeks = 0;

/** On recorded candles, or on those of a file, which goes with it. It ends with its test. */
export async function openWeek(stage: Pick<SimulatedStage, 'startDay'>, candles?: CandleFile): Promise<Week> {
  weeks += 1;
  const account = `week-${weeks}`;
  const dataDir = await mkdtemp(join(tmpdir(), 'week-'));
  let playing: SimulatedDay | null = null;
  const closeDay = async () => {
    await playing?.close();
    playing = null;
  };
  onTestFinished(async () => {
    await closeDay();
    await rm(dataDir, { recursive: true, force: true });
    await candles?.remove();
  });
  return {
    async day(date, options = {}) {
      playing = await stage.startDay({
        account,
        date,
        ...options,
        exchange: { dataDir, ...(candles ? { candles: candles.path } : {}), ...options.exchange },
      });
      return playing;
    },
    async end(day) {
      const report = await day.result();
      await closeDay();
      return report;
    },
  };
}

/** A week whose first day has ended: on Monday 14 July 2025, unless another is given, a signal's position is sold and carried. */
export async function carriedWeek(
  stage: Pick<SimulatedStage, 'startDay'>,
  {
    plan = {},
    date = '2025-07-14',
    candles,
    options,
  }: { plan?: Partial<Plan>; date?: IsoDate; candles?: CandleFile; options?: DayOptions } = {},
): Promise<{ week: Week; report: DayReport }> {
  const week = await openWeek(stage, candles);
  const today = await week.day(date, options);
  await today.logIn();
  await today.start({ ...WEEKLY, ...plan });
  await today.opened();
  return { week, report: await week.end(today) };
}

/** A week in which somebody else has bought or sold on Friday 11 July 2025 what they still hold on Monday. */
export async function weekBesideOthers(stage: Pick<SimulatedStage, 'startDay'>, theirs: ForeignTrade): Promise<Week> {
  const week = await openWeek(stage);
  const friday = await week.day('2025-07-11', { from: '15:00' });
  friday.exchange.foreignTrade(theirs);
  await week.end(friday);
  return week;
}
