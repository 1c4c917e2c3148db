/** What was found wrong, each kind of it once a case. */
import { virtualNow } from '../virtual-time.ts';

/** The ten of SIMULATION, by number and name. */
export const INVARIANTS = {
  1: 'covered',
  2: 'no order too many',
  3: 'protected',
  4: 'the day says what the book says',
  5: 'exits end',
  6: 'limits and age',
  7: 'nothing foreign touched',
  8: 'bounded',
  9: 'no secrets',
  10: 'paged in time',
} as const;
export type InvariantNumber = keyof typeof INVARIANTS;

export type Finding = { invariant: InvariantNumber; cause: string; message: string; at: number };

export class Findings {
  readonly all: Finding[] = [];

  /** `cause` is short and the same for the same kind of failure: failures are grouped by it. */
  add(invariant: InvariantNumber, cause: string, message: string): void {
    if (this.all.some((known) => known.invariant === invariant && known.cause === cause)) return;
    this.all.push({ invariant, cause, message, at: virtualNow() });
  }
}
