/** What others hold of the account beside us, by contract and product: known from the first comparison on, and handed over. */
import type { Holding } from '../activities/contract.ts';
import type { Day } from './day.ts';
import type { ContractRef } from './messages.ts';

/** Signed units that were there before anything that was seen of others since. */
export function foreignOf(day: Day, product: string, tradingsymbol: string): number {
  return day.foreign.find((held) => held.product === product && held.tradingsymbol === tradingsymbol)?.quantity ?? 0;
}

/** From here on they are known to hold so many. */
export function knowForeign(day: Day, { product, tradingsymbol, quantity }: Holding): void {
  const known = day.foreign.find((held) => held.product === product && held.tradingsymbol === tradingsymbol);
  if (known) known.quantity = quantity;
  else day.foreign.push({ product, tradingsymbol, quantity });
}

/** What the next day has to know of contracts that it takes over: without it theirs would be a difference, or taken for ours. */
export function foreignBeside(
  day: Day,
  { product, main, hedge }: { product: string; main: ContractRef; hedge: ContractRef | null },
): { foreign?: Holding[] } {
  const symbols = [main.tradingsymbol, hedge?.tradingsymbol];
  const foreign = day.foreign.filter((held) => held.product === product && symbols.includes(held.tradingsymbol));
  const held = foreign.filter(({ quantity }) => quantity !== 0).map((holding) => ({ ...holding }));
  return held.length > 0 ? { foreign: held } : {};
}
