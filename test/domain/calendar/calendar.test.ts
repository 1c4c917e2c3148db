import { describe, expect, it } from 'vitest';
import {
  CalendarError,
  contractLastMinute,
  freezeQuantity,
  freezeQuantityOf,
  hourlyBars,
  isFullTradingDay,
  isTradingDay,
  nextTradingDay,
  previousTradingDay,
  sessionOf,
  timetable,
} from '../../../src/domain/calendar/index.ts';
import { istAt, istIso, istTime } from '../../../src/domain/clock.ts';

function hours(date: string): string {
  const session = sessionOf(date);
  if (session.kind === 'holiday') return `holiday (${session.reason}), next ${session.next}`;
  const open = istTime(session.open).slice(0, 5);
  return `${open}-${istTime(session.close).slice(0, 5)}${session.special ? ` ${session.special}` : ''}`;
}

describe('the session of a date', () => {
  it.each([
    ['2021-04-01', '09:15-15:30'],
    ['2025-07-14', '09:15-15:30'],
    ['2025-02-01', '09:15-15:30 full'],
    ['2026-02-01', '09:15-15:30 full'],
    ['2025-10-21', '13:45-14:45 short'],
    ['2026-07-31', '09:15-15:30'],
    ['2026-08-03', '09:15-15:40'],
    ['2026-12-04', '09:15-15:40'],
    ['2026-12-07', '09:15-15:45'],
    ['2025-08-15', 'holiday (Independence Day), next 2025-08-18'],
    ['2025-07-19', 'holiday (Saturday), next 2025-07-21'],
    ['2026-01-31', 'holiday (Saturday), next 2026-02-01'],
    ['2026-11-24', 'holiday (Gurunanak Jayanti), next 2026-11-25'],
  ])('%s is %s', (date, expected) => expect(hours(date)).toBe(expected));

  it('has the fourteen and sixteen weekday holidays of 2025 and 2026', () => {
    const closed = (year: string) => {
      const dates: string[] = [];
      for (let day = Date.parse(`${year}-01-01`); ; day += 86_400_000) {
        const date = new Date(day).toISOString().slice(0, 10);
        if (!date.startsWith(year)) return dates.length;
        const weekend = [0, 6].includes(new Date(day).getUTCDay());
        if (!weekend && !isFullTradingDay(date)) dates.push(date);
      }
    };
    expect([closed('2025'), closed('2026')]).toEqual([14, 16]);
  });

  it('is refused outside the tables, never guessed', () => {
    expect(() => sessionOf('2027-01-04')).toThrow(CalendarError);
    expect(() => sessionOf('2027-01-04')).toThrow(/covers 2021-04-01 to 2026-12-31.*src\/domain\/calendar/s);
    expect(() => isTradingDay('2021-03-31')).toThrow(CalendarError);
    expect(() => nextTradingDay('2026-12-31')).toThrow(CalendarError);
    expect(() => isTradingDay('2025-02-30')).toThrow(/not a calendar date/);
  });

  it('is refused where a special session’s hours are not known', () => {
    expect(isTradingDay('2026-11-08')).toBe(true);
    expect(() => sessionOf('2026-11-08')).toThrow(/hours of the special session on 2026-11-08 \(Muhurat trading\)/);
  });
});

describe('neighbouring trading days', () => {
  it('jump weekends and holidays', () => {
    expect(nextTradingDay('2025-07-18')).toBe('2025-07-21');
    expect(nextTradingDay('2026-10-01')).toBe('2026-10-05');
    expect(previousTradingDay('2025-08-18')).toBe('2025-08-14');
  });
  it('count special sessions, short ones too', () => {
    expect(nextTradingDay('2025-01-31')).toBe('2025-02-01');
    expect(nextTradingDay('2025-10-20')).toBe('2025-10-21');
    expect(isFullTradingDay('2025-10-21')).toBe(false);
  });
});

describe('hourly bars', () => {
  it('are seven, the last one of fifteen minutes, also where the segment closes later', () => {
    for (const date of ['2025-07-14', '2026-12-07']) {
      const bars = hourlyBars(date).map((bar) => `${istTime(bar.start)}-${istTime(bar.end)}`);
      expect(bars).toHaveLength(7);
      expect(bars[0]).toBe('09:15:00-10:15:00');
      expect(bars[6]).toBe('15:15:00-15:30:00');
    }
  });
  it('are none on a holiday and in a short session', () => {
    expect(hourlyBars('2025-08-15')).toEqual([]);
    expect(hourlyBars('2025-10-21')).toEqual([]);
  });
});

describe("a contract's last minute", () => {
  it.each([
    ['2025-07-17', '2025-07-17', '15:30'],
    ['2026-08-04', '2026-08-04', '15:40'],
    ['2026-12-08', '2026-12-07', '15:45'],
    ['2026-12-08', '2026-12-08', '15:30'],
    ['2026-12-15', '2026-12-08', '15:45'],
  ])('of expiry %s is on %s at %s', (expiry, date, at) => {
    expect(contractLastMinute(expiry, date)).toBe(istAt(date, at));
  });
  it('does not exist on a holiday', () => {
    expect(() => contractLastMinute('2025-08-14', '2025-08-15')).toThrow(/Nothing trades on 2025-08-15/);
  });
});

describe('the timetable', () => {
  it('of an ordinary day checks six hours, enters until 14:15 and squares off at 15:15', () => {
    const day = timetable('2025-07-14');
    expect(istIso(day.open)).toBe('2025-07-14T09:15:00+05:30');
    expect(istTime(day.close)).toBe('15:30:00');
    expect(day.checks.map(istTime)).toEqual(['10:15:00', '11:15:00', '12:15:00', '13:15:00', '14:15:00', '15:15:00']);
    expect(istTime(day.lastEntry)).toBe('14:15:00');
    expect(istTime(day.squareOff)).toBe('15:15:00');
    expect(istTime(day.lastPlacement)).toBe('15:23:00');
  });
  it('keeps 15:15 and 15:23 when the segment closes later', () => {
    const day = timetable('2026-12-07');
    expect([day.close, day.squareOff, day.lastPlacement].map(istTime)).toEqual(['15:45:00', '15:15:00', '15:23:00']);
  });
  it('of a short session checks and enters nothing, and leaves before its end', () => {
    const day = timetable('2025-10-21');
    expect(day.checks).toEqual([]);
    expect(day.lastEntry).toBeLessThan(day.open);
    expect([day.squareOff, day.lastPlacement].map(istTime)).toEqual(['14:30:00', '14:43:00']);
  });
  it('of a holiday does not exist', () => {
    expect(() => timetable('2025-08-15')).toThrow(/the next session is 2025-08-18/);
  });
});

describe('the freeze quantity', () => {
  it('is 1800 units, and says where that is assumed', () => {
    expect(freezeQuantity('2025-07-14')).toBe(1800);
    expect(freezeQuantityOf('2025-07-14').assumed).toBe(true);
    expect(freezeQuantityOf('2025-09-01')).toEqual({ quantity: 1800, assumed: false });
    expect(freezeQuantityOf('2026-08-31').assumed).toBe(false);
    expect(freezeQuantityOf('2026-09-01').assumed).toBe(true);
  });
});
