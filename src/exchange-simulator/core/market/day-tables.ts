import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { istAt } from '../../../domain/clock.ts';
import type { IsoDate, MarketMs, Paise } from '../../../domain/types.ts';

/** India VIX of a date, in percent. */
export type VixDay = { open: number; close: number };
export type DayTables = { vix: Map<IsoDate, VixDay>; officialClose: Map<IsoDate, Paise> };

/** Where no table knows the date: about the long-run median of India VIX. */
const VIX_UNKNOWN = 13;

/** Reads the tables that lie in the folders: `india_vix*.csv` and `*official*.csv`. A later folder overrides an earlier one. */
export function readDayTables(folders: readonly string[]): DayTables {
  const tables: DayTables = { vix: new Map(), officialClose: new Map() };
  for (const folder of folders) {
    for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
      if (!name.endsWith('.csv')) continue;
      if (name.startsWith('india_vix'))
        for (const { date, cell } of rows(join(folder, name)))
          tables.vix.set(date, { open: cell('open'), close: cell('close') });
      else if (name.includes('official'))
        for (const { date, cell } of rows(join(folder, name)))
          tables.officialClose.set(date, Math.round(cell('close') * 100));
    }
  }
  return tables;
}

function rows(file: string): { date: IsoDate; cell: (column: string) => number }[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const columns = head.split(',');
  return lines.map((line, index) => {
    const cells = line.split(',');
    const cell = (column: string): number => {
      const value = Number(cells[columns.indexOf(column)]);
      if (!Number.isFinite(value)) throw new Error(`${file}:${index + 2}: no number in column "${column}".`);
      return value;
    };
    return { date: cells[columns.indexOf('date')] ?? '', cell };
  });
}

/** India VIX at an instant: in a straight line from its open at 09:15 to its close at 15:30, 13 where no table knows the date. */
export function vixAt(vix: ReadonlyMap<IsoDate, VixDay>, date: IsoDate, at: MarketMs): number {
  const day = vix.get(date);
  if (!day) return VIX_UNKNOWN;
  const open = istAt(date, '09:15');
  const share = Math.min(1, Math.max(0, (at - open) / (istAt(date, '15:30') - open)));
  return day.open + (day.close - day.open) * share;
}
