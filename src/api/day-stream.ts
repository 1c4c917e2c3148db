/** One look at the day for all event streams together, taken while anybody watches. */
import { dayWorkflowId } from '../contract/identity.ts';
import { istIso, marketAt } from '../domain/clock.ts';
import type { LastPrice } from '../domain/types.ts';
import { NIFTY_TOKEN } from '../market/types.ts';
import type { ApiContext } from './context.ts';
import { explain } from './errors.ts';
import type { DecisionBody, EventBody, OrderBody, PositionBody, StatusBody } from './schemas.ts';
import { rupees, rupeesOrNull } from './units.ts';
import { decisionBody, eventBody, orderBody, positionBody, statusBody } from './views.ts';

/** Streams are flushed at most this often. */
export const FLUSH_MS = 750;
const LOG_LINES = 200;

type TickBody = {
  tradingsymbol: string;
  last_price: number;
  bid: number | null;
  ask: number | null;
  /** Wall time. */
  at: string;
};

export type DayFrame = {
  status: StatusBody;
  positions: PositionBody[];
  orders: OrderBody[];
  decisions: DecisionBody[];
  /** Newest first. */
  log: EventBody[];
  ticks: TickBody[];
};

export type Pulse = {
  /** Wall time, to the millisecond. */
  at: string;
  market_time: string;
  clock_speed: number;
  /** Why the figures are not being renewed; null while they are. */
  trouble: { code: string; message: string } | null;
  feed: { connected: boolean; last_message_at: string | null } | null;
};

export type DayStream = ReturnType<typeof createDayStream>;

export function createDayStream(context: ApiContext) {
  const { deps } = context;
  let frame: DayFrame | null = null;
  let trouble: Pulse['trouble'] = null;
  let looking: Promise<void> | null = null;
  let lookedAt = 0;
  let lookedFor = '';

  async function look(): Promise<void> {
    try {
      frame = await readFrame(context);
      trouble = null;
    } catch (error) {
      const known = explain(error);
      trouble = known
        ? { code: known.code, message: known.message }
        : { code: 'internal', message: 'The day cannot be shown: see the log of the program.' };
      if (!known) deps.logger.error({ error: String(error) }, 'the day could not be read for the dashboard');
    } finally {
      lookedAt = Date.now();
      looking = null;
    }
  }

  return {
    /** The newest frame, at most about a second old; null while none could be read. Never throws. */
    async frame(): Promise<DayFrame | null> {
      await looking;
      // What was seen of another day is no frame of this one, however fresh.
      const day = dayWorkflowId(await deps.identity());
      if (day !== lookedFor || Date.now() - lookedAt >= FLUSH_MS - 50) {
        lookedFor = day;
        looking ??= look();
        await looking;
      }
      return frame;
    },

    pulse(): Pulse {
      const clock = deps.clock.current();
      const now = Date.now();
      const feed = deps.feed?.status();
      return {
        at: new Date(now).toISOString(),
        market_time: istIso(marketAt(clock, now)),
        clock_speed: clock.findLast((segment) => segment.real <= now)?.speed ?? 1,
        trouble,
        feed: feed
          ? {
              connected: feed.connected,
              last_message_at: feed.lastMessageAt === null ? null : new Date(feed.lastMessageAt).toISOString(),
            }
          : null,
      };
    },
  };
}

async function readFrame(context: ApiContext): Promise<DayFrame> {
  const facts = await context.facts();
  const events = facts.journalAwaySince === null ? await context.deps.journal.events(facts.identity, LOG_LINES) : [];
  const positions = facts.day?.positions ?? [];
  const legs = positions.flatMap((position) => position.legs);
  return {
    status: statusBody(facts),
    positions: positions.map((position) => positionBody(position, facts.prices)),
    orders: (facts.day?.orders ?? []).map(orderBody),
    decisions: (facts.day?.decisions ?? []).map(decisionBody),
    log: events.map(eventBody),
    ticks: [
      ...tick('NIFTY 50', facts.prices.get(NIFTY_TOKEN)),
      ...legs.flatMap((leg) =>
        leg.openQuantity > 0 ? tick(leg.tradingsymbol, facts.prices.get(leg.instrumentToken)) : [],
      ),
    ],
  };
}

function tick(tradingsymbol: string, price: LastPrice | undefined): TickBody[] {
  if (!price) return [];
  return [
    {
      tradingsymbol,
      last_price: rupees(price.price),
      bid: rupeesOrNull(price.bid),
      ask: rupeesOrNull(price.ask),
      at: new Date(price.at).toISOString(),
    },
  ];
}
