/** A recorded day on either Temporal, with all that it asked for and what came of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DayReport } from '../../src/contract/views.ts';
import type { ClockSegment } from '../../src/domain/clock.ts';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { fromPayload } from '../../src/simulation/temporal/payloads.ts';
import type { RecordedDay } from '../replay/recorded-days.ts';
import { mondayAfterS1 } from '../workflows/candles.ts';
import type { DayOptions, ReplayedStage, SharedDay, SimulatedStage, Stage } from '../workflows/stage.ts';
import { type Asked, askedBy, listener } from './asked.ts';

export type Played = {
  clock: readonly ClockSegment[];
  asked: Asked[];
  report: DayReport;
  /** What the journal has of it. */
  kept: DayReport | null;
  book: SimOrder[];
};

/** The same on both: how long a machine takes decides no price, and ends no call that is answered. */
const ALIKE: DayOptions = { stillMinutes: true, kiteTimeoutMs: 5_000 };

const ALWAYS_MS = 86_400_000;

export async function playedOnServer(stage: ReplayedStage, name: string, recorded: RecordedDay): Promise<Played> {
  return played(stage, name, recorded, {}, async (day) => {
    const { events } = await stage.env.client.workflow.getHandle(day.workflowId).fetchHistory();
    const [started] = events ?? [];
    const input = fromPayload(started?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]);
    const { clock } = input as { clock: ClockSegment[] };
    return { clock, asked: askedBy(events ?? [], clock) };
  });
}

export async function playedInSimulation(stage: SimulatedStage, name: string, recorded: RecordedDay): Promise<Played> {
  const { asked, hear } = listener();
  return played(stage, name, recorded, { onCommands: hear }, async () => ({ clock: [], asked }));
}

async function played<D extends SharedDay>(
  stage: Stage<D>,
  name: string,
  { options, hours, carriesFromMonday, play }: RecordedDay,
  more: DayOptions,
  history: (day: D) => Promise<Pick<Played, 'clock' | 'asked'>>,
): Promise<Played> {
  const account = `agreed-${name}`;
  const candles = hours && (await mondayAfterS1(...hours));
  const dataDir = carriesFromMonday && (await mkdtemp(join(tmpdir(), 'agreed-')));
  const exchange = {
    ...options?.exchange,
    ...(candles ? { candles: candles.path } : {}),
    ...(dataDir ? { dataDir } : {}),
  };
  const begin = (of: DayOptions) => stage.startDay({ ...of, ...ALIKE, account, exchange });
  try {
    if (carriesFromMonday) {
      const monday = await begin({});
      await monday.logIn();
      await monday.start({ ...carriesFromMonday, exitPolicy: 'weekly' });
      await monday.result();
      await monday.close();
    }
    const day = await begin({ ...options, ...more });
    try {
      // Prices are asked for on both: ticks come some milliseconds later than the minute that they are of.
      day.exchange.addFault({ kind: 'freeze_ticks', count: 1, ms: ALWAYS_MS });
      // Its first task is over before anybody tells it anything.
      await day.view();
      await play(day);
      const report = await day.result();
      const kept = await day.journal.report(day.identity, day.identity.date);
      return { ...(await history(day)), report, kept, book: day.book() };
    } finally {
      await day.close();
    }
  } finally {
    await candles?.remove();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  }
}
