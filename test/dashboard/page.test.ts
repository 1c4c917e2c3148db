import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../src/dashboard/', import.meta.url));
const css = readFileSync(join(FOLDER, 'page.css'), 'utf8');

/** The tokens of a scheme; dark ones stand on the light ones that they do not replace. */
function tokens(scheme: 'light' | 'dark'): Map<string, string> {
  const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');
  const read = (text: string) =>
    [...text.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value] as const);
  return new Map(
    [...read(light), ...(scheme === 'dark' ? read(dark) : [])].map(([name = '', value = '']) => [name, value]),
  );
}

/** WCAG 2.1: relative luminance and contrast ratio. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((start) => Number.parseInt(colour.slice(start, start + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [bright = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (bright + 0.05) / (dark + 0.05);
}

describe.each(['light', 'dark'] as const)('the %s colours', (scheme) => {
  const colour = (name: string) => tokens(scheme).get(name) ?? '';

  it.each([
    ['ink', 'panel'],
    ['ink', 'page'],
    ['dim', 'panel'],
    ['dim', 'page'],
    ['gain', 'panel'],
    ['gain', 'page'],
    ['loss', 'panel'],
    ['loss', 'page'],
    ['warn', 'warn-panel'],
    ['danger-ink', 'danger'],
  ])('%s on %s is at least 4.5 to 1', (text, ground) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['edge', 'focus', 'danger'])('%s is seen on the panel: at least 3 to 1', (name) => {
    expect(contrast(colour(name), colour('panel'))).toBeGreaterThanOrEqual(3);
  });
});

describe("the page's script", () => {
  it("agrees with the API's types", () => {
    const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
    expect(() =>
      execFileSync(process.execPath, [compiler, '-p', FOLDER], { stdio: 'pipe', encoding: 'utf8' }),
    ).not.toThrow();
  });

  it('never parses text as HTML', () => {
    for (const file of ['dashboard.js', 'emergency.js', 'lists.js', 'page.js', 'position-card.js', 'stream.js']) {
      expect(readFileSync(join(FOLDER, file), 'utf8')).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/,
      );
    }
  });
});
