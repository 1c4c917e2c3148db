/** Is everything there that the day needs? Looked at before the open in paper and live mode; nothing is placed or changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AskBrokerClock, CLOCK_WITHIN_MS, clockAhead } from '../src/brokers/broker-clock.ts';
import type { KiteSession, MarginOrder } from '../src/brokers/types.ts';
import type { DayActivities, PreflightCheck, PreflightFinding } from '../src/contract/activities.ts';
import type { DayIdentity } from '../src/contract/identity.ts';
import {
  CalendarError,
  freezeQuantityOf,
  horizonWarning,
  isFullTradingDay,
  lotSizeFor,
  previousTradingDay,
  weeklyExpiry,
} from '../src/domain/calendar/index.ts';
import { istAt } from '../src/domain/clock.ts';
import type { IsoDate, OptionContract } from '../src/domain/types.ts';
import { BrokerError } from '../src/errors.ts';
import type { Deps } from './deps.ts';

/** A feed that was just told of a login takes a moment. Wall milliseconds. */
const FEED_WITHIN_MS = 10_000;
/** Kite sends a heartbeat every couple of seconds. */
const FEED_HEARD_MS = 5_000;
const LOOK_MS = 250;
const INDEX = 'NSE:NIFTY 50';
/** As a default plan has it: points x 100. */
const WIDTH = 200_00;

type Finding = Omit<PreflightFinding, 'check'>;
type PreflightDeps = Deps & {
  /** Whose Date header this machine's clock is compared with. */
  clockRoot: string;
  askBrokerClock?: AskBrokerClock;
  watches: boolean;
};

export function createPreflightActivities(deps: PreflightDeps): Pick<DayActivities, 'preflight'> {
  return {
    preflight: (identity) =>
      deps.sessions.use(identity, async (session) => {
        const contracts = await settled('contracts', () => checkContracts(deps, identity.date));
        const findings = await Promise.all([
          settled('funds', () => checkFunds(session)),
          settled('margin', () => checkMargin(deps, session, identity.date)),
          settled('candles', () => checkCandles(deps, identity.date)),
          settled('feed', () => checkFeed(deps)),
          settled('clock', () => checkClock(deps, identity)),
        ]);
        return [contracts, ...findings, ...unseen(identity)];
      }),
  };
}

/** A check that throws becomes a finding with the reason. Only a dead session ends the pre-flight: it is repeated after the login. */
async function settled(check: keyof typeof NAMES, look: () => Promise<Finding>): Promise<PreflightFinding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    if (error instanceof BrokerError && error.broker === 'kite' && error.kind === 'token') throw error;
    const text = error instanceof Error ? error.message : String(error);
    return { check, outcome: error instanceof CalendarError ? 'wrong' : 'failed', text: `${NAMES[check]}: ${text}` };
  }
}

const NAMES = {
  contracts: 'The contracts of the day could not be checked',
  funds: 'The funds could not be read',
  margin: 'The margin of a spread could not be calculated',
  candles: "Breeze's candles of the last session could not be read",
  feed: 'The price feed could not be checked',
  clock: 'The clock could not be compared',
} satisfies Partial<Record<PreflightCheck, string>>;

async function checkFunds(session: KiteSession): Promise<Finding> {
  const { available } = await session.funds();
  const text = `${(available / 100).toFixed(2)} rupees are available at Zerodha`;
  if (available > 0) return { outcome: 'ok', text };
  return { outcome: 'failed', text: `${text}: no entry can be paid. Add funds.` };
}

/** The day's own list against our dated tables: where they differ, sizes or expiries would be wrong. */
async function checkContracts({ master }: Deps, date: IsoDate): Promise<Finding> {
  const contracts = await master.contracts(date);
  const expiry = weeklyExpiry(date);
  const nearest = contracts
    .map((contract) => contract.expiry)
    .filter((listed) => listed >= date)
    .sort()[0];
  const expected = lotSizeFor(expiry);
  const lots = [...new Set(contracts.filter((one) => one.expiry === expiry).map(({ lotSize }) => lotSize))];
  if (nearest !== expiry) {
    return {
      outcome: 'wrong',
      text: `The next expiry at Zerodha is ${nearest ?? 'none'}, by our calendar ${expiry}. Correct src/domain/calendar before you trade.`,
    };
  }
  if (lots.length !== 1 || lots[0] !== expected) {
    return {
      outcome: 'wrong',
      text: `The lot of ${expiry} at Zerodha is ${lots.join(' and ')}, by our tables ${expected}. Correct src/domain/calendar/lots.ts before you trade.`,
    };
  }
  return { outcome: 'ok', text: `contracts of ${expiry} are listed, lot ${expected}` };
}

/** One hedged lot about the index, at its last prices: whether the call works, and roughly what a lot takes. */
async function checkMargin({ master }: Deps, session: KiteSession, date: IsoDate): Promise<Finding> {
  const contracts = await master.contracts(date);
  const index = (await session.quotes([INDEX])).get(INDEX)?.lastPrice;
  if (!index) return { outcome: 'failed', text: 'Zerodha gives no price of the index.' };
  const puts = contracts.filter((one) => one.expiry === weeklyExpiry(date) && one.optionType === 'PE');
  const main = nearestTo(puts, index);
  const hedge = main && nearestTo(puts, main.strike - WIDTH);
  if (!main || !hedge) return { outcome: 'failed', text: 'Zerodha lists no put about the index.' };
  const keys = [hedge, main].map(({ tradingsymbol }) => `NFO:${tradingsymbol}`);
  const quotes = await session.quotes(keys);
  const orders = [hedge, main].map(
    (contract, at): MarginOrder => ({
      ...{ exchange: 'NFO', tradingsymbol: contract.tradingsymbol, side: at === 0 ? 'BUY' : 'SELL', product: 'MIS' },
      ...{ quantity: contract.lotSize, orderType: 'LIMIT' },
      price: quotes.get(keys[at] ?? '')?.lastPrice || contract.tickSize,
    }),
  );
  const { final } = await session.basketMargin(orders);
  const text = `a hedged lot takes ${(final / 100).toFixed(2)} rupees of margin`;
  return final > 0 ? { outcome: 'ok', text } : { outcome: 'failed', text: `Zerodha's margin makes no sense: ${text}.` };
}

function nearestTo(contracts: readonly OptionContract[], strike: number): OptionContract | undefined {
  const distance = (contract: OptionContract) => Math.abs(contract.strike - strike);
  return contracts.toSorted((a, b) => distance(a) - distance(b))[0];
}

async function checkCandles({ breeze }: Deps, date: IsoDate): Promise<Finding> {
  let last = previousTradingDay(date);
  while (!isFullTradingDay(last)) last = previousTradingDay(last);
  const bars = await breeze.indexCandles(istAt(last, '09:15'), istAt(last, '15:29'), '30minute');
  if (bars.length > 0) return { outcome: 'ok', text: `Breeze has ${bars.length} candles of ${last}` };
  return { outcome: 'failed', text: `Breeze has no candles of ${last}. Kite's would decide, flagged.` };
}

/** Before the open there may be heartbeats only. */
async function checkFeed({ feed, watches }: PreflightDeps): Promise<Finding> {
  if (!watches) return { outcome: 'ok', text: 'the price feed is that of other workers' };
  const deadline = performance.now() + FEED_WITHIN_MS;
  for (;;) {
    const { connected, lastMessageAt } = feed.status();
    if (connected && lastMessageAt !== null && Date.now() - lastMessageAt <= FEED_HEARD_MS) {
      return { outcome: 'ok', text: 'the price feed is connected' };
    }
    if (performance.now() >= deadline) break;
    await sleep(LOOK_MS);
  }
  return {
    outcome: 'failed',
    text: 'The price feed is not connected: positions would be guarded by quotes over HTTP. It is tried again each second.',
  };
}

async function checkClock({ clockRoot, askBrokerClock }: PreflightDeps, { mode }: DayIdentity): Promise<Finding> {
  const ahead = await clockAhead(clockRoot, askBrokerClock);
  if (Math.abs(ahead) <= CLOCK_WITHIN_MS) return { outcome: 'ok', text: "the clock agrees with Zerodha's" };
  return {
    outcome: mode === 'live' ? 'wrong' : 'failed',
    text: `This machine's clock is ${Math.abs(ahead) / 1_000} s ${ahead > 0 ? 'ahead of' : 'behind'} Zerodha's. Set it by a time service.`,
  };
}

/** What nobody can look at beforehand, and what the tables lack. */
function unseen({ mode, date }: DayIdentity): PreflightFinding[] {
  const notes: PreflightFinding[] = [];
  const note = (check: PreflightCheck, text: string) => notes.push({ check, outcome: 'note', text });
  const { quantity, assumed } = freezeQuantityOf(date);
  if (assumed) {
    note(
      'freeze',
      `The freeze quantity of this month is assumed to be ${quantity}, as before: compare it with NSE's circular and enter it in src/domain/calendar/lots.ts.`,
    );
  }
  const ending = horizonWarning(date);
  if (ending) note('calendar', ending);
  if (mode === 'live') {
    note(
      'address',
      "Whether Zerodha takes orders from this machine's address shows only with an order: look at the allowed IPs on the Kite developer console.",
    );
  }
  return notes;
}
