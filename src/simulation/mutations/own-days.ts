/** Days that are made for a mutation, where drawn ones would meet it too seldom. */
import type { Case, Command, Deed, Event, Moment } from '../case.ts';
import type { CallFault } from '../world/call-faults.ts';

/** S1 sells ten lots at 11:15, and nothing else happens until the square-off. */
export function quietDay(events: readonly Event[] = [], changes: Partial<Case> = {}): Case {
  return {
    seed: 1,
    dates: ['2025-07-14'],
    from: '11:10',
    market: { hours: [[25_063_95, 25_070_00, 25_055_00, 25_060_00]] },
    plan: { numLots: 10, maxCapitalAtRisk: 50_000_000_00 },
    typeChange: 'allow',
    workers: 1,
    pace: 'coarse',
    events,
    ...changes,
  };
}

/** The same, left by a person a minute after its main leg was filled, or so much later. */
export function shortDay(events: readonly Event[], changes: Partial<Case> = {}, leftAfterMs = 60_000): Case {
  return quietDay([...events, command({ command: 'close_all' }, 'main_filled', leftAfterMs)], changes);
}

export const after = (moment: Moment, ms: number, deed: Deed): Event => ({ when: { after: moment, ms }, deed });
export const at = (time: string, deed: Deed, day = 0): Event => ({ when: { at: time, day }, deed });
export const command = (of: Command, moment: Moment, ms: number): Event => after(moment, ms, { do: 'command', of });
/** What a person orders. */
export const order = (of: Extract<Command, { command: 'place_order' }>['order']): Deed => ({
  do: 'command',
  of: { command: 'place_order', order: of },
});
export const callFault = (fault: CallFault): Deed => ({ do: 'call_fault', fault });

/** So few are offered, or asked for, that so many orders in a row are filled in part, 75 at a time. */
export const thin = (moment: Moment, side: 'BUY' | 'SELL', count: number): Event =>
  after(moment, 0, {
    ...{ do: 'exchange_fault', kind: 'order.thin' },
    fault: { kind: 'thin_depth', count, quantity: 75, transaction_type: side },
  });
export const thinBuys = (): Event => thin('signal', 'BUY', 5);

/** Five seconds after its main leg was filled nothing of the book can be read, for so long. */
export function bookUnread(forMs: number): Case {
  const reads = ['orders', 'trades', 'positions', 'orderHistory'] as const;
  const fault = callFault({ kind: 'reads.gateway', calls: [...reads], effect: { do: 'gateway' }, forMs });
  return shortDay([after('main_filled', 5_000, fault)]);
}
