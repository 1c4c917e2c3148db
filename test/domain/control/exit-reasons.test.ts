import { describe, expect, it } from 'vitest';
import { takesPrecedence } from '../../../src/domain/control/exit-reasons.ts';

describe('why a position is left', () => {
  it('an emergency comes before everything, and a person before a rule', () => {
    expect(takesPrecedence('emergency', 'manual')).toBe(true);
    expect(takesPrecedence('manual', 'loss_cap')).toBe(true);
    expect(takesPrecedence('exit_time', 'manual')).toBe(false);
  });

  it('of the rules: loss cap, index stop, target, exit time', () => {
    const order = ['loss_cap', 'index_stop', 'target', 'exit_time'] as const;
    for (const [index, reason] of order.entries())
      for (const [other, against] of order.entries()) expect(takesPrecedence(reason, against)).toBe(index < other);
  });

  it('the same reason again replaces nothing', () => {
    expect(takesPrecedence('emergency', 'emergency')).toBe(false);
  });
});
