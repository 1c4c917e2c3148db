/** What expires is settled by the exchange in cash: booked on the index's official close, which is no order of ours. */
import { condition, isCancellation } from '@temporalio/workflow';
import { istAt } from '../src/domain/clock.ts';
import { settlementPrice } from '../src/domain/contracts.ts';
import type { IsoDate, MarketMs, Paise, Product } from '../src/domain/types.ts';
import { type Day, MarketOver } from './day.ts';
import type { ContractRef, LegRole, OrderView } from './messages.ts';
import { comparing } from './proxies.ts';

/** The official close is out some minutes after the market's. Market time. */
const PUBLISHED_AFTER_MS = 10 * 60_000;
/** It is asked for so often before the positions are left unpriced. Wall time between two looks. */
const LOOKS = 10;
const LOOK_EVERY_MS = 30_000;

/** A position of contracts that expire, whoever opened it. */
export interface Expiring {
  readonly id: string;
  readonly plan: { main: ContractRef; product: Product };
  isOpen(): boolean;
  slices(): number[];
  short(slice?: number): number;
  long(): number;
  contract(role: LegRole): ContractRef;
  /** Its settlement is booked. */
  expire(): void;
}

/** On expiry day, after the close: settles what is still open. */
export async function settleExpiring(day: Day, positions: readonly Expiring[]): Promise<void> {
  const { date } = day.identity;
  const expired = positions.filter((position) => position.isOpen() && position.plan.main.expiry === date);
  if (expired.length === 0 || !day.timetable) return;
  await day.until(day.timetable.close + PUBLISHED_AFTER_MS, 'the official close is out');
  await settle(day, expired, date);
}

/** Books the legs of positions that expired on a date. Without the official close they stay open, said loudly. */
export async function settle(day: Day, expired: readonly Expiring[], expiry: IsoDate): Promise<void> {
  const close = await officialClose(day, expiry);
  for (const position of expired) {
    if (close === null) {
      day.warn(
        `unpriced:${position.id}`,
        'unpriced',
        `${position.id} expired on ${expiry}, but its official close is not known: nothing is booked, the next day tries again.`,
        true,
      );
    } else book(day, position, close, istAt(expiry, '15:30'));
  }
}

async function officialClose(day: Day, date: IsoDate): Promise<Paise | null> {
  for (let looks = 1; looks <= LOOKS; looks += 1) {
    try {
      const close = await day.withSession(() =>
        comparing.readOfficialClose.executeWithOptions({ summary: `Official close of ${date}` }, [
          { identity: day.identity, date },
        ]),
      );
      if (close !== null) return close;
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (error instanceof MarketOver) return null;
    }
    await condition(() => false, LOOK_EVERY_MS, { summary: 'the official close is not out yet' });
  }
  return null;
}

function book(day: Day, position: Expiring, indexClose: Paise, at: MarketMs): void {
  for (const slice of position.slices()) bookLeg(day, position, 'main', slice, -position.short(slice), indexClose, at);
  bookLeg(day, position, 'hedge', 1, position.long(), indexClose, at);
  position.expire();
  day.log(
    'info',
    'settled',
    `${position.id}: expired and settled at the index's official close ${(indexClose / 100).toFixed(2)}.`,
  );
}

/** `held` is signed, units. */
function bookLeg(
  day: Day,
  position: Expiring,
  role: LegRole,
  slice: number,
  held: number,
  indexClose: Paise,
  at: MarketMs,
): void {
  if (held === 0) return;
  const contract = position.contract(role);
  const price = settlementPrice(contract, indexClose);
  const quantity = Math.abs(held);
  const tag = `SETTLED-${position.id}-${role}-${slice}`;
  const order: OrderView = {
    tag,
    orderId: null,
    positionId: position.id,
    role,
    purpose: 'settlement',
    slice,
    tradingsymbol: contract.tradingsymbol,
    side: held > 0 ? 'SELL' : 'BUY',
    product: position.plan.product,
    quantity,
    filledQuantity: quantity,
    averagePrice: price,
    orderType: 'SETTLEMENT',
    price,
    triggerPrice: 0,
    touch: null,
    status: 'SETTLED',
    statusMessage: `Cash settlement on the index's official close ${(indexClose / 100).toFixed(2)}`,
    fills: [{ tradeId: tag, quantity, price, at }],
    intendedAt: day.now(),
    updatedAt: day.now(),
  };
  day.orders.set(tag, order);
  day.touchOrder(order);
}
