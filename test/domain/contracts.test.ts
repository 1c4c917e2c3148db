import { describe, expect, it } from 'vitest';
import { listedExpiries, lotSizeFor } from '../../src/domain/calendar/index.ts';
import { istAt } from '../../src/domain/clock.ts';
import { pickContract, tradableExpiry } from '../../src/domain/contracts.ts';
import type { OptionContract } from '../../src/domain/types.ts';

/** A master of a date, in no order. Its symbols say nothing, so that nothing can be read out of them. */
function masterOf(date: string): OptionContract[] {
  const contracts: OptionContract[] = [];
  for (const expiry of listedExpiries(date)) {
    for (const strike of [2_495_000, 2_500_000, 2_505_000]) {
      for (const optionType of ['CE', 'PE'] as const) {
        contracts.push({
          exchange: 'NFO',
          tradingsymbol: `CONTRACT${contracts.length}`,
          instrumentToken: contracts.length,
          name: 'NIFTY',
          expiry,
          strike,
          optionType,
          lotSize: lotSizeFor(expiry),
          tickSize: 5,
        });
      }
    }
  }
  return contracts.reverse();
}

describe('the expiry to trade', () => {
  it.each([
    ['2025-07-14', '11:15', '2025-07-17', 'the first one'],
    ['2025-07-17', '15:29:59', '2025-07-17', 'expiry day itself until its last minute'],
    ['2025-07-17', '15:30', '2025-07-24', 'the next one from then on'],
    ['2025-07-30', '11:15', '2025-07-31', "the month's last one too"],
    ['2026-12-08', '15:29', '2026-12-08', 'until 15:30 from December 2026'],
    ['2026-12-08', '15:30', '2026-12-15', 'though the segment trades on'],
    ['2026-08-04', '15:35', '2026-08-04', 'until 15:40 before that'],
  ])('on %s at %s is %s: %s', (date, at, expiry) => {
    expect(tradableExpiry(masterOf(date), istAt(date, at))).toBe(expiry);
  });
  it('is none in an empty master', () => {
    expect(tradableExpiry([], istAt('2025-07-14', '11:15'))).toBeNull();
  });
});

describe('a contract', () => {
  const master = masterOf('2025-07-14');
  it('is found by expiry, strike and type', () => {
    const wanted = { expiry: '2025-07-17', strike: 2_500_000, optionType: 'PE' } as const;
    const found = pickContract(master, wanted);
    expect(found).toMatchObject({ kind: 'found', contract: { ...wanted, lotSize: 75 } });
  });
  it('that is not listed is named, with what is', () => {
    expect(pickContract(master, { expiry: '2025-07-17', strike: 2_502_500, optionType: 'PE' })).toEqual({
      kind: 'absent',
      message: '25025 PE of 2025-07-17 is not in the instrument master, which lists 3 strikes from 24950 to 25050.',
    });
    expect(pickContract(master, { expiry: '2025-07-15', strike: 2_500_000, optionType: 'CE' })).toEqual({
      kind: 'absent',
      message: '25000 CE of 2025-07-15: the instrument master lists no CE of that expiry.',
    });
  });
});
