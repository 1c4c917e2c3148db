/** Draws a case from a seed and a number: what a day of the soak is. */

import { addDays } from '../domain/clock.ts';
import type { IsoDate } from '../domain/types.ts';
import { hash } from '../exchange-simulator/core/random.ts';
import type { Case, Command, Deed, Event, Hour, MarketCase, Moment, When } from './case.ts';
import { Dice } from './dice.ts';
import { FAULTS } from './draw-faults.ts';
import { limits } from './draw-plan.ts';
import { atExit, inEntry } from './faults/drawing.ts';
import { SECOND_SIGNAL, SIGNAL_MONDAY, signalOf } from './markets.ts';

/** Mondays after a whole week of trading, under different hours, expiry weekdays and lots: the signal fires on each. */
const MONDAYS: readonly IsoDate[] = [SIGNAL_MONDAY, '2025-09-22', '2025-12-08', '2026-07-13', '2026-08-24'];
/** Fridays after quiet weeks, with a trading Monday behind them: the signals of two weeks, and two positions at once. */
const FRIDAYS: readonly IsoDate[] = ['2025-12-12', '2026-07-17', '2026-08-28'];
const KINDS = Object.keys(FAULTS);
/**
 * Kinds that seldom meet something that is open are drawn so many times as often, so that each pair of kinds meets often enough; those after
 * which little else can meet anything are drawn less often.
 */
const OFTENER: Readonly<Record<string, number>> = {
  'breeze.away': 10,
  'breeze.contradicts': 3,
  'cancel.refused': 3.5,
  'cancel.unanswered': 3.25,
  'external.hedge_sold': 1.25,
  'external.other_contract': 1.25,
  'journal.away': 1.5,
  'market.halted': 1.25,
  'modify.refused': 2.5,
  'modify.unanswered': 2,
  'order.cancelled_at_trigger': 3,
  'order.filled_before_change': 1.5,
  'order.rejected': 1.75,
  'order.type_change_refused': 13,
  'orders.disordered': 1.25,
  'orders.empty': 1.5,
  'orders.frozen': 1.25,
  'orders.twice': 1.75,
  'place.address_refused': 2.5,
  'place.gateway': 1.25,
  'place.unanswered': 1.25,
  'positions.empty': 2,
  'positions.frozen': 2,
  'price.at_circuit': 1.25,
  'price.spike': 0.5,
  'quotes.empty': 2,
  'quotes.refused': 3,
  'session.dies_for_good': 0.25,
  'ticks.lie': 1.75,
  'ticks.no_prices': 1.75,
  'ticks.one_sided': 1.5,
  'ticks.silent': 1.25,
  'ticks.unavailable': 3.5,
  'updates.late': 1.5,
  'updates.missing': 1.5,
  'updates.twice': 1.75,
  'worker.stopped': 1.25,
  'workflow.cancelled': 2,
  'workflow.lost': 0.5,
};
/** What is asked for in the middle of an entry or an exit. */
const IN_BETWEEN: readonly Command[] = [
  { command: 'close_all' },
  { command: 'stop_and_close' },
  { command: 'close_position', which: 0 },
  { command: 'stop' },
  { command: 'cancel_orders' },
];
const QUARTERS = 4;
const MARKETS = 32;
/** Times of the day are written for a signal at 11:15. */
const WRITTEN_FOR = '11:15';

export type DrawOptions = {
  /** Weeks of several days instead of single ones. */
  weeks: boolean;
  /** Only these kinds of fault; absent are all. */
  kinds?: readonly string[];
};

/** The `day`-th case of a seed: always the same. */
export function drawCase(seed: number, day: number, options: DrawOptions = { weeks: false }): Case {
  const dice = new Dice(hash(seed, day, 4_711));
  const weekly = options.weeks || dice.is(0.02);
  const numLots = dice.is(0.5) ? dice.between(1, 10) : dice.spread(1, 40);
  const friday = weekly && dice.is(0.5) ? dice.of(FRIDAYS) : null;
  const days = options.weeks ? dice.between(2, 4) : 2;
  const dates = friday ? [friday, addDays(friday, 3)] : weekly ? weekFrom(dice.of(MONDAYS), days) : [dice.of(MONDAYS)];
  const typeChange = dice.is(0.3) ? 'refuse' : 'allow';
  const staysOpen = weekly || dice.is(0.02);
  // An hour to the square-off costs less than four.
  const staysLate = !staysOpen && dice.is(0.02);
  // Two in ten days have their signal in the morning: an order that appears an hour later, an index stop, four hours to the square-off.
  const isEarly = staysOpen || (!staysLate && dice.is(0.2));
  const drawn = isEarly ? dice.of(['S1', 'S8_EARLY'] as const) : dice.of(['S7', 'S8'] as const);
  const signal = friday ? 'FRIDAY' : drawn;
  // Few weeks have a signal on their first day: whatever fires when is left as on other days, and nothing is closed at a time.
  const generated = !weekly && dice.is(0.02) ? dice.between(1, 1_000) : null;
  const early = isEarly || generated !== null;
  const named: Pick<MarketCase, 'signal'> = signal === 'S1' ? {} : { signal };
  // Few kinds on most days, so that an exchange that answers is met too; many on the others, so that each kind meets each.
  const isCrowded = dice.is(0.4);
  const ends = staysOpen || staysLate ? [] : ending(dice, isCrowded);
  const written: Event[] = [
    ...(generated === null ? ends : ends.slice(0, 1)),
    ...faults(dice, options.kinds ?? KINDS, isCrowded),
    ...people(dice),
  ];
  // What nobody could read at the close is for the next morning.
  const isUnread = written.some(({ deed }) => deed.do === 'token_death' && deed.forGood);
  const [first = ''] = dates;
  return {
    seed: hash(seed, day, 4_712),
    dates: isUnread && dates.length === 1 ? [first, addDays(first, 1)] : dates,
    from: generated !== null ? '09:10' : early && dice.is(0.2) ? '08:45' : early ? '11:10' : '14:10',
    market: generated === null ? market(dice, dates.length, named) : { generated },
    ...limits(dice, numLots, weekly ? dates : null),
    typeChange,
    workers: dice.is(0.2) ? 2 : 1,
    pace: staysOpen || staysLate ? 'slow' : dice.is(0.08) ? 'true' : 'coarse',
    events: written.map((event) => movedTo(generated === null ? signalOf({ market: named }).at : WRITTEN_FOR, event)),
  };
}

function movedTo(signalAt: string, { when, deed }: Event): Event {
  if (!('at' in when)) return { when, deed };
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
  const at = minutes(when.at) + minutes(signalAt) - minutes(WRITTEN_FOR);
  const two = (number: number) => String(number).padStart(2, '0');
  return { when: { ...when, at: `${two(Math.floor(at / 60))}:${two(at % 60)}:${when.at.slice(6)}` }, deed };
}

function weekFrom(monday: IsoDate, days: number): IsoDate[] {
  return Array.from({ length: days }, (_, index) => addDays(monday, index));
}

/** Hours after the signal: quiet ones, gaps, moves through the strike, and as they were. */
function market(of: Dice, days: number, signal: Pick<MarketCase, 'signal'>): MarketCase {
  if (of.is(0.4)) return signal.signal === 'FRIDAY' ? { ...signal, later: [[]] } : signal;
  // Of some dozens: what is made once serves many days.
  const dice = new Dice(hash(of.between(1, MARKETS), days, 4_713));
  // The second signal is above all of the first week: that one ends as quietly as it began.
  const isFriday = signal.signal === 'FRIDAY';
  const before = isFriday ? SECOND_SIGNAL.hours : signalOf({ market: signal }).hours;
  let price: number = before.at(-1)?.[3] ?? 0;
  const hour = (wild: number): Hour => {
    const open = price + (dice.is(0.1) ? dice.between(-8_000, 8_000) : 0);
    const close = open + dice.between(-wild, wild);
    const high = Math.max(open, close) + dice.between(0, wild / 2);
    const low = Math.min(open, close) - dice.between(0, wild / 2);
    price = close;
    return [open, high, low, close].map((value) => Math.round(value / 5) * 5) as unknown as Hour;
  };
  // What is to be carried is not stopped out on most days.
  const wild = dice.of(days > 1 ? [2_000, 2_000, 6_000] : [2_000, 6_000, 15_000]);
  const hours = Array.from({ length: 6 - before.length }, () => hour(wild));
  if (isFriday) return { ...signal, later: [hours] };
  const later = Array.from({ length: days - 1 }, () => {
    price += dice.between(-10_000, 10_000);
    return Array.from({ length: 7 }, () => hour(wild));
  });
  return { ...signal, hours, ...(later.length > 0 ? { later } : {}) };
}

/** Most positions are left after some minutes: a day in which one stays open for four hours costs as much as ten others. */
function ending(dice: Dice, isCrowded: boolean): Event[] {
  const ms = isCrowded ? dice.between(120_000, 300_000) : dice.spread(2_000, 240_000);
  const when: When = { after: 'main_filled', ms };
  const of: Command = dice.of<Command>([
    { command: 'close_position', which: 0 },
    { command: 'close_all' },
    { command: 'stop_and_close' },
  ]);
  // What an entry that never filled leaves is closed as well.
  return [
    { when, deed: { do: 'command', of, ...(dice.is(0.1) ? { twice: true } : {}) } },
    { when: { at: '11:26:00' }, deed: { do: 'command', of: { command: 'close_all' } } },
  ];
}

function faults(dice: Dice, kinds: readonly string[], isCrowded: boolean): Event[] {
  if (kinds.length === 0 || dice.is(0.03)) return [];
  const count = isCrowded ? dice.between(22, 32) : dice.between(1, 3);
  const weighted = kinds.flatMap((kind) => Array<string>((OFTENER[kind] ?? 1) * QUARTERS).fill(kind));
  const drawn = new Set(Array.from({ length: count }, () => dice.of(weighted)));
  return [...drawn].flatMap((kind) => {
    const event = FAULTS[kind]?.(dice);
    if (!event) return [];
    if (kind === 'session.dies') return [event, loginAfter(dice, event.when)];
    // New entries wait for a start of trading from then on.
    if (kind === 'workflow.lost') return dice.is(0.5) ? [event, startAfter(dice, event.when)] : [event];
    return kind === 'order.cancelled_at_trigger' ? [event, spikeAfter(dice, event.when)] : [event];
  });
}

function loginAfter(dice: Dice, when: When): Event {
  const of: Command = { command: 'login' };
  // Some do not hear their telephone.
  const ms = dice.is(0.1) ? dice.between(400_000, 900_000) : dice.spread(2_000, 180_000);
  return { when: 'after' in when ? { ...when, ms: when.ms + ms } : { at: '11:30:00' }, deed: { do: 'command', of } };
}

function startAfter(dice: Dice, when: When): Event {
  const ms = dice.between(40_000, 120_000);
  return {
    when: 'after' in when ? { ...when, ms: when.ms + ms } : when,
    deed: { do: 'command', of: { command: 'start' } },
  };
}

/** A price at which the resting stop is triggered. */
function spikeAfter(dice: Dice, when: When): Event {
  const fault = { kind: 'price_shift', count: 1, role: 'main', points: 150, seconds: dice.between(5, 40) } as const;
  const ms = dice.spread(500, 20_000);
  return {
    when: 'after' in when ? { ...when, ms: when.ms + ms } : when,
    deed: { do: 'exchange_fault', kind: 'price.spike', fault },
  };
}

/** Orders are filled in parts, step by step: what is asked for meanwhile meets them half done. */
function thinBook(dice: Dice, moment: Moment): Event {
  const fault = { kind: 'thin_depth', count: dice.between(2, 5), quantity: 75 * dice.between(1, 4) } as const;
  return { when: { after: moment, ms: 0 }, deed: { do: 'exchange_fault', kind: 'order.thin', fault } };
}

/** What people do besides. */
function people(dice: Dice): Event[] {
  const events: Event[] = [];
  const minute = () =>
    `11:${String(dice.between(11, 24)).padStart(2, '0')}:${String(dice.between(0, 59)).padStart(2, '0')}`;
  const command = (of: Command, when: When = { at: minute() }): void => {
    events.push({ when, deed: { do: 'command', of, ...(dice.is(0.2) ? { twice: true } : {}) } });
  };
  if (dice.is(0.2)) {
    const lots = dice.between(1, 12);
    const [buy, sell] = [dice.between(11, 14), dice.between(15, 20)];
    // What arrives twice under a key is one order.
    const keyed = (key: string) => (dice.is(0.5) ? { key } : {});
    command(
      { command: 'place_order', ...keyed('far'), order: { leg: 'far', lots, side: 'BUY' } },
      { at: `11:${buy}:30` },
    );
    command(
      { command: 'place_order', ...keyed('near'), order: { leg: 'near', lots: dice.between(1, lots), side: 'SELL' } },
      { at: `11:${sell}:10` },
    );
    // What covers the first sale does not cover a second one, unless both together fit.
    if (dice.is(0.3))
      command(
        { command: 'place_order', order: { leg: 'near', lots: dice.between(1, lots), side: 'SELL' } },
        { at: `11:${sell}:${dice.of(['10', '11', '40'])}` },
      );
  }
  // What others hold when somebody logs in is asked about, and perhaps answered.
  if (dice.is(0.02)) {
    const kind = 'external.other_contract';
    const deed: Deed = { do: 'external', kind, role: 'other', side: dice.of(['BUY', 'SELL'] as const), lots: 2 };
    events.push({ when: { at: '11:10:20' }, deed });
    if (dice.is(0.5)) command({ command: 'acknowledge' }, { at: '11:13:30' });
  }
  if (dice.is(0.03)) {
    command({ command: 'close_all' }, { at: '11:13:00' });
    command({ command: 'start' }, { at: '11:14:00' });
  }
  // A stop lasts: no login, other worker or lost cache starts trading again.
  if (dice.is(0.03)) {
    command({ command: 'stop' }, { at: '11:13:10' });
    const deed = dice.of<Deed>([
      { do: 'command', of: { command: 'login' } },
      { do: 'kill', downMs: 2_000, worker: 0 },
      { do: 'evict' },
    ]);
    events.push({ when: { at: '11:13:40' }, deed });
  }
  // Somebody closes, stops or cancels while an order is on its way; a thin book keeps it there.
  if (dice.is(0.15)) {
    const isEntry = dice.is(0.5);
    const when = isEntry ? inEntry(dice) : atExit(dice);
    if (dice.is(0.4)) events.push(thinBook(dice, isEntry ? 'signal' : 'exit_asked'));
    command(dice.of(IN_BETWEEN), when);
  }
  if (dice.is(0.1)) command({ command: 'stop' });
  if (dice.is(0.1)) command({ command: 'start' });
  if (dice.is(0.1)) command({ command: 'acknowledge' });
  if (dice.is(0.05)) command({ command: 'login' });
  if (dice.is(0.05)) command({ command: 'cancel_orders' });
  if (dice.is(0.05)) command({ command: 'close_position', which: dice.between(0, 2) });
  return events;
}
