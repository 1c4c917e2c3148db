/**
 * How long a test waits for a fact, milliseconds: far longer than it takes on a machine that is busy with something else, so that
 * only what hangs is not there by then.
 */
export const PATIENCE_MS = 300_000;
