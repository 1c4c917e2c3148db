/** When the loops of a day wake: all of them wait for a change of the facts, or for an instant, and share one timer. */
import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { WallMs } from '../../src/domain/types.ts';

/** The day's market is over for what was asked, or this run is: a catcher leaves things as they are. */
export class DayOver extends Error {
  override readonly name = 'DayOver';
}

/** Wall milliseconds. */
const AGAIN_MS = 60_000;

export abstract class Loops {
  /** Grows with each change of the facts: what a loop has not seen wakes it. */
  version = 0;
  /** This run is about to continue as new: loops end where their facts stand. */
  ending = false;
  private readonly dues = new Map<string, WallMs>();
  /**
   * The latest instant that something of the history has shown: a fired timer, a signal, an answer. No loop wakes by the clock itself, which also
   * runs on with an update that is refused: that leaves nothing in the history, and a replay would wake the loops in another order.
   */
  private reached: WallMs = 0;
  /** By name: how often each runs. */
  private readonly running = new Map<string, number>();

  /** How a timer's instant is shown to people. */
  protected abstract timeOf(at: WallMs): string;
  /** A loop's failure is told, and never ends the day. */
  protected abstract defect(where: string, error: unknown): void;

  /** Something has become different: loops look again. */
  changed(): void {
    this.reached = Date.now();
    this.version += 1;
  }

  /** Waits until `holds`, or until the run ends. `due` is the wall instant at which it may hold by the clock alone. */
  async until(key: string, holds: () => boolean, due: () => WallMs | null = () => null): Promise<void> {
    while (!this.ending && !holds()) await this.changedOrDue(key, this.version, due());
  }

  /** Waits for a change that a loop has not seen, or for its next due instant. */
  async changedOrDue(key: string, seen: number, due: WallMs | null): Promise<void> {
    // An instant that has passed and was not enough is not waited for in a tight circle.
    const at = due === null ? null : Math.max(due, Date.now() + 1);
    if (at !== null) this.dues.set(key, at);
    await condition(() => this.ending || this.version !== seen || (at !== null && this.reached >= at));
    this.dues.delete(key);
  }

  /** Waits so long, or until something else holds. */
  pause(key: string, ms: number, holds: () => boolean = () => false): Promise<void> {
    const at = Date.now() + ms;
    return this.until(
      key,
      () => Date.now() >= at || holds(),
      () => at,
    );
  }

  /** One timer for all loops: for the earliest instant that any of them waits for, kept while that is the same. */
  async keepTimer(): Promise<void> {
    const earliest = () => (this.dues.size === 0 ? null : Math.min(...this.dues.values()));
    while (!this.ending) {
      await condition(() => this.ending || (earliest() ?? Number.POSITIVE_INFINITY) > this.reached);
      await condition(() => this.ending || earliest() !== null);
      const at = earliest();
      if (this.ending || at === null) return;
      const scope = new CancellationScope();
      const wait = Math.max(1, at - Date.now());
      let fired = false;
      const timer = scope
        .run(() => sleep(wait, { summary: `${this.timeOf(at)} ${this.keyOf(at)}` }))
        .then(
          () => {
            fired = true;
            this.reached = Date.now();
          },
          (error: unknown) => {
            if (!isCancellation(error)) throw error;
          },
        );
      await condition(() => fired || this.ending || earliest() !== at);
      if (!fired) scope.cancel();
      await timer;
    }
  }

  private keyOf(at: WallMs): string {
    for (const [key, due] of this.dues) if (due === at) return key;
    return '';
  }

  /**
   * Work beside the day: its failure is told, and never ends the day. Always begun, also beside an earlier one under its name: that one's facts
   * may be there a moment before it has ended, and what they call for must not be lost.
   */
  run(name: string, work: () => Promise<void>): void {
    this.running.set(name, (this.running.get(name) ?? 0) + 1);
    // Also what a command begins goes on when the day's workflow is cancelled: a cancellation is an emergency, and ends nothing.
    void CancellationScope.nonCancellable(work)
      .catch((error: unknown) => {
        if (error instanceof DayOver) return;
        this.defect(name, error);
      })
      .finally(() => {
        const others = (this.running.get(name) ?? 1) - 1;
        if (others > 0) this.running.set(name, others);
        else this.running.delete(name);
        this.changed();
      });
  }

  /** A loop without which nobody is told anything: it begins again after its failure. */
  runAgain(name: string, loop: () => Promise<void>): void {
    this.run(name, async () => {
      for (;;) {
        try {
          return await loop();
        } catch (error) {
          if (error instanceof DayOver) return;
          this.defect(name, error);
        }
        if (this.ending) return;
        await this.pause(`${name}: again`, AGAIN_MS);
      }
    });
  }

  /** A loop that looks at the facts for itself: once under its name. */
  runOnce(name: string, loop: () => Promise<void>): void {
    if (!this.running.has(name)) this.run(name, loop);
  }

  isRunning(name: string): boolean {
    return this.running.has(name);
  }

  anyRunning(prefix: string): boolean {
    return [...this.running.keys()].some((name) => name.startsWith(prefix));
  }

  /** Calls to the world whose answer a loop waits for, orders, guards and the watcher aside. */
  pendingCalls = 0;
  async calls<T>(work: () => Promise<T>): Promise<T> {
    this.pendingCalls += 1;
    try {
      return await work();
    } finally {
      this.pendingCalls -= 1;
      this.changed();
    }
  }

  private turn: Promise<unknown> = Promise.resolve();
  /** One after the other: what one plan reserves, the next one sees. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}
