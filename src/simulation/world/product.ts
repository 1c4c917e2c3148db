/** One process of the product in the simulated world: its own brokers, feed and sessions, its workers at the simulated Temporal. */

import type { BookPace } from '../../../activities/book-pace.ts';
import type { GuardPace } from '../../../activities/guard-pace.ts';
import { createPace } from '../../brokers/kite-pace.ts';
import type { DayActivities, GuardActivities } from '../../contract/activities.ts';
import { guardTaskQueue } from '../../contract/identity.ts';
import type { NoticeInput, Notices } from '../../contract/notices.ts';
import type { Account } from '../../journal/types.ts';
import type { Patience } from '../../market/candles.ts';
import { createFeed, type FeedPace } from '../../market/feed.ts';
import type { ClockSource } from '../../market/types.ts';
import { createLoggedNotices } from '../../notices/logged.ts';
import type { Sealer } from '../../platform/secrets.ts';
import { watchClock } from '../../runtime/clock-watch.ts';
import { type Composition, createComposition } from '../../runtime/composition.ts';
import { SimProcess } from '../process.ts';
import type { Worker } from '../temporal/server.ts';
import type { WorkflowCode } from '../temporal/workflow-vm.ts';
import { asProcess, virtualNow } from '../virtual-time.ts';
import { type BreezeWorld, createSimulatedBreeze } from './breeze.ts';
import type { MemoryJournal } from './journal.ts';
import { journalOver } from './journal-line.ts';
import { createSimulatedKite, type KiteWorld } from './kite.ts';
import type { TickerServer } from './ticker.ts';

/** How the product is set: what its own program takes from its configuration or has as defaults. */
export type ProductSettings = {
  account: Account;
  taskQueue: string;
  code: WorkflowCode;
  clock: ClockSource;
  sealer: Sealer;
  userId: string | null;
  guardPace?: GuardPace;
  bookPace?: BookPace;
  feedPace?: FeedPace;
  patience?: Partial<Patience>;
  stopBarWithinMs?: number;
  /** False asks Kite as fast as it likes. */
  paced: boolean;
  /** Other activities in the place of some, for tests that compare with a server where these cannot run. */
  replaced?(parts: Composition): { day?: Partial<DayActivities>; guards?: Partial<GuardActivities> };
};

export type ProductWorld = {
  kite: KiteWorld;
  breeze: BreezeWorld;
  ticker: TickerServer;
  journal: MemoryJournal;
  journalLatencyMs(): number;
  journalIsAway(): boolean;
  log(process: SimProcess, level: 'info' | 'warn' | 'error', data: object, text: string): void;
  onSecret(secret: string): void;
  /** What reaches the owner. */
  onPage(notice: NoticeInput): void;
};

export type Product = { process: SimProcess; parts: Composition; worker: Worker };

/** The worker's own settings of src/temporal/worker.ts. */
const GUARD_THROTTLE_MS = 1_000;
const DAY_THROTTLE_MS = 60_000;

export function startProduct(name: string, world: ProductWorld, settings: ProductSettings): Product {
  const process = new SimProcess(name);
  const { account, taskQueue, code, clock, sealer } = settings;
  const level = (of: 'info' | 'warn' | 'error') => (data: object, text: string) => world.log(process, of, data, text);
  const log = { info: level('info'), warn: level('warn'), error: level('error') };
  const logged = createLoggedNotices({ account, clock, log });
  const notices: Pick<Notices, 'send'> = {
    async send(notice, date) {
      const delivered = await logged.send(notice, date);
      world.onPage(notice);
      return delivered;
    },
  };
  const journal = journalOver(world.journal, process, {
    latencyMs: world.journalLatencyMs,
    isAway: world.journalIsAway,
  });
  const parts = asProcess(process, () => {
    const feed = createFeed({
      apiKey: 'simulated',
      tickerRoot: 'ws://simulated',
      now: Date.now,
      clock,
      warn: (message) => log.warn({}, message),
      createTicker: world.ticker.createTicker(process),
      ...(settings.feedPace ? { pace: settings.feedPace } : {}),
    });
    return createComposition({
      addresses: { userId: settings.userId, clockRoot: 'http://simulated' },
      brokers: {
        kite: createSimulatedKite(world.kite, process, settings.paced ? createPace() : async () => {}),
        breeze: createSimulatedBreeze(world.breeze, process),
      },
      ...{ feed, account, sealer, clock, log },
      journal,
      onSecret: world.onSecret,
      keepsLastPrices: false,
      askBrokerClock: async () => wholeSecond(),
      ...(settings.guardPace ? { guardPace: settings.guardPace } : {}),
      ...(settings.bookPace ? { bookPace: settings.bookPace } : {}),
      waits: {
        ...(settings.patience ? { candles: settings.patience } : {}),
        ...(settings.stopBarWithinMs === undefined ? {} : { stopBarWithinMs: settings.stopBarWithinMs }),
      },
    });
  });
  asProcess(process, () => watchClock({ account, journal, notices, machine: name, look: clockOf(process) }));
  const replaced = settings.replaced?.(parts) ?? {};
  const { day, guards } = parts;
  const notifyOwner: DayActivities['notifyOwner'] = async (notice) => {
    const delivered = await (replaced.day?.notifyOwner ?? day.notifyOwner)(notice);
    world.onPage(notice);
    return delivered;
  };
  // Looked up at each call: a test may put another function in its place.
  const activities = Object.fromEntries(
    Object.keys(day).map((key) => [
      key,
      (...args: unknown[]) =>
        Reflect.apply(Reflect.get({ ...day, ...replaced.day, notifyOwner }, key), undefined, args),
    ]),
  );
  const watching = Object.fromEntries(
    Object.keys(guards).map((key) => [
      key,
      (...args: unknown[]) => Reflect.apply(Reflect.get({ ...guards, ...replaced.guards }, key), undefined, args),
    ]),
  );
  const worker: Worker = {
    process,
    workflows: { queue: taskQueue, code },
    queues: new Map([
      [taskQueue, { process, activities, throttleMs: DAY_THROTTLE_MS }],
      [guardTaskQueue(taskQueue), { process, activities: watching, throttleMs: GUARD_THROTTLE_MS }],
    ]),
  };
  return { process, parts, worker };
}

const wholeSecond = () => Math.floor(virtualNow() / 1_000) * 1_000;

/** What a process finds of its clock: the broker's answer takes no time here. */
const clockOf = (process: SimProcess) => async () => {
  const ahead = asProcess(process, () => Date.now()) - wholeSecond();
  return { least: ahead - 1_000, most: ahead };
};
