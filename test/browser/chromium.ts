import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';
import { PATIENCE_MS } from '../patience.ts';

/** The browser's program: `CHROMIUM_PATH`, or the first that PATH knows; null where there is none. */
function findChromium(): string | null {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // Not under this name.
    }
  }
  return null;
}

/** False where browser tests cannot run, which is printed; in CI a browser must be there. */
export function browserTestsRun(): boolean {
  if (findChromium()) return true;
  if (process.env.CI) throw new Error('CI needs chromium for the browser tests: set CHROMIUM_PATH or install it');
  console.warn('SKIPPED: the browser tests need chromium. Set CHROMIUM_PATH or install it.');
  return false;
}

export function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('no chromium');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], timeout: PATIENCE_MS });
}
