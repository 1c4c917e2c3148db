/** The tables of expiries and lots against years of them that were proven from the exchange's own files. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMonthlyExpiry, lotSizeFor, weeklyExpiry } from '../../../src/domain/calendar/index.ts';
import { addDays } from '../../../src/domain/clock.ts';

const FOLDER = resolve(process.env.MARKET_DATA_DIR ?? '../shared/data');
const FILE = join(FOLDER, 'expiries_2021_2026.csv');
const PRESENT = existsSync(FILE);
if (!PRESENT) {
  console.warn(
    `SKIPPED: no years of expiries in ${FOLDER}. Set MARKET_DATA_DIR to the folder of expiries_2021_2026.csv.`,
  );
}

/** The tables begin here; the file has some months before. */
const COVERED_FROM = '2021-04-01';

type Row = { expiry: string; type: string; lot: number };

function provenExpiries(): Row[] {
  const lines = readFileSync(FILE, 'utf8').trim().split('\n').slice(1);
  return lines
    .map((line) => {
      const [expiry = '', type = '', lot = ''] = line.trim().split(',');
      return { expiry, type, lot: Number(lot) };
    })
    .filter(({ expiry }) => expiry >= COVERED_FROM);
}

describe.skipIf(!PRESENT)('each expiry from 2021 to 2026 that the exchange settled', () => {
  it('has the lot and the kind that the tables say, and the tables have no other', () => {
    const proven = provenExpiries();
    expect(proven.length).toBeGreaterThan(270);
    const last = proven.at(-1)?.expiry ?? '';
    const ours: Row[] = [];
    for (let day = COVERED_FROM; day <= last; ) {
      const expiry = weeklyExpiry(day);
      ours.push({ expiry, type: isMonthlyExpiry(expiry) ? 'monthly' : 'weekly', lot: lotSizeFor(expiry) });
      day = addDays(expiry, 1);
    }
    expect(ours).toEqual(proven);
  });
});
