import { describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { checkEntry, type EntryCheck, plannedLoss, roundTripCharges, worstLoss } from '../../src/domain/risk.ts';

const LIMITS = {
  lotSize: 75,
  numLots: 10,
  maxPositions: 3,
  maxLossPerTrade: 25_000_00,
  maxLossPerDay: 50_000_00,
  maxCapitalAtRisk: 500_000_00,
  allowUnhedged: false,
  exitPolicy: 'intraday' as const,
};

/** An entry that nothing refuses: the default week's Monday at 11:15. */
const ALLOWED: EntryCheck = {
  at: istAt('2025-07-14', '11:15'),
  limits: LIMITS,
  contract: { expiry: '2025-07-17', lotSize: 75 },
  hedged: true,
  worstLoss: 107_500_00,
  book: { reserved: 0, lostToday: 0, capitalAtRisk: 0, openPositions: 0 },
  funds: { available: 1_500_000_00, premium: 15_000_00, marginInitial: 300_000_00, marginFinal: 250_000_00 },
};

const codes = (change: Partial<EntryCheck>) => checkEntry({ ...ALLOWED, ...change }).map((refusal) => refusal.code);

describe('losses', () => {
  it('the worst one is the width less the credit, times the units, and the charges: 107,250 in the example', () => {
    const spread = { width: 200_00, sellPrice: 76_60, hedgePrice: 19_60, quantity: 750 };
    expect(worstLoss({ ...spread, charges: 0 })).toBe(107_250_00);
    expect(worstLoss({ ...spread, charges: 321_45 })).toBe(107_571_45);
  });
  it('the worst one is never below the charges', () => {
    expect(worstLoss({ width: 200_00, sellPrice: 300_00, hedgePrice: 20_00, quantity: 750, charges: 99 })).toBe(99);
  });
  it('the planned one is the cap of a trade, twice without a hedge', () => {
    expect(plannedLoss(25_000_00, true)).toBe(25_000_00);
    expect(plannedLoss(25_000_00, false)).toBe(50_000_00);
  });
  it('a round trip is charged for four orders with a hedge, for two without', () => {
    const trade = { date: '2025-07-14', sellPrice: 53_75, quantity: 750 };
    expect(roundTripCharges({ ...trade, hedgePrice: null })).toBeGreaterThan(2 * 20_00);
    expect(roundTripCharges({ ...trade, hedgePrice: 0 }) - roundTripCharges({ ...trade, hedgePrice: null })).toBe(
      2 * (20_00 + 3_60),
    );
  });
});

describe('an entry', () => {
  it('within all limits is not refused', () => expect(checkEntry(ALLOWED)).toEqual([]));
  it('is checked without the broker while its answers are not known', () => expect(codes({ funds: null })).toEqual([]));

  it('fits twice into the day by default, and not a third time', () => {
    const book = { ...ALLOWED.book, openPositions: 1, reserved: 25_000_00, capitalAtRisk: 107_500_00 };
    expect(codes({ book })).toEqual([]);
    expect(codes({ book: { ...book, openPositions: 2, reserved: 50_000_00, capitalAtRisk: 215_000_00 } })).toEqual([
      'max_loss_per_day',
    ]);
  });
  it('is refused after one full loss while another position is on: by arithmetic', () => {
    const book = { reserved: 25_000_00, lostToday: 25_000_00, capitalAtRisk: 107_500_00, openPositions: 1 };
    expect(checkEntry({ ...ALLOWED, book })).toEqual([
      {
        code: 'max_loss_per_day',
        message: 'planned loss 25000.00 + reserved 25000.00 + lost today 25000.00 exceeds max_loss_per_day 50000.00',
        numbers: { planned: 25_000_00, reserved: 25_000_00, lostToday: 25_000_00, limit: 50_000_00 },
      },
    ]);
  });
  it('is allowed to reach the day’s limit to the paisa, and not one more', () => {
    expect(codes({ book: { ...ALLOWED.book, lostToday: 25_000_00 } })).toEqual([]);
    expect(codes({ book: { ...ALLOWED.book, lostToday: 25_000_01 } })).toEqual(['max_loss_per_day']);
  });
  it('is refused when the worst losses of all positions exceed the capital at risk', () => {
    expect(codes({ book: { ...ALLOWED.book, capitalAtRisk: 392_500_00 } })).toEqual([]);
    expect(codes({ book: { ...ALLOWED.book, capitalAtRisk: 392_500_01 } })).toEqual(['max_capital_at_risk']);
  });
  it('is refused at max_positions', () => {
    const limits = { ...LIMITS, maxLossPerTrade: 10_000_00 };
    expect(codes({ limits, book: { ...ALLOWED.book, openPositions: 2, reserved: 20_000_00 } })).toEqual([]);
    expect(codes({ limits, book: { ...ALLOWED.book, openPositions: 3, reserved: 30_000_00 } })).toEqual([
      'max_positions',
    ]);
  });
  it('without a hedge needs the permission, and reserves twice the planned loss', () => {
    const unhedged = { hedged: false, worstLoss: null };
    expect(codes(unhedged)).toEqual(['unhedged_not_allowed']);
    const limits = { ...LIMITS, allowUnhedged: true };
    expect(codes({ ...unhedged, limits })).toEqual([]);
    expect(codes({ ...unhedged, limits, book: { ...ALLOWED.book, lostToday: 1 } })).toEqual(['max_loss_per_day']);
  });
  it('is refused with another lot than the contract’s, and names it', () => {
    const [refusal] = checkEntry({ ...ALLOWED, limits: { ...LIMITS, lotSize: 65 } });
    expect(refusal).toMatchObject({ code: 'lot_size_mismatch', numbers: { planned: 65, actual: 75 } });
  });
  it.each([0, -1, 1.5])('of %d lots is refused', (numLots) => {
    expect(codes({ limits: { ...LIMITS, numLots } })).toEqual(['no_lots']);
  });
  it('needs cash for the premium', () => {
    const funds = { available: 15_000_00, premium: 15_000_00, marginInitial: 0, marginFinal: 0 };
    expect(codes({ funds })).toEqual([]);
    expect(checkEntry({ ...ALLOWED, funds: { ...funds, premium: 15_000_01 } })).toMatchObject([
      { code: 'insufficient_cash', numbers: { shortfall: 1 } },
    ]);
  });
  it('needs 1.1 times the larger of the final margin and the peak on the way', () => {
    const funds = { available: 330_000_00, premium: 0, marginInitial: 300_000_00, marginFinal: 250_000_00 };
    expect(codes({ funds })).toEqual([]);
    expect(codes({ funds: { ...funds, marginFinal: 300_000_01 } })).toEqual(['insufficient_margin']);
    expect(checkEntry({ ...ALLOWED, funds: { ...funds, available: 329_999_99 } })).toMatchObject([
      { code: 'insufficient_margin', numbers: { required: 330_000_00, available: 329_999_99, shortfall: 1 } },
    ]);
  });
  it('tells every refusal at once', () => {
    expect(codes({ hedged: false, worstLoss: null, book: { ...ALLOWED.book, openPositions: 3 } })).toEqual([
      'unhedged_not_allowed',
      'max_positions',
    ]);
  });
});

describe('the time of an entry', () => {
  const at = (date: string, time: string, exitPolicy: 'intraday' | 'weekly', expiry = '2025-07-17') =>
    codes({ at: istAt(date, time), limits: { ...LIMITS, exitPolicy }, contract: { expiry, lotSize: 75 } });

  it('intraday: up to 14:15', () => {
    expect(at('2025-07-14', '14:15', 'intraday')).toEqual([]);
    expect(at('2025-07-14', '14:15:01', 'intraday')).toEqual(['too_late']);
    expect(at('2025-07-14', '15:15', 'intraday')).toEqual(['too_late']);
  });
  it('weekly: up to 15:15, but up to 15:00 on expiry day', () => {
    expect(at('2025-07-14', '15:15', 'weekly')).toEqual([]);
    expect(at('2025-07-14', '15:15:01', 'weekly')).toEqual(['too_late']);
    expect(at('2025-07-17', '14:15', 'weekly')).toEqual([]);
    expect(at('2025-07-17', '15:00', 'weekly')).toEqual([]);
    expect(at('2025-07-17', '15:00:01', 'weekly')).toEqual(['too_late']);
    expect(at('2025-07-17', '15:15', 'weekly')).toEqual(['too_late']);
  });
  it('from the open on', () => expect(at('2025-07-14', '09:15', 'intraday')).toEqual([]));
  it('is refused in words that name the last entry', () => {
    const message = (exitPolicy: 'intraday' | 'weekly', date: string) =>
      checkEntry({ ...ALLOWED, at: istAt(date, '15:15:30'), limits: { ...LIMITS, exitPolicy } })[0]?.message;
    expect(message('intraday', '2025-07-14')).toBe('too late: decided at 15:15:30, the last entry is at 14:15:00');
    expect(message('intraday', '2025-07-17')).toBe('too late: decided at 15:15:30, the last entry is at 14:15:00');
    expect(message('weekly', '2025-07-14')).toBe('too late: decided at 15:15:30, the last entry is at 15:15:00');
    expect(message('weekly', '2025-07-17')).toBe(
      'too late: decided at 15:15:30, the last entry on expiry day is at 15:00:00',
    );
  });
  it('never outside the contract’s trading, on a holiday or in a short session', () => {
    expect(at('2025-07-14', '09:14:59', 'intraday')).toEqual(['market_closed']);
    expect(at('2025-07-14', '15:30', 'weekly')).toEqual(['market_closed']);
    expect(at('2025-07-19', '11:15', 'weekly', '2025-07-24')).toEqual(['market_closed']);
    expect(at('2025-07-18', '11:15', 'weekly', '2025-07-17')).toEqual(['market_closed']);
    expect(at('2025-10-21', '14:00', 'weekly', '2025-10-28')).toEqual(['special_session']);
  });
});
