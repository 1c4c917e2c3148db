import { istAt, istDate, istTime } from '../../domain/clock.ts';
import type { MarketMs, Paise } from '../../domain/types.ts';

/** Rupees as a JSON number; fractions of a paisa in averages survive to six places. */
export function rupees(paise: number): number {
  return Math.round(paise * 10_000) / 1_000_000;
}

/** Paise from a client's rupees, null when it is no number. */
export function paise(text: string): Paise | null {
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? null : Math.round(value * 100);
}

/** `YYYY-MM-DD HH:MM:SS` in IST, as Kite and Breeze write times. */
export function brokerTime(ms: MarketMs): string {
  return `${istDate(ms)} ${istTime(ms)}`;
}

/** ISO 8601 with milliseconds and +05:30, for the simulator's own routes. */
export function isoTime(ms: MarketMs): string {
  const millis = String(((ms % 1000) + 1000) % 1000).padStart(3, '0');
  return `${istDate(ms)}T${istTime(ms)}.${millis}+05:30`;
}

/**
 * A wall-clock time in India as brokers' clients write it: `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS]` or with a `T`. Whatever zone follows
 * is ignored: Breeze's `.000Z` is a false one. Null when it is no time.
 */
export function parseBrokerTime(text: string): MarketMs | null {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?/.exec(text.trim());
  if (!match) return null;
  try {
    return istAt(match[1] ?? '', `${match[2] ?? '00:00'}${match[3] ?? ':00'}`);
  } catch {
    return null;
  }
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** `06-FEB-2025`, or `06-FEB-25` as version 1 writes it. */
export function breezeDate(date: string, year: 'full' | 'short'): string {
  const [y = '', m = '', d = ''] = date.split('-');
  return `${d}-${MONTHS[Number(m) - 1]}-${year === 'full' ? y : y.slice(2)}`;
}
