/** The event stream, with its own watchdog and reconnect: a mute server raises no error, and a refused stream never comes back by itself. */

/** A server that says nothing for so long is taken for gone. */
const MUTE_MS = 5_000;
const RETRY_MS = 2_000;
const PARTS = ['status', 'positions', 'orders', 'decisions', 'ticks'];

/**
 * @param {{
 *   onPart(name: string, data: unknown): void,
 *   onSnapshot(frame: Record<string, unknown>): void,
 *   onLog(events: unknown): void,
 *   onPulse(pulse: unknown): void,
 *   onMoved(): void,
 *   onSignedOut(): void,
 * }} listener
 */
export function openStream(listener) {
  /** @type {EventSource | null} */
  let source = null;
  let heardAt = performance.now();
  let paused = false;
  let retryAt = 0;

  function connect() {
    source?.close();
    heardAt = performance.now();
    const opened = new EventSource('/live/events');
    source = opened;
    const heard = () => {
      heardAt = performance.now();
    };
    /** @param {string} name @param {(data: any) => void} take */
    const on = (name, take) =>
      opened.addEventListener(name, (event) => {
        if (source !== opened) return;
        heard();
        take(JSON.parse(event.data));
      });
    on('snapshot', listener.onSnapshot);
    for (const part of PARTS) on(part, (data) => listener.onPart(part, data));
    on('log', listener.onLog);
    on('pulse', listener.onPulse);
    on('moved', () => {
      pause();
      listener.onMoved();
    });
    opened.addEventListener('error', () => {
      if (source !== opened || opened.readyState !== EventSource.CLOSED) return;
      retryAt = performance.now() + RETRY_MS;
      void askWhy();
    });
  }

  async function askWhy() {
    try {
      const answer = await fetch('/live/status', { signal: AbortSignal.timeout(RETRY_MS) });
      if (answer.status === 401) {
        pause();
        listener.onSignedOut();
      }
    } catch {
      // Not there at all: the banner says so, and the watch below tries again.
    }
  }

  function pause() {
    paused = true;
    source?.close();
    source = null;
  }

  setInterval(() => {
    const now = performance.now();
    const dead = source?.readyState === EventSource.CLOSED ? now >= retryAt : now - heardAt > MUTE_MS;
    if (!paused && dead) connect();
  }, 500);
  connect();

  return {
    /** Frees the connection: a command must never wait behind streams. */
    pause,
    resume() {
      paused = false;
      connect();
    },
  };
}
