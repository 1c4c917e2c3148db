/** When something may be expected: of the product, that a process of it runs; of the exchange, that it answers. */
import { BROKER_SQUARE_OFF } from '../../domain/calendar/index.ts';
import { istAt, istDate } from '../../domain/clock.ts';
import type { MarketMs } from '../../domain/types.ts';
import { BrokerError } from '../../errors.ts';
import { FAULT_KINDS } from '../../exchange-simulator/core/faults.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Point, World } from '../world/world.ts';

/** A worker that was started, or went on, is at work after so long: the server's own time-outs, its login and its first looks lie before. */
const AT_WORK_MS = 15_000;
/** A login that nothing disturbs is taken up within this time: one that the product loses excuses nothing. */
const TAKEN_UP_MS = 30_000;
/** Nothing new is placed under MIS so long before the broker's own square-off. */
const NO_PLACEMENT_BEFORE_MS = 2 * 60_000;

/** Two breaks that lie so close together are one: what is written after the first has had no time. */
const WRITES_AGAIN_MS = 20_000;

type Product = World['products'][number];

export class Able {
  private readonly world: World;
  /** Since when a process has run without a break, by our own count of seconds. */
  private workingSince: number | null = null;
  private answeringSince: number | null = null;
  private breezeSince: number | null = null;
  private bookReadAt = 0;
  /** When a call was last answered that its session is dead. */
  private tokenRefusedAt = 0;
  /** When something last stood in the way of a login, and the last login that nothing stood in the way of. */
  private disturbedAt = 0;
  private undisturbedLogin = 0;
  /** When nothing could be written the last time. */
  private readonly notWriting = { from: 0, until: 0 };
  /** The login that a process had last. */
  private token: string | null = null;

  constructor(world: World) {
    this.world = world;
    world.hooks.add((point) => this.atPoint(point));
  }

  private atPoint(point: Point): void {
    if (point.kind !== 'call') return;
    const { answer } = point;
    if (answer instanceof BrokerError && answer.kind === 'token') this.tokenRefusedAt = virtualNow();
    if (point.point !== 'answered') return;
    if (point.call.name === 'orders' || point.call.name === 'orderHistory') this.bookReadAt = virtualNow();
  }

  /** Once a second. */
  pulse(): void {
    const now = virtualNow();
    const runs = !this.world.runLost && this.world.products.some(({ process }) => process.running && process.atWork);
    if (!runs) this.workingSince = null;
    else this.workingSince ??= now;
    this.lookAtLogin(now);
    this.lookAtJournal(now);
    this.token = this.tokenAtHand() ?? this.token;
    if (!this.exchangeAnswers()) this.answeringSince = null;
    else this.answeringSince ??= now;
    if (!this.breezeAnswers()) this.breezeSince = null;
    else this.breezeSince ??= now;
  }

  /** A run that is lost now may not have written what came so shortly before, nor what came while nothing could be written. */
  unwrittenSince(withinMs: number): MarketMs {
    const now = virtualNow();
    const { from, until } = this.notWriting;
    return (now - until < withinMs ? from : now) - withinMs;
  }

  /** The product could have acted and paged by now. */
  productWorks(): boolean {
    return this.workingSince !== null && virtualNow() - this.workingSince >= AT_WORK_MS;
  }

  /**
   * For how long the exchange has answered to a product at work. Milliseconds. What is armed and has met nothing in this time excuses
   * nothing: only what a fault has met does, from that moment on.
   */
  answersFor(): number {
    if (this.answeringSince === null) return 0;
    return virtualNow() - Math.max(this.answeringSince, this.world.metAt.exchange);
  }

  /** The same of Breeze. */
  breezeAnswersFor(): number {
    if (this.breezeSince === null) return 0;
    return virtualNow() - Math.max(this.breezeSince, this.world.metAt.breeze);
  }

  bookUnreadFor(): number {
    return virtualNow() - this.bookReadAt;
  }

  private exchangeAnswers(): boolean {
    const { world } = this;
    if (!this.callsAnswer() || world.ticker.hasFaults()) return false;
    if (world.exchangeFaults.holdsASale()) return false;
    // Another price is a price: the market may move so. Without prices, or with old ones, nobody is to be expected to trade.
    if (world.exchange.faults().some(({ kind }) => FAULT_KINDS[kind] === 'state' && kind !== 'price_shift'))
      return false;
    return this.placementAllowed() && this.couldHaveSession() && !this.cannotTakeUpLogin();
  }

  private callsAnswer(): boolean {
    return this.productWorks() && !this.world.faults.standing();
  }

  private breezeAnswers(): boolean {
    return this.productWorks() && !this.world.faults.concernBreeze();
  }

  private lookAtJournal(now: MarketMs): void {
    if (this.productWorks() && !this.world.journalAway) return;
    if (now - this.notWriting.until > WRITES_AGAIN_MS) this.notWriting.from = now;
    this.notWriting.until = now;
  }

  private lookAtLogin(now: MarketMs): void {
    const { logins, metAt, journalAway } = this.world;
    if (!this.callsAnswer() || journalAway) this.disturbedAt = now;
    const met = Math.max(this.disturbedAt, metAt.exchange, metAt.journal);
    if (now - logins.givenAt >= TAKEN_UP_MS && met < logins.givenAt) this.undisturbedLogin = logins.givenAt;
  }

  /** The product has a session, or was given one a while ago: the journal keeps it for the next process. */
  couldHaveSession(): boolean {
    if (this.hasSession()) return true;
    const { givenAt, endedAt } = this.world.logins;
    const isGiven =
      givenAt === this.undisturbedLogin && givenAt > endedAt && istDate(givenAt) === istDate(virtualNow());
    return isGiven && !this.world.journalAway;
  }

  /** By the product's own token. */
  hasSession(): boolean {
    return this.tokenAtHand() !== null;
  }

  private tokenAtHand(): string | null {
    const tokens = this.running().flatMap(({ parts }) => parts.accessToken() ?? []);
    return tokens.find((token) => this.world.exchange.sessionAlive(token)) ?? null;
  }

  /** Whether a process has the login at hand or not: while the journal is away a new one cannot get at it. */
  isLoggedIn(): boolean {
    return this.hasSession() || (this.token !== null && this.world.exchange.sessionAlive(this.token));
  }

  /** The broker has ended the session, and nobody can know of it before the first call that is answered: none is, or none is made without a login. */
  diedUnheard(): boolean {
    const { endedAt } = this.world.logins;
    const isToday = istDate(endedAt) === istDate(virtualNow());
    const asksNobody = this.world.journalAway && this.running().every(({ parts }) => parts.accessToken() === null);
    return isToday && this.tokenRefusedAt < endedAt && (this.world.faults.standing() || asksNobody);
  }

  /** A process that was started while the journal is away has no login, and order calls come to it as to any other: no program sends them. */
  private cannotTakeUpLogin(): boolean {
    return this.world.journalAway && this.running().some((product) => !this.hasLogin(product));
  }

  private running(): Product[] {
    return this.world.products.filter(({ process }) => process.running);
  }

  private hasLogin({ parts }: Product): boolean {
    const token = parts.accessToken();
    return token !== null && this.world.exchange.sessionAlive(token);
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
