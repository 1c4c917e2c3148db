import { describe, expect, test } from 'vitest';
import type { KiteSession } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { OptionContract } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';
import { createInstrumentMaster } from '../../src/market/instruments.ts';

const contract: OptionContract = {
  exchange: 'NFO',
  tradingsymbol: 'NIFTY2571725000PE',
  instrumentToken: 11_001,
  name: 'NIFTY',
  expiry: '2025-07-17',
  strike: 2_500_000,
  optionType: 'PE',
  lotSize: 75,
  tickSize: 5,
};

/** A master over a session that gives these answers one after the other, the last one for ever. */
function master(...answers: (OptionContract[] | Error)[]) {
  const calls: string[] = [];
  const session = {
    optionContracts: async (name: string) => {
      const answer = answers[Math.min(calls.push(name), answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as KiteSession;
  return { calls, master: createInstrumentMaster({ session: async () => session, now: () => clock.at, pauseMs: 1 }) };
}
const clock = { at: istAt('2025-07-14', '08:45') };
const doubt = new BrokerError('kite', 'doubt', 'silence');

describe("the day's instrument master", () => {
  test('is fetched once a market date, also for callers of the same moment', async () => {
    const { calls, master: contracts } = master([contract]);
    const all = await Promise.all(['2025-07-14', '2025-07-14'].map((date) => contracts.contracts(date)));
    expect(all).toEqual([[contract], [contract]]);
    await contracts.contracts('2025-07-14');
    expect(calls).toEqual(['NIFTY']);
    await contracts.contracts('2025-07-15');
    expect(calls).toHaveLength(2);
  });

  test('is fetched once more where it was read before Kite had written it: that was the file of the day before', async () => {
    const next = { ...contract, tradingsymbol: 'NIFTY2571725050PE' };
    const { calls, master: contracts } = master([contract], [next]);
    clock.at = istAt('2025-07-14', '07:30');
    expect(await contracts.contracts('2025-07-14')).toEqual([contract]);
    clock.at = istAt('2025-07-14', '08:20');
    expect(await contracts.contracts('2025-07-14')).toEqual([contract]);
    expect(calls).toHaveLength(1);
    clock.at = istAt('2025-07-14', '08:45');
    expect(await contracts.contracts('2025-07-14')).toEqual([next]);
    expect(await contracts.contracts('2025-07-14')).toEqual([next]);
    expect(calls).toHaveLength(2);
  });

  test('is asked for again when the broker fails, three times at most', async () => {
    const recovering = master(doubt, doubt, [contract]);
    expect(await recovering.master.contracts('2025-07-14')).toEqual([contract]);
    const failing = master(doubt);
    await expect(failing.master.contracts('2025-07-14')).rejects.toBe(doubt);
    expect(failing.calls).toHaveLength(3);
  });

  test('a dead session is not asked again, and no failure is kept', async () => {
    const { calls, master: contracts } = master(new BrokerError('kite', 'token', 'dead'), [contract]);
    await expect(contracts.contracts('2025-07-14')).rejects.toMatchObject({ kind: 'token' });
    expect(calls).toHaveLength(1);
    expect(await contracts.contracts('2025-07-14')).toEqual([contract]);
  });

  test("another day's file is refused", async () => {
    const { master: contracts } = master([contract]);
    await expect(contracts.contracts('2025-07-18')).rejects.toMatchObject({ code: 'no_contracts' });
  });

  test('without a session it says so', async () => {
    const contracts = createInstrumentMaster({ session: async () => null, now: () => clock.at });
    await expect(contracts.contracts('2025-07-14')).rejects.toMatchObject({ code: 'not_authenticated' });
  });
});
