/** The way out of a position by hand: its own orders first, then its short is bought back, then its long is sold. */
import { condition } from '@temporalio/workflow';
import { bookByHand, lookOutside, questionOf, withdrawn } from './by-hand.ts';
import { exitMain, sellHedge } from './exit.ts';
import { submitWatched } from './late.ts';
import type { ManualPosition } from './manual-position.ts';
import { neededAsCover } from './manual-series.ts';
import { isLive, isUnderWay } from './order-state.ts';
import { cancelToEnd, follow } from './orders.ts';

/** An order that is in doubt is waited for so long; later it is cancelled when it appears. Wall milliseconds. */
const DOUBT_MS = 30_000;
const STEP_MS = 2_000;
const TRIES = 10;

export async function leaveByHand(position: ManualPosition): Promise<void> {
  const { day } = position;
  const settled = () => day.over || !position.orders().some(isUnderWay);
  await condition(settled, DOUBT_MS, { summary: `${position.id}: what became of its orders?` });
  const stops = new Set([...position.stops.values()].map(({ tag }) => tag));
  for (const order of position.orders()) if (isLive(order) && !stops.has(order.tag)) await cancelToEnd(day, order);
  await lookForHands(position);
  await exitMain(position);
  await sellWhatIsFree(position);
  await levelOut(position);
}

/** A long that covers others' shorts is sold as these are bought back, to its last unit. */
async function sellWhatIsFree(position: ManualPosition): Promise<void> {
  const { day } = position;
  while (!day.over && position.long() - position.outside.sold > 0) {
    const waits = position.toSellOfHedge() === 0;
    await condition(() => day.over || position.toSellOfHedge() > 0 || neededAsCover(position) === 0);
    if (waits) await lookForHands(position);
    await sellHedge(position);
    // Nothing more may be placed.
    if (position.toSellOfHedge() > 0) return;
  }
}

/** Somebody may have traded the contract outside: what the broker does not hold for us any more is not sent. */
export async function lookForHands(position: ManualPosition, patiently = false): Promise<void> {
  const units = await lookOutside(position, ['main', 'hedge'], patiently);
  if (units === null) return;
  if (units > 0) position.exitReason = 'broker_square_off';
  if (withdrawn(position)) return;
  const { day } = position;
  const question = questionOf(position);
  if (!day.warnings.some(({ id }) => id === question)) day.beside(bookAnswer(position, question));
  const text = `${position.id}: somebody traded ${position.plan.main.tradingsymbol} outside. Only what is left of it is closed here. Acknowledge it if the trade was yours: it is then booked as closed by hand.`;
  day.warn(question, 'foreign_position', text, true);
}

async function bookAnswer(position: ManualPosition, question: string): Promise<void> {
  const { day } = position;
  const isOver = () => day.over || questionOf(position) !== question;
  await condition(() => isOver() || (day.acknowledged.has(question) && !position.isBusy()));
  if (isOver()) return;
  const book = () => bookByHand(position, ['main', 'hedge']);
  if (position.exitReason === null) {
    await position.takeHands(book);
    return;
  }
  await book();
  position.settle();
}

/** An order that came late may have bought or sold more than there was: that is undone at once. */
async function levelOut(position: ManualPosition): Promise<void> {
  const { day } = position;
  for (let tries = 0; tries < TRIES && !day.over; tries += 1) {
    const role = position.long() < 0 ? 'hedge' : 'main';
    const quantity = role === 'hedge' ? -position.long() : -position.short();
    if (quantity <= 0) return;
    const submitted = await submitWatched(
      position,
      position.intend({
        role,
        purpose: 'unwind',
        side: role === 'hedge' ? 'BUY' : 'SELL',
        slice: 1,
        quantity: Math.min(quantity, position.plan.main.maxOrderQuantity),
        pricing: { kind: 'cross', widen: tries, noWorseThan: null },
      }),
    );
    if (submitted.kind !== 'in_book') continue;
    await follow(day, submitted.order, 'terminal', STEP_MS);
    if (isLive(submitted.order)) await cancelToEnd(day, submitted.order);
  }
}
