/** The way to the journal for one process: it takes time, it can be away, and what was sent arrives also when the process dies. */
import type { Journal } from '../../journal/types.ts';
import type { SimProcess } from '../process.ts';
import { after, virtualNow } from '../virtual-time.ts';

export function journalOver(
  journal: Journal,
  process: SimProcess,
  of: { latencyMs(): number; isAway(): boolean },
): Journal {
  const through =
    (name: string | symbol, call: (...args: unknown[]) => Promise<unknown>) =>
    (...args: unknown[]) =>
      new Promise((resolve, reject) => {
        const back = (then: () => void) => {
          if (process.dead) return;
          const wait = process.stoppedUntil - virtualNow();
          if (wait > 0) after(wait, () => back(then));
          else then();
        };
        after(of.latencyMs(), () => {
          if (of.isAway())
            return void after(of.latencyMs(), () =>
              back(() => reject(new Error(`the journal is away (${String(name)})`))),
            );
          call(...args).then(
            (value) => after(of.latencyMs(), () => back(() => resolve(value))),
            (error: unknown) => after(of.latencyMs(), () => back(() => reject(error))),
          );
        });
      });
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? through(name, value.bind(target)) : value;
    },
  });
}
