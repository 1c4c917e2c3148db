/** What can go wrong, kind by kind: each draws one event, aimed at where it hurts. */
import { READING_FAULTS } from './faults/answers-read.ts';
import { SURROUNDING_FAULTS } from './faults/around-us.ts';
import { EXCHANGE_FAULTS } from './faults/at-the-exchange.ts';
import type { Draw } from './faults/drawing.ts';
import { SENDING_FAULTS } from './faults/orders-sent.ts';
import { OTHERS_FAULTS } from './faults/other-people.ts';
import { TICKER_FAULTS } from './faults/ticks.ts';

export const FAULTS: Readonly<Record<string, Draw>> = {
  ...SENDING_FAULTS,
  ...READING_FAULTS,
  ...EXCHANGE_FAULTS,
  ...TICKER_FAULTS,
  ...SURROUNDING_FAULTS,
  ...OTHERS_FAULTS,
};
