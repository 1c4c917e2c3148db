import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKite } from '../../src/brokers/kite.ts';
import { istAt } from '../../src/domain/clock.ts';
import { RUN } from '../run-typescript.ts';
import { ORDER_ROW } from './kite-order-row.ts';
import { json, scriptedServer } from './scripted-server.ts';

let kite: Awaited<ReturnType<typeof scriptedServer>>;
beforeAll(async () => {
  kite = await scriptedServer();
});
afterAll(() => kite.close());

const broker = (timeoutMs = 5000) => createKite({ apiKey: 'key', apiSecret: 'secret', root: kite.root, timeoutMs });
const session = () => broker().session('access');

describe('what else Kite tells', () => {
  test('the login page gets our state back as a redirect parameter', () => {
    const page = createKite({ apiKey: 'key', apiSecret: 's', loginUrl: 'http://127.0.0.1:1/connect/login' });
    const url = new URL(page.loginUrl('a b&c'));
    expect(url.origin + url.pathname).toBe('http://127.0.0.1:1/connect/login');
    expect(url.searchParams.get('api_key')).toBe('key');
    expect(url.searchParams.get('v')).toBe('3');
    expect(new URLSearchParams(url.searchParams.get('redirect_params') ?? '').get('state')).toBe('a b&c');
  });

  test.each(['text/csv', 'text/csv; charset=utf-8'])(
    'option contracts are read from a gzipped file of type %s',
    async (type) => {
      const csv = [
        'instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange',
        '11001,42,NIFTY2571725000PE,"NIFTY",0,2025-07-17,25000,0.05,75,PE,NFO-OPT,NFO',
        '11002,43,NIFTY2571725000CE,,0,2025-07-17,25000,0.05,75,CE,NFO-OPT,NFO',
        '11003,44,NIFTYNXT5025JUL60000CE,,0,2025-07-31,60000,0.05,25,CE,NFO-OPT,NFO',
        '11004,45,BANKNIFTY25JUL57000CE,"BANKNIFTY",0,2025-07-31,57000,0.05,35,CE,NFO-OPT,NFO',
        '11005,46,NIFTY25JULFUT,"NIFTY",0,2025-07-31,0,0.1,75,FUT,NFO-FUT,NFO',
        '',
      ].join('\n');
      kite.answer = (_request, response) =>
        response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(gzipSync(csv));
      expect(await session().optionContracts('NIFTY')).toEqual([
        {
          exchange: 'NFO',
          tradingsymbol: 'NIFTY2571725000PE',
          instrumentToken: 11_001,
          name: 'NIFTY',
          expiry: '2025-07-17',
          strike: 2_500_000,
          optionType: 'PE',
          lotSize: 75,
          tickSize: 5,
        },
        expect.objectContaining({ tradingsymbol: 'NIFTY2571725000CE', instrumentToken: 11_002 }),
      ]);
    },
  );

  const OURS = 'R001D25071401ME01001';
  test.each<[what: string, row: { tag?: string | null; tags?: unknown[] | null }, tag: string | null]>([
    ['an order without any', { tag: null }, null],
    ['an order without any, as an older answer has it', { tag: '', tags: null }, null],
    ['ours', { tag: OURS, tags: [OURS] }, OURS],
    ['ours among marks of the broker', { tag: OURS, tags: ['mktp', 'mktp:2.00', OURS] }, OURS],
    ['ours in the list alone', { tag: null, tags: ['mktp', 'mktp:2.00', OURS] }, OURS],
    ['ours behind a mark of the broker that took its place', { tag: 'autoslice', tags: ['autoslice', OURS] }, OURS],
    ['a market order of somebody else', { tag: null, tags: ['mktp', 'mktp:2.00'] }, null],
    ['somebody else’s, which is no tag of ours', { tag: 'mine', tags: ['mine', 'XXXXX'] }, 'mine'],
    ['a list of things that are no words', { tag: OURS, tags: [null, 5, {}] }, OURS],
  ])('the tag of %s', async (_what, tags, tag) => {
    const { tag: _, ...untagged } = ORDER_ROW;
    kite.gives([{ ...untagged, ...tags }]);
    expect((await session().orders()).map((order) => order.tag)).toEqual([tag]);
  });

  test.each([
    ['as one that a client took back', 60, 60],
    ['as one that nobody took back', 60, 0],
  ])('a cancelled order is no live one, although its row has units pending: %s', async (_how, pending, cancelled) => {
    const quantities = { quantity: 60, filled_quantity: 0, pending_quantity: pending, cancelled_quantity: cancelled };
    kite.gives([{ ...ORDER_ROW, ...quantities, status: 'CANCELLED' }]);
    expect(await session().orders()).toMatchObject([{ state: 'cancelled', quantity: 60, filledQuantity: 0 }]);
  });

  test('an index quote has no depth and no circuit limits', async () => {
    kite.gives({
      'NSE:NIFTY 50': { instrument_token: 256_265, timestamp: '2025-07-14 11:15:00', last_price: 25_063.95, ohlc: {} },
    });
    const quotes = await session().quotes(['NSE:NIFTY 50', 'NFO:GONE']);
    expect(quotes.get('NSE:NIFTY 50')).toEqual({
      instrumentToken: 256_265,
      lastPrice: 2_506_395,
      bids: [],
      asks: [],
      at: istAt('2025-07-14', '11:15'),
      lowerCircuit: null,
      upperCircuit: null,
    });
    expect(quotes.has('NFO:GONE')).toBe(false);
  });

  test('candles longer than one call may span are asked for in parts', async () => {
    kite.answer = ({ url }, response) => {
      const from = new URL(url, kite.root).searchParams.get('from')?.replace(' ', 'T');
      json(response, 200, { status: 'success', data: { candles: [[`${from}+0530`, 1.05, 2, 0.5, 1.5, 0]] } });
    };
    const before = kite.seen.length;
    const bars = await session().historical(
      256_265,
      'minute',
      istAt('2025-01-01', '09:15'),
      istAt('2025-07-14', '15:30'),
    );
    expect(kite.seen.length - before).toBe(4);
    expect(bars[0]).toEqual({
      start: istAt('2025-01-01', '09:15'),
      open: 105,
      high: 200,
      low: 50,
      close: 150,
      volume: 0,
    });
    expect(bars.map((bar) => bar.start)).toEqual([...bars.map((bar) => bar.start)].sort((a, b) => a - b));
  });
});

describe('the time zone of the process', () => {
  const child = fileURLToPath(new URL('./kite-times.child.ts', import.meta.url));

  test.each([
    ['UTC', 0],
    ['Asia/Kolkata', -330],
    ['America/New_York', 240],
  ])('changes nothing: %s', async (zone, offset) => {
    kite.answer = ({ url }, response) => {
      if (url.startsWith('/session')) {
        const login = { access_token: 'a', user_id: 'AB1234', user_name: 'A', login_time: '2025-07-14 08:50:01' };
        return json(response, 200, { status: 'success', data: login });
      }
      if (url.startsWith('/orders')) return json(response, 200, { status: 'success', data: [ORDER_ROW] });
      return json(response, 200, {
        status: 'success',
        data: { candles: [['2025-07-14T09:15:00+0530', 1, 1, 1, 1, 0]] },
      });
    };
    const { stdout } = await promisify(execFile)(process.execPath, [RUN, child, kite.root], {
      env: { ...process.env, TZ: zone },
    });
    expect(JSON.parse(stdout)).toEqual({
      offset,
      loginAt: istAt('2025-07-14', '08:50:01'),
      placedAt: istAt('2025-07-14', '11:15:03'),
      bar: istAt('2025-07-14', '09:15'),
    });
    const asked = new URL(kite.seen.at(-1)?.url ?? '', kite.root).searchParams;
    expect([asked.get('from'), asked.get('to')]).toEqual(['2025-07-14 09:15:00', '2025-07-14 15:30:00']);
  });
});
