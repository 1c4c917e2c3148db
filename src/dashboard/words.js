/** What the day is doing, in a sentence. Pure: facts in, words out. */
import { clockTime, hourMinute, longDate, profit, span } from './format.js';

/** @typedef {import('../api/schemas.ts').StatusBody} Status */
/** @typedef {import('../api/schemas.ts').PositionBody} Position */
/** @typedef {import('../api/schemas.ts').OrderBody} Order */

/** @param {Status} status */
export function modeWords(status) {
  if (status.mode === 'live') return `LIVE: real orders at Zerodha, ${status.user_id ?? status.account}`;
  if (status.mode === 'paper') return 'PAPER: real prices, simulated orders';
  const speed = status.clock_speed === 0 ? 'standing still' : `${status.clock_speed}x`;
  return `REPLAY ${speed}, recorded day ${longDate(status.date)}. No order reaches a broker.`;
}

/**
 * @param {Status} status
 * @param {Position[]} positions
 * @returns {string}
 */
export function sentence(status, positions) {
  const open = positions.filter((position) => position.state !== 'closed');
  const exit = squareOff(status);
  if (status.hands_off && !['no_day', 'holiday', 'closed'].includes(status.state))
    return handsOff(status.hands_off, open);
  switch (status.state) {
    case 'no_day':
      return status.no_day ?? 'No trading day is open.';
    case 'holiday':
      return `Market holiday: ${status.holiday ?? 'no session today'}.${status.next_trading_day ? ` Next trading day ${longDate(status.next_trading_day)}.` : ''}`;
    case 'awaiting_auth':
      return awaiting(status, open);
    case 'ready':
      return 'Logged in. Waiting for you to start.';
    case 'trading': {
      if (status.entries_off) return noEntries(status, open);
      const next = status.next_check_at ? ` Next signal check ${hourMinute(status.next_check_at)}.` : '';
      return `Trading.${next}${exit}`;
    }
    case 'stopped':
      if (status.entries_off) return noEntries(status, open);
      return `No new entries. ${open.length > 0 ? 'Open positions stay guarded.' : 'Nothing is open.'}${exit}`;
    case 'squaring_off':
      return open.length > 0 ? closing(open) : 'Square-off: nothing is open. The report follows after the close.';
    case 'closed':
      return ended(status);
  }
}

/**
 * @param {NonNullable<Status['hands_off']>} hands
 * @param {Position[]} open
 */
function handsOff({ since }, open) {
  const resting = open.filter((position) => position.resting_stop).length;
  const stops = resting === 1 ? ' 1 stop order rests' : ` ${resting} stop orders rest`;
  return `HANDS OFF since ${hourMinute(since)}: no order is sent, changed or cancelled from here.${resting > 0 ? `${stops} at Zerodha.` : ''}`;
}

/**
 * After an emergency and at the day's loss limit everything is on its way out.
 * @param {Status} status
 * @param {Position[]} open
 */
function noEntries(status, open) {
  return `No new entries today: ${status.entries_off}. ${open.length > 0 ? closing(open) : 'Nothing is open.'}`;
}

/** @param {Status} status */
function squareOff(status) {
  if (!status.square_off_at) return '';
  const left = span(status.market_time, status.square_off_at);
  return ` Square-off ${hourMinute(status.square_off_at)}${left ? `, in ${left}` : ''}.`;
}

/**
 * @param {Status} status
 * @param {Position[]} open
 */
function awaiting(status, open) {
  const lost = status.warnings.find((warning) => warning.code === 'login_lost');
  if (lost) {
    const rested = open.filter((position) => position.resting_stop).length;
    const stops =
      open.length > 0
        ? ` ${counted(open.length, 'position')} open; ${counted(rested, 'stop order')} rested at Zerodha then.`
        : '';
    return `Zerodha login lost at ${hourMinute(lost.since)}.${stops} Log in to regain control.`;
  }
  if (status.login_refused) return `Zerodha refused the login: “${status.login_refused}”. Log in again.`;
  const opens = span(status.market_time, status.opens_at);
  const when = status.opens_at && opens ? ` Market opens ${hourMinute(status.opens_at)}, in ${opens}.` : '';
  return `Waiting for the Zerodha login. Nothing is traded until then.${when}`;
}

/** @param {Position[]} open */
function closing(open) {
  const legs = open.flatMap((position) => position.legs);
  const sold = legs.filter((leg) => leg.side === 'SELL');
  const total = sum(sold.map((leg) => leg.quantity));
  const left = sum(sold.map((leg) => leg.open_quantity));
  if (total === 0 || left === 0) return 'Closing: the short legs are bought back; the hedges are being sold.';
  return `Closing: ${total - left} of ${total} bought back; the hedge waits.`;
}

/** @param {Status} status */
function ended(status) {
  const net = status.pnl.net === null ? '' : ` Net ${profit(status.pnl.net).text}.`;
  if (status.warnings.some(({ code }) => code === 'day_lost'))
    return 'DAY LOST: it ended without a report, and nothing of it is watched any more. Look at Kite now.';
  switch (status.result) {
    case 'flat':
      return `Day over. Zerodha says flat.${net}`;
    case 'carried':
      return `Day over. Positions are carried to the next day.${net}`;
    case 'not_flat':
      return `DAY OVER, NOT FLAT. Look at Kite now.${net}`;
    default:
      return `Day over.${net}`;
  }
}

/**
 * What an emergency would do now, leg by leg.
 * @param {Position[]} positions
 */
export function emergencyWords(positions) {
  const legs = positions.filter((position) => position.state !== 'closed').flatMap((position) => position.legs);
  const live = legs.filter((leg) => leg.open_quantity > 0);
  const out = [...live.filter((leg) => leg.side === 'SELL'), ...live.filter((leg) => leg.side === 'BUY')].map((leg) =>
    leg.side === 'SELL'
      ? `buys back ${leg.open_quantity} ${leg.tradingsymbol}`
      : `sells ${leg.open_quantity} ${leg.tradingsymbol}`,
  );
  if (out.length === 0) return 'Nothing is known to be open. Live entry orders are cancelled. No new entries today.';
  const words = out.join(', then ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}. No new entries today.`;
}

/** @type {Record<string, string>} */
const PHASES = {
  intended: 'about to be sent',
  in_flight: 'being sent',
  doubt: 'IN DOUBT: sent, and no answer came. Look at Kite',
  absent: 'not in the order book',
};

/**
 * Where an order stands: in our words until it is in the book, then in the broker's.
 * @param {Order} order
 */
export function orderWords({ phase, status }) {
  return PHASES[phase ?? ''] ?? status;
}

/**
 * Whether our ledger, filled from the broker's own answers, has nothing open and no order that may still trade.
 * @param {Status} status
 * @param {Position[]} positions
 * @param {Order[]} orders
 */
export function isFlat(status, positions, orders) {
  return (
    !status.busy && positions.every((position) => position.state === 'closed') && orders.every((order) => order.over)
  );
}

/** @param {Status} status @param {Position[]} positions */
export function restingWords(status, positions) {
  const rested = positions.filter((position) => position.state !== 'closed' && position.resting_stop).length;
  const time = clockTime(status.market_time);
  return rested > 0
    ? `At that time (market ${time}) ${counted(rested, 'stop order')} rested at Zerodha.`
    : `At that time (market ${time}) no stop order rested at Zerodha.`;
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, part) => total + part, 0);
}
