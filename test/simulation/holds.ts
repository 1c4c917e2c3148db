/**
 * What today's code is known to hold: random days in `npm test` draw these kinds of fault and check these invariants. The list only grows;
 * `npm run soak` always draws all kinds and checks all invariants.
 */
import type { InvariantNumber } from '../../src/simulation/invariants/findings.ts';

export const HELD_INVARIANTS: readonly InvariantNumber[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

export const HELD_KINDS: readonly string[] = [];
