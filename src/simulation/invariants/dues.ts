/**
 * When a position has to be left, by the rules of TRADING and not by the product's own code: the clock, a command, the index, the loss.
 * The rest of invariant 5 starts from here.
 */
import { sessionOf } from '../../domain/calendar/index.ts';
import { addDays, istAt, istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, Paise } from '../../domain/types.ts';
import type { SimInstrument } from '../../exchange-simulator/core/types.ts';
import type { Command } from '../case.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Able } from './able.ts';
import type { BookWatch } from './book.ts';
import type { Findings } from './findings.ts';
import { HOUR_CLOSES } from './hours.ts';
import { positionOf, tagOf } from './legs.ts';
import type { PositionsWatch } from './positions.ts';

/** Square-off, and how long after it a second counts as its beginning. */
const SQUARE_OFF = '15:15';
/** From an hourly close to the exit: Breeze may take twenty seconds, our own ticks decide then. */
const STOP_WITHIN_MS = 60_000;
/** A loss beyond the cap counts on two packets or for a second; the rest is the pace of a case. */
const LOSS_WITHIN_MS = 20_000;
/** Charges are left out here: a loss that is this much beyond the cap is beyond it with them too. */
const SURELY = 1.02;
/** Our own ticks may show a close that is so far from Breeze's. */
const SAME_CLOSE = 5_00;
/** The last one before the square-off, which comes with the next. */
const LAST_STOP = '14:15';
/** A manual order leaves so long after its command at most (docs/order-policy.md). */
const COMMAND_MS = 8_000;
/** A command is in the journal a second after the last write, and the write. */
const WRITTEN_MS = 3_000;
/** The index's last bar of a day. */
const LAST_CLOSE = '15:30';

export class Dues {
  /** Everything is to be left, also what fills only later. */
  private closing: 'emergency' | 'stopped' | null = null;
  private lossSince: number | null = null;
  private judged = '';
  private readonly heard: { at: MarketMs; command: Command['command'] }[] = [];
  private stoppedAt = 0;
  /** When the first order of a person's position left. */
  private readonly ordered = new Map<string, MarketMs>();
  private readonly of: { play: Play; able: Able; book: BookWatch; positions: PositionsWatch; findings: Findings };

  constructor(of: { play: Play; able: Able; book: BookWatch; positions: PositionsWatch; findings: Findings }) {
    this.of = of;
    of.play.onCommand((command, position) => this.hear(command, position));
    of.play.onRun({ lost: () => this.runLost(), resumed: () => {} });
    of.play.world.hooks.add((point) => {
      if (point.kind !== 'call' || point.point !== 'leaves' || point.call.name !== 'placeOrder') return;
      const tag = tagOf(point.call.order?.tag);
      if (tag?.manual && !this.ordered.has(positionOf(tag))) this.ordered.set(positionOf(tag), virtualNow());
    });
  }

  /** Entries are off, and everything is to be left: since when, or null. */
  entriesOffSince: number | null = null;
  closingSince: number | null = null;
  /** Somebody has closed everything, on whatever day. */
  closedAll = false;

  private hear(of: Command, position: string | null): void {
    const now = virtualNow();
    if (of.command === 'close_position' && position) this.of.positions.exitDue([position]);
    this.heard.push({ at: now, command: of.command });
    this.apply(of.command, now);
  }

  /** What was asked for just before may be in no journal, and is not asked for again; entries wait for a start of trading (docs/order-policy.md). */
  private runLost(): void {
    const since = this.of.able.unwrittenSince(WRITTEN_MS);
    const known = this.heard.filter(({ at }) => at < since);
    this.forgetCommands();
    for (const { at, command } of known) this.apply(command, at);
    this.heard.push(...known);
    this.of.positions.forgetExitsSince(since);
    this.entriesOffSince ??= virtualNow();
  }

  private apply(command: Command['command'], now: MarketMs): void {
    // Cancelling the workflow is an emergency while the market is open (CONTROL, "In Temporal").
    const isCancelled = command === 'cancel_workflow' && isTrading(now);
    if (command === 'close_all' || isCancelled) {
      this.closing = 'emergency';
      this.closedAll = true;
      this.closingSince ??= now;
      this.entriesOffSince ??= now;
    } else if (command === 'stop_and_close') {
      this.closing ??= 'stopped';
      this.stoppedAt = now;
      this.closingSince ??= now;
      this.entriesOffSince ??= now;
    } else if (command === 'stop') this.entriesOffSince ??= now;
    else if (command === 'start' && this.closing !== 'emergency') {
      this.closing = null;
      this.closingSince = null;
      this.entriesOffSince = null;
    }
  }

  newDay(): void {
    this.forgetCommands();
    this.ordered.clear();
  }

  private forgetCommands(): void {
    this.heard.length = 0;
    this.closingSince = null;
    this.closing = null;
    this.entriesOffSince = null;
  }

  pulse(): void {
    const { positions } = this.of;
    const now = virtualNow();
    if (this.closing) positions.exitDue(positions.openPositions().filter((position) => !this.isOrderedSince(position)));
    const squareOff = istAt(istDate(now), SQUARE_OFF);
    if (now >= squareOff)
      positions.exitDue(positions.openPositions().filter((position) => this.leavesOn(position) <= istDate(now)));
    this.lookAtIndex(now);
    this.lookAtLoss(now);
  }

  /** Trading that is stopped takes manual orders still: what a person has ordered since then is theirs to close. */
  private isOrderedSince(position: string): boolean {
    return this.closing === 'stopped' && (this.ordered.get(position) ?? 0) > this.stoppedAt + COMMAND_MS;
  }

  /**
   * The day of which the square-off is a position's own: under `weekly` the next weekday of the plan after its entry, and expiry day at
   * the latest. Far away for what a person holds overnight.
   */
  leavesOn(position: string): IsoDate {
    const { book, play } = this.of;
    if (play.plan.exitPolicy === 'intraday') return '';
    const main = book.legs.legsOf(position).find(({ role, openedAt }) => role === 'main' && openedAt > 0);
    const contract = main && instrumentOf(play, main.contract);
    if (!position.startsWith('P') || !main || contract?.kind !== 'option') return '9999';
    const { weeklyExitDay } = play.plan;
    const entered = istDate(main.openedAt);
    if (weeklyExitDay === null) return contract.expiry;
    let day = addDays(entered, 1);
    while (new Date(`${day}T00:00:00Z`).getUTCDay() !== weeklyExitDay) day = addDays(day, 1);
    if (day >= contract.expiry) return contract.expiry;
    while (sessionOf(day).kind === 'holiday') day = addDays(day, -1);
    return day > entered ? day : contract.expiry;
  }

  /** An hourly close at or beyond the strike ends a position, where nothing kept the product from seeing it. */
  private lookAtIndex(now: MarketMs): void {
    const { able, book, positions, findings, play } = this.of;
    const date = istDate(now);
    const close = HOUR_CLOSES.filter((time) => time <= LAST_STOP)
      .map((time) => istAt(date, time))
      .find((at) => now >= at + STOP_WITHIN_MS && now < at + STOP_WITHIN_MS + 10_000);
    if (close === undefined || this.judged === `${close}`) return;
    this.judged = `${close}`;
    if (Math.min(able.answersFor(), able.breezeAnswersFor()) < STOP_WITHIN_MS || play.world.contradicted) return;
    const { exchange } = play.world;
    const nifty = exchange.find('NSE', 'NIFTY 50');
    const bar = nifty && exchange.candles(nifty, close - 3_600_000, close - 1, 60)[0];
    if (!bar) return;
    for (const leg of book.legs.legs.values()) {
      if (
        leg.net >= 0 ||
        !leg.position.startsWith('P') ||
        positions.isLeft(leg.position) ||
        positions.isTouched(leg.position) ||
        leg.openedAt > close - 60_000
      )
        continue;
      const contract = instrumentOf(play, leg.contract);
      if (contract?.kind !== 'option') continue;
      const hit = contract.optionType === 'PE' ? bar.close <= contract.strike : bar.close >= contract.strike;
      if (hit)
        findings.add(
          5,
          'an index stop was not taken',
          `${leg.position}: the hour closed at ${bar.close / 100}, the strike is ${contract.strike / 100}`,
        );
    }
  }

  /** A loss beyond the cap, at what closing would cost, ends a position. */
  private lookAtLoss(now: MarketMs): void {
    const { able, book, positions, findings, play } = this.of;
    const beyond = [...new Set([...book.legs.legs.values()].map(({ position }) => position))].filter(
      (position) =>
        position.startsWith('P') &&
        !positions.isLeft(position) &&
        !positions.isTouched(position) &&
        // Before anything is sold it is an entry, and no position yet.
        book.legs.legsOf(position).some(({ net }) => net < 0) &&
        this.lossOf(position) > play.plan.maxLossPerTrade * SURELY,
    );
    if (beyond.length === 0 || able.answersFor() < LOSS_WITHIN_MS) {
      this.lossSince = null;
      return;
    }
    this.lossSince ??= now;
    if (now - this.lossSince > LOSS_WITHIN_MS)
      findings.add(
        5,
        'a loss cap was not taken',
        `${beyond.join(', ')}: beyond the cap for ${LOSS_WITHIN_MS / 1_000} s`,
      );
  }

  /** What is to be made of a position, 0 without a target. */
  targetOf(position: string): Paise {
    const share = this.of.play.plan.target;
    const legs = this.of.book.legs.legsOf(position).filter(({ net }) => net !== 0);
    const credit = legs.reduce((sum, { net, cost }) => sum + (net < 0 ? cost : -cost), 0);
    return share === null || credit <= 0 ? 0 : share * credit;
  }

  /** The last hour closed at or beyond the strike, or within five points of it. */
  indexBeyond(position: string, now: MarketMs): boolean {
    const { book, play } = this.of;
    const { exchange } = play.world;
    const close = [...HOUR_CLOSES, LAST_CLOSE].map((time) => istAt(istDate(now), time)).findLast((at) => at <= now);
    const nifty = exchange.find('NSE', 'NIFTY 50');
    const bar = close !== undefined && nifty && exchange.candles(nifty, close - 3_600_000, close - 1, 60)[0];
    if (!bar) return true;
    return book.legs.legsOf(position).some((leg) => {
      const contract = leg.role === 'main' ? instrumentOf(play, leg.contract) : undefined;
      if (contract?.kind !== 'option') return false;
      return contract.optionType === 'PE'
        ? bar.close <= contract.strike + SAME_CLOSE
        : bar.close >= contract.strike - SAME_CLOSE;
    });
  }

  /** What leaving now would lose, at the touch and without charges; a gain is negative. */
  lossOf(position: string): Paise {
    const { book, play } = this.of;
    const legs = book.legs.legsOf(position);
    // What is closed can be lost no more.
    if (legs.every(({ net }) => net === 0)) return 0;
    let result = 0;
    for (const leg of legs) {
      result += leg.realised;
      if (leg.net === 0) continue;
      const instrument = instrumentOf(play, leg.contract);
      const touch = instrument && play.world.exchange.touch(instrument);
      const price = leg.net < 0 ? touch?.depth.asks[0]?.price : (touch?.depth.bids[0]?.price ?? 0);
      // Nobody sells: what it would cost is unknown.
      if (price === undefined) return 0;
      result += leg.net < 0 ? leg.cost + leg.net * price : leg.net * price - leg.cost;
    }
    return -result;
  }
}

function instrumentOf({ world }: Play, contract: string): SimInstrument | undefined {
  return world.exchange.find('NFO', contract.split(' ')[1] ?? '');
}

function isTrading(at: MarketMs): boolean {
  const session = sessionOf(istDate(at));
  return session.kind === 'session' && at >= session.open && at < session.close;
}
