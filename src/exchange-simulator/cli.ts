import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { Environment } from '../config/environment.ts';
import { CalendarError } from '../domain/calendar/index.ts';
import { AppError } from '../errors.ts';
import { lockDataDir } from '../platform/data-dir.ts';
import { SimRefusal } from './core/types.ts';
import { createPaperExchange } from './paper/exchange.ts';
import { type PaperServer, startPaperServer } from './paper/server.ts';
import { createExchange } from './replay/exchange.ts';
import { type ExchangeServer, startExchangeServer } from './replay/server.ts';
import { parseBrokerTime } from './wire/format.ts';
import { DEFAULT_KEYS } from './wire/keys.ts';

const USAGE = `npm run exchange -- [options]: the simulated Kite and Breeze, alone

  --port N            9100
  --at TIME           market time to begin at, in India: 2025-07-14T09:20
  --speed N           market seconds in a second: 60 makes six minutes of a day
  --candles FILE.csv  the market to walk through (default: the bundled week of 14 July 2025)
  --data-dir DIR      keep the book and the clock on disk, and go on from there
  --redirect-url URL  where the login page leads (default: http://127.0.0.1:8000/live/auth/complete)
  --leased            the market stands still until a worker is there, and whenever none is
  --seed N            another path through the same bars
  --paper             instead: the real Kite of KITE_ROOT, KITE_TICKER_ROOT and KITE_LOGIN_URL, but for orders and
                      positions, which are kept here (with --port, --data-dir, --host, --name)
  --host ADDRESS      127.0.0.1; there is no password: never an address that others reach
  --name NAME         a name besides localhost by which /simulator may be called, on a network of its own
  --json              print addresses and keys as one line of JSON`;

type Options = {
  port: number;
  at: number | undefined;
  speed: number | undefined;
  seed: number | undefined;
  candles: string | undefined;
  dataDir: string | undefined;
  redirectUrl: string;
  json: boolean;
  paper: boolean;
  leased: boolean;
  host: string;
  names: string[];
};

class Usage extends Error {}

function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '9100' },
      at: { type: 'string' },
      speed: { type: 'string' },
      seed: { type: 'string' },
      candles: { type: 'string' },
      'data-dir': { type: 'string' },
      'redirect-url': { type: 'string', default: 'http://127.0.0.1:8000/live/auth/complete' },
      json: { type: 'boolean', default: false },
      paper: { type: 'boolean', default: false },
      leased: { type: 'boolean', default: false },
      host: { type: 'string', default: '127.0.0.1' },
      name: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const number = (name: string, value: string | undefined, most: number): number | undefined => {
    if (value === undefined) return undefined;
    const parsed = Number(value);
    if (!Number.isFinite(parsed) || parsed < 0 || parsed > most)
      throw new Usage(`--${name} ${value}: a number from 0 to ${most} is needed.`);
    return parsed;
  };
  const at = values.at === undefined ? undefined : parseBrokerTime(values.at);
  if (at === null) throw new Usage(`--at ${values.at}: write the time in India, e.g. 2025-07-14T09:20.`);
  if (!URL.canParse(values['redirect-url'])) throw new Usage(`--redirect-url ${values['redirect-url']}: not a URL.`);
  return {
    port: number('port', values.port, 65_535) ?? 9100,
    at,
    speed: number('speed', values.speed, 100_000),
    seed: number('seed', values.seed, Number.MAX_SAFE_INTEGER),
    candles: values.candles,
    dataDir: values['data-dir'],
    redirectUrl: values['redirect-url'],
    json: values.json,
    paper: values.paper,
    leased: values.leased,
    host: values.host,
    names: values.name,
  };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  await portIsFree(options.port, options.host);
  // Two simulators on one folder would write over each other's book.
  const serves = options.paper ? 'the paper exchange' : 'the exchange simulator';
  const lock = options.dataDir === undefined ? null : await lockDataDir(options.dataDir, serves);
  await lock?.claim();
  const { exchange, server } = await (options.paper ? openPaper(options) : openMarket(options));
  print(server.addresses, options.json);

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void server
      .close()
      .then(() => exchange.close())
      .then(() => lock?.release())
      .then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

async function openMarket({ port, redirectUrl, host, names, paper: _, json: __, ...market }: Options) {
  const given = Object.fromEntries(Object.entries(market).filter(([, value]) => value !== undefined));
  const exchange = await createExchange(given);
  const server = await startExchangeServer({ exchange, port, host, names, redirectUrl, keys: DEFAULT_KEYS });
  return { exchange, server };
}

async function openPaper({ port, host, names, dataDir }: Options) {
  const { KITE_ROOT: root, KITE_TICKER_ROOT: tickerRoot, KITE_LOGIN_URL: loginUrl } = kiteAddresses(process.env);
  const exchange = createPaperExchange({ kite: { root, tickerRoot, loginUrl }, ...(dataDir ? { dataDir } : {}) });
  return { exchange, server: await startPaperServer({ exchange, port, host, names }) };
}

function kiteAddresses(env: NodeJS.ProcessEnv) {
  const schema = Environment.pick({ KITE_ROOT: true, KITE_TICKER_ROOT: true, KITE_LOGIN_URL: true });
  const given = Object.fromEntries(Object.entries(env).filter(([, text]) => text?.trim()));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Usage(parsed.error.issues.map(({ path, message }) => `${path.join('')}: ${message}`).join('\n'));
}

/** Before the folder of the book is opened: it may belong to the very simulator that holds the port. */
async function portIsFree(port: number, host: string): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Usage(
              `Port ${port} is busy. Stop what listens there, or choose another: npm run exchange -- --port ${port + 1}`,
            )
          : error,
      ),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

function print(addresses: ExchangeServer['addresses'] | PaperServer['addresses'], json: boolean): void {
  if (json) {
    console.log(JSON.stringify(addresses));
    return;
  }
  const width = Math.max(...Object.keys(addresses).map((name) => name.length));
  for (const [name, value] of Object.entries(addresses)) console.log(`${name.padEnd(width)}  ${value}`);
  console.log(
    `\nSee and steer it: ${addresses.kite_root}/simulator/clock /simulator/book /simulator/faults. Ctrl-C stops it.`,
  );
}

/** What a person can mend is said in a sentence; a defect keeps its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const mendable =
    error instanceof Usage ||
    error instanceof AppError ||
    error instanceof CalendarError ||
    error instanceof SimRefusal ||
    /^(ERR_PARSE_ARGS|E[A-Z]+$)/.test(code);
  const hint = code.startsWith('ERR_PARSE_ARGS') ? ' `npm run exchange -- --help` lists the options.' : '';
  return mendable ? `${error.message}${hint}` : (error.stack ?? error.message);
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
