/** `npm run signals`: what the strategy would have decided, week by week, over a file of candles. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { addDays, isIsoDate, istAt, istDate, istIso } from '../domain/clock.ts';
import { aggregateHourly, evaluateWeek, type WeekDecision, weekStartOf } from '../domain/strategy/index.ts';
import type { Bar, IsoDate, Paise } from '../domain/types.ts';
import { AppError } from '../errors.ts';
import { readCandleFile } from '../platform/candle-files.ts';

const USAGE = `Usage: npm run signals -- --candles FILE.csv [--from DATE] [--to DATE] --json OUT.json

  --candles  bars as time,open,high,low,close,volume, of any interval that divides an hour
  --from     first date, YYYY-MM-DD: weeks with a bar on or after it are decided
  --to       last date, YYYY-MM-DD: weeks with a bar on or before it are decided
  --json     where to write one object a week

Weeks are decided whole, from all bars of the file; the dates only choose which weeks are written.`;

type Options = { candles: string; from: IsoDate | null; to: IsoDate | null; json: string };

function readOptions(args: string[]): Options | 'help' {
  let values: { candles?: string; from?: string; to?: string; json?: string; help?: boolean };
  try {
    values = parseArgs({
      args,
      options: {
        candles: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw badInput(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return 'help';
  if (!values.candles) throw badInput('--candles is missing: name the CSV file of bars.');
  if (!values.json) throw badInput('--json is missing: name the file to write.');
  const from = readDate('--from', values.from);
  const to = readDate('--to', values.to);
  if (from && to && from > to) throw badInput(`--from ${from} lies after --to ${to}.`);
  return { candles: values.candles, from, to, json: values.json };
}

function readDate(option: string, text: string | undefined): IsoDate | null {
  if (text === undefined) return null;
  if (isIsoDate(text)) return text;
  throw badInput(`${option} "${text}" is not a date: write it as YYYY-MM-DD.`);
}

/** Every week that has a bar within the dates, in order. */
function decideWeeks(bars: readonly Bar[], from: IsoDate | null, to: IsoDate | null): WeekDecision[] {
  const byWeek = new Map<IsoDate, Bar[]>();
  for (const bar of bars) {
    const week = weekStartOf(istDate(bar.start));
    const known = byWeek.get(week);
    if (known) known.push(bar);
    else byWeek.set(week, [bar]);
  }
  const asked = (bar: Bar) => (!from || istDate(bar.start) >= from) && (!to || istDate(bar.start) <= to);
  return [...byWeek]
    .filter(([, week]) => week.some(asked))
    .map(([start, week]) => {
      const previous = byWeek.get(addDays(start, -7)) ?? [];
      return evaluateWeek([...previous, ...week], istAt(addDays(start, 6), '23:59'));
    });
}

/** Rupees (points) at the edge. */
function toJson(week: WeekDecision): Record<string, unknown> {
  const { levels, zones } = week;
  return {
    week_start: week.weekStart,
    levels: levels && {
      high: rupees(levels.high),
      low: rupees(levels.low),
      close: rupees(levels.close),
      max_4h_body: rupees(levels.max4hBody),
      min_4h_body: rupees(levels.min4hBody),
    },
    zones: zones && {
      upper_top: rupees(zones.upperTop),
      upper_bottom: rupees(zones.upperBottom),
      lower_top: rupees(zones.lowerTop),
      lower_bottom: rupees(zones.lowerBottom),
    },
    bias: week.bias,
    signal: week.signal,
    triggered_at: week.firedAt === null ? null : istIso(week.firedAt),
    stop: rupees(week.stop),
    strike: rupees(week.strike),
    option_type: week.optionType,
    skipped: week.reason,
  };
}

function rupees(paise: Paise | null): number | null {
  return paise === null ? null : paise / 100;
}

function badInput(message: string): AppError {
  return new AppError({ code: 'bad_input', message: `${message}\n\n${USAGE}`, httpStatus: 400, retryable: false });
}

async function run(options: Options): Promise<void> {
  const { bars, minutes } = await readCandleFile(options.candles);
  const weeks = decideWeeks(aggregateHourly(bars, minutes), options.from, options.to);
  try {
    await writeFile(options.json, `${JSON.stringify(weeks.map(toJson), null, 2)}\n`);
  } catch (error) {
    throw badInput(`Cannot write ${options.json}: ${error instanceof Error ? error.message : error}`);
  }
  const signals = weeks.filter((week) => week.signal !== null).length;
  const left = weeks.filter((week) => week.reason !== null).length;
  console.log(`${weeks.length} weeks, ${signals} with a signal, ${left} not evaluated: ${options.json}`);
  if (weeks.length === 0) console.log(`No bar of ${options.candles} lies within the dates.`);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else await run(options);
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
