/** Notices on their way to the owner: to the log at once, to a channel as soon as one takes them, kept in the journal meanwhile. */
import type { KeptNotice, Notice, Notices, NoticesStatus } from '../contract/notices.ts';
import { istDate } from '../domain/clock.ts';
import type { MarketMs, WallMs } from '../domain/types.ts';
import type { Account, Journal } from '../journal/types.ts';
import { ChannelError, type NoticeChannel } from './channel.ts';
import { createLogChannel, type NoticeLog } from './log-channel.ts';
import { fold, messageOf, type Waiting } from './queue.ts';

export type RunningNotices = Notices & {
  /** Takes up what an earlier process, or another one, left in the journal. Never rejects. */
  resume(): Promise<void>;
  /** Ends the deliveries. What waits is in the journal, as far as that answers. */
  close(): Promise<void>;
};

/** Wall milliseconds. */
type NoticePace = {
  /** Pauses after failures grow from the first to the last. */
  pausesMs: readonly number[];
  answerWithinMs: number;
  /** How long a delivery waits for the journal to say that another process has made it. */
  journalFirstMs: number;
  journalWithinMs: number;
  /** How often the journal is asked for what other processes left. */
  refreshMs: number;
  /** What another process may still be delivering itself. */
  leaveToOthersMs: number;
};

const PACE: NoticePace = {
  pausesMs: [5_000, 10_000, 20_000, 40_000, 60_000],
  answerWithinMs: 5_000,
  journalFirstMs: 300,
  journalWithinMs: 2_000,
  refreshMs: 60_000,
  leaveToOthersMs: 120_000,
};
/** Beyond it the oldest are given up, in words: a receiver that is away for weeks must not fill the memory. */
const MOST_WAITING = 1_000;
/** Ids are remembered for longer than any page repeats itself. */
const MOST_REMEMBERED = 10_000;

export type NoticesOptions = {
  account: Account;
  journal: Pick<Journal, 'saveNotice' | 'undeliveredNotices'>;
  /** Beside the log; each is tried where the one before has failed. */
  channels: readonly NoticeChannel[];
  log: NoticeLog;
  /** Leaves secrets out of a text; as it is unless given. */
  redact?(text: string): string;
  clock: { now(): MarketMs };
  pace?: Partial<NoticePace>;
};

export function createNotices(options: NoticesOptions): RunningNotices {
  const { account, journal, clock, log } = options;
  const pace = { ...PACE, ...options.pace };
  const logChannel = createLogChannel(log);
  const channels = options.channels.length > 0 ? options.channels : [logChannel];
  const known = new Map<string, Promise<WallMs>>();
  /** Delivered, and not yet said to the journal. */
  const unrecorded = new Map<string, KeptNotice>();
  const closing = new AbortController();
  let waiting: Waiting[] = [];
  let lastError: NoticesStatus['lastError'] = null;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let refreshTimer: NodeJS.Timeout | undefined;
  let passing: Promise<void> | null = null;
  let recording: Promise<void> | null = null;
  let isAskedAgain = false;

  const save = (kept: KeptNotice) => within(journal.saveNotice(account, kept), pace.journalWithinMs);

  function enqueue(kept: KeptNotice, of: Pick<Waiting, 'isSaved' | 'isReady' | 'isLogged'>): Waiting {
    let onDelivered = (_at: WallMs): void => {};
    known.set(kept.notice.id, new Promise((resolve) => (onDelivered = resolve)));
    if (known.size > MOST_REMEMBERED) known.delete(known.keys().next().value ?? '');
    const entry: Waiting = { ...kept, ...of, carries: [], onDelivered };
    waiting.push(entry);
    if (waiting.length > MOST_WAITING) {
      const [lost] = waiting.splice(0, 1);
      log.error({ notice: lost?.notice.id }, `${MOST_WAITING} notices wait for a channel: the oldest is given up.`);
    }
    return entry;
  }

  /** With all that it carries: the receiver has them in one message. */
  function settle(entry: Waiting, at: WallMs, isRecorded: boolean): void {
    waiting = waiting.filter((other) => other !== entry);
    for (const { notice, queuedAt, onDelivered } of [...entry.carries, entry]) {
      if (!isRecorded) unrecorded.set(notice.id, { notice, queuedAt, deliveredAt: at });
      onDelivered(at);
    }
  }

  /** One after the other, the oldest first, until none is left that this pass has not tried, or the receiver is away. */
  async function pass(): Promise<void> {
    const tried = new Set<Waiting>();
    let failed: ChannelError | null = null;
    for (;;) {
      waiting = fold(waiting);
      const next = waiting.find((entry) => entry.isReady && !tried.has(entry));
      if (!next || closing.signal.aborted) break;
      tried.add(next);
      const outcome = await deliver(next);
      failed = outcome ?? failed;
      if (outcome?.unreachable) break;
    }
    if (tried.size > 0 && !closing.signal.aborted) settlePass(failed);
  }

  function settlePass(failed: ChannelError | null): void {
    failures = failed ? failures + 1 : 0;
    if (failed || lastError === null) return;
    lastError = null;
    log.info({}, 'Notices are delivered again.');
  }

  async function deliver(entry: Waiting): Promise<ChannelError | null> {
    const message = messageOf(entry);
    let failed: ChannelError | null = null;
    for (const channel of channels) {
      if (channel === logChannel && entry.isLogged) return delivered(entry);
      try {
        await channel.deliver(message, closing.signal);
        return delivered(entry);
      } catch (error) {
        failed = error instanceof ChannelError ? error : new ChannelError('it failed', true);
        if (closing.signal.aborted) return failed;
        if (lastError === null) log.warn({ channel: channel.name }, `A notice is not delivered: ${failed.message}.`);
        lastError = { channel: channel.name, text: failed.message, at: Date.now() };
      }
    }
    return failed;
  }

  function delivered(entry: Waiting): null {
    settle(entry, Date.now(), false);
    return null;
  }

  /** What the journal does not have yet. A journal that is away is tried again with the next pass. */
  async function record(): Promise<void> {
    try {
      for (const kept of [...unrecorded.values()]) {
        await save(kept);
        unrecorded.delete(kept.notice.id);
      }
      for (const entry of waiting.flatMap((one) => [...one.carries, one])) {
        if (entry.isSaved || !entry.isReady) continue;
        await save(entry);
        entry.isSaved = true;
      }
    } catch {
      // Its absence is said by others; the notices are in memory.
    }
  }

  function recordAll(): Promise<void> {
    recording ??= record().finally(() => {
      recording = null;
    });
    return recording;
  }

  function kick(): void {
    if (closing.signal.aborted) return;
    if (passing) {
      isAskedAgain = true;
      return;
    }
    clearTimeout(timer);
    passing = pass().finally(() => {
      passing = null;
      // Beside the deliveries: a journal that hangs holds up no notice.
      void recordAll();
      const again = isAskedAgain;
      isAskedAgain = false;
      if (again) kick();
      else if (waiting.length > 0 || unrecorded.size > 0) timer = later(kick, pauseMs());
    });
  }

  const pauseMs = () => pace.pausesMs[Math.min(Math.max(failures, 1), pace.pausesMs.length) - 1] ?? 0;

  /** Adopts what others left, and drops what others have delivered. */
  async function refresh(olderThanMs: number): Promise<void> {
    const askedAt = Date.now();
    const left = await within(journal.undeliveredNotices(account, MOST_WAITING), pace.journalWithinMs);
    const ids = new Set(left.map(({ notice }) => notice.id));
    if (left.length < MOST_WAITING)
      for (const entry of waiting)
        if (entry.isSaved && entry.queuedAt < askedAt && !ids.has(entry.notice.id)) settle(entry, askedAt, true);
    const adopted = left.filter(({ notice, queuedAt }) => !known.has(notice.id) && askedAt - queuedAt >= olderThanMs);
    for (const kept of adopted) enqueue(kept, { isSaved: true, isReady: true, isLogged: false });
    waiting.sort((a, b) => a.queuedAt - b.queuedAt);
    if (adopted.length > 0) log.info({}, `${adopted.length} notices of before are not delivered yet.`);
  }

  async function refreshQuietly(olderThanMs: number): Promise<void> {
    await refresh(olderThanMs).catch(() => {});
    kick();
    if (closing.signal.aborted) return;
    refreshTimer = later(() => void refreshQuietly(pace.leaveToOthersMs), pace.refreshMs);
  }

  return {
    async send(input, date) {
      const at = clock.now();
      const { mode, account: name } = account;
      const text = options.redact?.(input.text) ?? input.text;
      const notice: Notice = { ...input, text, at, mode, account: name, date: date ?? istDate(at) };
      const earlier = known.get(notice.id);
      if (earlier) return { deliveredAt: await orNull(earlier, pace.answerWithinMs) };
      logChannel.write(notice);
      const kept: KeptNotice = { notice, queuedAt: Date.now(), deliveredAt: null };
      const entry = enqueue(kept, { isSaved: false, isReady: false, isLogged: true });
      const saving = save(kept).then((deliveredAt) => {
        entry.isSaved = true;
        // Only before it is tried here: afterwards the instant may be this process's own.
        if (deliveredAt !== null && !entry.isReady) settle(entry, deliveredAt, true);
      });
      await orNull(saving, pace.journalFirstMs);
      entry.isReady = true;
      kick();
      return { deliveredAt: await orNull(known.get(notice.id) ?? null, pace.answerWithinMs) };
    },
    status() {
      const all = waiting.flatMap((entry) => [...entry.carries, entry]);
      const oldestAt = all.length === 0 ? null : Math.min(...all.map(({ notice }) => notice.at));
      return { channels: options.channels.map(({ name }) => name), undelivered: all.length, oldestAt, lastError };
    },
    resume: () => refreshQuietly(0),
    async close() {
      closing.abort();
      clearTimeout(timer);
      clearTimeout(refreshTimer);
      await passing;
      await recording;
      await recordAll();
    },
  };
}

/** A timer that does not keep the process. */
function later(run: () => void, ms: number): NodeJS.Timeout {
  const timer = setTimeout(run, ms);
  timer.unref();
  return timer;
}

/** Rejects where it takes longer; what comes later is dropped. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function orNull<T>(promise: Promise<T> | null, ms: number): Promise<T | null> {
  return promise === null ? null : within(promise, ms).catch(() => null);
}
