/** An order that shows the best price that it may, or finds none: look after look in one activity, for a history holds no day of them. */
import type { ChangeInput, ChangeResult } from '../src/contract/activities.ts';
import { pause } from './waiting.ts';

/** Of each look: as of a change that is asked for once. */
const LOOK_WITHIN_MS = 10_000;

/** Until another price is sent, it was found crossed so often, its time is over, or it is called off. Without a watch one look. */
export async function watched(
  input: ChangeInput,
  change: (input: ChangeInput) => Promise<ChangeResult>,
): Promise<ChangeResult> {
  const { how } = input;
  if (how.kind === 'cancel' || !how.watch) return change(input);
  const { everyMs, forMs, crossings } = how.watch;
  const end = performance.now() + forMs;
  for (let crossed = how.crossed ?? 0; ; ) {
    const result = await change({ ...input, how: { ...how, crossed }, sendBy: Date.now() + LOOK_WITHIN_MS });
    const isStill = result.kind === 'no_price' || (result.kind === 'unchanged' && result.crossed < crossings);
    if (!isStill || performance.now() >= end) return result;
    crossed = result.kind === 'unchanged' ? result.crossed : 0;
    const goesOn = await pause(everyMs).then(
      () => true,
      () => false,
    );
    if (!goesOn) return result;
  }
}
