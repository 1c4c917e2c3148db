/** An order that is new to the ledger. */
import { CHASE_STEPS } from '../limit-prices.ts';
import type { MarketMs, WallMs } from '../types.ts';
import type { Order, Pricing } from './facts.ts';

type Instant = { market: MarketMs; wall: WallMs };

export function blankOrder(tag: string, at: Instant): Order {
  return {
    tag,
    orderId: null,
    positionId: '',
    role: 'main',
    purpose: 'entry',
    slice: 1,
    tradingsymbol: '',
    side: 'BUY',
    product: 'MIS',
    quantity: 0,
    filledQuantity: 0,
    averagePrice: 0,
    orderType: 'LIMIT',
    price: 0,
    triggerPrice: 0,
    touch: null,
    status: 'INTENDED',
    statusMessage: null,
    fills: [],
    phase: 'intended',
    steps: 0,
    steppedAt: null,
    modifications: 0,
    seenAt: 0,
    intendedAt: at.market,
    updatedAt: at.market,
    sentAt: null,
    firstFillAt: null,
    since: at.wall,
  };
}

type Intended = Pick<
  Order,
  'tag' | 'positionId' | 'role' | 'purpose' | 'slice' | 'tradingsymbol' | 'side' | 'product' | 'quantity'
>;

export function intendedOrder(of: Intended, pricing: Pricing, at: Instant): Order {
  return {
    ...blankOrder(of.tag, at),
    ...of,
    orderType: pricing.kind === 'stop' ? 'SL' : 'LIMIT',
    price: pricing.kind === 'cross' ? 0 : pricing.price,
    triggerPrice: pricing.kind === 'stop' ? pricing.triggerPrice : 0,
    // One that replaces what was refused goes on with its chase.
    steps: pricing.kind === 'cross' ? Math.min(pricing.widen, CHASE_STEPS) : 0,
  };
}
