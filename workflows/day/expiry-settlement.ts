/** What expires is settled by the exchange in cash: booked on the index's official close, which is no order of ours. */
import { isCancellation } from '@temporalio/workflow';
import { istAt } from '../../src/domain/clock.ts';
import { settlementPrice } from '../../src/domain/contracts.ts';
import type { Leg, Position } from '../../src/domain/control/facts.ts';
import { filledOf, ordersOf } from '../../src/domain/control/intervals.ts';
import type { IsoDate, MarketMs, Paise } from '../../src/domain/types.ts';
import { comparing } from '../activity-proxies.ts';
import { bookOther } from '../orders/ledger.ts';
import type { Day } from './day.ts';
import { DayOver } from './loops.ts';
import { expiryOf } from './view.ts';

/** The official close is out some minutes after the market's. Market time. */
const PUBLISHED_AFTER_MS = 10 * 60_000;
/** Attempts before the positions stay unpriced, and the wall time between two. */
const LOOKS = 10;
const LOOK_EVERY_MS = 30_000;

/** On expiry day, after the close: settles what is still open. */
export async function settleExpiring(day: Day): Promise<void> {
  const { date } = day.identity;
  const expired = openOf(day).filter((position) => expiryOf(position) === date);
  if (expired.length === 0 || !day.facts.timetable) return;
  await day.untilMarket(day.facts.timetable.close + PUBLISHED_AFTER_MS, 'the official close is out');
  await settle(day, expired, date);
}

/** What had expired before this day and could not be priced then. It trades no more. */
export async function settleExpired(day: Day): Promise<void> {
  const { date } = day.identity;
  for (const position of openOf(day).filter((one) => expiryOf(one) < date))
    await settle(day, [position], expiryOf(position));
}

function openOf({ facts }: Day): Position[] {
  return facts.positions.filter(({ closedAt }) => closedAt === null);
}

/** Without the official close they stay open, and their owner is told. */
async function settle(day: Day, expired: readonly Position[], expiry: IsoDate): Promise<void> {
  const close = await officialClose(day, expiry);
  for (const position of expired) {
    if (close !== null) book(day, position, close, istAt(expiry, '15:30'));
    else {
      const text = `${position.id} expired on ${expiry}, but its official close is not known: nothing is booked, the next day tries again.`;
      day.warn(`unpriced:${position.id}`, 'unpriced', text, true);
    }
  }
}

async function officialClose(day: Day, date: IsoDate): Promise<Paise | null> {
  for (let looks = 1; looks <= LOOKS; looks += 1) {
    try {
      const close = await day.withSession('official close', () =>
        comparing.readOfficialClose.executeWithOptions({ summary: `Official close of ${date}` }, [
          { identity: day.identity, date },
        ]),
      );
      if (close !== null) return close;
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (error instanceof DayOver) return null;
    }
    await day.pause('the official close is not out yet', LOOK_EVERY_MS);
  }
  return null;
}

function book(day: Day, position: Position, indexClose: Paise, at: MarketMs): void {
  const orders = ordersOf(day.facts, position);
  for (const leg of position.legs) {
    // A sale that the lists still show as open has died with the market: it holds nothing back.
    const held = filledOf(orders, leg);
    if (held !== 0) bookLeg(day, position, leg, held, indexClose, at);
  }
  position.exit ??= { reason: 'expired', askedAt: Date.now() };
  position.closedAt = day.now();
  day.clearWarning(`unpriced:${position.id}`);
  day.touchPosition(position);
  day.log(
    'info',
    'settled',
    `${position.id}: expired and settled at the index's official close ${(indexClose / 100).toFixed(2)}.`,
  );
}

/** `held` in the leg's own direction, units. */
function bookLeg(day: Day, position: Position, leg: Leg, held: number, indexClose: Paise, at: MarketMs): void {
  const price = settlementPrice(leg.contract, indexClose);
  const quantity = Math.abs(held);
  const tag = `SETTLED-${position.id}-${leg.role}-${leg.contract.tradingsymbol}`;
  const side = (leg.opens === 'SELL') === held > 0 ? 'BUY' : 'SELL';
  bookOther(day, position, leg, {
    ...{ tag, side, quantity, purpose: 'settlement', orderType: 'SETTLEMENT', price, status: 'SETTLED' },
    statusMessage: `Cash settlement on the index's official close ${(indexClose / 100).toFixed(2)}`,
    fills: [{ tradeId: tag, quantity, price, at }],
  });
}
