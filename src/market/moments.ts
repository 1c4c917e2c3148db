/** An instant by both clocks: a suspended machine stops the one, a corrected clock turns the other back. */
import type { WallMs } from '../domain/types.ts';

export type Heard = { wall: WallMs; mono: number };

export const heardNow = (): Heard => ({ wall: Date.now(), mono: performance.now() });

/** Wall milliseconds since it, by the clock that says more. */
export const ageOf = ({ wall, mono }: Heard): number => Math.max(Date.now() - wall, performance.now() - mono);
