import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CalendarError,
  isFullTradingDay,
  isMonthlyExpiry,
  listedExpiries,
  lotSizeFor,
  weeklyExitDate,
  weeklyExpiry,
} from '../../../src/domain/calendar/index.ts';
import { addDays, weekday } from '../../../src/domain/clock.ts';
import { optionSymbol } from '../../../src/exchange-simulator/core/symbols.ts';

/** NIFTY's expiries of 2026, with how their contracts are spelled, and whether they are monthlies. */
const EXPIRIES_2026: readonly [expiry: string, symbol: string, monthly: boolean][] = [
  ['2026-01-06', 'NIFTY26106', false],
  ['2026-01-13', 'NIFTY26113', false],
  ['2026-01-20', 'NIFTY26120', false],
  ['2026-01-27', 'NIFTY26JAN', true],
  ['2026-02-03', 'NIFTY26203', false],
  ['2026-02-10', 'NIFTY26210', false],
  ['2026-02-17', 'NIFTY26217', false],
  ['2026-02-24', 'NIFTY26FEB', true],
  ['2026-03-02', 'NIFTY26302', false],
  ['2026-03-10', 'NIFTY26310', false],
  ['2026-03-17', 'NIFTY26317', false],
  ['2026-03-24', 'NIFTY26324', false],
  ['2026-03-30', 'NIFTY26MAR', true],
  ['2026-04-07', 'NIFTY26407', false],
  ['2026-04-13', 'NIFTY26413', false],
  ['2026-04-21', 'NIFTY26421', false],
  ['2026-04-28', 'NIFTY26APR', true],
  ['2026-05-05', 'NIFTY26505', false],
  ['2026-05-12', 'NIFTY26512', false],
  ['2026-05-19', 'NIFTY26519', false],
  ['2026-05-26', 'NIFTY26MAY', true],
  ['2026-06-02', 'NIFTY26602', false],
  ['2026-06-09', 'NIFTY26609', false],
  ['2026-06-16', 'NIFTY26616', false],
  ['2026-06-23', 'NIFTY26623', false],
  ['2026-06-30', 'NIFTY26JUN', true],
  ['2026-07-07', 'NIFTY26707', false],
  ['2026-07-14', 'NIFTY26714', false],
  ['2026-07-21', 'NIFTY26721', false],
  ['2026-07-28', 'NIFTY26JUL', true],
  ['2026-08-04', 'NIFTY26804', false],
  ['2026-08-11', 'NIFTY26811', false],
  ['2026-08-18', 'NIFTY26818', false],
  ['2026-08-25', 'NIFTY26AUG', true],
  ['2026-09-01', 'NIFTY26901', false],
  ['2026-09-08', 'NIFTY26908', false],
  ['2026-09-15', 'NIFTY26915', false],
  ['2026-09-22', 'NIFTY26922', false],
  ['2026-09-29', 'NIFTY26SEP', true],
  ['2026-10-06', 'NIFTY26O06', false],
  ['2026-10-13', 'NIFTY26O13', false],
  ['2026-10-19', 'NIFTY26O19', false],
  ['2026-10-27', 'NIFTY26OCT', true],
  ['2026-11-03', 'NIFTY26N03', false],
  ['2026-11-09', 'NIFTY26N09', false],
  ['2026-11-17', 'NIFTY26N17', false],
  ['2026-11-23', 'NIFTY26NOV', true],
  ['2026-12-01', 'NIFTY26D01', false],
  ['2026-12-08', 'NIFTY26D08', false],
  ['2026-12-15', 'NIFTY26D15', false],
  ['2026-12-22', 'NIFTY26D22', false],
  ['2026-12-29', 'NIFTY26DEC', true],
];

const dates = fc.integer({ min: 0, max: 2_060 }).map((days) => addDays('2021-04-01', days));

describe('expiries of 2026', () => {
  it.each(EXPIRIES_2026)('%s is spelled %s', (expiry, symbol, monthly) => {
    expect(weeklyExpiry(expiry)).toBe(expiry);
    expect(isMonthlyExpiry(expiry)).toBe(monthly);
    expect(optionSymbol('NIFTY', expiry, 2_500_000, 'PE')).toBe(`${symbol}25000PE`);
  });
  it('are these and no others', () => {
    const found: string[] = [];
    for (let day = '2026-01-01'; day <= '2026-12-29'; day = addDays(weeklyExpiry(day), 1))
      found.push(weeklyExpiry(day));
    expect(found).toEqual(EXPIRIES_2026.map(([expiry]) => expiry));
  });
});

describe('the expiry after a date', () => {
  it.each([
    ['2025-07-14', '2025-07-17', 'a Thursday until 28 August 2025'],
    ['2025-08-25', '2025-08-28', 'the last Thursday'],
    ['2025-08-29', '2025-09-02', 'the first Tuesday'],
    ['2024-08-12', '2024-08-14', 'a Wednesday: Thursday was Independence Day'],
    ['2025-04-25', '2025-04-30', 'a Wednesday: Thursday was Maharashtra Day'],
    ['2021-11-01', '2021-11-03', 'a Wednesday: Thursday had only the Muhurat session'],
    ['2025-10-15', '2025-10-20', 'a Monday: Tuesday had only the Muhurat session'],
    ['2026-11-19', '2026-11-23', 'a Monday: Tuesday is a holiday'],
  ])('%s is %s, %s', (date, expiry) => expect(weeklyExpiry(date)).toBe(expiry));

  it('is a full trading day at most eleven days ahead', () => {
    fc.assert(
      fc.property(dates, (date) => {
        const expiry = weeklyExpiry(date);
        expect(isFullTradingDay(expiry)).toBe(true);
        expect(expiry >= date && expiry <= addDays(date, 11)).toBe(true);
        expect(weekday(expiry)).toBeGreaterThan(0);
      }),
    );
  });

  it('is refused where it lies beyond the tables', () => {
    expect(() => weeklyExpiry('2026-12-30')).toThrow(CalendarError);
    expect(() => weeklyExpiry('2027-01-05')).toThrow(CalendarError);
  });
});

describe('monthly expiries', () => {
  it.each([
    ['2025-07-31', true],
    ['2025-07-24', false],
    ['2025-08-28', true],
    ['2025-09-30', true],
    ['2023-06-28', true],
    // Scheduled for 1 May: April's last Thursday was the 24th.
    ['2025-04-30', false],
    ['2025-04-24', true],
    ['2025-07-16', false],
  ])('%s: %s', (expiry, monthly) => expect(isMonthlyExpiry(expiry)).toBe(monthly));
});

describe('the list of a date', () => {
  it('has four weeklies, three monthlies and the quarters within the tables', () => {
    expect(listedExpiries('2025-07-14')).toEqual([
      '2025-07-17',
      '2025-07-24',
      '2025-07-31',
      '2025-08-07',
      '2025-08-14',
      '2025-08-28',
      '2025-09-30',
      '2025-12-30',
      '2026-03-30',
    ]);
  });
  it('still has an expiry on its last day, and not after it', () => {
    expect(listedExpiries('2025-07-17')[0]).toBe('2025-07-17');
    expect(listedExpiries('2025-07-18')[0]).toBe('2025-07-24');
  });
});

describe('the lot by expiry', () => {
  it.each([
    ['2021-06-24', 75],
    ['2021-07-01', 75],
    ['2021-07-08', 75],
    ['2021-07-15', 75],
    ['2021-07-22', 75],
    ['2021-07-29', 50],
    ['2021-08-05', 50],
    ['2021-08-26', 50],
    ['2024-04-25', 50],
    ['2024-05-02', 25],
    ['2024-05-30', 25],
    ['2024-12-26', 25],
    ['2025-01-02', 75],
    ['2025-01-30', 25],
    ['2025-02-27', 75],
    ['2025-07-17', 75],
    ['2025-12-23', 75],
    ['2025-12-30', 75],
    ['2026-01-06', 65],
    ['2026-01-27', 65],
  ])('%s has %i units', (expiry, size) => expect(lotSizeFor(expiry)).toBe(size));
});

describe('symbols as the instrument list spells them', () => {
  it.each([
    ['2025-07-17', 2_500_000, 'PE', 'NIFTY2571725000PE'],
    ['2025-07-31', 2_500_000, 'PE', 'NIFTY25JUL25000PE'],
    ['2025-08-07', 2_440_000, 'CE', 'NIFTY2580724400CE'],
    ['2025-11-11', 2_450_000, 'CE', 'NIFTY25N1124500CE'],
    ['2025-12-09', 2_600_000, 'CE', 'NIFTY25D0926000CE'],
    ['2026-09-22', 2_325_000, 'PE', 'NIFTY2692223250PE'],
  ] as const)('%s %i %s is %s', (expiry, strike, optionType, symbol) => {
    expect(optionSymbol('NIFTY', expiry, strike, optionType)).toBe(symbol);
  });
});

describe('the weekly exit', () => {
  const WEDNESDAY = 3;
  it.each<[entry: string, expiry: string, exitDay: number | null, exit: string, why: string]>([
    ['2025-07-14', '2025-07-17', null, '2025-07-17', 'expiry day without a weekday'],
    ['2025-07-14', '2025-07-17', WEDNESDAY, '2025-07-16', 'the next Wednesday'],
    ['2025-07-16', '2025-07-17', WEDNESDAY, '2025-07-17', 'expiry day, since it is strictly after the entry'],
    ['2026-07-09', '2026-07-14', WEDNESDAY, '2026-07-14', 'expiry day where it is earlier'],
    ['2024-04-15', '2024-04-18', WEDNESDAY, '2024-04-16', 'the trading day before a closed Wednesday'],
    ['2024-04-16', '2024-04-18', WEDNESDAY, '2024-04-18', 'expiry day where that is not after the entry'],
  ])('entered %s, expiring %s, weekday %s: %s, %s', (entry, expiry, exitDay, exit) => {
    expect(weeklyExitDate(entry, expiry, exitDay)).toBe(exit);
  });
});
