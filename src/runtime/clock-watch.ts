/**
 * A process compares its clock with Zerodha's while it runs: one that is off sends orders too late, or none. No day has to run for it, and
 * nothing of it is in a history.
 */
import { hostname } from 'node:os';
import { CLOCK_WITHIN_MS, type ClockBounds, lookAtBrokerClock, surelyAhead } from '../brokers/broker-clock.ts';
import type { Notices } from '../contract/notices.ts';
import { istDate } from '../domain/clock.ts';
import type { Account, Journal } from '../journal/types.ts';
import { createPages, type Finding } from '../watchdog/pages.ts';
import type { BrokerAddresses } from './composition.ts';
import type { Program } from './program.ts';

export type ClockWatchOptions = {
  account: Account;
  /** Whose clock it is. */
  machine: string;
  /** At the clock of Kite itself, not of the paper exchange before it. */
  look(): Promise<ClockBounds>;
  journal: Pick<Journal, 'notices'>;
  notices: Pick<Notices, 'send'>;
  /** How far it is ahead of the Temporal server's; null while that is not known. */
  aheadOfServer?(): number | null;
};

/** To the program's end. */
export function keepClockWatch(
  { shutdownHooks }: Pick<Program, 'shutdownHooks'>,
  of: Omit<ClockWatchOptions, 'machine' | 'look'> & { addresses: BrokerAddresses },
): void {
  const { addresses, ...watched } = of;
  const root = addresses.clockRoot ?? addresses.kite.root;
  shutdownHooks.add(
    'the clock watch',
    watchClock({ ...watched, machine: hostname(), look: () => lookAtBrokerClock(root) }),
  );
}

const CAUSES = ['clocks', 'temporal_clock'] as const;
type Cause = (typeof CAUSES)[number];
/** Wall milliseconds. Not whole seconds: looks at other moments of a second tell more of the broker's, which shows whole ones. */
const LOOK_EVERY_MS = 20_170;
const WHILE_OFF_MS = 3_070;
/** So many looks are taken together. */
const LOOKS = 6;
/** Enough to find the page of an earlier process that has not ended. */
const NOTICES_READ = 500;

/** Pages while the clock is more than two seconds off. Answers how to end it. */
export function watchClock(options: ClockWatchOptions): () => void {
  const { account, machine, journal, notices, aheadOfServer = () => null } = options;
  const pages = createPages({ prefix: `clock:${account.run}`, notices, wall: Date.now });
  let looks: ClockBounds[] = [];
  /** By cause; a cause of which nothing was said yet is not among them. */
  const known = new Map<Cause, Finding | null>();
  let isRestored = false;

  async function look(): Promise<void> {
    // Read before anything is waited for.
    const now = Date.now();
    const server = aheadOfServer();
    const seen = await options.look().catch(() => null);
    if (!isRestored) {
      const kept = await journal.notices(account, NOTICES_READ).catch(() => null);
      pages.restore((kept ?? []).filter(({ notice }) => notice.subject === machine));
      isRestored = kept !== null;
    }
    // While nobody says anything, it is as it was.
    if (seen) {
      looks = [...looks, seen].slice(-LOOKS);
      note('clocks', off(), "Zerodha's", now);
    }
    if (server !== null) note('temporal_clock', server, "the Temporal server's", now);
    const unsure = new Set<string>(CAUSES.filter((cause) => !known.has(cause)));
    await pages.look(
      [...known.values()].flatMap((one) => one ?? []),
      unsure,
      istDate(now),
    );
  }

  /** By all looks, or by the newest one where the clock was set since. */
  function off(): number {
    const all = {
      least: Math.max(...looks.map(({ least }) => least)),
      most: Math.min(...looks.map(({ most }) => most)),
    };
    if (all.least <= all.most) return surelyAhead(all);
    looks = looks.slice(-1);
    return off();
  }

  function note(cause: Cause, ahead: number, whose: string, now: number): void {
    if (Math.abs(ahead) <= CLOCK_WITHIN_MS) return void known.set(cause, null);
    const off = `${(Math.abs(ahead) / 1_000).toFixed(1)} s ${ahead > 0 ? 'ahead of' : 'behind'}`;
    known.set(cause, {
      ...{ cause, subject: machine, since: now, date: istDate(now) },
      text: `The clock of ${machine} is ${off} ${whose}: orders may be sent too late, or not at all. Set it by a time service.`,
      over: `The clock of ${machine} agrees with ${whose} again.`,
    });
  }

  let timer: NodeJS.Timeout | undefined;
  const next = () => {
    const isOff = [...known.values()].some((one) => one !== null);
    timer = setTimeout(next, isOff ? WHILE_OFF_MS : LOOK_EVERY_MS);
    timer.unref();
    // Nothing of it may end the process; the next look is soon.
    look().catch(() => {});
  };
  next();
  return () => clearTimeout(timer);
}
