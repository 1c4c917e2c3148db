/** What takes seconds to make and depends on sources alone: made once, kept in `.cache` for all processes. */

/** The folder. */
export const CACHE: string;

/**
 * The path of `name` for this `key` of 16 hexadecimal digits, a file or a folder; `make` puts it at the path that it is given where there
 * is none yet. `key` tells everything that it is made from. What was not used for a day, for another key, is removed.
 */
export function kept(
  of: { name: string; key: string; suffix?: string },
  make: (path: string) => Promise<void>,
): Promise<string>;

export function exists(path: string): Promise<boolean>;
