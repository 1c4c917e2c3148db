/** One position: its legs, its stop, its result. Built once, then only its texts change, so that focus and reading stay where they are. */
import { clockTime, plain, price, profit } from './format.js';
import { make, say } from './page.js';

/** @typedef {import('../api/schemas.ts').PositionBody} Position */
/** @typedef {Position['legs'][number]} Leg */

const STATES = {
  opening: 'opening',
  open: 'open, guarded',
  closing: 'closing',
  closed: 'closed',
  residual_hedge: 'hedge left over',
  not_flat: 'NOT FLAT',
};

/**
 * @param {string} id
 * @param {(id: string) => void} close
 */
export function positionCard(id, close) {
  const title = make('h3', 'card-title');
  const state = make('span', 'card-state');
  const worth = make('p', 'card-worth figure');
  const legs = make('ul', 'legs');
  const stop = make('p', 'card-stop');
  const problem = make('p', 'notice');
  const first = make('button', 'button', 'Close this position…');
  const second = make('button', 'button danger', `Close ${id} now`);
  const never = make('button', 'button', 'Keep it');
  const asking = make('div', 'card-asking', second, never);
  const node = make(
    'article',
    'card',
    make('div', 'card-head', make('div', 'card-name', title, state), worth),
    legs,
    stop,
    problem,
    make('div', 'card-end', first, asking),
  );
  asking.hidden = true;
  first.addEventListener('click', () => {
    asking.hidden = false;
    first.hidden = true;
    never.focus();
  });
  never.addEventListener('click', () => {
    asking.hidden = true;
    first.hidden = false;
    first.focus();
  });
  second.addEventListener('click', () => {
    asking.hidden = true;
    close(id);
  });

  /** @param {Position} position */
  function show(position) {
    say(
      title,
      `${position.id} · ${position.signal} · ${plain(position.strike)} ${position.option_type} · expiry ${position.expiry}`,
    );
    say(state, STATES[position.state]);
    const { text, mark, kind } = profit(position.pnl);
    say(worth, `${mark} ${text}`.trim());
    worth.dataset.kind = kind;
    // Main leg first: it is what is at risk.
    const ordered = [...position.legs].reverse();
    ordered.forEach((leg, index) => {
      showLeg(/** @type {HTMLElement} */ (legs.children[index] ?? legs.appendChild(legRow())), leg, ordered.length > 1);
    });
    say(stop, stopWords(position));
    say(problem, position.problem ?? '');
    problem.hidden = position.problem === null;
    node.classList.toggle('ended', position.state === 'closed');
    const done = position.state === 'closed' || position.state === 'closing';
    first.hidden = done || !asking.hidden;
    if (done) asking.hidden = true;
  }

  return { node, show };
}

function legRow() {
  return make(
    'li',
    'leg',
    make('span', 'leg-side'),
    make('span', 'leg-symbol figure'),
    make('span', 'leg-prices figure'),
  );
}

/** @param {HTMLElement} row @param {Leg} leg @param {boolean} hedges */
function showLeg(row, leg, hedges) {
  const [side, symbol, prices] = /** @type {HTMLElement[]} */ ([...row.children]);
  if (!side || !symbol || !prices) return;
  const count = leg.open_quantity === leg.quantity ? `${leg.quantity}` : `${leg.open_quantity} of ${leg.quantity}`;
  say(side, `${leg.side} ${count}`);
  say(symbol, `${leg.tradingsymbol}${leg.role === 'hedge' && hedges ? ' (hedge)' : ''}`);
  const entry = leg.entry_price === null ? 'not filled' : `in ${price(leg.entry_price)}`;
  const now = leg.last_price === null ? '' : ` · now ${price(leg.last_price)}`;
  const exit = leg.exit_price === null ? '' : ` · out ${price(leg.exit_price)}`;
  say(prices, `${entry}${now}${exit}`);
}

/** @param {Position} position */
function stopWords(position) {
  if (position.state === 'closed') {
    const reason = position.exit_reason ? ` by ${position.exit_reason.replaceAll('_', ' ')}` : '';
    return `Closed ${clockTime(position.closed_at)}${reason}.`;
  }
  const rest = position.resting_stop;
  const resting = rest
    ? `Resting at Zerodha: buy above ${price(rest.trigger_price)} (${rest.state.toLowerCase()}).`
    : 'No stop order rests at Zerodha.';
  if (position.stop === null) return `Manual position: it leaves at the square-off. ${rest ? resting : ''}`.trim();
  return `Leaves on an hourly NIFTY close at or beyond ${plain(position.stop)}. ${resting}`;
}
