import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { istDate } from '../../domain/clock.ts';
import { faultNumber } from '../core/faults.ts';
import { breezeCandles, type CandleQuery } from './breeze-candles.ts';
import { sha256 } from './checksum.ts';
import { breezeDate } from './format.ts';
import { securityMaster } from './security-master.ts';
import { pause, type Wire } from './wire.ts';

export const SECURITY_MASTER_PATH = '/MotherAppMaster/SecurityMaster.zip';

type Env = { Bindings: HttpBindings };

/** ICICI Breeze as far as its official clients use it for candles: customerdetails, historicalcharts v1 and v2, the security master. */
export function breeze(wire: Wire): Hono<Env> {
  const app = new Hono<Env>();
  const { exchange, keys } = wire;
  const sessionKey = sha256(keys.breezeSession + keys.breezeApiSecret).slice(0, 8);
  const sessionToken = Buffer.from(`${exchange.userId}:${sessionKey}`).toString('base64');

  app.use('/breezeapi/*', breezeFaults(wire));
  app.use('/api/v2/*', breezeFaults(wire));

  // The clients send a JSON body with GET, which a fetch-style Request has no room for: it is read from the socket.
  app.on(['GET', 'POST'], '/breezeapi/api/v1/customerdetails', async (c) => {
    const body = jsonObject(await rawBody(c));
    if (body.AppKey !== keys.breezeApiKey) return refuse(c, 'Public Key does not exist.');
    if (body.SessionToken !== keys.breezeSession || exchange.takeFault('breeze_invalid_session'))
      return refuse(c, 'Invalid session.');
    return succeed(c, {
      exg_trade_date: { NSE: tradeDate(wire), BSE: tradeDate(wire), FNO: tradeDate(wire), NDX: tradeDate(wire) },
      exg_status: { NSE: 'O', BSE: 'O', FNO: 'O', NDX: 'O' },
      segments_allowed: { Trading: 'Y', Equity: 'Y', Derivatives: 'Y', Currency: 'N' },
      idirect_userid: exchange.userId,
      session_token: sessionToken,
      idirect_user_name: 'SIMULATED ACCOUNT',
      idirect_ORD_TYP: 'N',
      idirect_lastlogin_time: `${tradeDate(wire)} 00:00:00`,
      mf_holding_mode_popup_flg: 'N',
      commodity_exchange_status: 'C',
      commodity_trade_date: tradeDate(wire),
      commodity_allowed: 'N',
    });
  });

  app.get('/breezeapi/api/v1/historicalcharts', async (c) => {
    const raw = await rawBody(c);
    const stamp = c.req.header('X-Timestamp') ?? '';
    const checksum = `token ${sha256(stamp + raw + keys.breezeApiSecret)}`;
    if (c.req.header('X-AppKey') !== keys.breezeApiKey) return refuse(c, 'Public Key does not exist.');
    if (!alive(c) || c.req.header('X-Checksum') !== checksum) return refuse(c, 'Invalid session.');
    const body = jsonObject(raw);
    const query = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
    return candles(c, { ...fields(query), exchangeCode: query('exchange_code'), version: 1 });
  });

  app.get('/api/v2/historicalcharts', (c) => {
    if (c.req.header('apikey') !== keys.breezeApiKey) return refuse(c, 'Public Key does not exist.');
    if (!alive(c)) return refuse(c, 'Invalid session.');
    const query = (name: string) => c.req.query(name) ?? '';
    return candles(c, { ...fields(query), exchangeCode: query('exch_code'), version: 2 });
  });

  let master: { date: string; zip: Buffer } | undefined;
  app.get(SECURITY_MASTER_PATH, () => {
    const date = istDate(exchange.clock.now());
    if (master?.date !== date) master = { date, zip: securityMaster(exchange.instruments(date)) };
    return new Response(new Uint8Array(master.zip), { headers: { 'Content-Type': 'application/zip' } });
  });

  // Breeze answers in its own words whatever it is asked for.
  for (const path of ['/breezeapi/*', '/api/v2/*']) app.all(path, (c) => refuse(c, 'Resource not found.', 404));

  const alive = (c: Context) =>
    c.req.header('X-SessionToken') === sessionToken && !exchange.takeFault('breeze_invalid_session');

  const candles = (c: Context, query: CandleQuery): Response => {
    const over = wire.limiter.breeze();
    if (over === 'minute') return refuse(c, 'Limit exceed: API call per minute:Try after some time', 5);
    if (over === 'day') return refuse(c, 'Limit exceed: API call per day: ', 5);
    if (exchange.takeFault('breeze_empty')) return succeed(c, []);
    const late = exchange.takeFault('breeze_late');
    const rows = breezeCandles(exchange, query, late ? faultNumber(late, 'market_seconds', 60) * 1_000 : 0);
    return typeof rows === 'string' ? refuse(c, rows) : succeed(c, rows);
  };

  return app;
}

function breezeFaults(wire: Wire) {
  return async (c: Context<Env>, next: () => Promise<void>): Promise<Response | undefined> => {
    const slow = wire.exchange.takeFault('breeze_slow');
    if (slow) await pause(wire, faultNumber(slow, 'ms', 5_000));
    if (wire.exchange.takeFault('breeze_down')) return c.text('Service Unavailable', 503);
    await next();
    return undefined;
  };
}

function fields(query: (name: string) => string): Omit<CandleQuery, 'exchangeCode' | 'version'> {
  return {
    interval: query('interval'),
    from: query('from_date'),
    to: query('to_date'),
    stockCode: query('stock_code'),
    productType: query('product_type').toLowerCase(),
    expiry: query('expiry_date'),
    right: query('right').toLowerCase(),
    strike: query('strike_price'),
  };
}

function tradeDate(wire: Wire): string {
  return breezeDate(istDate(wire.exchange.clock.now()), 'full');
}

async function rawBody(c: Context<Env>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of c.env.incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function succeed(c: Context, rows: unknown): Response {
  return c.json({ Success: rows, Status: 200, Error: null });
}

/** Breeze refuses with HTTP 200 and says no in the body. */
function refuse(c: Context, error: string, status = 500): Response {
  return c.json({ Success: null, Status: status, Error: error });
}
