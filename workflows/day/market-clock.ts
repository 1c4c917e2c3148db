/** The replayed market runs at 1x while an entry, an exit or a doubtful order is under way, as a fill takes seconds of the market. */
import { reads } from '../activity-proxies.ts';
import type { Day } from './day.ts';
import { isBusy } from './view.ts';

const KEY = 'day';

/** `also` names what else holds it: a close that is being decided on. */
export async function keepMarketClock(day: Day): Promise<void> {
  const { facts } = day;
  if (facts.clock.length === 0) return;
  // What is to be left waits for the open, and its order holds the market then.
  const canLeave = () => day.now() >= (facts.timetable?.open ?? 0);
  const wanted = () => !facts.over && (isBusy(facts, canLeave()) || day.anyRunning('hour ') || day.ordersChecked > 0);
  while (!day.ending && facts.step !== 'done') {
    await day.until('market clock', () => wanted() !== facts.held || facts.step === 'done');
    // What woke it may be over by now: the next one needs the clock too.
    if (day.ending || wanted() === facts.held) continue;
    const on = wanted();
    const summary = on ? 'Market at 1x while orders are under way' : 'Market may run on';
    day.setClock(await day.calls(() => reads.holdMarketClock.executeWithOptions({ summary }, [{ key: KEY, on }])));
    facts.held = on;
    day.changed();
  }
}
