/**
 * Rules by which prices leave a position: the first one that closing it now would reach. A further rule is a row here, with its terms, and its
 * place in control/exit-reasons.ts.
 */
import { lossCapHit, targetHit } from './stops.ts';
import type { Paise } from './types.ts';

/** `maxLoss` is positive; no target is null. */
export type PriceTerms = { maxLoss: Paise; target: Paise | null };

type PriceExit = {
  reason: string;
  /** A loss needs nobody who offers the short, and the next packet confirms it. A profit has time to last. */
  isLoss: boolean;
  /** `result` is what closing now would make, after charges. */
  isReached(result: Paise, terms: PriceTerms): boolean;
  words(rupees: string): string;
};

export const PRICE_EXITS = [
  {
    reason: 'loss_cap',
    isLoss: true,
    isReached: (result, { maxLoss }) => lossCapHit(result, maxLoss),
    words: (rupees) => `a loss of ${rupees} rupees reaches the cap`,
  },
  {
    reason: 'target',
    isLoss: false,
    isReached: (result, { target }) => targetHit(result, target),
    words: (rupees) => `a profit of ${rupees} rupees reaches the target`,
  },
] as const satisfies readonly PriceExit[];

export type PriceRule = (typeof PRICE_EXITS)[number];
export type PriceExitReason = PriceRule['reason'];
