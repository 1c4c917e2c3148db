/** The path of JavaScript that does what this file and all that it imports do. Throws with the compiler's words, which have been printed. */
export function compiled(file: string): Promise<string>;

/** Calls `changed` when `file` compiles: now, and whenever it or what it imports has changed. */
export function watch(file: string, changed: () => Promise<void>): Promise<{ dispose(): Promise<void> }>;
