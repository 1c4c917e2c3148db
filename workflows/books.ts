/** What the day writes to the journal, beside its trading: gathered, and written whenever the last write is done. */
import { condition } from '@temporalio/workflow';
import type { LogEvent } from '../src/journal/types.ts';
import type { Day, DayPosition } from './day.ts';
import { world } from './proxies.ts';
import { stateOf } from './view.ts';

/** As long as the Temporal UI shows of a summary. */
const SUMMARY_LENGTH = 120;

export class Books {
  private readonly day: Day;
  private events: LogEvent[] = [];
  private readonly orders = new Set<string>();
  private readonly positions = new Set<DayPosition>();
  private logged = 0;
  private decided = 0;
  private batches = 0;
  private writing = false;
  private ending = false;

  constructor(day: Day) {
    this.day = day;
  }

  log(event: Omit<LogEvent, 'seq'>): void {
    this.logged += 1;
    this.events.push({ seq: this.logged, ...event });
  }

  order(tag: string): void {
    this.orders.add(tag);
  }

  position(position: DayPosition): void {
    this.positions.add(position);
  }

  /** Runs beside the day until `end`. */
  async keep(): Promise<void> {
    while (!this.ending || this.dirty()) {
      await condition(() => this.dirty() || this.ending);
      if (!this.dirty()) continue;
      this.writing = true;
      await this.write();
      this.writing = false;
    }
  }

  /** Waits until everything is written. */
  async end(): Promise<void> {
    this.ending = true;
    await condition(() => !this.writing && !this.dirty());
  }

  private dirty(): boolean {
    const { events, orders, positions } = this;
    return events.length > 0 || orders.size > 0 || positions.size > 0 || this.day.decisions.length > this.decided;
  }

  private async write(): Promise<void> {
    const { day, events } = this;
    this.batches += 1;
    const batch = {
      identity: day.identity,
      sequence: this.batches,
      state: stateOf(day),
      events,
      orders: [...this.orders].flatMap((tag) => day.orders.get(tag) ?? []),
      positions: [...this.positions].map((position) => position.view()),
      handedOver: Object.fromEntries(
        [...this.positions].flatMap((position) => {
          const handedOver = position.isOpen() ? position.handOver() : null;
          return handedOver ? [[position.id, handedOver]] : [];
        }),
      ),
      decisions: day.decisions.slice(this.decided),
    };
    this.events = [];
    this.orders.clear();
    this.positions.clear();
    this.decided = day.decisions.length;
    const summary = (events.at(-1)?.text ?? 'orders and positions').slice(0, SUMMARY_LENGTH);
    await world.writeJournal.executeWithOptions({ summary }, [batch]);
  }
}
