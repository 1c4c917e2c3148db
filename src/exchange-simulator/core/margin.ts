import type { OptionContract, Paise } from '../../domain/types.ts';

/**
 * The modelled margin of the exchange (no broker publishes its own): a short that a long of the same type and expiry covers needs the
 * spread's worst loss and 2 % of the short's notional; an uncovered one 12 % of its notional. Longs need none: they are paid in full.
 */
const EXPOSURE = 0.02;
const UNHEDGED_SPAN = 0.1;

export type Holding = { contract: OptionContract; quantity: number };
export type PortfolioMargin = { span: Paise; exposure: Paise };

/** Margin of a portfolio of options in paise; `index` is the underlying's price. Quantities in units, shorts negative. */
export function portfolioMargin(holdings: readonly Holding[], index: Paise): PortfolioMargin {
  const total: PortfolioMargin = { span: 0, exposure: 0 };
  for (const group of groups(net(holdings))) {
    const longs = group.filter((held) => held.quantity > 0).map((held) => ({ ...held }));
    for (const short of group.filter((held) => held.quantity < 0)) {
      let uncovered = -short.quantity;
      // The nearest long first: it leaves the smallest loss between the strikes.
      longs.sort((a, b) => gap(short.contract, a.contract) - gap(short.contract, b.contract));
      for (const long of longs) {
        const covered = Math.min(uncovered, long.quantity);
        total.span += gap(short.contract, long.contract) * covered;
        long.quantity -= covered;
        uncovered -= covered;
      }
      total.span += Math.round(index * UNHEDGED_SPAN) * uncovered;
      total.exposure += Math.round(index * EXPOSURE) * -short.quantity;
    }
  }
  return total;
}

/** What a unit of the spread can lose between its strikes, premiums aside. */
function gap(short: OptionContract, long: OptionContract): Paise {
  const between = short.optionType === 'PE' ? short.strike - long.strike : long.strike - short.strike;
  return Math.max(0, between);
}

function net(holdings: readonly Holding[]): Holding[] {
  const bySymbol = new Map<string, Holding>();
  for (const { contract, quantity } of holdings) {
    const held = bySymbol.get(contract.tradingsymbol);
    if (held) held.quantity += quantity;
    else bySymbol.set(contract.tradingsymbol, { contract, quantity });
  }
  return [...bySymbol.values()];
}

function groups(holdings: readonly Holding[]): Holding[][] {
  const byKind = new Map<string, Holding[]>();
  for (const held of holdings) {
    const key = `${held.contract.name} ${held.contract.expiry} ${held.contract.optionType}`;
    byKind.set(key, [...(byKind.get(key) ?? []), held]);
  }
  return [...byKind.values()];
}
