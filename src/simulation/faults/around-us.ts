/** The session, Breeze, the journal, and our own processes. */
import { anywhere, beforeSending, call, type Draw, deed, GATEWAY, whileOpen } from './drawing.ts';

export const SURROUNDING_FAULTS: Readonly<Record<string, Draw>> = {
  'session.dies': deed(anywhere, () => ({ do: 'token_death' })),
  'session.dies_for_good': deed(anywhere, () => ({ do: 'token_death', forGood: true })),
  'breeze.away': call(
    'breeze.away',
    ['candles'],
    () => GATEWAY,
    (dice) => (dice.is(0.5) ? { at: '11:14:50' } : whileOpen(dice)),
    (dice) => ({ forMs: dice.spread(5_000, 3_600_000) }),
  ),
  'breeze.contradicts': deed(
    (dice) => (dice.is(0.5) ? { at: '11:14:00' } : whileOpen(dice)),
    (dice) => ({ do: 'breeze_contradicts', points: dice.of([-12_000, -800, 800, 12_000]) }),
  ),
  'journal.away': deed(anywhere, (dice) => ({ do: 'journal_away', ms: dice.spread(500, 120_000) })),
  // Our own processes.
  'worker.killed': deed(anywhere, (dice) => ({
    do: 'kill',
    downMs: dice.spread(200, 60_000),
    worker: dice.between(0, 1),
  })),
  'worker.stopped': deed(anywhere, (dice) => ({
    do: 'stop_process',
    ms: dice.spread(500, 30_000),
    laptop: false,
    worker: dice.between(0, 1),
  })),
  'worker.asleep': deed(
    (dice) => dice.of([beforeSending, anywhere])(dice),
    (dice) => ({
      do: 'stop_process',
      ms: dice.spread(2_000, 300_000),
      laptop: true,
      worker: dice.between(0, 1),
    }),
  ),
  'worker.clock_jumps': deed(anywhere, (dice) => ({
    do: 'clock_jump',
    ms: dice.of([-5_000, -400, 400, 5_000]),
    worker: dice.between(0, 1),
  })),
  'workflow.evicted': deed(anywhere, () => ({ do: 'evict' })),
  // The watchdog looks each half minute.
  'workflow.lost': deed(anywhere, (dice) => ({ do: 'lose_run', forMs: dice.between(1_000, 35_000) })),
  'workflow.cancelled': deed(anywhere, () => ({ do: 'command', of: { command: 'cancel_workflow' } })),
};
