import { describe, expect, it } from 'vitest';
import { planFrom } from '../../src/api/plan.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { TradingMode } from '../../src/domain/types.ts';

const DATE = '2025-07-14';
const at = (mode: TradingMode) => ({ mode, defaults: loadConfig({}).plan });

describe('positions without a hedge', () => {
  const unhedged = { use_hedging: false, allow_unhedged: true };

  it('have to be confirmed in live mode', () => {
    expect(() => planFrom(unhedged, at('live'), DATE)).toThrow(
      expect.objectContaining({ code: 'unhedged_not_allowed' }),
    );
    expect(planFrom({ ...unhedged, confirm_live: true }, at('live'), DATE)).toMatchObject({ useHedging: false });
  });

  it('need no more than allow_unhedged elsewhere', () => {
    for (const mode of ['replay', 'paper'] as const)
      expect(planFrom(unhedged, at(mode), DATE)).toMatchObject({ allowUnhedged: true });
  });

  it('are refused without it everywhere', () => {
    expect(() => planFrom({ use_hedging: false, confirm_live: true }, at('live'), DATE)).toThrow(
      expect.objectContaining({ code: 'unhedged_not_allowed' }),
    );
  });
});

describe('a plan under weekly', () => {
  it('keeps the weekday on which it is left', () => {
    expect(planFrom({ exit_policy: 'weekly', weekly_exit_day: 3 }, at('replay'), DATE)).toMatchObject({
      exitPolicy: 'weekly',
      weeklyExitDay: 3,
    });
  });
});
