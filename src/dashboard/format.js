/** Figures and times as people read them. Market times come as ISO text in +05:30 and are cut, never converted: the browser may be anywhere. */

const grouped = new Intl.NumberFormat('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 2 });
const IST_OFFSET_MS = 330 * 60_000;

/** @param {number} amount rupees */
export const rupees = (amount) => `₹${grouped.format(amount)}`;

/** @param {number} amount a price or index level */
export const price = (amount) => grouped.format(amount);

/** @param {number} amount without needless decimals */
export const plain = (amount) => whole.format(amount);

/**
 * Sign, direction and figure: never colour alone.
 * @param {number | null} amount rupees; null is not known
 * @returns {{ text: string, mark: string, kind: 'gain' | 'loss' | 'even' | 'unknown' }}
 */
export function profit(amount) {
  if (amount === null) return { text: 'not known', mark: '', kind: 'unknown' };
  const size = rupees(Math.abs(amount));
  if (amount > 0) return { text: `+${size}`, mark: '▲', kind: 'gain' };
  if (amount < 0) return { text: `-${size}`, mark: '▼', kind: 'loss' };
  return { text: size, mark: '', kind: 'even' };
}

/** @param {string | null} iso `HH:MM:SS` of a market time */
export const clockTime = (iso) => iso?.slice(11, 19) ?? '--:--:--';

/** @param {string | null} iso `HH:MM` of a market time */
export const hourMinute = (iso) => iso?.slice(11, 16) ?? '--:--';

/** @param {number} wallMs `HH:MM:SS` in India of a wall time */
export const indianTime = (wallMs) => new Date(wallMs + IST_OFFSET_MS).toISOString().slice(11, 19);

/** @param {string} date `2025-07-14` as `Mon 14 Jul 2025` */
export function longDate(date) {
  const day = new Date(`${date}T00:00:00Z`);
  const part = (/** @type {Intl.DateTimeFormatOptions} */ options) =>
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(day);
  return `${part({ weekday: 'short' })} ${part({ day: 'numeric' })} ${part({ month: 'short' })} ${part({ year: 'numeric' })}`;
}

/**
 * `3 h 32 m` or `22 m` between two market times; null when the later one has passed.
 * @param {string} from
 * @param {string | null} to
 */
export function span(from, to) {
  if (to === null) return null;
  const minutes = Math.ceil((Date.parse(to) - Date.parse(from)) / 60_000);
  if (!(minutes > 0)) return null;
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours} h ${minutes % 60} m` : `${minutes} m`;
}
