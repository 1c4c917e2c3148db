import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Plan } from '../../src/contract/commands.ts';
import { openStage } from './simulated-day.ts';
import type { DayOptions, SimulatedDay, SimulatedStage } from './stage.ts';

/** The stage of a test file: it ends with the file, and a day with the test that began it. */
export type FileStage = Omit<SimulatedStage, 'close'> & {
  /** A day on which somebody has logged in and pressed start. */
  tradingDay(options?: DayOptions, plan?: Partial<Plan>): Promise<SimulatedDay>;
};

export function stageOfFile(): FileStage {
  let stage: SimulatedStage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());

  const ofFile: FileStage = {
    get journal() {
      return stage.journal;
    },
    async startDay(options) {
      const day = await stage.startDay(options);
      onTestFinished(() => day.close());
      return day;
    },
    async tradingDay(options, plan) {
      const day = await ofFile.startDay(options);
      await day.logIn();
      await day.start(plan);
      return day;
    },
  };
  return ofFile;
}
