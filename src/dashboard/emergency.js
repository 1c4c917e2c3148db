/** The emergency: a press opens the sheet and sends nothing; a hold of one second, or the word CLOSE, sends. */
import { send } from './commands.js';
import { indianTime } from './format.js';
import { button, byId, element, say } from './page.js';

const HOLD_MS = 1_000;
/** Input that waited behind a blocked thread arrives within this and may still cancel. */
const SETTLE_MS = 60;
const CONFIRM_MS = 5_000;

/**
 * @param {{
 *   what(): string,
 *   worth(): string,
 *   flatAt(): string | null,
 *   freeConnection(): void,
 *   watchAgain(): void,
 * }} day
 */
export function prepareEmergency(day) {
  const sheet = byId('sheet');
  const status = byId('sheet-status');
  const ask = byId('sheet-ask');
  const hold = button('hold');
  const typed = element('type-close', HTMLInputElement);
  const stopTrying = button('stop-trying');
  const keep = button('keep');
  /** @type {'closed' | 'asking' | 'sending' | 'sent'} */
  let stage = 'closed';
  /** @type {AbortController | null} */
  let attempt = null;
  /** @type {HTMLElement | null} */
  let opener = null;

  /** @param {string} text */
  const tell = (text) => say(status, text);

  /** @param {HTMLElement} from */
  function open(from) {
    if (stage === 'closed') opener = from;
    if (stage === 'closed' || stage === 'sent') {
      stage = 'asking';
      tell('');
      typed.value = '';
      ask.hidden = false;
      say(keep, 'Keep trading');
    }
    sheet.hidden = false;
    document.body.classList.add('sheet-open');
    refresh();
    byId('sheet-title').focus();
  }

  function close() {
    if (stage === 'sending') return;
    stage = 'closed';
    sheet.hidden = true;
    document.body.classList.remove('sheet-open');
    opener?.focus();
  }

  async function fire() {
    if (stage !== 'asking') return;
    stage = 'sending';
    ask.hidden = true;
    keep.hidden = true;
    tell('Sending…');
    status.focus();
    day.freeConnection();
    const stop = new AbortController();
    attempt = stop;
    // All attempts are one command: a repeated one changes nothing.
    const key = `${Date.now()}-${Math.random()}`;
    for (let number = 1; !stop.signal.aborted; number += 1) {
      const outcome = await send(
        '/live/close-all',
        {},
        AbortSignal.any([stop.signal, AbortSignal.timeout(CONFIRM_MS)]),
        key,
      );
      if (outcome.kind !== 'unconfirmed') {
        tell(words(outcome));
        finish(outcome.kind === 'done' || outcome.kind === 'kept');
        return;
      }
      if (stop.signal.aborted) break;
      stopTrying.hidden = false;
      tell(`NOT CONFIRMED, attempt ${number + 1}. It may have arrived. You can also close in Kite.`);
      await new Promise((resolve) => setTimeout(resolve, CONFIRM_MS / 5));
    }
    tell('Not confirmed. It may have arrived: look at Kite, and close there what is open.');
    finish(false);
  }

  /** @param {boolean} received */
  function finish(received) {
    attempt = null;
    stage = received ? 'sent' : 'asking';
    ask.hidden = received;
    keep.hidden = false;
    stopTrying.hidden = true;
    say(keep, 'Close this sheet');
    day.watchAgain();
  }

  /** Called with every look at the day: what would be closed, or whether the broker says flat. */
  function refresh() {
    if (stage === 'asking') {
      say(byId('sheet-what'), day.what());
      say(byId('sheet-worth'), day.worth());
    }
    if (stage !== 'sent') return;
    const flat = day.flatAt();
    if (flat) tell(`Flat. Zerodha confirms ${flat}. No new entries today.`);
  }

  armHold(hold, () => void fire(), tell);
  element('type-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    if (typed.value.trim() === 'CLOSE') void fire();
    else tell('Not sent: type CLOSE in capital letters.');
  });
  stopTrying.addEventListener('click', () => attempt?.abort());
  keep.addEventListener('click', close);
  sheet.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  return { open, refresh };
}

/** @param {Exclude<import('./commands.js').Outcome, { kind: 'unconfirmed' }>} outcome */
function words(outcome) {
  switch (outcome.kind) {
    case 'done':
      if (outcome.body.changed === false) return `Received ${indianTime(Date.now())}. ${outcome.body.message}`;
      return outcome.body.already_flat
        ? `Received ${indianTime(Date.now())}. Nothing was open. No new entries today.`
        : `Received ${indianTime(Date.now())}. Closing…`;
    case 'kept':
      return `Received ${indianTime(Date.now())} and kept. ${outcome.message}`;
    case 'signed_out':
      return 'This page is signed out. NOTHING WAS SENT to Zerodha. Sign in again, or close in Kite.';
    case 'refused':
      return `NOT SENT. ${outcome.message}`;
  }
}

/**
 * A hold of a second by pointer or by Space or Enter. Its length is taken from the events' own times: a blocked thread would misreport it.
 * @param {HTMLButtonElement} hold
 * @param {() => void} fire
 * @param {(text: string) => void} tell
 */
function armHold(hold, fire, tell) {
  /** @type {{ from: number, timer: ReturnType<typeof setTimeout> } | null} */
  let held = null;

  /** @param {number} at */
  function begin(at) {
    if (held) return;
    tell('');
    hold.classList.add('holding');
    held = { from: at, timer: setTimeout(() => setTimeout(complete, SETTLE_MS), HOLD_MS) };
  }

  /** @param {number} at */
  function end(at) {
    if (!held) return;
    const length = at - held.from;
    if (length >= HOLD_MS) {
      complete();
      return;
    }
    forget();
    tell(`Not sent: released after ${(length / 1000).toFixed(1)} s.`);
  }

  function complete() {
    if (!held) return;
    forget();
    fire();
  }

  function forget() {
    if (held) clearTimeout(held.timer);
    held = null;
    hold.classList.remove('holding');
  }

  hold.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    hold.setPointerCapture(event.pointerId);
    begin(event.timeStamp);
  });
  for (const type of ['pointerup', 'pointercancel', 'blur'])
    hold.addEventListener(type, (event) => end(event.timeStamp));
  hold.addEventListener('keydown', (event) => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) begin(event.timeStamp);
  });
  hold.addEventListener('keyup', (event) => {
    if (event.key === ' ' || event.key === 'Enter') end(event.timeStamp);
  });
  hold.addEventListener('contextmenu', (event) => event.preventDefault());
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) end(performance.now());
  });
  window.addEventListener('blur', () => end(performance.now()));
}
