import { type Logger, pino } from 'pino';
import { istTime } from '../domain/clock.ts';
import { createRedactor, type Redactor } from './redaction.ts';

export type { Logger };

export type LoggerOptions = {
  level: string;
  /** Every secret that the program was configured with. */
  secrets: readonly string[];
  /** Short lines for a person instead of JSON. Default: whether standard output is a terminal. */
  forPeople?: boolean;
  /** Where whole lines go. Default: standard output. */
  write?: (line: string) => void;
};

/**
 * The one logger: JSON lines, or short ones on a terminal. What it shows has passed the redactor, whose `add` takes
 * secrets that come up later.
 */
export function createLogger(options: LoggerOptions): { logger: Logger; redactor: Redactor } {
  const {
    level,
    secrets,
    forPeople = process.stdout.isTTY === true,
    write = (line) => process.stdout.write(line),
  } = options;
  const redactor = createRedactor(secrets);
  const show = forPeople ? shortLine : (line: LogLine) => JSON.stringify(line);
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.epochTime },
    // The finished line is what is redacted: nothing can be added to it afterwards.
    { write: (json: string) => write(`${show(redactor.redact(JSON.parse(json)) as LogLine)}\n`) },
  );
  return { logger, redactor };
}

type LogLine = { level: number; time: number; msg?: string; err?: { stack?: string; message?: string } } & Record<
  string,
  unknown
>;

const COLOURS: Record<string, number> = { trace: 90, debug: 90, warn: 33, error: 31, fatal: 31 };

/**
 * `11:15:02 warn  what happened  symbol=NIFTY2571724800PE`, the time in India. What a replayed day says has the market's time before
 * it, and goes without what only a machine sorts by.
 */
function shortLine({ level, time, msg, err, market_time, ...fieldsOf }: LogLine): string {
  const { date: _date, kind: _kind, ...ofTheDay } = fieldsOf;
  const rest = market_time === undefined ? fieldsOf : ofTheDay;
  const market = market_time === undefined ? '' : `market ${market_time}`;
  const name = pino.levels.labels[level] ?? String(level);
  const fields = Object.entries(rest).map(
    ([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const head = [istTime(time), market, name === 'info' ? '' : name, msg ?? err?.message ?? '', fields.join(' ')];
  const line = head.filter(Boolean).join('  ') + (err?.stack ? `\n${err.stack.replace(/^/gm, '    ')}` : '');
  const colour = process.env.NO_COLOR ? undefined : COLOURS[name];
  return colour === undefined ? line : `\x1b[${colour}m${line}\x1b[0m`;
}
