/**
 * One virtual clock for everything outside the workflow VM: `Date.now`, `performance.now`, timers. Time goes from event to event;
 * between two of them every promise that can settle has settled, so that the order of everything is decided by the events alone.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { WallMs } from '../domain/types.ts';

/** Whose code a timer runs: a process that is dead runs nothing, one that is stopped (SIGSTOP, a closed laptop) runs it later. */
export interface TimerOwner {
  readonly dead: boolean;
  /** Wall milliseconds; in the past or 0 while it runs. */
  readonly stoppedUntil: WallMs;
  /** How far its wall clock is off, and how long its monotonic clock has stood still. Milliseconds. */
  readonly clockOffset: number;
  readonly stoodStill: number;
}

type Entry = {
  at: WallMs;
  /** For how long its owner's monotonic clock had stood still when it was set: by that clock it is due. */
  still: number;
  order: number;
  run: (() => void) | null;
  every: number;
  owner: TimerOwner | null;
  store: Context | undefined;
};

const require = createRequire(import.meta.url);
const realSetImmediate = globalThis.setImmediate;

const heap: Entry[] = [];
let now: WallMs = 0;
let origin: WallMs = 0;
let order = 0;
let busy = 0;
let quiet = false;
let scope: TimerOwner | null = null;
let offsetClocks = false;
let ownerOf: (store: Context) => TimerOwner | null = () => null;
let ending: (() => void) | null = null;
let events = 0;

/** Begins anew at an instant, with nothing to come. */
export function resetTime(at: WallMs): void {
  now = origin = at;
  order = events = 0;
  heap.length = 0;
  scope = null;
  offsetClocks = false;
  ending = null;
}

export const virtualNow = (): WallMs => now;

/** Code that awaits something real (the workflow VM) holds the clock until it is done. */
export function hold(): void {
  busy += 1;
}
export function release(): void {
  busy -= 1;
}

/** Says that this event has done nothing that a promise could wait for: a heartbeat. */
export function nothingToSettle(): void {
  quiet = true;
}

/** Runs `work` as a process: timers that it makes outside activities are this process's. */
export function asProcess<T>(owner: TimerOwner | null, work: () => T): T {
  const before = scope;
  scope = owner;
  try {
    return work();
  } finally {
    scope = before;
  }
}

export function currentProcess(): TimerOwner | null {
  const store = asyncLocalStorage.getStore();
  return (store && ownerOf(store)) ?? scope;
}

/** From now on wall clocks of processes may differ: each reading of a clock asks whose it is. */
export function clocksMayDiffer(): void {
  offsetClocks = true;
}

/** Something of the world itself, which dies with no process. `ms` from now. Answers its cancellation. */
export function after(ms: number, run: () => void): () => void {
  const entry = add(ms, run, 0, null, undefined);
  return () => {
    entry.run = null;
  };
}

export function later(ms: number): Promise<void> {
  return new Promise((done) => after(ms, done));
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(entry: Entry): void {
  let place = heap.length;
  heap.push(entry);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent] as Entry;
    if (!isBefore(entry, above)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = entry;
}

function pop(): Entry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (!top || !last || heap.length === 0) return top;
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
    const below = heap[child] as Entry;
    if (!isBefore(below, last)) break;
    heap[place] = below;
    place = child;
  }
  heap[place] = last;
  return top;
}

function add(ms: number, run: () => void, every: number, owner: TimerOwner | null, store: Context | undefined): Entry {
  const entry = { at: now + ms, still: owner?.stoodStill ?? 0, order: order++, run, every, owner, store };
  push(entry);
  return entry;
}

/** What `setTimeout` answers here: as much of Node's Timeout as is used. */
class VirtualTimeout {
  entry: Entry;
  constructor(entry: Entry) {
    this.entry = entry;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.toPrimitive](): number {
    return this.entry.order;
  }
}

const milliseconds = (ms: unknown): number => Math.max(1, Number(ms) || 1);

function addOwned(ms: number, run: () => void, every = 0): Entry {
  return add(ms, run, every, currentProcess(), asyncLocalStorage.getStore());
}

function sleepUnder(ms: number | undefined, value: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  return new Promise((done, fail) => {
    const aborted = () =>
      Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
        name: 'AbortError',
        code: 'ABORT_ERR',
      });
    if (signal?.aborted) return fail(aborted());
    const stop = () => {
      entry.run = null;
      fail(aborted());
    };
    const entry = addOwned(milliseconds(ms), () => {
      signal?.removeEventListener('abort', stop);
      done(value);
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/**
 * Puts virtual time in the place of this process's clocks and timers, and answers how to put the real ones back. `ownerOfActivity` tells
 * which process runs an activity. A program that reads sockets or files meanwhile reads them on real time.
 */
export function installVirtualTime(ownerOfActivity: (context: Context) => TimerOwner | null): () => void {
  ownerOf = ownerOfActivity;
  const timers = require('node:timers');
  const promises = require('node:timers/promises');
  const replaced: [object, string, unknown][] = [];
  const replace = (of: object, name: string, by: unknown) => {
    replaced.push([of, name, Reflect.get(of, name)]);
    Object.defineProperty(of, name, { value: by, configurable: true, writable: true });
  };
  const setTimeout = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    new VirtualTimeout(addOwned(milliseconds(ms), () => run(...args)));
  const setInterval = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    new VirtualTimeout(addOwned(milliseconds(ms), () => run(...args), milliseconds(ms)));
  const clear = (timer: unknown) => {
    if (timer instanceof VirtualTimeout) timer.entry.run = null;
  };
  for (const of of [globalThis, timers]) {
    replace(of, 'setTimeout', setTimeout);
    replace(of, 'setInterval', setInterval);
    replace(of, 'clearTimeout', clear);
    replace(of, 'clearInterval', clear);
  }
  replace(promises, 'setTimeout', (ms?: number, value?: unknown, options: { signal?: AbortSignal } = {}) =>
    sleepUnder(ms, value, options.signal),
  );
  syncBuiltinESMExports();
  replace(performance, 'now', () => now - origin - (currentProcess()?.stoodStill ?? 0));
  replace(Date, 'now', () => (offsetClocks ? now + (currentProcess()?.clockOffset ?? 0) : now));
  replace(AbortSignal, 'timeout', (ms: number) => {
    const control = new AbortController();
    addOwned(milliseconds(ms), () => {
      control.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    });
    return control.signal;
  });
  return () => {
    for (const [of, name, by] of replaced.reverse())
      Object.defineProperty(of, name, { value: by, configurable: true, writable: true });
    syncBuiltinESMExports();
  };
}

/** Every promise that can settle has settled, and nothing real is under way. */
async function settle(): Promise<void> {
  do await new Promise((done) => realSetImmediate(done));
  while (busy > 0);
}

/** Lets an awaiting caller stop the run at the next event. */
export function stopRunning(): void {
  ending?.();
}

/**
 * Lets time pass, event by event, until `done` holds after one of them, or the next one lies after `limit`; then the clock stands at
 * `limit` and it answers false. Throws when nothing is to come and there is no limit.
 */
export async function runTime(done: () => boolean, limit: WallMs = Number.POSITIVE_INFINITY): Promise<boolean> {
  let stopped = false;
  ending = () => {
    stopped = true;
  };
  await settle();
  while (!done() && !stopped) {
    const next = heap[0];
    if (!next || next.at > limit) {
      if (limit === Number.POSITIVE_INFINITY) throw new Error('nothing is to come, and the day has not ended');
      now = Math.max(now, limit);
      return false;
    }
    pop();
    if (!next.run || next.owner?.dead) continue;
    const stood = next.owner?.stoodStill ?? 0;
    if (next.owner && (stood > next.still || next.owner.stoppedUntil > next.at)) {
      next.at = Math.max(next.at + stood - next.still, next.owner.stoppedUntil);
      next.still = stood;
      push(next);
      continue;
    }
    now = Math.max(now, next.at);
    fire(next);
    if (!quiet) await settle();
  }
  return true;
}

function fire(entry: Entry): void {
  const { run, owner, store } = entry;
  if (!run) return;
  events += 1;
  quiet = false;
  if (entry.every > 0) {
    entry.at = now + entry.every;
    entry.order = order++;
    push(entry);
  } else entry.run = null;
  scope = owner;
  try {
    if (store === undefined) run();
    else asyncLocalStorage.run(store, run);
  } finally {
    scope = null;
  }
}
