import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimProcess } from '../../src/simulation/process.ts';
import {
  asProcess,
  currentProcess,
  hold,
  after as inTime,
  later,
  release,
  resetTime,
  runTime,
  stopRunning,
  virtualNow,
} from '../../src/simulation/virtual-time.ts';
import { enterVirtualTime } from '../../src/simulation/world/world.ts';

/* Time in the simulation: from event to event, and every clock and timer of the process with it. */

const BEGIN = Date.parse('2025-07-14T03:30:00Z');
const real = {
  now: Date.now,
  monotonic: performance.now,
  setTimeout,
  clearTimeout,
  setInterval,
  signal: AbortSignal.timeout,
};

let leave: () => void;
let told: [string, number][];
const tell = (what: string) => () => told.push([what, virtualNow() - BEGIN]);
const until = (ms: number) => runTime(() => false, BEGIN + ms);

beforeEach(() => {
  told = [];
  resetTime(BEGIN);
  leave = enterVirtualTime();
});
afterEach(() => leave());

describe('timers', () => {
  test('run in the order of their instants, those of one instant in the order in which they were made', async () => {
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
      ['a2', 10],
      ['d', 30],
    ] as const)
      setTimeout(tell(name), ms);
    expect(await until(100)).toBe(false);
    expect(told).toEqual([
      ['a', 10],
      ['a2', 10],
      ['b', 20],
      ['c', 30],
      ['d', 30],
    ]);
    expect(virtualNow()).toBe(BEGIN + 100);
  });

  test('a thousand of them come in order', async () => {
    const instants = Array.from({ length: 1_000 }, (_, index) => ((index * 7_919) % 997) + 1);
    const seen: number[] = [];
    for (const ms of instants) setTimeout(() => seen.push(virtualNow() - BEGIN), ms);
    await until(1_000);
    expect(seen).toEqual([...instants].sort((a, b) => a - b));
  });

  test('one that is cleared never runs, an interval runs until it is cleared, also by itself', async () => {
    const cleared = setTimeout(tell('never'), 5);
    clearTimeout(cleared);
    let times = 0;
    const beat = setInterval(() => {
      tell('beat')();
      times += 1;
      if (times === 3) clearInterval(beat);
    }, 10);
    clearTimeout(undefined);
    await until(100);
    expect(told).toEqual([
      ['beat', 10],
      ['beat', 20],
      ['beat', 30],
    ]);
  });

  test('every promise that can settle has settled before the next one runs', async () => {
    setTimeout(() => {
      void (async () => {
        for (let turn = 0; turn < 50; turn++) await null;
        tell('settled')();
      })();
    }, 10);
    setTimeout(tell('next'), 10);
    await until(20);
    expect(told).toEqual([
      ['settled', 10],
      ['next', 10],
    ]);
  });

  test('time waits for who holds it', async () => {
    setTimeout(() => {
      hold();
      real.setTimeout(() => {
        tell('done')();
        release();
      }, 20);
    }, 10);
    setTimeout(tell('next'), 11);
    await until(20);
    expect(told).toEqual([
      ['done', 10],
      ['next', 11],
    ]);
  });

  test('arguments are handed on, and no timer is at once', async () => {
    setTimeout((a: string, b: string) => tell(a + b)(), 0, 'x', 'y');
    await until(5);
    expect(told).toEqual([['xy', 1]]);
  });
});

describe('waiting', () => {
  test('a sleep answers its value, and ends with its signal at once', async () => {
    const stop = new AbortController();
    void sleep(10, 'value').then((value) => tell(value)());
    sleep(50, null, { signal: stop.signal }).catch((error: Error & { code?: string }) =>
      tell(`${error.name} ${error.code}`)(),
    );
    sleep(5, null, { signal: AbortSignal.abort() }).catch((error: Error) => tell(`at once ${error.name}`)());
    setTimeout(() => stop.abort(), 20);
    await until(100);
    expect(told).toEqual([
      ['at once AbortError', 0],
      ['value', 10],
      ['AbortError ABORT_ERR', 20],
    ]);
  });

  test('a signal that is aborted after the sleep has ended changes nothing', async () => {
    const stop = new AbortController();
    void sleep(10, 'slept', { signal: stop.signal }).then((value) => tell(value)());
    setTimeout(() => stop.abort(), 20);
    await until(30);
    expect(told).toEqual([['slept', 10]]);
  });

  test('a time-out signal aborts with a TimeoutError', async () => {
    const signal = AbortSignal.timeout(25);
    signal.addEventListener('abort', () => tell((signal.reason as Error).name)());
    await until(24);
    expect(signal.aborted).toBe(false);
    await until(30);
    expect(told).toEqual([['TimeoutError', 25]]);
  });

  test('a run ends when what it waits for holds, when it is told to, and fails when nothing is to come', async () => {
    let there = false;
    inTime(10, () => {
      there = true;
    });
    inTime(20, stopRunning);
    inTime(30, tell('not yet'));
    expect(await runTime(() => there)).toBe(true);
    expect(virtualNow()).toBe(BEGIN + 10);
    await runTime(() => false);
    expect(virtualNow()).toBe(BEGIN + 20);
    expect(told).toEqual([]);
    await expect(runTime(() => false)).rejects.toThrow(/nothing is to come/);
    expect(told).toEqual([['not yet', 30]]);
  });
});

describe('processes', () => {
  test('nothing of a dead one ever runs, and what is of the world goes on', async () => {
    const process = new SimProcess('worker');
    asProcess(process, () => {
      setTimeout(tell('before its death'), 5);
      setTimeout(tell('timer'), 20);
      setInterval(tell('interval'), 15);
      void sleep(20).then(tell('sleep'));
      void later(20).then(tell('the world'));
    });
    inTime(10, () => process.kill());
    await until(100);
    expect(told).toEqual([
      ['before its death', 5],
      ['the world', 20],
    ]);
  });

  test('one that is stopped runs what has come due when it goes on, in its order, others meanwhile', async () => {
    const [stopped, other] = [new SimProcess('stopped'), new SimProcess('other')];
    asProcess(stopped, () => {
      setTimeout(tell('first'), 20);
      setTimeout(tell('second'), 30);
      setTimeout(tell('later'), 70);
    });
    asProcess(other, () => void setTimeout(tell('other'), 25));
    inTime(10, () => stopped.stop(40));
    await until(100);
    expect(told).toEqual([
      ['other', 25],
      ['first', 50],
      ['second', 50],
      ['later', 70],
    ]);
  });

  test('one that sleeps has its timers by its monotonic clock: they wait as long as it stood still', async () => {
    const asleep = new SimProcess('asleep');
    asProcess(asleep, () => {
      setTimeout(tell('first'), 20);
      setTimeout(tell('later'), 70);
      setInterval(tell('interval'), 45);
    });
    inTime(10, () => asleep.stop(40, true));
    inTime(20, () => inTime(30, () => asProcess(asleep, tell('an answer that came while it slept'))));
    inTime(90, () => asProcess(asleep, () => void setTimeout(tell('set after it'), 5)));
    await until(100);
    expect(told).toEqual([
      ['an answer that came while it slept', 50],
      ['first', 60],
      ['interval', 85],
      ['set after it', 95],
    ]);
  });

  test('a timer that a timer makes belongs to the same process', async () => {
    const process = new SimProcess('worker');
    asProcess(process, () => setTimeout(() => setTimeout(tell('never'), 10), 10));
    inTime(15, () => {
      expect(currentProcess()).toBeNull();
      process.kill();
    });
    await until(50);
    expect(told).toEqual([]);
  });

  test('the wall clock of one may be off, and its monotonic clock stands still while a laptop sleeps', async () => {
    const [off, asleep] = [new SimProcess('off'), new SimProcess('asleep')];
    const clocks = (process: SimProcess | null) => asProcess(process, () => [Date.now() - BEGIN, performance.now()]);
    inTime(1_000, () => {
      off.jumpClock(-400);
      asleep.stop(500, true);
    });
    await until(2_000);
    expect(clocks(null)).toEqual([2_000, 2_000]);
    expect(clocks(off)).toEqual([1_600, 2_000]);
    expect(clocks(asleep)).toEqual([2_000, 1_500]);
  });

  test('a process that was stopped, not put to sleep, keeps its monotonic clock', async () => {
    const process = new SimProcess('stopped');
    process.stop(500);
    await until(1_000);
    expect(asProcess(process, () => performance.now())).toBe(1_000);
  });
});

test('the real clocks and timers are back when it is left', async () => {
  expect(Date.now()).toBe(BEGIN);
  expect(setTimeout).not.toBe(real.setTimeout);
  leave();
  expect({
    now: Date.now,
    monotonic: performance.now,
    setTimeout,
    clearTimeout,
    setInterval,
    signal: AbortSignal.timeout,
  }).toEqual(real);
  const { setTimeout: again } = await import('node:timers/promises');
  expect(await again(1, 'real')).toBe('real');
  expect(await sleep(1, 'real')).toBe('real');
  expect(Date.now()).toBeGreaterThan(BEGIN);
  leave = () => {};
});
