/** Which process dies when, from a seed: the plan repeats exactly, the moments of real processes do not. */
import { hash } from '../../exchange-simulator/core/random.ts';
import { Dice } from '../dice.ts';

export type Victim = 'worker 1' | 'worker 2' | 'api' | 'temporal' | 'exchange';

/** `before`: an order call has reached the exchange, which has not looked at it. `after`: it is in the book, its answer on the way. */
export type Moment = { at: 'before' | 'after' } | { at: 'random'; afterMs: number };

export type Kill = {
  victim: Victim;
  moment: Moment;
  /** SIGKILL: it is started again after `awayMs`. SIGSTOP: SIGCONT follows after `awayMs`. Wall milliseconds. */
  signal: 'SIGKILL' | 'SIGSTOP';
  awayMs: number;
};

export type DayPlan = { day: number; workers: 1 | 2; kills: Kill[] };

/** Orders of a day and what comes of them: hedge, main leg, stop, exit, hedge sale, and some sent once more. */
const KILLS_A_DAY = 8;
const VICTIMS: Record<Victim, number> = { 'worker 1': 4, 'worker 2': 2, api: 1, temporal: 2, exchange: 2 };
const BEYOND_HEARTBEAT_MS = 12_000;

/** The plan of the `day`-th day of a seed, counted from 1, whatever became of the days before it. */
export function planDay(seed: number, day: number): DayPlan {
  const dice = new Dice(hash(seed, day, 4_714));
  const workers = dice.is(0.5) ? 2 : 1;
  return { day, workers, kills: Array.from({ length: KILLS_A_DAY }, (_, index) => planKill(dice, workers, index)) };
}

/** Right before and right after take turns, so that a day has both for most of its orders. */
function planKill(dice: Dice, workers: 1 | 2, index: number): Kill {
  const drawn = dice.weighted(VICTIMS);
  const victim = drawn === 'worker 2' && workers === 1 ? 'worker 1' : drawn;
  const random = dice.is(0.25);
  const afterMs = dice.between(0, 4_000);
  const moment: Moment = random ? { at: 'random', afterMs } : { at: index % 2 === 0 ? 'before' : 'after' };
  const signal = dice.is(0.6) ? 'SIGKILL' : 'SIGSTOP';
  const awayMs = signal === 'SIGKILL' ? dice.between(0, 2_000) : dice.spread(1_000, BEYOND_HEARTBEAT_MS);
  return { victim, moment, signal, awayMs };
}

/** `SIGSTOP to worker 1 for 3.2 s right after an order call`. */
export function killInWords({ victim, moment, signal, awayMs }: Kill): string {
  const when = moment.at === 'random' ? `${moment.afterMs / 1_000} s later` : `right ${moment.at} an order call`;
  return `${signal} to ${victim} for ${awayMs / 1_000} s ${when}`;
}
