/** The edge between the program's units and the API's: paise to rupees, epoch ms to ISO 8601 with +05:30. */
import { istIso } from '../domain/clock.ts';
import type { MarketMs, Paise } from '../domain/types.ts';

/** Rupees as a number with at most two decimals. */
export function rupees(paise: Paise): number {
  return Math.round(paise) / 100;
}

/** An average of fills may have fractions of a paisa: four decimals of a rupee, as Kite shows it. */
export function averageRupees(paise: Paise): number {
  return Math.round(paise * 100) / 10_000;
}

export function rupeesOrNull(paise: Paise | null): number | null {
  return paise === null ? null : rupees(paise);
}

export function averageOrNull(paise: Paise | null): number | null {
  return paise === null ? null : averageRupees(paise);
}

/** The nearest paisa to an amount of rupees. */
export function toPaise(amount: number): Paise {
  return Math.round(amount * 100);
}

export function isoOrNull(ms: MarketMs | null): string | null {
  return ms === null ? null : istIso(ms);
}
