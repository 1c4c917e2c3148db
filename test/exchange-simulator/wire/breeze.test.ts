import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { type Simulator, startSimulator } from '../exchange-server.ts';

type Answer = { Success: Record<string, unknown>[] | null; Status: number; Error: string | null };
type BreezeClient = {
  userId: string;
  generateSession(secret: string, session: string): Promise<void>;
  getHistoricalDatav2(query: Record<string, string>): Promise<Answer>;
  getHistoricalData(query: Record<string, string>): Promise<Answer>;
  stockScriptDictList: Record<string, string>[];
};

const require = createRequire(import.meta.url);
const verifies = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
const { BreezeConnect } = require('breezeconnect') as { BreezeConnect: new (keys: { appKey: string }) => BreezeClient };
const { urls } = require('breezeconnect/config') as { urls: Record<string, string> };
// The package switches certificate checks off for the whole process when it is loaded.
if (verifies === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
else process.env.NODE_TLS_REJECT_UNAUTHORIZED = verifies;

let simulator: Simulator;
let breeze: BreezeClient;
beforeAll(async () => {
  simulator = await startSimulator({ at: '10:40', speed: 0 });
  const { addresses } = simulator.server;
  urls.API_URL = `${addresses.breeze_root}/breezeapi/api/v1/`;
  urls.BREEZE_NEW_URL = `${addresses.breeze_root}/api/v2/`;
  urls.SECURITY_MASTER_URL = addresses.security_master_url;
  breeze = new BreezeConnect({ appKey: addresses.breeze_api_key });
  await breeze.generateSession(addresses.breeze_api_secret, addresses.breeze_session);
});
afterEach(() => simulator.exchange.clearFaults());
afterAll(() => simulator.stop());

const day = { fromDate: '2025-07-14T09:15:00.000Z', toDate: '2025-07-14T15:30:00.000Z' };
const nifty = { interval: '30minute', stockCode: 'NIFTY', exchangeCode: 'NSE', productType: 'cash', ...day };
const put = {
  ...nifty,
  exchangeCode: 'NFO',
  productType: 'options',
  expiryDate: '2025-07-17T07:00:00.000Z',
  right: 'put',
  strikePrice: '25000',
};

/** A GET with a body, which fetch refuses to send. */
function getWithBody(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(simulator.root + path, {
      method: 'GET',
      headers: { ...headers, 'Content-Length': body.length },
    });
    call.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(JSON.parse(text));
    });
    call.on('error', reject);
    call.end(body);
  });
}

describe('a path that Breeze does not have', () => {
  it.each(['/breezeapi/api/v1/portfoliopositions', '/api/v2/nothing'])(
    '%s is refused in its envelope',
    async (path) => {
      const answer = await getWithBody(path, '{}');
      expect(answer).toEqual({ Success: null, Status: 404, Error: 'Resource not found.' });
    },
  );
});

describe('Breeze logs in', () => {
  it('with the key and session of its login page, and downloads the security master', () => {
    expect(breeze.userId).toBe(simulator.exchange.userId);
    expect(breeze.stockScriptDictList[4]?.['OPT-NIFTY-17-Jul-2025-25000-PE']).toMatch(/^\d+$/);
  });

  it('not with another session or key', async () => {
    const { addresses } = simulator.server;
    const other = new BreezeConnect({ appKey: addresses.breeze_api_key });
    await expect(other.generateSession(addresses.breeze_api_secret, 'other')).rejects.toMatch('Could not authenticate');
    const path = '/breezeapi/api/v1/customerdetails';
    const body = JSON.stringify({ SessionToken: addresses.breeze_session, AppKey: 'other' });
    expect(await getWithBody(path, body)).toEqual({ Success: null, Status: 500, Error: 'Public Key does not exist.' });
  });
});

describe("Breeze's candles", () => {
  it("of the index are numbers without a contract's keys, the false Z being Indian time", async () => {
    const answer = await breeze.getHistoricalDatav2(nifty);
    expect(answer).toMatchObject({ Status: 200, Error: null });
    expect(answer.Success?.[0]).toEqual({
      close: expect.any(Number),
      datetime: '2025-07-14 09:15:00',
      exchange_code: 'NSE',
      high: expect.any(Number),
      low: expect.any(Number),
      open: expect.any(Number),
      stock_code: 'NIFTY',
      volume: 0,
    });
  });

  it('show only what is known by now', async () => {
    const times = async () => (await breeze.getHistoricalDatav2(nifty)).Success?.map((row) => row.datetime);
    expect(await times()).toEqual(['2025-07-14 09:15:00', '2025-07-14 09:45:00', '2025-07-14 10:15:00']);
    simulator.exchange.clock.set({ market: istAt('2025-07-14', '10:44') });
    expect(await times()).toHaveLength(3);
    simulator.exchange.clock.set({ market: istAt('2025-07-14', '10:45:05') });
    expect(await times()).toEqual(expect.arrayContaining(['2025-07-14 10:45:00']));
  });

  it('of a contract carry it: numbers in version 2, text in version 1', async () => {
    const [row] = (await breeze.getHistoricalDatav2(put)).Success ?? [];
    expect(row).toMatchObject({
      datetime: '2025-07-14 09:15:00',
      expiry_date: '17-JUL-2025',
      right: 'Put',
      strike_price: 25_000,
      product_type: 'Options',
      exchange_code: 'NFO',
      open_interest: expect.any(Number),
    });
    const [older] = (await breeze.getHistoricalData(put)).Success ?? [];
    expect(older).toMatchObject({
      expiry_date: '17-JUL-25',
      strike_price: '25000',
      close: expect.stringMatching(/^\d+(\.\d+)?$/),
    });
    expect(Number(older?.close)).toBeCloseTo(Number(row?.close), 2);
  });

  it('come in five intervals; an unlisted contract has none', async () => {
    const first = async (interval: string) => {
      const { Success } = await breeze.getHistoricalDatav2({ ...nifty, interval, toDate: '2025-07-14T09:17:00.000Z' });
      return Success?.map((row) => String(row.datetime).slice(11));
    };
    expect(await first('1minute')).toEqual(['09:15:00', '09:16:00', '09:17:00']);
    expect(await first('5minute')).toEqual(['09:15:00']);
    expect(await first('1second')).toHaveLength(121);
    const days = await breeze.getHistoricalDatav2({ ...nifty, interval: '1day', fromDate: '2025-07-10T00:00:00.000Z' });
    expect(days.Success?.length).toBe(3);
    expect((await breeze.getHistoricalDatav2({ ...put, strikePrice: '25001' })).Success).toEqual([]);
  });

  it('are at most a thousand in one answer', async () => {
    const { Success } = await breeze.getHistoricalDatav2({
      ...nifty,
      interval: '1minute',
      fromDate: '2025-07-07T09:15:00.000Z',
    });
    expect(Success).toHaveLength(1_000);
    expect(Success?.[0]?.datetime).toBe('2025-07-07 09:15:00');
  });

  it('are refused without the session, and in version 1 without the checksum of the very bytes', async () => {
    const { addresses } = simulator.server;
    const query = new URLSearchParams({
      interval: '30minute',
      from_date: day.fromDate,
      to_date: day.toDate,
      stock_code: 'NIFTY',
      exch_code: 'NSE',
    });
    const answer = await fetch(`${simulator.root}/api/v2/historicalcharts?${query}`, {
      headers: { apikey: addresses.breeze_api_key },
    });
    expect(await answer.json()).toEqual({ Success: null, Status: 500, Error: 'Invalid session.' });

    const body = JSON.stringify({
      interval: '30minute',
      from_date: day.fromDate,
      to_date: day.toDate,
      stock_code: 'NIFTY',
      exchange_code: 'NSE',
    });
    const login = JSON.stringify({ SessionToken: addresses.breeze_session, AppKey: addresses.breeze_api_key });
    const { Success } = await getWithBody('/breezeapi/api/v1/customerdetails', login);
    const stamp = '2025-07-14T05:00:00.000Z';
    const headers = {
      'X-AppKey': addresses.breeze_api_key,
      'X-SessionToken': String((Success as unknown as { session_token: string }).session_token),
      'X-Timestamp': stamp,
      'X-Checksum': `token ${createHash('sha256')
        .update(stamp + body + addresses.breeze_api_secret)
        .digest('hex')}`,
    };
    const path = '/breezeapi/api/v1/historicalcharts';
    expect((await getWithBody(path, body, headers)).Status).toBe(200);
    expect((await getWithBody(path, `${body} `, headers)).Error).toBe('Invalid session.');
  });

  it('are empty, late, down or refused on request', async () => {
    const { exchange } = simulator;
    exchange.addFault({ kind: 'breeze_empty', count: 1 });
    expect(await breeze.getHistoricalDatav2(nifty)).toEqual({ Success: [], Status: 200, Error: null });
    const whole = (await breeze.getHistoricalDatav2(nifty)).Success?.length ?? 0;
    exchange.addFault({ kind: 'breeze_late', count: 1, market_seconds: 1_900 });
    expect((await breeze.getHistoricalDatav2(nifty)).Success?.length).toBeLessThan(whole);
    exchange.addFault({ kind: 'breeze_invalid_session', count: 1 });
    expect(await breeze.getHistoricalDatav2(nifty)).toMatchObject({ Success: null, Error: 'Invalid session.' });
    exchange.addFault({ kind: 'breeze_down', count: 1 });
    await expect(breeze.getHistoricalDatav2(nifty)).rejects.toMatch('getHistoricalData() Error');
  });

  it('are limited to so many calls a minute', async () => {
    const strict = await startSimulator({ limits: { breezePerMinute: 2 } });
    const address = urls.BREEZE_NEW_URL;
    urls.BREEZE_NEW_URL = `${strict.root}/api/v2/`;
    try {
      // A minute may end between two of them, never between three.
      const answers = [];
      for (let index = 0; index < 5; index++) answers.push(await breeze.getHistoricalDatav2(nifty));
      const over = answers.find((answer) => answer.Status === 5);
      expect(over?.Error).toBe('Limit exceed: API call per minute:Try after some time');
    } finally {
      urls.BREEZE_NEW_URL = address ?? '';
      await strict.stop();
    }
  });
});
