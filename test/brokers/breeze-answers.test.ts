import AdmZip from 'adm-zip';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BreezeOptions, createBreeze } from '../../src/brokers/breeze.ts';
import { istAt } from '../../src/domain/clock.ts';
import { failureOf, json, type Seen, scriptedServer } from './scripted-server.ts';

const SESSION = '50123456';
const TOKEN = Buffer.from('AB1234:99887766').toString('base64');

let breeze: Awaited<ReturnType<typeof scriptedServer>>;
beforeAll(async () => {
  breeze = await scriptedServer();
});
afterAll(() => breeze.close());

/** What the candles' address answers; the login works unless a test says otherwise. */
let candles: (request: Seen) => unknown;
let login: () => unknown;
beforeEach(() => {
  breeze.seen.length = 0;
  login = () => ({ Success: { session_token: TOKEN, idirect_userid: 'AB1234' }, Status: 200, Error: null });
  candles = () => ({ Success: [], Status: 200, Error: null });
  breeze.answer = (request, response) =>
    json(response, 200, request.url.includes('customerdetails') ? login() : candles(request));
});

const create = (more: Partial<BreezeOptions> = {}) =>
  createBreeze({ apiKey: 'app key', apiSecret: 's3cret', session: SESSION, root: breeze.root, ...more });
const calls = (part: string) => breeze.seen.filter((request) => request.url.includes(part));
const day = [istAt('2025-07-14', '09:15'), istAt('2025-07-14', '11:15')] as const;

const bar = (datetime: string, close: number | string = 25_063.95) => ({
  datetime,
  open: 25_120.75,
  high: 25_127.05,
  low: 25_061.85,
  close,
  volume: 0,
  exchange_code: 'NSE',
  stock_code: 'NIFTY',
});

describe('candles from Breeze', () => {
  test('times are clock time in India with a Z that is not true, both ways', async () => {
    candles = () => ({ Success: [bar('2025-07-14 10:15:00')], Status: 200, Error: null });
    expect(await create().indexCandles(...day, '30minute')).toEqual([
      {
        start: istAt('2025-07-14', '10:15'),
        open: 2_512_075,
        high: 2_512_705,
        low: 2_506_185,
        close: 2_506_395,
        volume: 0,
      },
    ]);
    const query = new URL(calls('historicalcharts')[0]?.url ?? '', breeze.root).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      from_date: '2025-07-14T09:15:00.000Z',
      to_date: '2025-07-14T11:15:00.000Z',
      stock_code: 'NIFTY',
      exch_code: 'NSE',
      product_type: 'cash',
      interval: '30minute',
    });
    expect(calls('historicalcharts')[0]?.headers).toMatchObject({ 'x-sessiontoken': TOKEN, apikey: 'app key' });
  });

  test('an option is named by expiry, right and strike in points', async () => {
    await create().optionCandles({ expiry: '2025-07-17', strike: 2_500_000, optionType: 'PE' }, ...day, '5minute');
    const query = new URL(calls('historicalcharts')[0]?.url ?? '', breeze.root).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      expiry_date: '2025-07-17T07:00:00.000Z',
      right: 'put',
      strike_price: '25000',
      exch_code: 'NFO',
      product_type: 'options',
    });
  });

  test('an empty answer and "no data" are both no bars', async () => {
    const client = create();
    expect(await client.indexCandles(...day, '30minute')).toEqual([]);
    candles = () => ({ Success: null, Status: 404, Error: 'No Data Found' });
    expect(await client.indexCandles(...day, '30minute')).toEqual([]);
    candles = () => ({ Success: null, Status: 200, Error: null });
    expect(await client.indexCandles(...day, '30minute')).toEqual([]);
  });

  test('bars come sorted, once each, and only those that were asked for', async () => {
    const starts = ['2025-07-14 10:45:00', '2025-07-14 09:15:00', '2025-07-14 10:45:00', '2025-07-14 11:45:00'];
    candles = () => ({ Success: starts.map((start) => bar(start)), Status: 200, Error: null });
    const bars = await create().indexCandles(...day, '30minute');
    expect(bars.map((each) => each.start)).toEqual([istAt('2025-07-14', '09:15'), istAt('2025-07-14', '10:45')]);
  });

  test('numbers may be spelled as text', async () => {
    candles = () => ({ Success: [bar('2025-07-14 10:15:00', '25063.95')], Status: 200, Error: null });
    expect((await create().indexCandles(...day, '30minute'))[0]?.close).toBe(2_506_395);
  });

  test('more than 1,000 candles are asked for in parts', async () => {
    await create().indexCandles(istAt('2025-06-20', '09:15'), istAt('2025-07-14', '15:30'), '5minute');
    const spans = calls('historicalcharts').map(({ url }) => {
      const query = new URL(url, breeze.root).searchParams;
      return `${query.get('from_date')?.slice(0, 16)} ${query.get('to_date')?.slice(0, 16)}`;
    });
    expect(spans).toEqual([
      '2025-06-20T09:15 2025-06-29T23:59',
      '2025-06-30T00:00 2025-07-09T23:59',
      '2025-07-10T00:00 2025-07-14T15:30',
    ]);
  });

  test('rows of another shape are a doubt, not half an answer', async () => {
    candles = () => ({ Success: [bar('2025-07-14 10:15:00'), bar('14/07/2025')], Status: 200, Error: null });
    expect(await failureOf(create().indexCandles(...day, '30minute'))).toMatchObject({
      name: 'BrokerError',
      kind: 'doubt',
    });
  });
});

describe("Breeze's session", () => {
  test('one login serves calls that begin at the same time', async () => {
    const client = create();
    await Promise.all([1, 2, 3].map(() => client.indexCandles(...day, '30minute')));
    expect(calls('customerdetails')).toHaveLength(1);
    expect(JSON.parse(calls('customerdetails')[0]?.body ?? '')).toEqual({ SessionToken: SESSION, AppKey: 'app key' });
  });

  test("a refused login carries Breeze's words and is tried again by the next call", async () => {
    const client = create();
    login = () => ({ Success: null, Status: 500, Error: 'Public Key does not exist.' });
    expect(await failureOf(client.indexCandles(...day, '30minute'))).toMatchObject({
      kind: 'token',
      message: 'Public Key does not exist.',
    });
    login = () => ({ Success: { session_token: TOKEN }, Status: 200, Error: null });
    expect(await client.indexCandles(...day, '30minute')).toEqual([]);
  });

  test('a limit at the login is no refused session', async () => {
    login = () => ({ Success: null, Status: 5, Error: 'Limit exceed: API call per minute:Try after some time' });
    expect(await failureOf(create().indexCandles(...day, '30minute'))).toMatchObject({ kind: 'rate_limited' });
  });

  test('a session that dies between two calls is renewed by the one after', async () => {
    const client = create();
    await client.indexCandles(...day, '30minute');
    candles = () => ({ Success: null, Status: 500, Error: 'Invalid session.' });
    expect(await failureOf(client.indexCandles(...day, '30minute'))).toMatchObject({ kind: 'token' });
    login = () => ({ Success: null, Status: 500, Error: 'Invalid session.' });
    expect(await client.check()).toEqual({ authenticated: false, reason: 'Invalid session.' });
    login = () => ({ Success: { session_token: TOKEN }, Status: 200, Error: null });
    expect(await client.check()).toEqual({ authenticated: true, reason: null });
  });

  test('without a session of today nothing is asked', async () => {
    const answer = await create({ session: '' }).check();
    expect(answer).toMatchObject({ authenticated: false, reason: expect.stringContaining('API session') });
    expect(breeze.seen).toHaveLength(0);
  });

  test('the list of contracts is downloaded only by who names its address, and may fail', async () => {
    const zip = new AdmZip();
    zip.addFile('FONSEScripMaster.txt', Buffer.from('"1","2"\n'));
    let served = 0;
    const others = breeze.answer;
    breeze.answer = (request, response) => {
      if (!request.url.endsWith('.zip')) return others(request, response);
      served += 1;
      if (served === 1) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'application/zip' }).end(zip.toBuffer());
    };
    await create().indexCandles(...day, '30minute');
    expect(served).toBe(0);
    const securityMasterUrl = `${breeze.root}/SecurityMaster.zip`;
    await create({ securityMasterUrl }).indexCandles(...day, '30minute');
    await create({ securityMasterUrl }).indexCandles(...day, '30minute');
    expect(served).toBe(2);
  });
});

describe('a Breeze that does not answer well', () => {
  test('the status and the words that the official client loses are kept', async () => {
    const client = create();
    await client.indexCandles(...day, '30minute');
    breeze.answer = (_request, response) =>
      json(response, 503, { Success: null, Status: 5, Error: 'Limit exceed: API call per day: ' });
    expect(await failureOf(client.indexCandles(...day, '30minute'))).toMatchObject({
      kind: 'rate_limited',
      details: { status: 503, body_status: 5 },
    });
    breeze.answer = (_request, response) => response.writeHead(502).end('Bad Gateway');
    expect(await failureOf(client.indexCandles(...day, '30minute'))).toMatchObject({
      kind: 'doubt',
      details: { status: 502 },
    });
  });

  test('silence ends after the time-out, at the login and after it', async () => {
    // Long enough for the answers between the two silences.
    const client = create({ timeoutMs: 4_000 });
    const others = breeze.answer;
    breeze.answer = () => undefined;
    expect(await failureOf(client.indexCandles(...day, '30minute'))).toMatchObject({ kind: 'doubt' });
    breeze.answer = others;
    await client.indexCandles(...day, '30minute');
    breeze.answer = () => undefined;
    expect(await failureOf(client.indexCandles(...day, '30minute'))).toMatchObject({ kind: 'doubt' });
  });

  test('no error carries the key, the secret or the session', async () => {
    breeze.answer = (_request, response) => response.writeHead(502).end('Bad Gateway');
    const error = (await failureOf(create().indexCandles(...day, '30minute'))) as Error & { details: unknown };
    expect(JSON.stringify([error.message, error.stack, error.details])).not.toMatch(/app key|s3cret|50123456/);
    expect(error.cause).toBeUndefined();
  });
});

describe('what the official client leaves behind in its process', () => {
  test('nothing of the session stays in a global', async () => {
    const client = create();
    await client.indexCandles(...day, '30minute');
    await client.check();
    for (const name of ['headers', 'body', 'decodedKey']) expect(globalThis).not.toHaveProperty(name);
  });

  test('a loop over the keys of a text finds its characters only', () => {
    create();
    const keys: string[] = [];
    for (const key in Object('ab')) keys.push(key);
    expect(keys).toEqual(['0', '1']);
  });

  test('two clients do not share their addresses', async () => {
    const other = await scriptedServer();
    const first = create();
    create({ root: other.root });
    await first.indexCandles(...day, '30minute');
    expect(other.seen).toHaveLength(0);
    other.close();
  });
});
