import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RUN } from '../run-typescript.ts';

const FORTNIGHT = 'data/nifty_1h_2025-07-07_2025-07-18.csv';
const folder = mkdtempSync(join(tmpdir(), 'signals-'));
const out = join(folder, 'out.json');

afterAll(() => rmSync(folder, { recursive: true }));

function signals(...args: string[]) {
  // The machine's zone must not matter.
  const env = { ...process.env, TZ: 'America/New_York' };
  return spawnSync(process.execPath, [RUN, 'src/cli/signals.ts', ...args], { encoding: 'utf8', env });
}

describe('npm run signals', () => {
  it('writes one object a week, in rupees and Indian time', () => {
    const run = signals('--candles', FORTNIGHT, '--json', out);
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual([
      {
        week_start: '2025-07-06',
        levels: null,
        zones: null,
        bias: null,
        signal: null,
        triggered_at: null,
        stop: null,
        strike: null,
        option_type: null,
        skipped: 'previous calendar week has 0 hourly bars (<20)',
      },
      {
        week_start: '2025-07-13',
        levels: { high: 25548.7, low: 25129, close: 25140.55, max_4h_body: 25539, min_4h_body: 25140.55 },
        zones: { upper_top: 25548.7, upper_bottom: 25539, lower_top: 25140.55, lower_bottom: 25129 },
        bias: 'BULLISH',
        signal: 'S1',
        triggered_at: '2025-07-14T11:15:00+05:30',
        stop: 25012.2,
        strike: 25000,
        option_type: 'PE',
        skipped: null,
      },
    ]);
  });

  it('chooses weeks by dates, and decides them whole', () => {
    const run = signals('--candles', FORTNIGHT, '--from', '2025-07-16', '--to', '2025-07-17', '--json', out);
    expect(run.status).toBe(0);
    const weeks: { week_start: string; signal: string }[] = JSON.parse(readFileSync(out, 'utf8'));
    expect(weeks.map((week) => [week.week_start, week.signal])).toEqual([['2025-07-13', 'S1']]);
  });

  it.each([
    ['no candles', ['--json', out], /--candles is missing/],
    ['no output', ['--candles', FORTNIGHT], /--json is missing/],
    ['an unknown option', ['--cnadles', FORTNIGHT], /--cnadles/],
    ['a date that is none', ['--candles', FORTNIGHT, '--from', '2025-02-30', '--json', out], /--from "2025-02-30"/],
    [
      'dates in the wrong order',
      ['--candles', FORTNIGHT, '--from', '2025-07-16', '--to', '2025-07-01', '--json', out],
      /lies after/,
    ],
    ['a file that is not there', ['--candles', 'data/none.csv', '--json', out], /Cannot read candles/],
    ['a folder that is not there', ['--candles', FORTNIGHT, '--json', join(folder, 'no', 'out.json')], /Cannot write/],
  ])('ends with code 2 and says what to do for %s', (_, args, message) => {
    const run = signals(...args);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toMatch(/ {4}at /);
  });

  it('names the line of a bad file', () => {
    const bad = join(folder, 'bad.csv');
    writeFileSync(bad, 'time,open,high,low,close,volume\n2025-07-14T09:15:00+05:30,1,2,x,1,0\n');
    const run = signals('--candles', bad, '--json', out);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('bad.csv, line 2: "x" is not a price');
  });
});
