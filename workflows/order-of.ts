import type { TagPurpose } from '../src/domain/tags.ts';
import type { Side } from '../src/domain/types.ts';
import type { LegRole } from './messages.ts';
import type { Intended } from './orders.ts';

/** What a position wants of its next order: it adds the contract, the product and a tag that was never used. */
export type OrderOf = {
  role: LegRole;
  purpose: TagPurpose;
  side: Side;
  slice: number;
  quantity: number;
  pricing: Intended['pricing'];
};
