import { describe, expect, it } from 'vitest';
import { whyNoDay } from '../../src/api/no-day.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { TradingMode } from '../../src/domain/types.ts';

const words = (mode: TradingMode, date: string, time: string, close = '15:40') =>
  whyNoDay({ mode, date, now: istAt(date, time), close: istAt(date, close) });

describe('without a trading day', () => {
  it('says when the Schedule opens it, in the modes that have one', () => {
    expect(words('live', '2026-11-23', '08:44')).toContain('opens at 08:45');
    expect(words('paper', '2026-11-23', '07:00')).toContain('opens at 08:45');
    expect(words('replay', '2025-07-14', '08:00')).not.toContain('08:45');
  });

  it('says from 08:45 on that a person opens it', () => {
    expect(words('live', '2026-11-23', '08:45')).toBe('No trading day is open. A login or start-trading opens it.');
  });

  it('says after the close when the next one is, as far as the calendar knows', () => {
    expect(words('live', '2026-11-23', '15:40')).toBe(
      'The market closed at 15:40, and no day was opened. Next trading day 2026-11-25.',
    );
    expect(words('live', '2026-12-31', '16:00')).toBe('The market closed at 15:40, and no day was opened.');
  });
});
