import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { PATIENCE_MS } from '../../patience.ts';
import { PUT, startSimulator } from '../exchange-server.ts';

const run = promisify(execFile);

/** The brokers' own packages; setuptools for the `pkg_resources` that an old dependency of theirs imports. */
const PACKAGES = ['kiteconnect==5.2.2', 'breeze-connect==1.0.69', 'setuptools<81'];
const FOLDER = join(import.meta.dirname, '../../../.cache/python-clients');

/** Builds the virtual environment once; without Python, a package index or room for it, says why not. */
async function pythonWithClients(): Promise<{ python: string } | { missing: string }> {
  const python = join(FOLDER, 'bin/python');
  const complete = join(FOLDER, 'complete');
  if (existsSync(complete)) return { python };
  try {
    // Half a folder may be left of an interrupted attempt.
    await rm(FOLDER, { recursive: true, force: true });
    await mkdir(FOLDER, { recursive: true });
    await run('python3', ['-m', 'venv', FOLDER]);
    await run(join(FOLDER, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
      timeout: PATIENCE_MS,
    });
    await writeFile(complete, PACKAGES.join('\n'));
    return { python };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

it('the official Python clients log in, stream, place, modify, cancel and read without knowing the difference', async (context) => {
  const found = await pythonWithClients();
  if ('missing' in found) {
    if (process.env.CI === 'true') throw new Error(`The Python clients cannot be installed: ${found.missing}`);
    console.warn(
      `SKIPPED: the official Python clients were not tried, since they cannot be installed here: ${found.missing}`,
    );
    context.skip();
    return;
  }
  const simulator = await startSimulator({ limits: {} });
  try {
    const script = join(import.meta.dirname, 'python_clients.py');
    const { stdout } = await run(found.python, [script, JSON.stringify(simulator.server.addresses), PUT], {
      timeout: PATIENCE_MS,
    });
    const seen = JSON.parse(/^SEEN (.*)$/m.exec(stdout)?.[1] ?? 'null');
    expect(seen).toMatchObject({
      redirect: { action: 'login', status: 'success', state: 'abc', x: '1' },
      session_user: simulator.exchange.userId,
      second_use_of_request_token: 403,
      contract: {
        name: 'NIFTY',
        expiry: '2025-07-17',
        strike: '25000.0',
        lot_size: '75',
        instrument_type: 'PE',
        segment: 'NFO-OPT',
      },
      quote_has_depth: true,
      order: { tag: 'FILLED', filled_quantity: 75, pending_quantity: 0, variety: 'regular', product: 'MIS' },
      trades: 75,
      all_trades: true,
      positions: [[PUT, 75]],
      day_positions: [[PUT, 75]],
      profile: simulator.exchange.userId,
      ltp: true,
      ohlc: ['close', 'high', 'low', 'open'],
      all_exchanges: ['NFO', 'NSE'],
      tick_depth: [5, 5],
      tick_tradable: [true, false],
      after_logout: 403,
      breeze_wrong_session: expect.stringContaining('Could not authenticate credentials'),
      breeze_user: simulator.exchange.userId,
      breeze_customer: simulator.exchange.userId,
      breeze_contract: true,
      breeze_option: ['17-JUL-2025', 'Put', 25_000, 'Options'],
      breeze_v1: ['17-JUL-25', 'str'],
    });
    expect(seen.history[0]).toBe('PUT ORDER REQ RECEIVED');
    expect(seen.history.at(-1)).toBe('COMPLETE');
    expect(seen.updates).toContain('COMPLETE');
    expect(seen.long_tag).toMatch(/Exception$/);
    expect(seen.cash).toBe(1_500_000);
    expect(seen.equity_net).toBeLessThan(1_500_000);
    expect(seen.order_margin).toBeGreaterThan(0);
    expect(seen.basket_margin).toBeGreaterThanOrEqual(0);
    expect(seen.contract_note_charges).toBeGreaterThan(20);
    expect(seen.bars).toHaveLength(7);
    expect(seen.bars[0]).toBe('2025-07-11T09:15:00+05:30');
    expect(seen.breeze_cash.slice(0, 3)).toEqual([200, 13, '2025-07-11 09:15:00']);
  } finally {
    await simulator.stop();
  }
});
