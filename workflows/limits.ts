/** Parameters of orders that more than one part must agree on (TRADING sections 3 and 4). */

/** Steps of an entry's chase, each with a wider price; then the order is cancelled. */
export const CHASE_STEPS = 4;
