/** When something may be expected: of the product, that a process of it runs; of the exchange, that it answers. */
import { BROKER_SQUARE_OFF } from '../../domain/calendar/index.ts';
import { istAt, istDate } from '../../domain/clock.ts';
import { FAULT_KINDS } from '../../exchange-simulator/faults.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Point, World } from '../world/world.ts';

/** A worker that was started, or went on, is at work after so long: the server's own time-outs, its login and its first looks lie before. */
const AT_WORK_MS = 15_000;
/** Nothing new is placed under MIS so long before the broker's own square-off. */
const NO_PLACEMENT_BEFORE_MS = 2 * 60_000;

export class Able {
  private readonly world: World;
  /** Since when a process has run without a break, by our own count of seconds. */
  private workingSince: number | null = null;
  private answeringSince: number | null = null;
  private bookReadAt = 0;
  private metNothingSince: number | null = null;
  private uses = '';

  constructor(world: World) {
    this.world = world;
    world.hooks.add((point) => this.atPoint(point));
  }

  private atPoint(point: Point): void {
    if (point.kind !== 'call' || point.point !== 'answered') return;
    if (point.call.name === 'orders' || point.call.name === 'orderHistory') this.bookReadAt = virtualNow();
  }

  /** Once a second. */
  pulse(): void {
    const now = virtualNow();
    const runs = this.world.products.some(({ process }) => process.running && process.atWork);
    if (!runs) this.workingSince = null;
    else this.workingSince ??= now;
    if (!this.exchangeAnswers()) this.answeringSince = null;
    else this.answeringSince ??= now;
    if (!this.meetsNothing()) this.metNothingSince = null;
    else this.metNothingSince ??= now;
  }

  /** The product could have acted and paged by now. */
  productWorks(): boolean {
    return this.workingSince !== null && virtualNow() - this.workingSince >= AT_WORK_MS;
  }

  /** For how long the exchange has answered to a product at work. Milliseconds. */
  answersFor(): number {
    return this.answeringSince === null ? 0 : virtualNow() - this.answeringSince;
  }

  /** As `answersFor`, but a fault that is armed and meets nothing excuses nothing. */
  metNothingFor(): number {
    return this.metNothingSince === null ? 0 : virtualNow() - this.metNothingSince;
  }

  private meetsNothing(): boolean {
    const { world } = this;
    const used = [...world.uses.values()].reduce((sum, { all }) => sum + all, 0);
    const uses = JSON.stringify([used, world.exchange.faults().map(({ count }) => count)]);
    const met = uses !== this.uses;
    this.uses = uses;
    if (met || !this.productWorks() || world.faults.standing() || world.ticker.hasFaults()) return false;
    if (world.exchange.faults().some(({ kind }) => FAULT_KINDS[kind] === 'state')) return false;
    return this.placementAllowed() && this.hasSession();
  }

  bookUnreadFor(): number {
    return virtualNow() - this.bookReadAt;
  }

  private exchangeAnswers(): boolean {
    const { world } = this;
    if (!this.productWorks() || world.faults.active() || world.ticker.hasFaults() || world.exchange.faults().length > 0)
      return false;
    return this.placementAllowed() && this.hasSession();
  }

  hasSession(): boolean {
    return this.world.products.some(({ process, parts }) => {
      const token = parts.accessToken();
      return process.running && token !== null && this.world.exchange.sessionAlive(token);
    });
  }

  private placementAllowed(): boolean {
    const now = virtualNow();
    const date = istDate(now);
    const intraday = this.world.exchange
      .positions()
      .some(({ product, quantity }) => product === 'MIS' && quantity !== 0);
    const until = intraday ? istAt(date, BROKER_SQUARE_OFF) - NO_PLACEMENT_BEFORE_MS : istAt(date, '15:29');
    return now >= istAt(date, '09:15') && now < until;
  }
}
