/** Before an entry: contracts, quotes, limits, margin and cash. Answers a plan, or the refusals with their numbers. */
import type { KiteSession, MarginOrder } from '../src/brokers/types.ts';
import type { DayActivities, EntryInput, EntryPlan } from '../src/contract/activities.ts';
import type { ContractRef } from '../src/contract/ledger.ts';
import { contractLastMinute, freezeQuantity, weeklyExitDate } from '../src/domain/calendar/index.ts';
import { pickContract, tradableExpiry } from '../src/domain/contracts.ts';
import { CHASE_STEPS } from '../src/domain/limit-prices.ts';
import { checkEntry, plannedLoss, roundTripCharges, worstLoss } from '../src/domain/risk.ts';
import type { OptionContract, Paise, Product } from '../src/domain/types.ts';
import type { Deps } from './deps.ts';
import { crossingPrice, freshQuote, type Touch } from './quotes.ts';

type Planned = Extract<EntryPlan, { kind: 'planned' }>;
type Leg = { ref: ContractRef; touch: Touch };
type Legs = { main: ContractRef; hedge: ContractRef | null; nearerHedges: ContractRef[] };

/** How much nearer another hedge is, and how many are tried where the broker refuses the first one in NRML (TRADING section 2). */
const NEARER_BY: Paise = 50_00;
const NEARER_HEDGES = 2;

export function createPlanActivities(deps: Deps): Pick<DayActivities, 'planEntry' | 'readContracts'> {
  return {
    async readContracts({ identity, tradingsymbols }) {
      const master = await deps.master.contracts(identity.date);
      return master
        .filter(({ tradingsymbol }) => tradingsymbols.includes(tradingsymbol))
        .map((contract) => refOf(contract, identity.date));
    },

    async planEntry(asked): Promise<EntryPlan> {
      const { input, cut } = await oneLotAtFirst(deps, asked);
      const { identity, plan } = input;
      const master = await deps.master.contracts(identity.date);
      const found = pickLegs(master, input);
      if ('refusal' in found) return found.refusal;
      const refs = [found.main, ...(found.hedge ? [found.hedge] : [])];
      // From here on its depth is at hand when an order is priced.
      deps.feed.subscribe(refs.map((ref) => ref.instrumentToken));
      return deps.sessions.use(identity, async (session) => {
        const main = await quoted(deps, session, found.main);
        const hedge = found.hedge ? await quoted(deps, session, found.hedge) : null;
        if (!main || (found.hedge && !hedge)) {
          return refused('no_price', 'there is no quote for the contract or its hedge');
        }
        const planned = draft(input, found.nearerHedges, main, hedge);
        const funds = await fundsFor(session, planned, main, hedge);
        const refusals = checkEntry({
          at: input.at,
          limits: plan,
          contract: planned.main,
          hedged: hedge !== null,
          worstLoss: planned.worstLoss,
          book: input.book,
          funds,
        });
        return refusals.length > 0
          ? { kind: 'refused', refusals }
          : { ...planned, seen: { ...planned.seen, ...funds }, ...(cut === null ? {} : { cut }) };
      });
    },
  };
}

/**
 * Live trading begins with one lot: that Zerodha turns a resting stop into a limit order, which every quick exit relies on, is not
 * proven before this account's own book has shown it (TRADING, introduction and section 5).
 */
async function oneLotAtFirst(deps: Deps, input: EntryInput): Promise<{ input: EntryInput; cut: string | null }> {
  const { identity, plan } = input;
  if (identity.mode !== 'live' || plan.numLots === 1) return { input, cut: null };
  if (await deps.journal.conversionSeen(identity)) return { input, cut: null };
  return {
    input: { ...input, plan: { ...plan, numLots: 1 } },
    cut: `One lot instead of ${plan.numLots}: Zerodha has not yet turned a resting stop of this account into a limit order. The first exit that does it lifts this.`,
  };
}

function pickLegs(
  master: readonly OptionContract[],
  { identity, at, strike, optionType, plan }: EntryInput,
): Legs | { refusal: EntryPlan } {
  const expiry = tradableExpiry(master, at);
  if (expiry === null)
    return { refusal: refused('no_contract', 'the instrument master lists no expiry that still trades') };
  const pick = (wanted: Paise) => pickContract(master, { expiry, strike: wanted, optionType });
  const main = pick(strike);
  if (main.kind === 'absent') return { refusal: refused('no_contract', main.message) };
  const { date } = identity;
  if (!plan.useHedging) return { main: refOf(main.contract, date), hedge: null, nearerHedges: [] };
  const outwards = optionType === 'PE' ? -1 : 1;
  const hedge = pick(strike + outwards * plan.hedgeDistance);
  if (hedge.kind === 'absent') return { refusal: refused('no_contract', `hedge: ${hedge.message}`) };
  const distances = Array.from({ length: NEARER_HEDGES }, (_, index) => plan.hedgeDistance - (index + 1) * NEARER_BY);
  const nearerHedges = distances
    .filter((distance) => plan.exitPolicy === 'weekly' && distance > 0)
    .map((distance) => pick(strike + outwards * distance))
    .flatMap((picked) => (picked.kind === 'absent' ? [] : [refOf(picked.contract, date)]));
  return { main: refOf(main.contract, date), hedge: refOf(hedge.contract, date), nearerHedges };
}

/** A contract as the workflow carries it. */
export function refOf(contract: OptionContract, date: string): ContractRef {
  const { tradingsymbol, instrumentToken, expiry, strike, optionType, lotSize, tickSize } = contract;
  return {
    tradingsymbol,
    instrumentToken,
    expiry,
    strike,
    optionType,
    lotSize,
    tickSize,
    maxOrderQuantity: Math.floor(freezeQuantity(date) / lotSize) * lotSize,
    tradesUntil: contractLastMinute(expiry, date),
  };
}

async function quoted(deps: Deps, session: KiteSession, ref: ContractRef): Promise<Leg | null> {
  const touch = await freshQuote(deps.feed, session, ref);
  if (!touch) return null;
  // Its order needs them at once, and a second quote waits its turn.
  deps.book.circuits.take(ref.tradingsymbol, touch);
  return { ref, touch };
}

/** The position as it would be, at the worst prices that its entry may take. */
function draft({ identity, plan }: EntryInput, nearerHedges: ContractRef[], main: Leg, hedge: Leg | null): Planned {
  const quantity = plan.numLots * main.ref.lotSize;
  const product: Product = plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML';
  const sell = crossingPrice(main.touch, 'SELL', main.ref.tickSize, CHASE_STEPS, null);
  const buy = hedge ? crossingPrice(hedge.touch, 'BUY', hedge.ref.tickSize, CHASE_STEPS, null) : null;
  const charges = roundTripCharges({
    date: identity.date,
    sellPrice: sell.touch,
    hedgePrice: buy?.touch ?? null,
    quantity,
  });
  return {
    kind: 'planned',
    main: main.ref,
    hedge: hedge?.ref ?? null,
    nearerHedges,
    lots: plan.numLots,
    quantity,
    product,
    plannedLoss: plannedLoss(plan.maxLossPerTrade, hedge !== null),
    maxLoss: plan.maxLossPerTrade,
    bounds: { lowestSell: sell.price, highestHedge: buy?.price ?? 0 },
    worstLoss: buy
      ? worstLoss({ width: plan.hedgeDistance, sellPrice: sell.price, hedgePrice: buy.price, quantity, charges })
      : null,
    target: plan.target,
    exitOn:
      plan.exitPolicy === 'intraday'
        ? identity.date
        : weeklyExitDate(identity.date, main.ref.expiry, plan.weeklyExitDay),
    seen: { sellTouch: sell.touch, lowestSell: sell.price, hedgeTouch: buy?.touch ?? 0, highestHedge: buy?.price ?? 0 },
  };
}

async function fundsFor(session: KiteSession, planned: Planned, main: Leg, hedge: Leg | null) {
  const order = (leg: Leg, side: 'BUY' | 'SELL'): MarginOrder => ({
    tradingsymbol: leg.ref.tradingsymbol,
    exchange: 'NFO',
    side,
    quantity: planned.quantity,
    product: planned.product,
    orderType: 'LIMIT',
    price: crossingPrice(leg.touch, side, leg.ref.tickSize, 0, null).price,
  });
  const orders = [...(hedge ? [order(hedge, 'BUY')] : []), order(main, 'SELL')];
  const [{ available }, margin] = [await session.funds(), await session.basketMargin(orders)];
  const premium = hedge ? (orders[0]?.price ?? 0) * planned.quantity : 0;
  return { available, premium, marginInitial: margin.initial, marginFinal: margin.final };
}

function refused(code: string, message: string): EntryPlan {
  return { kind: 'refused', refusals: [{ code, message, numbers: {} }] };
}
