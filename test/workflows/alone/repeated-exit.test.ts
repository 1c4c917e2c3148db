/** What an activity is told that makes many attempts of one order. */
import { expect, it, vi } from 'vitest';
import type { OrderIntent } from '../../../src/contract/activities.ts';
import { overnightHash } from '../../../src/domain/book/cursor.ts';
import type { Order, OrderPurpose } from '../../../src/domain/control/facts.ts';
import { Day } from '../../../workflows/day/day.ts';
import { newFacts } from '../../../workflows/day/facts.ts';
import { sendRepeatedly } from '../../../workflows/orders/repeated-exit.ts';
import { CLOSE, DATE, HEDGE, LAST_PLACEMENT, NOON, OPEN, spread } from '../../domain/control/builder.ts';

const sent = vi.hoisted((): OrderIntent[] => []);
vi.mock('../../../workflows/activity-proxies.ts', () => ({
  repeatedCalls: {
    sendOrder: { executeWithOptions: async (_: unknown, [intent]: [OrderIntent]) => sent.push(intent) },
  },
}));
vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  condition: () => new Promise(() => {}),
  CancellationScope: class {
    static nonCancellable = (work: () => Promise<void>) => work();
    run = (work: () => Promise<void>) => work();
  },
}));

/** Nobody knows who has sold these. */
const LACK = [{ product: 'MIS', tradingsymbol: HEDGE.tradingsymbol, quantity: -75 }];

function told(role: 'hedge' | 'main', purpose: OrderPurpose, side: Order['side']): OrderIntent | undefined {
  const facts = newFacts({ identity: { mode: 'paper', account: 'a', run: 1, date: DATE }, clock: [] });
  const timetable = { open: OPEN, close: CLOSE, lastPlacement: LAST_PLACEMENT, squareOff: CLOSE, checks: [] };
  Object.assign(facts, { timetable, book: { readAt: NOON, unreadableSince: null }, seenIds: ['1'] });
  facts.overnight = LACK;
  const position = spread();
  facts.positions.push(position);
  const leg = position.legs.find((one) => one.role === role);
  if (!leg) return;
  const action = { do: 'send', leg, role, purpose, side, quantity: 75 } as const;
  const pricing = { kind: 'cross', widen: 0, noWorseThan: null } as const;
  sendRepeatedly(new Day(facts), position, { ...action, pricing }, { attempts: 2, pauseMs: 1_000 });
  return sent.at(-1);
}

it('the sale of a surplus needs a list of orders that has lost nothing in each of its attempts, and never goes unseen', () => {
  const { seen, mayGoUnseen } = told('hedge', 'unwind', 'SELL') ?? {};
  expect({ seen: typeof seen, mayGoUnseen }).toEqual({ seen: 'string', mayGoUnseen: false });
});

it('an exit, and what is bought back for want of cover, does not', () => {
  for (const intent of [told('hedge', 'exit', 'SELL'), told('main', 'exit', 'BUY'), told('main', 'unwind', 'BUY')])
    expect({ seen: intent?.seen, mayGoUnseen: intent?.mayGoUnseen }).toEqual({ seen: undefined, mayGoUnseen: true });
});

it('no look that lacks units which trades explain proves a sale of these absent, as in the watcher', () => {
  expect(told('hedge', 'exit', 'SELL')?.repeats?.known.overnight).toBe(overnightHash([]));
  expect(told('main', 'exit', 'BUY')?.repeats?.known.overnight).toBe(overnightHash(LACK));
});
