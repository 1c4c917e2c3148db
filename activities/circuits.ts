/** The day's circuit limits of a contract: ticks do not carry them, and no order may be priced beyond them. */
import type { Priority } from '../src/brokers/kite-pace.ts';
import type { KiteSession, Quote } from '../src/brokers/types.ts';
import { within } from './waiting.ts';

export type CircuitLimits = Pick<Quote, 'lowerCircuit' | 'upperCircuit'>;

const REFRESHED_AFTER_MS = 30_000;
/** An exit does not wait longer for them. */
const WAITED_FOR_MS = 1_500;

const CIRCUIT = /circuit|price (band|range)|execution range/i;

type Use = <T>(call: (session: KiteSession) => Promise<T>) => Promise<T>;

export class Circuits {
  private readonly use: Use;
  private readonly known = new Map<string, CircuitLimits & { at: number }>();
  private readonly asked = new Map<string, Promise<void>>();

  constructor(use: Use) {
    this.use = use;
  }

  /** Takes them from a quote that was read for its price. */
  take(tradingsymbol: string, { lowerCircuit = null, upperCircuit = null }: Partial<CircuitLimits>): void {
    if (lowerCircuit === null && upperCircuit === null) return;
    this.known.set(tradingsymbol, { lowerCircuit, upperCircuit, at: performance.now() });
  }

  /** A refusal that names the circuit: what is known of it is wrong. */
  hearRefusal(tradingsymbol: string, words: string | null): void {
    if (words !== null && CIRCUIT.test(words)) this.known.delete(tradingsymbol);
  }

  /** The newest ones. Waits for a quote only where none are known; null where there is none. */
  async of(tradingsymbol: string, priority: Priority): Promise<CircuitLimits | null> {
    const known = this.known.get(tradingsymbol);
    if (known && performance.now() - known.at < REFRESHED_AFTER_MS) return known;
    const asking = this.ask(tradingsymbol, priority);
    if (known) return known;
    await within(WAITED_FOR_MS, asking);
    return this.known.get(tradingsymbol) ?? null;
  }

  /** Never rejects: without an answer the last ones stand. */
  private ask(tradingsymbol: string, priority: Priority): Promise<void> {
    const under = this.asked.get(tradingsymbol);
    if (under) return under;
    const key = `NFO:${tradingsymbol}`;
    const asking = this.use((session) => session.withPriority(priority).quotes([key]))
      .then((quotes) => {
        const quote = quotes.get(key);
        if (quote) this.take(tradingsymbol, quote);
      })
      .catch(() => {})
      .finally(() => this.asked.delete(tradingsymbol));
    this.asked.set(tradingsymbol, asking);
    return asking;
  }
}
