/** A live order that shows the best price that it may, or finds none: an activity looks at it for minutes, and changes it when it can. */
import { CancellationScope } from '@temporalio/workflow';
import type { ChangeInput, ChangeResult } from '../../src/contract/activities.ts';
import type { Order } from '../../src/domain/control/facts.ts';
import { isOver } from '../../src/domain/control/intervals.ts';
import { watchedCalls, wordsOf } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';

/** Nothing of it is asked of the broker before it has an answer; so no change of the order is under way meanwhile. */
export function watchPrice(
  day: Day,
  order: Order,
  input: ChangeInput,
  summary: string,
  apply: (result: ChangeResult) => void,
): void {
  const { facts } = day;
  const { filledQuantity } = order;
  const { squaringOff } = facts;
  order.watched = 'on';
  const isCalledOff = () =>
    order.watched === 'over' ||
    isOver(order) ||
    order.filledQuantity !== filledQuantity ||
    facts.squaringOff !== squaringOff ||
    facts.handsOff !== null ||
    facts.over ||
    !facts.sessionLives;
  day.run(`watch ${order.tag}`, async () => {
    const scope = new CancellationScope();
    let result: ChangeResult | null = null;
    const run = scope
      .run(() => watchedCalls.changeOrder.executeWithOptions({ summary }, [input]))
      .catch((error: unknown): ChangeResult => ({ kind: 'doubt', message: wordsOf(error) }))
      .then((answer) => {
        result = answer;
        day.changed();
      });
    await day.until(`watch ${order.tag}`, () => result !== null || isCalledOff());
    if (result === null) scope.cancel();
    await run;
    delete order.watched;
    if (result === null) return;
    const { kind } = result as ChangeResult;
    if (kind === 'sent' || kind === 'doubt') {
      order.changeSince ??= Date.now();
      order.change = { kind: input.how.kind, since: Date.now(), inFlight: true, price: null };
    }
    apply(result);
  });
}
