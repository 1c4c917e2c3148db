/** What was opened is closed in the opposite order, each part whatever happens to the others. */
export type ShutdownHooks = {
  add(what: string, close: () => Promise<unknown> | unknown): void;
  /** Never throws: tells `complain` what could not be closed. */
  closeAll(complain: (text: string) => void): Promise<void>;
};

export function createShutdownHooks(): ShutdownHooks {
  const open: { what: string; close: () => Promise<unknown> | unknown }[] = [];
  return {
    add(what, close) {
      open.push({ what, close });
    },
    async closeAll(complain) {
      for (let next = open.pop(); next; next = open.pop()) {
        try {
          await next.close();
        } catch (error) {
          complain(`${next.what} did not close: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    },
  };
}
