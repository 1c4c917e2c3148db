import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createPreflightActivities } from '../../activities/preflight.ts';
import type { PreflightFinding } from '../../src/contract/activities.ts';
import type { OptionContract, TradingMode } from '../../src/domain/types.ts';
import { type Desk, inMode, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

/** What the look before the open finds, by check. `listed` changes what Zerodha lists. */
async function preflight(
  options: { mode?: TradingMode; listed?: (contracts: OptionContract[]) => OptionContract[]; clockRoot?: string } = {},
): Promise<Partial<Record<string, PreflightFinding>>> {
  desk ??= await openDesk();
  const { parts, run } = desk;
  const identity = await inMode(desk, options.mode ?? desk.identity.mode);
  const { listed = (contracts) => contracts, clockRoot = parts.activities.clockRoot } = options;
  const contracts = listed(await parts.activities.master.contracts(identity.date));
  const looked = createPreflightActivities({
    ...parts.activities,
    clockRoot,
    master: { contracts: async () => contracts },
  });
  const findings = await run(() => looked.preflight(identity));
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

describe('the pre-flight', () => {
  it('finds funds, contracts, margin, candles of the last session, feed and clock in order', async () => {
    const found = await preflight();
    for (const check of ['funds', 'contracts', 'margin', 'candles', 'feed', 'clock']) {
      expect(found[check]).toMatchObject({ outcome: 'ok' });
    }
    expect(found.contracts?.text).toContain('2025-07-17');
    expect(found.candles?.text).toContain('13 candles of 2025-07-11');
  });

  it('finds trading wrong where Zerodha lists another lot, or another expiry, than the tables have', async () => {
    const lot = await preflight({ listed: (all) => all.map((contract) => ({ ...contract, lotSize: 65 })) });
    expect(lot.contracts).toMatchObject({ outcome: 'wrong', text: expect.stringMatching(/65.*75/) });
    const expiry = await preflight({ listed: (all) => all.filter((contract) => contract.expiry !== '2025-07-17') });
    expect(expiry.contracts).toMatchObject({
      outcome: 'wrong',
      text: expect.stringMatching(/2025-07-24.*2025-07-17/),
    });
  });

  it('says what Breeze and Kite do not give, each by itself', async () => {
    desk = await openDesk();
    desk.exchange.addFault({ kind: 'breeze_empty', count: 1 });
    desk.exchange.addFault({ kind: 'http_error', count: 1, path: '/margins/basket', status: 502 });
    const found = await preflight();
    expect(found.candles).toMatchObject({ outcome: 'failed', text: expect.stringContaining('2025-07-11') });
    expect(found.margin).toMatchObject({ outcome: 'failed', text: expect.stringContaining('502') });
    expect(found.funds).toMatchObject({ outcome: 'ok' });
  });

  it('finds a clock that is off: wrong in live mode, a person’s matter on paper', async () => {
    const late = createServer((_request, response) => {
      response.setHeader('date', new Date(Date.now() - 60_000).toUTCString());
      response.end();
    });
    await new Promise<void>((listening) => late.listen(0, '127.0.0.1', listening));
    const clockRoot = `http://127.0.0.1:${(late.address() as AddressInfo).port}`;
    try {
      expect((await preflight({ clockRoot, mode: 'live' })).clock).toMatchObject({ outcome: 'wrong' });
      expect((await preflight({ clockRoot, mode: 'paper' })).clock).toMatchObject({ outcome: 'failed' });
    } finally {
      late.closeAllConnections();
      await new Promise((closed) => late.close(closed));
    }
  });

  it('says that a freeze quantity is assumed, and in live mode that the address shows only with an order', async () => {
    const found = await preflight({ mode: 'live' });
    expect(found.freeze).toMatchObject({ outcome: 'note', text: expect.stringContaining('1800') });
    expect(found.address).toMatchObject({ outcome: 'note', text: expect.stringContaining('allowed IPs') });
    expect((await preflight({ mode: 'paper' })).address).toBeUndefined();
  });

  it('places nothing, and ends with a dead session: a login has to come first', async () => {
    await preflight();
    expect(desk?.exchange.allOrders()).toEqual([]);
    desk?.exchange.killSessions();
    await expect(preflight()).rejects.toMatchObject({ type: 'session_lost' });
  });
});
