/**
 * The product's own guard in the simulation and on a real development server, over the same half minute of the market. Both go on second
 * by second, and a real machine needs some of each: prices, and how often one was bettered, are not compared; what was sent, what became
 * of it and why is.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { connectToShared } from '../temporal-environments.ts';
import { MAIN } from '../workflows/plan.ts';
import { openStage as openServer } from '../workflows/replayed-day.ts';
import { openStage } from '../workflows/simulated-day.ts';
import { ours } from '../workflows/soundness.ts';
import type { SharedDay, Stage } from '../workflows/stage.ts';

type Guarded = {
  plan?: Parameters<SharedDay['start']>[0];
  /** What happens once the guard is at its post, and what it is to leave for. */
  happens(day: SharedDay): Promise<unknown> | unknown;
  reason: string;
};

const shifted = (day: SharedDay, points: number) =>
  day.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: MAIN, points });

/** The stop rests at about twice the premium of 63. */
const BEYOND_THE_STOP = 90;

const guarded: Record<string, Guarded> = {
  'the target is reached': {
    plan: { target: 0.3 },
    happens: (day) => shifted(day, -30),
    reason: 'target',
  },
  'the loss cap is reached': {
    plan: { maxLossPerTrade: 10_000_00 },
    happens: (day) => shifted(day, 25),
    reason: 'loss_cap',
  },
  'the exchange fills the resting stop': {
    plan: { maxLossPerTrade: 500_000_00, maxLossPerDay: 1_000_000_00 },
    happens: (day) => shifted(day, BEYOND_THE_STOP),
    reason: 'resting_stop',
  },
  'everything is to be closed while it watches': {
    happens: (day) => day.closeAll(),
    reason: 'emergency',
  },
};

async function played<D extends SharedDay>(stage: Stage<D>, { plan, happens, reason }: Guarded) {
  const day = await stage.startDay({
    from: '11:14:50',
    account: `guarded-${reason}`,
    realGuard: true,
    kiteTimeoutMs: 5_000,
  });
  try {
    await day.logIn();
    await day.start(plan);
    await day.opened();
    await day.seen('the stop', () => day.book().some(({ status }) => status === 'TRIGGER PENDING'));
    await happens(day);
    const { positions } = await day.seen('the end', (view) => view.positions[0]?.state === 'closed');
    day.exchange.clearFaults();
    await day.missUntil('15:29:58');
    const report = await day.result();
    return {
      orders: ours(day.book()).map(({ tag, tradingsymbol, side, quantity, filledQuantity, history }) => ({
        ...{ tag, tradingsymbol, side, quantity, filledQuantity },
        states: history
          .map(({ status, orderType }) => `${status} ${orderType}`)
          .filter((state) => !state.startsWith('MODIF'))
          .filter(isNew),
      })),
      exit: positions[0]?.exitReason,
      result: report.result,
      reconciled: report.reconciled,
      reasons: report.positions.map(({ id, state, exitReason }) => ({ id, state, exitReason })),
      warnings: report.warnings.map(({ code }) => code),
    };
  } finally {
    await day.close();
  }
}

const isNew = (state: string, index: number, all: string[]) => index === 0 || state !== all[index - 1];

const days = Object.entries(guarded);
const onServer = new Map<string, Awaited<ReturnType<typeof played>> | Error>();
beforeAll(async () => {
  // At the same time: each waits for its own half minute.
  await Promise.all(
    days.map(async ([name, of]) => {
      const server = await openServer({ create: connectToShared });
      onServer.set(name, await played(server, of).catch((error: Error) => error));
      await server.close();
    }),
  );
});

describe('the real guard sends the same orders in the simulation as on a real server when', () => {
  it.each(days)('%s', async (name, of) => {
    const real = onServer.get(name);
    if (!real || real instanceof Error) throw real ?? new Error('it was not played');
    const simulation = await openStage();
    const simulated = await played(simulation, of).finally(() => simulation.close());
    expect(simulated).toEqual(real);
    expect(simulated).toMatchObject({ exit: of.reason, result: 'flat', reconciled: true });
  });
});
