/** Where two plays of a day differ: on a real server, whose time runs on while a machine works, and in the simulation. */
import type { HourInput } from '../../src/contract/activities.ts';
import type { ClockSegment } from '../../src/domain/clock.ts';
import { istTime, marketAt } from '../../src/domain/clock.ts';
import type { Asked } from './asked.ts';
import type { Played } from './played.ts';

const POSITION = new Set([
  ...['sendOrder', 'changeOrder', 'cancelOrder', 'followOrder', 'findOrder'],
  ...['readByHand', 'guardPosition'],
]);
const HOUR = new Set(['readHourClose', 'evaluateHour', 'planEntry']);
/** The clock is read once a minute: whether once more before the day's end is decided by milliseconds. */
const BESIDE = new Set(['readClock', 'checkSession', 'watchBook', 'holdMarketClock']);
const OFTEN = new Set<Asked['what']>(['activity', 'timer', 'attributes']);

const isHour = ({ name = '' }: Asked): boolean => HOUR.has(name);
/** The hour that ends with the square-off: its close is read where the position has not been asked to leave yet, within one instant. */
const isLastHour = ({ name, input }: Asked): boolean =>
  name === 'readHourClose' && (input as HourInput[]).some(({ barEnd }) => istTime(barEnd) === '15:15:00');

/** All that may differ, each with its reason. Everything else is the same, to the last field of each command's input. */
const MAY_DIFFER = {
  /**
   * Each answer takes the real machine some milliseconds, a busy one some hundreds, and the server's time runs on meanwhile: an instant of a
   * day may be that much later there. What happens in a later minute is another instant.
   */
  withinMs: 60_000,
  /**
   * Branches of a workflow that are under way in one instant ask for their next step when their answer is there, and which one is there
   * first is decided by those milliseconds. These run beside the day: each goes its own way, in its own order. All the rest is one way, from
   * the day's opening over its logins and positions to its report, in one order; so is what an entry is planned with and what becomes of it.
   */
  ways: {
    day: (asked: Asked) => asked.what === 'activity' && !isHour(asked) && !BESIDE.has(asked.name ?? ''),
    'what it shows': ({ what }: Asked) => what === 'attributes',
    'all else': ({ what }: Asked) => !OFTEN.has(what),
    'the hours': (asked: Asked) => isHour(asked) && !isLastHour(asked),
    'the entries': ({ name = '' }: Asked) => name === 'planEntry' || POSITION.has(name),
    'the clock held': ({ name }: Asked) => name === 'holdMarketClock',
    'the login': ({ name }: Asked) => name === 'checkSession',
  } as Readonly<Record<string, (asked: Asked) => boolean>>,
  /**
   * A timer that is begun and called off within one workflow task never leaves a worker. Whether two answers come in one task or in two is
   * decided by those milliseconds: timers that are called off in the instant in which they are begun count on neither side.
   */
  isAtOnce: ({ begunAt, dueAt }: Timer, offAt: number | undefined): boolean =>
    offAt !== undefined && offAt - begunAt <= MAY_DIFFER.withinMs && dueAt > offAt,
  /** How late a decision was, in those same milliseconds; sealed with a nonce, which differs each time. */
  fields: new Set(['lateness', 'sealedRequestToken', 'sealedAccessToken']),
  /** Of orders that an earlier day hands over: its instants are of that day's own clock. */
  instantsHandedOver: new Set(['since', 'seenAt', 'sentAt', 'firstFillAt']),
  /** A client gives up by whichever of its two time limits ends first. */
  texts: [
    [/No answer from Kite: [^.]*/g, 'No answer from Kite'],
    // Ids of notices hold the instant of the page, of a server whose wall is not the market's.
    [/:\d{13}\b/g, ':instant'],
  ] as readonly [RegExp, string][],
} as const;

/** Numbers that are instants: from the year 2020 on. */
const INSTANTS_FROM = 1_577_836_800_000;
const DAY_MS = 86_400_000;
const TIME_OF_DAY = /\b(\d\d):(\d\d):(\d\d)\b/g;

/** Texts that each tell one difference; none when the plays agree. */
export function differencesBetween(server: Played, simulated: Played): string[] {
  const ways = Object.entries(MAY_DIFFER.ways);
  return [
    ...ways.flatMap(([name, isOf]) => differ(going(server, isOf), going(simulated, isOf), name)),
    ...timersMissing(timers(server), timers(simulated)),
    ...differ(journal(server), journal(simulated), 'journal'),
    ...differ(inMarketTime(server.report, server.clock), simulated.report, 'report'),
    ...differ(server.book, simulated.book, 'book'),
  ];
}

function going({ asked, clock }: Played, isOfIt: (asked: Asked) => boolean): object[] {
  const steps = asked.filter(
    ({ what, name, dueAt }) => name !== 'writeJournal' && what !== 'cancel activity' && dueAt === undefined,
  );
  return steps.filter(isOfIt).map((one) => ({ ...one, input: inMarketTime(one.input, clock) }));
}

type Timer = { begunAt: number; dueAt: number };

/** By when they are begun and due. Timers have no names. */
function timers({ asked }: Played): Timer[] {
  const off = asked.filter(({ what }) => what === 'cancel timer');
  return asked.flatMap(({ what, at, dueAt }) => {
    if (what !== 'timer' || dueAt === undefined) return [];
    const index = off.findIndex((one) => one.begunAt === at && one.dueAt === dueAt);
    const [calledOff] = index < 0 ? [] : off.splice(index, 1);
    const timer = { begunAt: at, dueAt };
    return MAY_DIFFER.isAtOnce(timer, calledOff?.at) ? [] : [timer];
  });
}

function timersMissing(server: readonly Timer[], simulated: readonly Timer[]): string[] {
  const left = [...server];
  return simulated.flatMap((timer) => {
    const index = left.findIndex((one) => differ(timer, one, '').length === 0);
    if (index < 0) return [`timer: ${textOf(timer)} in the simulation alone`];
    left.splice(index, 1);
    return [];
  });
}

type Batch = {
  events: { kind: string; text: string; seq: number }[];
  orders: { tag: string }[];
  positions: { id: string }[];
};

/**
 * What the journal holds in the end. Writes are put together while one is under way, so that their number and batches are decided by
 * milliseconds too; so is the order of events of one instant.
 */
function journal({ asked, clock }: Played): object {
  const written = asked
    .filter(({ name }) => name === 'writeJournal')
    .flatMap(({ input }) => inMarketTime(input, clock) as Batch[]);
  const events = written.flatMap((batch) => batch.events.map(({ seq: _, ...event }) => event));
  const last = <T>(of: readonly T[], key: (one: T) => string) =>
    Object.fromEntries(of.map((one) => [key(one), one] as const).sort(([a], [b]) => a.localeCompare(b)));
  return {
    events: events.sort((a, b) => sortable(a).localeCompare(sortable(b))),
    orders: last(
      written.flatMap(({ orders }) => orders),
      ({ tag }) => tag,
    ),
    positions: last(
      written.flatMap(({ positions }) => positions),
      ({ id }) => id,
    ),
  };
}

const sortable = ({ kind, text }: { kind: string; text: string }) => `${kind} ${text.replace(TIME_OF_DAY, '')}`;

/** The server's wall times as the market's. */
function inMarketTime(value: unknown, clock: readonly ClockSegment[]): unknown {
  const [begin] = clock;
  if (!begin) return value;
  if (typeof value === 'number') return Math.abs(value - begin.real) < DAY_MS ? marketAt(clock, value) : value;
  if (Array.isArray(value)) return value.map((one) => inMarketTime(one, clock));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inMarketTime(one, clock)]));
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function differ(of: unknown, other: unknown, path: string): string[] {
  if (isObject(of) && isObject(other) && Array.isArray(of) === Array.isArray(other)) {
    const keys = [...new Set([...Object.keys(of), ...Object.keys(other)])];
    if (Array.isArray(of) && Array.isArray(other) && of.length !== other.length)
      return [`${path}: ${of.length} on the server, ${other.length} in the simulation: ${firstApart(of, other)}`];
    const isLeftOut = (key: string) =>
      MAY_DIFFER.fields.has(key) || (path.includes('handedOver') && MAY_DIFFER.instantsHandedOver.has(key));
    return keys.flatMap((key) => (isLeftOut(key) ? [] : differ(of[key], other[key], `${path}.${key}`)));
  }
  return isSame(of, other) ? [] : [`${path}: ${textOf(of)} on the server, ${textOf(other)} in the simulation`];
}

function firstApart(of: readonly unknown[], other: readonly unknown[]): string {
  const index = of.findIndex((one, at) => differ(one, other[at], '').length > 0);
  const at = index < 0 ? of.length : index;
  return `the first apart is ${textOf(of[at]).slice(0, 300)} and ${textOf(other[at]).slice(0, 300)}`;
}

function isSame(of: unknown, other: unknown): boolean {
  if (typeof of === 'number' && typeof other === 'number')
    return of === other || (Math.min(of, other) > INSTANTS_FROM && isNear(of, other));
  if (typeof of === 'string' && typeof other === 'string') return isSameText(plain(of), plain(other));
  return Object.is(of, other);
}

const isNear = (of: number, other: number): boolean => Math.abs(of - other) <= MAY_DIFFER.withinMs;
const plain = (text: string): string => MAY_DIFFER.texts.reduce((now, [pattern, by]) => now.replace(pattern, by), text);

function isSameText(of: string, other: string): boolean {
  if (of.replace(TIME_OF_DAY, '') !== other.replace(TIME_OF_DAY, '')) return false;
  const [times, others] = [timesIn(of), timesIn(other)];
  return times.every((time, index) => isNear(time, others[index] ?? 0));
}

function timesIn(text: string): number[] {
  return [...text.matchAll(TIME_OF_DAY)].map(
    ([, hours, minutes, seconds]) => ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000,
  );
}
