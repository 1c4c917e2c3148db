import { resolve } from 'node:path';
import type { Plan } from '../contract/commands.ts';
import type { IsoDate, TradingMode } from '../domain/types.ts';
import { AppError } from '../errors.ts';
import { repositoryRoot } from '../platform/repository-root.ts';
import { Environment, SECRET_VARIABLES } from './environment.ts';

/** A plan but for its lot size, which the day's contracts say. */
type PlanDefaults = Omit<Plan, 'lotSize'>;

export type BrokerConfig = {
  kite: {
    apiKey: string;
    apiSecret: string;
    /** Another person's login is refused. */
    userId: string;
    /** A token of today that was made elsewhere. */
    accessToken: string | null;
    root: string;
    tickerRoot: string;
    loginUrl: string;
  };
  breeze: { apiKey: string; apiSecret: string; session: string; root: string | null };
};

/** Everything that the environment decides. Paths are absolute, money in paise. */
export type Config = {
  mode: TradingMode;
  account: string;
  host: string;
  port: number;
  /** Names besides the loopback ones by which the API may be called, lower case, without port. */
  allowedHosts: string[];
  /** Where browsers find the API and the dashboard, for printed links; null where it is HOST and PORT. */
  publicUrl: string | null;
  dataDir: string;
  apiToken: string | null;
  logLevel: Environment['LOG_LEVEL'];
  temporal: {
    address: string | null;
    namespace: string;
    /** TLS and the key of Temporal Cloud, for a server that is not ours. */
    tls: boolean;
    apiKey: string | null;
    uiPort: number;
  };
  /** Null in replay: the simulator hands out its own. */
  brokers: BrokerConfig | null;
  replay: { from: IsoDate; to: IsoDate; speed: number; candles: string | null; operator: boolean };
  exchangePort: number;
  /** The simulated exchange of replay and paper mode where it is a process of its own; `loginUrl` is its page as a browser reaches it. */
  exchange: { url: string; loginUrl: string | null };
  /** Whether a worker serves guards: at most two an account do, since each holds a ticker. */
  guards: boolean;
  marketDataDir: string;
  databaseUrl: string | null;
  /** Where notices go beside the log. */
  notices: { webhook: { url: string; secret: string } | null };
  /** 32 bytes. */
  secretsKey: Buffer | null;
  plan: PlanDefaults;
  /** Every secret in its own words, for the log to leave out. */
  secrets: string[];
};

/**
 * Reads the environment once; an empty variable is as good as none.
 * Throws AppError `config_invalid` that names every variable that is wrong, and what to write instead.
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.keys(Environment.shape).flatMap((name) => {
      const text = env[name]?.trim();
      return text ? [[name, text]] : [];
    }),
  );
  const parsed = Environment.safeParse(given);
  const wrong = (parsed.error?.issues ?? []).map((issue) => sayWrong(String(issue.path[0]), given, issue.message));
  // Asked even of an environment that is wrong elsewhere: a person corrects everything at once.
  wrong.push(...missingFor(given), ...(parsed.data ? contradictions(parsed.data) : []));
  if (!parsed.data || wrong.length > 0) {
    throw new AppError({
      code: 'config_invalid',
      message: `The environment (or .env) needs a correction:\n${wrong.map((line) => `  ${line}`).join('\n')}`,
      httpStatus: 500,
      retryable: false,
      details: { wrong },
    });
  }
  return configOf(parsed.data, given);
}

function sayWrong(name: string, given: Record<string, string>, advice: string): string {
  const shown = (SECRET_VARIABLES as readonly string[]).includes(name) ? '…' : given[name];
  return `${name}=${shown}: ${advice}`;
}

function missingFor(given: Record<string, string>): string[] {
  const mode = given.TRADING_MODE;
  if (mode !== 'paper' && mode !== 'live') return [];
  const credentials = ['KITE_API_KEY', 'KITE_API_SECRET', 'KITE_USER_ID'];
  const data = ['BREEZE_API_KEY', 'BREEZE_API_SECRET', 'BREEZE_API_SESSION'];
  const wrong = [
    ...credentials.map((name) => [name, 'from your app at https://developers.kite.trade'] as const),
    ...data.map((name) => [name, 'from https://api.icicidirect.com'] as const),
  ]
    .filter(([name]) => !given[name])
    .map(([name, from]) => `${name} is missing: ${mode} trading needs it, ${from}`);
  if (mode === 'live' && !given.LIVE_TRADING_CONFIRMED) {
    wrong.push(
      'LIVE_TRADING_CONFIRMED is missing: live orders move real money; write LIVE_TRADING_CONFIRMED=yes to say that you mean it',
    );
  }
  return wrong;
}

function contradictions(env: Environment): string[] {
  const wrong: string[] = [];
  if (!env.TEMPORAL_ADDRESS && (env.TEMPORAL_TLS || env.TEMPORAL_API_KEY)) {
    wrong.push('TEMPORAL_TLS and TEMPORAL_API_KEY are for a server elsewhere: add TEMPORAL_ADDRESS, or leave them out');
  }
  if ((env.NOTICE_WEBHOOK_URL === undefined) !== (env.NOTICE_WEBHOOK_SECRET === undefined)) {
    wrong.push(
      'NOTICE_WEBHOOK_URL and NOTICE_WEBHOOK_SECRET belong together: the receiver checks each notice by the secret; `openssl rand -hex 24` makes one',
    );
  }
  if (env.REPLAY_FROM > env.REPLAY_TO) {
    wrong.push(`REPLAY_FROM=${env.REPLAY_FROM} is after REPLAY_TO=${env.REPLAY_TO}: exchange them`);
  }
  if (env.MAX_LOSS_PER_TRADE > env.MAX_LOSS_PER_DAY) {
    wrong.push(
      'MAX_LOSS_PER_TRADE is above MAX_LOSS_PER_DAY: no position could ever be opened; lower the first or raise the second',
    );
  }
  return wrong;
}

function configOf(env: Environment, given: Record<string, string>): Config {
  return {
    mode: env.TRADING_MODE,
    account: env.ACCOUNT ?? env.KITE_USER_ID ?? 'demo',
    host: env.HOST,
    port: env.PORT,
    // A printed link that the API then refused would be of no use.
    allowedHosts: [...(env.ALLOWED_HOSTS ?? []), ...(env.PUBLIC_URL ? [new URL(env.PUBLIC_URL).hostname] : [])],
    publicUrl: env.PUBLIC_URL ?? null,
    dataDir: resolve(repositoryRoot, env.DATA_DIR),
    apiToken: env.API_TOKEN ?? null,
    logLevel: env.LOG_LEVEL,
    temporal: {
      address: env.TEMPORAL_ADDRESS ?? null,
      namespace: env.TEMPORAL_NAMESPACE,
      // A key in clear would be everybody's.
      tls: env.TEMPORAL_TLS || env.TEMPORAL_API_KEY !== undefined,
      apiKey: env.TEMPORAL_API_KEY ?? null,
      uiPort: env.TEMPORAL_UI_PORT,
    },
    brokers: env.TRADING_MODE === 'replay' ? null : brokersOf(env),
    replay: {
      from: env.REPLAY_FROM,
      to: env.REPLAY_TO,
      speed: env.REPLAY_SPEED,
      candles: env.REPLAY_CANDLES ? resolve(repositoryRoot, env.REPLAY_CANDLES) : null,
      operator: env.REPLAY_OPERATOR,
    },
    exchangePort: env.EXCHANGE_PORT,
    exchange: {
      url: env.EXCHANGE_URL ?? `http://127.0.0.1:${env.EXCHANGE_PORT}`,
      loginUrl: env.EXCHANGE_LOGIN_URL ?? null,
    },
    guards: env.GUARDS,
    marketDataDir: resolve(repositoryRoot, env.MARKET_DATA_DIR),
    databaseUrl: env.DATABASE_URL ?? null,
    notices: { webhook: webhookOf(env) },
    secretsKey: env.SECRETS_KEY ?? null,
    plan: {
      // Live begins with one lot, until its owner has seen it go right.
      numLots: env.NUM_LOTS ?? (env.TRADING_MODE === 'live' ? 1 : 10),
      useHedging: env.USE_HEDGING,
      maxPositions: env.MAX_POSITIONS,
      exitPolicy: env.EXIT_POLICY,
      weeklyExitDay: env.WEEKLY_EXIT_DAY ?? null,
      maxLossPerTrade: env.MAX_LOSS_PER_TRADE,
      maxLossPerDay: env.MAX_LOSS_PER_DAY,
      maxCapitalAtRisk: env.MAX_CAPITAL_AT_RISK,
      target: env.TARGET ?? null,
      allowUnhedged: env.ALLOW_UNHEDGED,
      hedgeDistance: env.HEDGE_DISTANCE,
      signals: env.SIGNALS,
    },
    secrets: secretsOf(given),
  };
}

function webhookOf(env: Environment): Config['notices']['webhook'] {
  const { NOTICE_WEBHOOK_URL: url, NOTICE_WEBHOOK_SECRET: secret } = env;
  return url && secret ? { url, secret } : null;
}

// Their absence was refused before.
function brokersOf(env: Environment): BrokerConfig {
  return {
    kite: {
      apiKey: env.KITE_API_KEY ?? '',
      apiSecret: env.KITE_API_SECRET ?? '',
      userId: env.KITE_USER_ID ?? '',
      accessToken: env.KITE_ACCESS_TOKEN ?? null,
      root: env.KITE_ROOT,
      tickerRoot: env.KITE_TICKER_ROOT,
      loginUrl: env.KITE_LOGIN_URL,
    },
    breeze: {
      apiKey: env.BREEZE_API_KEY ?? '',
      apiSecret: env.BREEZE_API_SECRET ?? '',
      session: env.BREEZE_API_SESSION ?? '',
      root: env.BREEZE_ROOT ?? null,
    },
  };
}

function secretsOf(given: Record<string, string>): string[] {
  return SECRET_VARIABLES.flatMap((name) => {
    const text = given[name];
    if (!text) return [];
    if (name !== 'DATABASE_URL') return [text];
    const { password } = new URL(text);
    return password ? [text, password, decodeURIComponent(password)] : [];
  });
}
