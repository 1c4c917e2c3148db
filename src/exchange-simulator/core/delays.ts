/** Work that waits for wall time: an order on its way through broker and exchange. */
export function createDelays() {
  const waiting = new Map<NodeJS.Timeout, () => void>();

  function finish(timer: NodeJS.Timeout): void {
    const work = waiting.get(timer);
    clearTimeout(timer);
    waiting.delete(timer);
    work?.();
  }

  return {
    after(ms: number, work: () => void): void {
      const timer: NodeJS.Timeout = setTimeout(() => finish(timer), ms);
      waiting.set(timer, work);
    },
    /** Does now what would be done later, also what that work starts: a jump of the market leaves nothing on its way. */
    flush(): void {
      for (let next = waiting.keys().next(); !next.done; next = waiting.keys().next()) finish(next.value);
    },
    cancel(): void {
      for (const timer of waiting.keys()) clearTimeout(timer);
      waiting.clear();
    },
  };
}

export type Delays = ReturnType<typeof createDelays>;
