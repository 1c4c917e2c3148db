/** Every variable that the program reads, with its default. */
import { z } from 'zod';
import {
  address,
  anyText,
  decimal,
  hostNames,
  integer,
  isoDate,
  keyOf32Bytes,
  matching,
  oneOf,
  onOff,
  privateAddress,
  rupees,
  signalList,
  siteAddress,
} from './values.ts';

const port = integer(1, 65_535);

/** Every variable that the program reads. `prefault` is the default as one would write it; `.env.example` mirrors it. */
export const Environment = z.object({
  TRADING_MODE: oneOf('replay', 'paper', 'live').prefault('replay'),
  ACCOUNT: matching(/^[A-Za-z0-9_-]{1,32}$/, 'give up to 32 letters, digits, - or _').optional(),
  HOST: matching(/^[A-Za-z0-9.:-]+$/, 'give an address to listen on, such as 127.0.0.1').prefault('127.0.0.1'),
  PORT: port.prefault('8000'),
  ALLOWED_HOSTS: hostNames.optional(),
  PUBLIC_URL: siteAddress('https://trading.example').optional(),
  DATA_DIR: anyText.prefault('.data'),
  API_TOKEN: matching(/^[\x21-\x7e]{16,}$/, 'give 16 characters or more, without blanks').optional(),
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').prefault('info'),

  TEMPORAL_ADDRESS: matching(/^[^\s/]+:\d+$/, 'give HOST:PORT, such as 127.0.0.1:7233').optional(),
  TEMPORAL_NAMESPACE: matching(/^\S+$/, 'give a name without blanks').prefault('default'),
  TEMPORAL_TLS: onOff.prefault('off'),
  TEMPORAL_API_KEY: matching(/^\S+$/, 'give the key as it was made, without blanks').optional(),
  TEMPORAL_UI_PORT: port.prefault('8233'),
  TEMPORAL_BINARY: anyText.optional(),

  KITE_API_KEY: anyText.optional(),
  KITE_API_SECRET: anyText.optional(),
  KITE_ACCESS_TOKEN: anyText.optional(),
  KITE_USER_ID: matching(/^[A-Za-z0-9]+$/, 'give the client id of the Zerodha account, such as AB1234').optional(),
  KITE_ROOT: address('https:', 'http:').prefault('https://api.kite.trade'),
  KITE_TICKER_ROOT: address('wss:', 'ws:').prefault('wss://ws.kite.trade/'),
  KITE_LOGIN_URL: address('https:', 'http:').prefault('https://kite.zerodha.com/connect/login'),
  BREEZE_API_KEY: anyText.optional(),
  BREEZE_API_SECRET: anyText.optional(),
  BREEZE_API_SESSION: anyText.optional(),
  BREEZE_ROOT: address('https:', 'http:').optional(),

  REPLAY_FROM: isoDate.prefault('2025-07-14'),
  REPLAY_TO: isoDate.prefault('2025-07-18'),
  REPLAY_SPEED: decimal(0.1, 3_600).prefault('60'),
  REPLAY_CANDLES: anyText.optional(),
  REPLAY_OPERATOR: onOff.prefault('on'),
  EXCHANGE_PORT: port.prefault('9100'),
  EXCHANGE_URL: siteAddress('http://exchange:9100').optional(),
  EXCHANGE_LOGIN_URL: address('https:', 'http:').optional(),
  MARKET_DATA_DIR: anyText.prefault('../shared/data'),

  GUARDS: onOff.prefault('on'),
  DATABASE_URL: address('postgres:', 'postgresql:').optional(),
  SECRETS_KEY: keyOf32Bytes.optional(),
  NOTICE_WEBHOOK_URL: privateAddress.optional(),
  NOTICE_WEBHOOK_SECRET: matching(/^\S{16,}$/, 'give 16 characters or more, without blanks').optional(),
  LIVE_TRADING_CONFIRMED: oneOf('yes').optional(),

  NUM_LOTS: integer(1, 1_000).optional(),
  USE_HEDGING: onOff.prefault('on'),
  MAX_POSITIONS: integer(1, 100).prefault('3'),
  EXIT_POLICY: oneOf('intraday', 'weekly').prefault('intraday'),
  WEEKLY_EXIT_DAY: integer(1, 5).optional(),
  MAX_LOSS_PER_TRADE: rupees.prefault('25000'),
  MAX_LOSS_PER_DAY: rupees.prefault('50000'),
  MAX_CAPITAL_AT_RISK: rupees.prefault('500000'),
  TARGET: decimal(0.01, 1).optional(),
  ALLOW_UNHEDGED: onOff.prefault('off'),
  HEDGE_DISTANCE: rupees.prefault('200'),
  SIGNALS: signalList.prefault('S1,S2,S3,S4,S5,S6,S7,S8'),
});
export type Environment = z.infer<typeof Environment>;

/** Never shown, neither in logs nor in the errors about them. */
export const SECRET_VARIABLES = [
  'API_TOKEN',
  'TEMPORAL_API_KEY',
  'KITE_API_SECRET',
  'KITE_ACCESS_TOKEN',
  'BREEZE_API_SECRET',
  'BREEZE_API_SESSION',
  'DATABASE_URL',
  'SECRETS_KEY',
  // An address often is the key of its receiver.
  'NOTICE_WEBHOOK_URL',
  'NOTICE_WEBHOOK_SECRET',
] as const;
