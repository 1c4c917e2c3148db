import { isIsoDate } from './clock.ts';
import type { IsoDate } from './types.ts';

type TagRole = 'hedge' | 'main';
type TagPurpose = 'entry' | 'stop' | 'exit' | 'unwind';

/** Everything that tells one of our orders from all others of the account. */
export type OrderTag = {
  /** The replay's run, 0 to 46655; 0 in live and paper mode. */
  run: number;
  /** The trading date on which the order is sent, not the position's entry date. */
  date: IsoDate;
  /** Number of the position within its day, 1 to 1295. */
  position: number;
  /** Of a position that a person's command opened: those are numbered for themselves. */
  manual?: boolean;
  role: TagRole;
  purpose: TagPurpose;
  /** 1 to 1295. */
  slice: number;
  /** 1 to 46655: an order that has to be sent once more gets the next one. */
  attempt: number;
};

const ROLES: Record<TagRole, string> = { hedge: 'H', main: 'M' };
/** Manual: bought, and written. */
const MANUAL_ROLES: Record<TagRole, string> = { hedge: 'B', main: 'W' };
const PURPOSES: Record<TagPurpose, string> = { entry: 'E', stop: 'S', exit: 'X', unwind: 'U' };

const PATTERN = /^R([0-9A-Z]{3})D(\d{2})(\d{2})(\d{2})([0-9A-Z]{2})([HMBW])([ESXU])([0-9A-Z]{2})([0-9A-Z]{3})$/;

/**
 * Kite's order tag, all of its at most 20 characters: `R` run, `D` date, position, role, purpose, slice, attempt, e.g.
 * `R001D25071401HE01001`. Throws RangeError for a number that does not fit: a tag is never cut.
 */
export function makeTag(of: OrderTag): string {
  const [year = '', month = '', day = ''] = of.date.split('-');
  if (!isIsoDate(of.date) || !year.startsWith('20')) throw new RangeError(`not a date for an order tag: "${of.date}"`);
  return [
    `R${base36('run', of.run, 0, 3)}`,
    `D${year.slice(2)}${month}${day}`,
    base36('position', of.position, 1, 2),
    (of.manual ? MANUAL_ROLES : ROLES)[of.role],
    PURPOSES[of.purpose],
    base36('slice', of.slice, 1, 2),
    base36('attempt', of.attempt, 1, 3),
  ].join('');
}

/** What a tag of ours says, or null for a tag that is not spelled like ours. */
export function parseTag(tag: string): OrderTag | null {
  const match = PATTERN.exec(tag);
  if (!match) return null;
  const [, run = '', year, month, day, position = '', roleLetter = '', purposeLetter, slice = '', attempt = ''] = match;
  const date = `20${year}-${month}-${day}`;
  const manual = Object.values(MANUAL_ROLES).includes(roleLetter);
  const roles = manual ? MANUAL_ROLES : ROLES;
  const role = (['hedge', 'main'] as const).find((name) => roles[name] === roleLetter);
  const purpose = (['entry', 'stop', 'exit', 'unwind'] as const).find((name) => PURPOSES[name] === purposeLetter);
  if (!role || !purpose || !isIsoDate(date)) return null;
  if ([position, slice, attempt].some((number) => Number.parseInt(number, 36) === 0)) return null;
  return {
    run: Number.parseInt(run, 36),
    date,
    position: Number.parseInt(position, 36),
    ...(manual ? { manual } : {}),
    role,
    purpose,
    slice: Number.parseInt(slice, 36),
    attempt: Number.parseInt(attempt, 36),
  };
}

/** What an order is known by that carries the tag of another one: two orders have had it, or it is not what was intended. */
export function adoptedKey(tag: string, orderId: string): string {
  return `${tag}#${orderId}`;
}

/** The position's id within its day, e.g. `P1`, or `M2` for one that a person opened. */
export function positionIdOf({ manual, position }: Pick<OrderTag, 'manual' | 'position'>): string {
  return `${manual ? 'M' : 'P'}${position}`;
}

/** Whether a tag is one of ours, of this run and trading date. */
export function isTagOf(tag: string, day: { run: number; date: IsoDate }): boolean {
  const parsed = parseTag(tag);
  return parsed !== null && parsed.run === day.run && parsed.date === day.date;
}

function base36(what: string, value: number, least: number, width: number): string {
  const text = value.toString(36).toUpperCase();
  if (!Number.isInteger(value) || value < least || text.length > width) {
    throw new RangeError(`${what} ${value} does not fit into an order tag (${least} to ${36 ** width - 1})`);
  }
  return text.padStart(width, '0');
}
