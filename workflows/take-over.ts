/** Taking over what the day before left open, before anything else of the day (TRADING section 6). */
import { condition } from '@temporalio/workflow';
import type { Handover } from '../activities/contract.ts';
import type { Day } from './day.ts';
import { knowForeign } from './foreign.ts';
import { checkIndexStops } from './hours.ts';
import { ManualPosition } from './manual-position.ts';
import type { HandedOver } from './messages.ts';
import { Position } from './position.ts';
import { world } from './proxies.ts';
import { signalPositions } from './signal-positions.ts';
import { unheardOf } from './unheard.ts';

/** After a night without power the day before ends at the same time as this one begins: it is waited for so often. */
const ENDING_LOOKS = 24;
/** Past the open protection waits no longer than this. */
const ENDING_LOOKS_LATE = 2;
const ENDING_LOOK_MS = 5_000;

/** Takes over what is open. Its positions run beside the day from here on. */
export async function takeOver(day: Day): Promise<void> {
  const handed = await endedHandover(day);
  for (const { id, legs } of handed.unknown) {
    const open = legs.map((leg) => `${leg.openQuantity} ${leg.tradingsymbol}`).join(', ');
    day.warn(
      `unknown:${id}`,
      'difference',
      `${id} of ${handed.from} was left open (${open}), and nothing is known to go on with it. Close it in Kite.`,
      true,
    );
  }
  for (const left of handed.positions) {
    const position = taken(day, ended(left));
    if (position instanceof Position) position.unheard.push(...unheardOf(left.orders, position.carried?.orders ?? []));
    if (day.closing) position.requestExit(day.closing);
    day.touchPosition(position);
    const { id, enteredOn, leaving } = position.carried ?? {};
    const next = leaving ? 'It is left at the open.' : 'Its stop rests again at the open, once somebody is logged in.';
    day.log('info', 'taken_over', `${position.id}: ${id} of ${handed.from}, entered on ${enteredOn}. ${next}`);
    day.beside(position.run().then(() => day.checkDayLoss()));
  }
  day.beside(checkBars(day, handed.bars));
}

/** Closes that nobody has acted on: of hours without a worker, and the last one of a session, which comes after its last trade. */
async function checkBars(day: Day, bars: Handover['bars']): Promise<void> {
  for (const bar of bars) {
    if (!signalPositions(day).some((position) => position.exitReason === null && position.isOpen())) return;
    await checkIndexStops(day, { identity: day.identity, ...bar });
  }
}

async function endedHandover(day: Day): Promise<Handover> {
  for (let looks = 1; ; looks += 1) {
    const handed = await world.loadHandover.executeWithOptions({ summary: 'What did the day before leave open?' }, [
      day.identity,
    ]);
    const late = day.timetable !== null && day.now() >= day.timetable.open;
    if (handed.ended || looks >= (late ? ENDING_LOOKS_LATE : ENDING_LOOKS)) {
      if (!handed.ended) {
        day.warn(
          `not_ended:${handed.from}`,
          'difference',
          `${handed.from} has not ended: its positions are taken over as they were written last. Compare them with Kite.`,
          true,
        );
      }
      return handed;
    }
    await condition(() => day.over, ENDING_LOOK_MS, { summary: `waiting for ${handed.from} to end` });
  }
}

/** DAY orders died at the close, whatever was heard of them last. */
function ended(left: HandedOver): HandedOver {
  const orders = left.orders.map((order) => ({
    ...order,
    status: order.filledQuantity < order.quantity ? 'CANCELLED' : 'COMPLETE',
  }));
  return { ...left, orders };
}

function taken(day: Day, left: HandedOver): Position | ManualPosition {
  for (const holding of left.foreign ?? []) knowForeign(day, holding);
  day.carriedOrders.push(...left.orders);
  const { signal, plan } = left;
  if (signal === 'manual') {
    const number = day.positions.filter((one) => one instanceof ManualPosition).length + 1;
    const position = new ManualPosition(day, number, plan.main, plan.product, left);
    day.positions.push(position);
    return position;
  }
  const position = new Position(day, signalPositions(day).length + 1, { ...left, signal });
  position.state = position.short() > 0 ? 'open' : 'residual_hedge';
  day.positions.push(position);
  return position;
}
