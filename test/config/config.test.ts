import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { Environment } from '../../src/config/environment.ts';
import { AppError } from '../../src/errors.ts';
import { repositoryRoot } from '../../src/platform/repository-root.ts';

const CREDENTIALS = {
  KITE_API_KEY: 'kitekey',
  KITE_API_SECRET: 'kite-secret-1',
  KITE_USER_ID: 'AB1234',
  BREEZE_API_KEY: 'breezekey',
  BREEZE_API_SECRET: 'breeze-secret-1',
  BREEZE_API_SESSION: '12345678',
};

function refusalOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof AppError && error.code === 'config_invalid') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('an empty environment', () => {
  it('replays 14 to 18 July 2025 at 60x with the default plan', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({ mode: 'replay', account: 'demo', host: '127.0.0.1', port: 8000, brokers: null });
    expect(config.dataDir).toBe(join(repositoryRoot, '.data'));
    expect(config.replay).toEqual({
      from: '2025-07-14',
      to: '2025-07-18',
      speed: 60,
      candles: null,
      operator: true,
    });
    expect(config.plan).toEqual({
      numLots: 10,
      useHedging: true,
      maxPositions: 3,
      exitPolicy: 'intraday',
      weeklyExitDay: null,
      maxLossPerTrade: 25_000_00,
      maxLossPerDay: 50_000_00,
      maxCapitalAtRisk: 500_000_00,
      target: null,
      allowUnhedged: false,
      hedgeDistance: 200_00,
      signals: ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'],
    });
  });

  it('is what .env.example says, variable by variable', () => {
    const lines = readFileSync(join(repositoryRoot, '.env.example'), 'utf8').matchAll(/^#([A-Z][A-Z_]+)=(.*)$/gm);
    const example = Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
    expect(Object.keys(example).sort()).toEqual(Object.keys(Environment.shape).sort());
    expect(loadConfig(example)).toEqual(loadConfig({}));
    const defaults = Object.entries(Environment.shape).filter(
      ([, schema]) => !schema.safeParse(undefined).success || schema.parse(undefined) !== undefined,
    );
    expect(defaults.map(([name]) => name).filter((name) => !example[name])).toEqual([]);
  });

  it('takes an empty or blank variable for none', () => {
    expect(loadConfig({ PORT: '', ACCOUNT: '  ', KITE_API_KEY: '' })).toEqual(loadConfig({}));
  });
});

describe('a wrong environment', () => {
  it('is refused with every variable that is wrong, in one message, and what to write', () => {
    const message = refusalOf({
      PORT: 'eighty',
      TRADING_MODE: 'Live',
      REPLAY_FROM: '2025-02-30',
      MAX_LOSS_PER_DAY: '50,000',
      SIGNALS: 'S1,S9',
      REPLAY_OPERATOR: 'maybe',
      DATABASE_URL: 'mysql://user:hunter2-secret@host/journal',
      SECRETS_KEY: 'c2hvcnQ=',
    });
    expect(message).toContain('PORT=eighty: give a whole number from 1 to 65535');
    expect(message).toContain('TRADING_MODE=Live: give one of replay, paper, live');
    expect(message).toContain('REPLAY_FROM=2025-02-30: give a date');
    expect(message).toContain('MAX_LOSS_PER_DAY=50,000: give an amount in rupees');
    expect(message).toContain('SIGNALS=S1,S9: give some of S1');
    expect(message).toContain('REPLAY_OPERATOR=maybe: give on or off');
    expect(message).toContain('DATABASE_URL=…: give an address that begins with postgres://');
    expect(message).toContain('SECRETS_KEY=…: give 32 bytes');
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('c2hvcnQ');
  });

  it.each([
    [{ REPLAY_FROM: '2025-07-18', REPLAY_TO: '2025-07-14' }, 'REPLAY_FROM=2025-07-18 is after REPLAY_TO=2025-07-14'],
    [{ MAX_LOSS_PER_TRADE: '60000' }, 'MAX_LOSS_PER_TRADE is above MAX_LOSS_PER_DAY'],
    [{ MAX_LOSS_PER_TRADE: '0' }, 'MAX_LOSS_PER_TRADE=0: give an amount'],
    [{ REPLAY_SPEED: '-1' }, 'REPLAY_SPEED=-1: give a number from'],
    [{ API_TOKEN: 'short' }, 'API_TOKEN=…: give 16 characters'],
    [{ TARGET: '1.5' }, 'TARGET=1.5: give a number from 0.01 to 1'],
    [{ TEMPORAL_ADDRESS: 'http://host:7233' }, 'TEMPORAL_ADDRESS=http://host:7233: give HOST:PORT'],
  ])('says what contradicts: %j', (env, words) => {
    expect(refusalOf(env)).toContain(words);
  });
});

describe('the addresses of the API', () => {
  it('are loopback names alone, unless further ones are given', () => {
    expect(loadConfig({})).toMatchObject({ allowedHosts: [], publicUrl: null });
    const ALLOWED_HOSTS = 'Trading.example, 192.168.1.5,[fe80::1]';
    expect(loadConfig({ ALLOWED_HOSTS }).allowedHosts).toEqual(['trading.example', '192.168.1.5', '[fe80::1]']);
  });

  it('are that of PUBLIC_URL too', () => {
    expect(loadConfig({ ALLOWED_HOSTS: 'a', PUBLIC_URL: 'https://Trading.example:8443' })).toMatchObject({
      allowedHosts: ['a', 'trading.example'],
      publicUrl: 'https://Trading.example:8443',
    });
  });

  it.each([
    [
      { ALLOWED_HOSTS: 'https://trading.example' },
      'give host names with commas between them, without http:// and port',
    ],
    [{ ALLOWED_HOSTS: 'trading.example:8000' }, 'give host names'],
    [{ ALLOWED_HOSTS: 'a,,b' }, 'give host names'],
    [{ ALLOWED_HOSTS: '*' }, 'give host names'],
    [{ PUBLIC_URL: 'https://trading.example/' }, 'give an address without a path, such as https://trading.example'],
    [{ PUBLIC_URL: 'trading.example' }, 'give an address without a path'],
    [{ PUBLIC_URL: 'http://user:secret@host' }, 'give an address without a path'],
  ])('say what is wrong with %j', (env, words) => {
    expect(refusalOf(env)).toContain(words);
  });
});

describe('notices', () => {
  const NOTICE_WEBHOOK_SECRET = 'sixteen-characters-or-more';

  it('go to the log alone until a webhook is given, with the secret by which its receiver checks them', () => {
    expect(loadConfig({}).notices).toEqual({ webhook: null });
    const url = 'https://pager.example/hook?key=1';
    const config = loadConfig({ NOTICE_WEBHOOK_URL: url, NOTICE_WEBHOOK_SECRET });
    expect(config.notices).toEqual({ webhook: { url, secret: NOTICE_WEBHOOK_SECRET } });
    expect(config.secrets).toEqual([url, NOTICE_WEBHOOK_SECRET]);
  });

  it.each(['http://127.0.0.1:9/', 'http://localhost/hook', 'http://[::1]:9/'])('may go in clear to %s', (url) => {
    expect(loadConfig({ NOTICE_WEBHOOK_URL: url, NOTICE_WEBHOOK_SECRET }).notices.webhook?.url).toBe(url);
  });

  it.each([
    'http://pager.example/',
    'http://127.0.0.1.example/',
    'ftp://pager.example/',
    'https://user:key@pager.example/',
    'pager.example',
  ])('do not go to %s, which is not shown', (url) => {
    const message = refusalOf({ NOTICE_WEBHOOK_URL: url, NOTICE_WEBHOOK_SECRET });
    expect(message).toContain('NOTICE_WEBHOOK_URL=…: give an address that begins with https://');
    expect(message).not.toContain(url);
  });

  it('need both, the address and the secret', () => {
    expect(refusalOf({ NOTICE_WEBHOOK_SECRET })).toContain('belong together');
    expect(refusalOf({ NOTICE_WEBHOOK_URL: 'https://pager.example/' })).toContain('belong together');
  });
});

describe('many processes', () => {
  it('find the exchange at EXCHANGE_URL, else on this machine at EXCHANGE_PORT', () => {
    expect(loadConfig({ EXCHANGE_PORT: '9200' }).exchange).toEqual({ url: 'http://127.0.0.1:9200', loginUrl: null });
    const EXCHANGE_LOGIN_URL = 'http://127.0.0.1:9100/connect/login';
    expect(loadConfig({ EXCHANGE_URL: 'http://exchange:9100', EXCHANGE_LOGIN_URL }).exchange).toEqual({
      url: 'http://exchange:9100',
      loginUrl: EXCHANGE_LOGIN_URL,
    });
    expect(refusalOf({ EXCHANGE_URL: 'http://exchange:9100/' })).toContain('give an address without a path');
  });

  it('send a key of Temporal Cloud over TLS alone, and never show it', () => {
    expect(loadConfig({}).temporal).toMatchObject({ tls: false, apiKey: null });
    const config = loadConfig({ TEMPORAL_ADDRESS: 'cloud:7233', TEMPORAL_API_KEY: 'a-cloud-key' });
    expect(config.temporal).toMatchObject({ tls: true, apiKey: 'a-cloud-key' });
    expect(config.secrets).toContain('a-cloud-key');
    expect(refusalOf({ TEMPORAL_TLS: 'on' })).toContain('add TEMPORAL_ADDRESS');
  });
});

describe('paper and live', () => {
  it('name each missing credential at once, beside what else is wrong', () => {
    const message = refusalOf({ TRADING_MODE: 'live', KITE_API_KEY: 'kitekey', PORT: '0' });
    for (const name of [
      'KITE_API_SECRET',
      'KITE_USER_ID',
      'BREEZE_API_KEY',
      'BREEZE_API_SECRET',
      'BREEZE_API_SESSION',
    ]) {
      expect(message).toContain(`${name} is missing: live trading needs it`);
    }
    expect(message).not.toContain('KITE_API_KEY is missing');
    expect(message).toContain('PORT=0');
  });

  it('live asks for the confirmation, paper does not', () => {
    expect(refusalOf({ TRADING_MODE: 'live', ...CREDENTIALS })).toContain('LIVE_TRADING_CONFIRMED=yes');
    expect(refusalOf({ TRADING_MODE: 'live', LIVE_TRADING_CONFIRMED: 'ok', ...CREDENTIALS })).toContain(
      'give one of yes',
    );
    expect(loadConfig({ TRADING_MODE: 'paper', ...CREDENTIALS })).toMatchObject({
      account: 'AB1234',
      plan: { numLots: 10 },
      brokers: {
        kite: { apiKey: 'kitekey', userId: 'AB1234', accessToken: null, root: 'https://api.kite.trade' },
        breeze: { session: '12345678', root: null },
      },
    });
  });

  it('live begins with one lot unless told otherwise', () => {
    const live = { TRADING_MODE: 'live', LIVE_TRADING_CONFIRMED: 'yes', ...CREDENTIALS };
    expect(loadConfig(live).plan.numLots).toBe(1);
    expect(loadConfig({ ...live, NUM_LOTS: '4' }).plan.numLots).toBe(4);
  });
});

it('lists every secret that it was given, the database password too', () => {
  const secrets = loadConfig({
    ...CREDENTIALS,
    KITE_ACCESS_TOKEN: 'access-1',
    API_TOKEN: 'token-of-16-chars-or-more',
    DATABASE_URL: 'postgresql://trader:p%40ssword@db/journal',
    SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
  }).secrets;
  expect(secrets).toEqual(
    expect.arrayContaining([
      'kite-secret-1',
      'breeze-secret-1',
      '12345678',
      'access-1',
      'token-of-16-chars-or-more',
      'p@ssword',
      Buffer.alloc(32, 7).toString('base64'),
    ]),
  );
});

it('reads rupees into paise without losing one', () => {
  expect(loadConfig({ MAX_LOSS_PER_TRADE: '1150.29' }).plan.maxLossPerTrade).toBe(115_029);
});
