/** The dashboard: keeps the newest frame of the day, shows it, and says at once when it is old. */
import { send } from './commands.js';
import { prepareEmergency } from './emergency.js';
import { clockTime, hourMinute, indianTime, price, profit } from './format.js';
import { showDecisions, showLog, showOrders, showPages, showPlan, showWarnings } from './lists.js';
import { button, byId, element, say } from './page.js';
import { positionCard } from './position-card.js';
import { openStream } from './stream.js';
import { emergencyWords, isFlat, modeWords, restingWords, sentence } from './words.js';

/** @typedef {import('../api/day-stream.ts').DayFrame} Frame */
/** @typedef {import('../api/day-stream.ts').Pulse} Pulse */

const AGE_SHOWN_MS = 3_000;
const NO_CONNECTION_MS = 5_000;
const PRICES_FROZEN_MS = 5_000;
const COMMAND_MS = 12_000;

/** @type {Frame | null} */
let frame = null;
/** @type {Pulse | null} */
let pulse = null;
let pulseAt = performance.now();
/** Wall time at which the figures on the page were last known to be right. */
let trueAt = Date.now();
/** @type {string | null} */
let elsewhere = null;
/** @type {Map<string, ReturnType<typeof positionCard>>} */
const cards = new Map();

const emergency = prepareEmergency({
  what: () => emergencyWords(frame?.positions ?? []),
  worth: () => {
    const net = frame?.status.pnl.net ?? null;
    if (!frame || net === null) return 'Prices are not known.';
    const old = staleSince();
    return old
      ? `Prices unknown since ${old}.`
      : `About ${profit(net).text} at ${clockTime(frame.status.market_time)} prices.`;
  },
  flatAt: () =>
    frame && !staleSince() && isFlat(frame.status, frame.positions, frame.orders)
      ? clockTime(frame.status.market_time)
      : null,
  freeConnection: () => stream.pause(),
  watchAgain: () => stream.resume(),
});

const stream = openStream({
  onSnapshot(whole) {
    frame = /** @type {Frame} */ (/** @type {unknown} */ (whole));
    renewed();
    showLog(frame.log, true);
    show();
  },
  onPart(name, data) {
    if (!frame) return;
    frame = { ...frame, [name]: data };
    renewed();
    show();
  },
  onLog: (events) => showLog(/** @type {Frame['log']} */ (events), false),
  onPulse(data) {
    pulse = /** @type {Pulse} */ (data);
    pulseAt = performance.now();
    if (frame && !pulse.trouble) renewed();
    watchAges();
    if (frame) showHead(frame);
  },
  onMoved() {
    elsewhere = 'This dashboard was opened elsewhere. Figures below are old.';
    watchAges();
  },
  onSignedOut() {
    elsewhere = 'This page is signed out. Figures below are old. Open the sign-in link that npm start prints.';
    watchAges();
  },
});

function renewed() {
  trueAt = Date.now();
}

function show() {
  if (!frame) return;
  const { status, positions, orders, decisions } = frame;
  showHead(frame);
  showPositions(positions);
  whenChanged('orders', orders, () => showOrders(orders));
  whenChanged('decisions', decisions, () => showDecisions(decisions));
  whenChanged('pages', status.pages, () => showPages(status));
  whenChanged('warnings', status.warnings, () =>
    showWarnings(status, (id) => void command('/live/acknowledge', { ids: [id] }, 'Acknowledged.')),
  );
  whenChanged('plan', [status.plan, status.limits], () => showPlan(status));
  const ended = ['closed', 'holiday'].includes(status.state);
  // Started again, the day would still enter nothing: after an emergency, or at its loss limit.
  const off = ended || status.entries_off !== null;
  button('start').hidden = off || (status.enabled && status.state !== 'stopped');
  for (const id of ['stop', 'stop-bar']) button(id).hidden = off || !status.enabled;
  const report = element('report', HTMLAnchorElement);
  report.hidden = status.result === null;
  report.href = `/live/report/${status.date}`;
  byId('log-in').hidden = ended || status.authenticated;
  emergency.refresh();
  watchAges();
}

/** @type {Map<string, string>} */
const shown = new Map();

/**
 * Rows are built again only when they say something else: a button keeps its focus, a selection stays.
 * @param {string} name
 * @param {unknown} data
 * @param {() => void} build
 */
function whenChanged(name, data, build) {
  const text = JSON.stringify(data);
  if (shown.get(name) === text) return;
  shown.set(name, text);
  build();
}

/** @param {Frame} seen */
function showHead({ status, positions, ticks }) {
  const now = pulse ? { ...status, market_time: pulse.market_time, clock_speed: pulse.clock_speed } : status;
  const mode = byId('mode');
  say(mode, modeWords(now));
  mode.dataset.mode = status.mode;
  say(byId('sentence'), sentence(now, positions));
  say(byId('market-time'), clockTime(now.market_time));
  say(
    byId('login'),
    status.authenticated ? `Zerodha login until ${hourMinute(status.login_expires_at)}` : 'Zerodha: not logged in',
  );
  const worth = profit(status.pnl.net);
  const net = byId('net');
  say(net, `${worth.mark} ${worth.text}`.trim());
  net.dataset.kind = worth.kind;
  const { realised, unrealised, charges } = status.pnl;
  say(byId('net-realised'), `realised ${profit(realised).text}`);
  say(byId('net-open'), `open ${profit(unrealised).text}`);
  say(byId('net-charges'), `charges ${profit(-charges).text}`);
  const nifty = ticks.find((tick) => tick.tradingsymbol === 'NIFTY 50');
  say(byId('nifty'), nifty ? `NIFTY ${price(nifty.last_price)}` : 'NIFTY –');
  document.title = `${worth.text} · ${status.state.replaceAll('_', ' ')} · Trading day`;
}

/** @param {Frame['positions']} positions */
function showPositions(positions) {
  byId('no-positions').hidden = positions.length > 0;
  for (const [id, card] of cards) {
    if (positions.some((position) => position.id === id)) continue;
    card.node.remove();
    cards.delete(id);
  }
  for (const position of positions) {
    let card = cards.get(position.id);
    if (!card) {
      card = positionCard(
        position.id,
        (id) => void command(`/live/close-position/${encodeURIComponent(id)}`, {}, `Closing ${id}.`),
      );
      cards.set(position.id, card);
      byId('positions').prepend(card.node);
    }
    card.show(position);
  }
}

/** India's wall time since which the figures are not known to be right; null while they are. */
function staleSince() {
  const silent = performance.now() - pulseAt > NO_CONNECTION_MS;
  return silent || elsewhere || pulse?.trouble ? indianTime(trueAt) : null;
}

/** Three clocks: the program's pulse, the price feed's messages, and (in words of the day itself) the candles. Wall time. */
function watchAges() {
  const silence = performance.now() - pulseAt;
  const since = staleSince();
  document.body.classList.toggle('stale', since !== null);
  say(byId('server'), silence > AGE_SHOWN_MS ? `Server silent for ${Math.round(silence / 1000)} s` : 'Server live');
  say(byId('net-label'), since ? `Net, as at ${since}` : 'Net today, after charges');
  showBanner(since, silence);
  showPriceAge(silence);
}

/** @param {string | null} since @param {number} silence */
function showBanner(since, silence) {
  byId('banner').hidden = since === null;
  byId('use-here').hidden = elsewhere === null || elsewhere.includes('signed out');
  if (since === null) return;
  const rested = frame ? ` ${restingWords(frame.status, frame.positions)}` : '';
  const trouble = pulse?.trouble;
  if (elsewhere) say(byId('banner-text'), elsewhere);
  else if (silence > NO_CONNECTION_MS)
    say(
      byId('banner-text'),
      `NO CONNECTION to this program since ${since}. Figures below are old.${rested} Trying again.`,
    );
  else if (trouble) say(byId('banner-text'), `${trouble.message} Figures below are from ${since}.${rested}`);
  const age = Math.round((Date.now() - trueAt) / 1000);
  say(byId('banner-age'), age > 1 ? `${age} s old` : '');
}

/** @param {number} silence */
function showPriceAge(silence) {
  const prices = byId('prices');
  const newest = frame?.ticks
    .map((tick) => tick.at)
    .sort()
    .at(-1);
  const heard = pulse?.feed?.last_message_at ?? newest ?? null;
  if (!pulse || heard === null) {
    say(prices, 'Prices: none yet');
    return;
  }
  const age = Date.parse(pulse.at) - Date.parse(heard) + silence;
  const frozen = age > PRICES_FROZEN_MS && frame?.status.market_open === true;
  prices.classList.toggle('frozen', frozen);
  if (frozen) say(prices, `Prices frozen since ${indianTime(Date.parse(heard))}`);
  else
    say(prices, age > PRICES_FROZEN_MS ? 'Prices: market closed' : `Prices ${(Math.max(0, age) / 1000).toFixed(1)} s`);
}

/** @param {string} path @param {unknown} body @param {string} done */
async function command(path, body, done) {
  const status = byId('command-status');
  say(status, 'Sending…');
  const outcome = await send(path, body, AbortSignal.timeout(COMMAND_MS));
  say(status, commandWords(outcome, done));
}

/** @param {import('./commands.js').Outcome} outcome @param {string} done */
function commandWords(outcome, done) {
  switch (outcome.kind) {
    case 'done':
      return outcome.body.command?.changed === false ? outcome.body.command.message : done;
    case 'kept':
      return outcome.message;
    case 'refused':
      return outcome.message;
    case 'signed_out':
      return 'This page is signed out. Nothing was done. Open the sign-in link that npm start prints.';
    case 'unconfirmed':
      return 'Not confirmed. Look at the log before you try again.';
  }
}

button('start').addEventListener(
  'click',
  () => void command('/live/start-trading', frame?.status.plan ?? {}, 'Trading is on.'),
);
for (const id of ['stop', 'stop-bar'])
  button(id).addEventListener(
    'click',
    () => void command('/live/stop-trading', {}, 'No new entries. Start again when you want.'),
  );
for (const id of ['emergency', 'emergency-bar'])
  button(id).addEventListener('click', (event) => emergency.open(/** @type {HTMLElement} */ (event.currentTarget)));
button('use-here').addEventListener('click', () => {
  elsewhere = null;
  pulseAt = performance.now();
  stream.resume();
});
setInterval(watchAges, 1_000);

/** Said once for those who listen instead of looking; the sentence on the page counts minutes and would never be quiet. */
let announced = '';
setInterval(() => {
  const state = frame?.status.state ?? '';
  if (state === announced) return;
  announced = state;
  say(byId('announce'), `The day is now: ${state.replaceAll('_', ' ')}.`);
}, 1_000);
