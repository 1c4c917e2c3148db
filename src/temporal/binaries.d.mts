export type TemporalProgram = 'temporal' | 'temporal-test-server';
export type ProgramSearch = { path: string | null; tried: string[] };

/** The cache folder of downloaded programs, inside the clone. */
export const CACHE_DIR: string;

/**
 * Looks for a Temporal program without touching the network: the path in `TEMPORAL_BINARY` (or
 * `TEMPORAL_TEST_SERVER_BINARY`), then PATH, then the cache. Each candidate is run once to see that it works here.
 * `tried` says in words where it looked.
 */
export function findProgram(program: TemporalProgram, env: Record<string, string | undefined>): ProgramSearch;

/** As `findProgram`, and fetches it into the cache where it is missing: official download, then pip. Throws with what was tried. */
export function fetchProgram(
  program: TemporalProgram,
  env: Record<string, string | undefined>,
  say: (line: string) => void,
): Promise<string>;
