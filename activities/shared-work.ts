import type { Priority } from '../src/brokers/kite-pace.ts';

/** What has not come by then is overtaken: a hung request delays nobody else. Milliseconds. */
const OVERTAKEN_AFTER_MS = 300;
const URGENCY: Record<Priority, number> = { routine: 0, entry: 1, stop: 2, exit: 3 };

/**
 * Work that several callers want at once is done once: each gets a result that was begun after it asked. A new one is begun when the last has
 * come, or has taken long.
 */
export class SharedWork<T> {
  private readonly start: (priority: Priority) => Promise<T>;
  private last: { began: number; over: Promise<void> } | null = null;
  private next: { priority: Priority; result: Promise<T> } | null = null;

  constructor(start: (priority: Priority) => Promise<T>) {
    this.start = start;
  }

  ask(priority: Priority): Promise<T> {
    if (this.next) {
      if (URGENCY[priority] > URGENCY[this.next.priority]) this.next.priority = priority;
      return this.next.result;
    }
    const result = this.turn().then(() => this.begin(this.next?.priority ?? priority));
    this.next = { priority, result };
    return result;
  }

  private begin(priority: Priority): Promise<T> {
    this.next = null;
    const result = this.start(priority);
    const over = result.then(
      () => {},
      () => {},
    );
    const last = { began: performance.now(), over };
    this.last = last;
    void over.then(() => {
      if (this.last === last) this.last = null;
    });
    return result;
  }

  private async turn(): Promise<void> {
    if (!this.last) return;
    let timer: NodeJS.Timeout | undefined;
    const long = new Promise<void>((done) => {
      timer = setTimeout(done, this.last ? this.last.began + OVERTAKEN_AFTER_MS - performance.now() : 0);
    });
    await Promise.race([this.last.over, long]);
    clearTimeout(timer);
  }
}
