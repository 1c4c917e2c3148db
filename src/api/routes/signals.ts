import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { istIso } from '../../domain/clock.ts';
import type { ApiContext } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { refuse } from '../refusals.ts';
import { instant, isoDate, money, signalName } from '../schemas.ts';
import { isoOrNull, rupees, rupeesOrNull } from '../units.ts';
import { createWeekSignals, type WeekSignals } from '../week-signals.ts';
import { BREEZE_FAILS, json, refusals, STATUS } from './answers.ts';

const weekView = z
  .object({
    market_time: instant,
    week_start: isoDate.openapi({ description: 'The Sunday that begins the calendar week' }),
    skipped: z.string().nullable().openapi({ description: 'Why the week is not evaluated' }),
    previous_bars: z.int().openapi({ description: 'Hourly bars of the week before' }),
    bars: z.int().openapi({ description: 'Hourly bars of this week that have ended' }),
    missing: z.array(instant).openapi({ description: 'Hours that have ended and that Breeze does not show whole' }),
    unconfirmed: z
      .array(instant)
      .openapi({ description: 'Bars left out: the index stood still in the closing auction' }),
    levels: z
      .object({ high: money, low: money, close: money, max_4h_body: money, min_4h_body: money })
      .nullable()
      .openapi({ description: 'The week before' }),
    zones: z.object({ upper_top: money, upper_bottom: money, lower_top: money, lower_bottom: money }).nullable(),
    margins: z.object({ high: money, low: money }).nullable(),
    distances: z.object({ resistance: money, support: money }).nullable(),
    bias: z.enum(['BULLISH', 'BEARISH', 'NEUTRAL']).nullable(),
    signal: signalName.nullable().openapi({ description: 'What fired this week: one a week at most' }),
    triggered_at: instant.nullable(),
    bar_number: z.int().nullable().openapi({ description: 'Of the bar that fired, from 1' }),
    stop: money.nullable(),
    strike: money.nullable(),
    option_type: z.enum(['CE', 'PE']).nullable(),
    checked_at: instant
      .nullable()
      .openapi({ description: 'End of the bar that the checks are of: the last, or the one that fired' }),
    signals: z.array(z.object({ signal: signalName, fired: z.boolean(), why: z.string() })),
    source: z.literal('breeze'),
  })
  .openapi('Week');

const route = createRoute({
  method: 'get',
  path: '/live/signals',
  tags: [STATUS],
  summary: "The week's context and S1 to S8, each fired or why not",
  description:
    "From Breeze's candles alone, anew after each hourly close. What the day decided, and on which candles, is in its log: where Breeze has holes it takes Kite's.",
  responses: { 200: json(weekView, 'The running week'), ...refusals(...BREEZE_FAILS) },
});

export function signalRoutes(app: OpenAPIHono<ApiEnv>, { deps }: ApiContext): void {
  const read = deps.breeze && createWeekSignals(deps.breeze, () => deps.clock.now());

  app.openapi(route, async (c) => {
    if (!read) {
      throw refuse(
        'breeze_away',
        'Breeze is not set up: set BREEZE_API_KEY, BREEZE_API_SECRET and BREEZE_API_SESSION.',
      );
    }
    return c.json({ market_time: istIso(deps.clock.now()), ...weekBody(await read()) }, 200);
  });
}

function weekBody({ decision, missing }: WeekSignals): Omit<z.infer<typeof weekView>, 'market_time'> {
  const { levels, zones, margins, distances } = decision;
  const why = decision.reason
    ? `the week is not evaluated: ${decision.reason}`
    : 'no hourly bar of this week has ended yet';
  return {
    week_start: decision.weekStart,
    skipped: decision.reason,
    previous_bars: decision.previousBars,
    bars: decision.bars,
    missing: missing.map(istIso),
    unconfirmed: decision.unconfirmed.map(istIso),
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
    margins: margins && { high: rupees(margins.high), low: rupees(margins.low) },
    distances: distances && { resistance: rupees(distances.resistance), support: rupees(distances.support) },
    bias: decision.bias,
    signal: decision.signal,
    triggered_at: isoOrNull(decision.firedAt),
    bar_number: decision.barNumber,
    stop: rupeesOrNull(decision.stop),
    strike: rupeesOrNull(decision.strike),
    option_type: decision.optionType,
    checked_at: isoOrNull(decision.checkedAt),
    signals:
      decision.checks.length > 0
        ? decision.checks
        : signalName.options.map((signal) => ({ signal, fired: false, why })),
    source: 'breeze',
  };
}
