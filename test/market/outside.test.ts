/** What of a process's surroundings can be given to it from outside. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clockAhead } from '../../src/brokers/broker-clock.ts';
import { createFeed, type FeedPace } from '../../src/market/feed.ts';
import type { Ticker, TickerEvents } from '../../src/market/ticker.ts';
import { NIFTY_TOKEN } from '../../src/market/types.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a feed over a ticker of its process', () => {
  /** A ticker without a socket: open as soon as it is asked, and silent until it is told to speak. */
  function scripted(pace?: FeedPace) {
    vi.useFakeTimers();
    const asked: string[] = [];
    let events: TickerEvents | undefined;
    let state: ReturnType<Ticker['state']> = 'closed';
    const feed = createFeed({
      apiKey: 'key',
      tickerRoot: 'nowhere',
      now: Date.now,
      clock: { now: Date.now },
      createTicker(apiKey, root, given) {
        asked.push(`${apiKey} at ${root}`);
        events = given;
        return {
          state: () => state,
          connect(token) {
            asked.push(`connect ${token}`);
            state = 'open';
            given.onOpen();
          },
          subscribe: (tokens) => asked.push(`subscribe ${tokens}`),
          unsubscribe: (tokens) => asked.push(`unsubscribe ${tokens}`),
          leave() {
            state = 'closed';
          },
        };
      },
      ...(pace ? { pace } : {}),
    });
    return { feed, asked, speak: (tick: object) => events?.onTicks([tick]) };
  }

  it('asks that ticker, and hears what it says', () => {
    const { feed, asked, speak } = scripted();
    feed.subscribe([NIFTY_TOKEN]);
    feed.use('token');
    expect(asked).toEqual(['key at nowhere/', `subscribe ${NIFTY_TOKEN}`, 'connect token', `subscribe ${NIFTY_TOKEN}`]);
    speak({ tradable: false, instrument_token: NIFTY_TOKEN, last_price: 25_063.75 });
    expect(feed.last(NIFTY_TOKEN)?.lastPrice).toBe(2_506_375);
  });

  it.each([
    ['after five seconds without a frame', undefined, 5_000],
    ['sooner where its pace says so', { lookMs: 100, muteMs: 700 }, 700],
  ])('connects anew %s', (_when, pace, muteMs) => {
    const { feed, asked } = scripted(pace);
    feed.use('token');
    vi.advanceTimersByTime(muteMs - 1);
    expect(asked.filter((what) => what === 'connect token')).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(asked.filter((what) => what === 'connect token')).toHaveLength(2);
  });
});

describe('the broker’s clock', () => {
  it('is asked by the function that is given for it, at the root that is given for it', async () => {
    const roots = new Set<string>();
    const ahead = await clockAhead('here', async (root) => {
      roots.add(root);
      return Math.floor((Date.now() - 10_000) / 1000) * 1000;
    });
    expect([...roots]).toEqual(['here']);
    expect(ahead).toBeGreaterThan(5_000);
    expect(ahead).toBeLessThanOrEqual(10_000);
  });
});
