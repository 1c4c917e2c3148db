import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import type { LogEvent } from '../../src/journal/types.ts';
import { API_TOKEN, type ApiProgram, startApiProgram } from '../server/fixtures/api-program.ts';
import { HEDGE_TOKEN, MAIN_TOKEN, openPosition, restingStop, TIMETABLE } from '../server/fixtures/day-facts.ts';
import { browserTestsRun, launch } from './chromium.ts';

/** How far the page is wider than its window. */
const TOO_WIDE = 'document.documentElement.scrollWidth - window.innerWidth';
const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>';

describe.skipIf(!browserTestsRun())('the dashboard', () => {
  let program: ApiProgram;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];
  let origins: string[];

  beforeAll(async () => {
    program = await startApiProgram();
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    await program.stop();
  });
  beforeEach(async () => {
    program.freshAccount();
    problems = [];
    origins = [program.server.origin];
    // A browser far from India must show Indian times all the same.
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: 'America/New_York' });
    page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (!origins.includes(new URL(request.url()).origin)) problems.push(`foreign request ${request.url()}`);
    });
    await page.addInitScript(
      "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))",
    );
    page.on('console', (message) => {
      if (message.text().startsWith('CSP')) problems.push(message.text());
    });
  });
  afterEach(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });

  const open = async () => page.goto(program.api.createSignInLink(program.server.origin));
  const text = (id: string) => page.locator(`#${id}`);

  async function tradingDay(): Promise<void> {
    const at = Date.now();
    await program.journal.saveLastPrices([
      { instrumentToken: MAIN_TOKEN, price: 70_00, bid: 69_90, ask: 70_15, at },
      { instrumentToken: HEDGE_TOKEN, price: 20_00, bid: 19_80, ask: 20_10, at },
    ]);
    await program.openDay({
      state: 'trading',
      enabled: true,
      started: true,
      session: { number: 1, userId: 'AB1234', since: 0, expiresAt: istAt('2025-07-15', '06:00') },
      timetable: TIMETABLE,
      positions: [openPosition()],
      orders: [restingStop()],
      nextCheckAt: istAt('2025-07-14', '12:15'),
      squareOffAt: TIMETABLE.squareOff,
      pnl: { realised: 0, charges: 120_45 },
    });
  }

  async function writeLog(event: Pick<LogEvent, 'seq' | 'text'>): Promise<void> {
    const identity = await program.identity();
    await program.journal.openDay(identity);
    await program.journal.write({
      identity,
      state: 'trading',
      orders: [],
      positions: [],
      decisions: [],
      events: [{ at: istAt('2025-07-14', '11:42:00'), level: 'alert', kind: 'order_refused', ...event }],
    });
  }

  const closeAlls = async () => (await program.received()).filter(({ signal }) => signal === 'closeAll').length;

  async function say(locator: string, words: string | RegExp): Promise<void> {
    const shown = expect.poll(() => page.locator(locator).textContent(), { timeout: 10_000 });
    await (typeof words === 'string' ? shown.toContain(words) : shown.toMatch(words));
  }

  it('shows mode, state, market time, net result, position, orders and log as the day has them', async () => {
    await tradingDay();
    await writeLog({ seq: 1, text: 'Stop order rests at Zerodha.' });
    await open();
    await say('#sentence', 'Trading. Next signal check 12:15. Square-off 15:15, in 3 h 33 m.');
    await say('#mode', 'No order reaches a broker.');
    await say('#market-time', '11:42:07');
    await say('#net', '▲ +₹4,867.05');
    await say('#positions', 'NIFTY2571725000PE');
    await say('#positions', 'SELL 750');
    await say('#orders', 'TRIGGER PENDING');
    await say('#log', 'Stop order rests at Zerodha.');
    expect(await page.title()).toContain('+₹4,867.05');
  });

  it('a change of the day is on the page within a moment, without a reload', async () => {
    await tradingDay();
    await open();
    await say('#net', /▲/);
    await program.journal.saveLastPrices([
      { instrumentToken: MAIN_TOKEN, price: 90_00, bid: 89_00, ask: 91_00, at: Date.now() },
    ]);
    await say('#net', /▼ -₹/);
    await writeLog({ seq: 1, text: 'Index stop.' });
    await say('#log', 'Index stop.');
    await program.change({ view: { state: 'stopped', enabled: false } });
    await say('#sentence', 'No new entries. Open positions stay guarded.');
  });

  it('hostile symbols and messages are text', async () => {
    const legs = openPosition().legs.map((leg) => ({ ...leg, tradingsymbol: HOSTILE }));
    await program.openDay({
      state: 'trading',
      positions: [openPosition('P1', { legs, problem: HOSTILE })],
      orders: [{ ...restingStop(), tradingsymbol: HOSTILE, statusMessage: HOSTILE }],
      warnings: [{ id: HOSTILE, code: 'difference', message: HOSTILE, since: 0, blocksEntries: true }],
    });
    await writeLog({ seq: 1, text: HOSTILE });
    await open();
    for (const list of ['#positions', '#orders', '#log', '#warnings']) await say(list, HOSTILE.slice(0, 12));
    expect(await page.locator('main img, main script').count()).toBe(0);
  });

  it('holds no token', async () => {
    await open();
    await say('#sentence', 'No trading day is open');
    expect(await page.content()).not.toContain(API_TOKEN);
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('says at once that it has lost the program, keeps old figures as old, and comes back by itself', async () => {
    const own = await startApiProgram();
    try {
      origins.push(own.server.origin);
      await own.openDay({ state: 'trading', positions: [openPosition()] });
      await page.goto(own.api.createSignInLink(own.server.origin));
      await say('#positions', 'NIFTY2571725000PE');
      await own.server.close();
      await say('#banner-text', /NO CONNECTION to this program since \d\d:\d\d:\d\d.*1 stop order rested at Zerodha/);
      expect(await page.locator('body').getAttribute('class')).toContain('stale');
      expect(await text('positions').isVisible()).toBe(true);
      await own.serveAgain();
      await expect.poll(() => text('banner').isVisible(), { timeout: 15_000 }).toBe(false);
    } finally {
      await own.stop();
    }
  }, 60_000);

  it('stop and start are one press each', async () => {
    await tradingDay();
    await open();
    await text('stop').click();
    await say('#command-status', 'No new entries.');
    await expect.poll(async () => (await program.received()).at(-1)?.signal).toBe('stopTrading');
    await text('start').click();
    await expect.poll(async () => (await program.received()).at(-1)?.signal).toBe('startTrading');
    expect((await program.received()).at(-1)).toMatchObject({ payload: { by: 'the dashboard' } });
  });

  it('a fifth page takes over from the first, which says so and can take it back', async () => {
    await open();
    await say('#sentence', 'No trading day');
    for (let count = 0; count < 4; count += 1) {
      const other = await context.newPage();
      await other.goto(`${program.server.origin}/live_trading.html`);
      await expect
        .poll(() => other.locator('#sentence').textContent(), { timeout: 10_000 })
        .toContain('No trading day');
    }
    await say('#banner-text', 'opened elsewhere');
    await text('use-here').click();
    await expect.poll(() => text('banner').isVisible(), { timeout: 10_000 }).toBe(false);
  });

  describe('the emergency', () => {
    async function openSheet(): Promise<void> {
      await tradingDay();
      await open();
      await say('#net', '₹4,867.05');
      await text('emergency').click();
      await say(
        '#sheet-what',
        'Buys back 750 NIFTY2571725000PE, then sells 750 NIFTY2571724800PE. No new entries today.',
      );
    }

    async function hold(ms: number): Promise<void> {
      const box = await text('hold').boundingBox();
      if (!box) throw new Error('no hold button');
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.waitForTimeout(ms);
      await page.mouse.up();
    }

    it('a press sends nothing, and says what would happen and what it is worth', async () => {
      await openSheet();
      await say('#sheet-worth', 'About +₹4,867.05 at 11:42:07 prices.');
      expect(await closeAlls()).toBe(0);
      await text('keep').click();
      expect(await text('sheet').isVisible()).toBe(false);
      expect(await closeAlls()).toBe(0);
    });

    it('a hold that is let go early sends nothing and says so', async () => {
      await openSheet();
      await hold(300);
      await say('#sheet-status', /Not sent: released after 0\.\d s\./);
      expect(await closeAlls()).toBe(0);
    });

    it('a hold of a second closes everything, once, and says flat only when the orders say so', async () => {
      await openSheet();
      await hold(1_300);
      await say('#sheet-status', /Received \d\d:\d\d:\d\d\. Closing…/);
      expect(await closeAlls()).toBe(1);
      expect(await text('sheet-status').textContent()).not.toContain('Flat');
      await program.change({ view: { positions: [openPosition('P1', { state: 'closed' })], busy: false } });
      await page.waitForTimeout(1_500);
      expect(await text('sheet-status').textContent()).not.toContain('Flat');
      await program.change({ view: { orders: [{ ...restingStop(), status: 'CANCELLED' }] } });
      await say('#sheet-status', /Flat\. Zerodha confirms 11:42:07\. No new entries today\./);
    });

    it('by keyboard alone: the typed word CLOSE and Enter', async () => {
      await tradingDay();
      await open();
      await say('#net', '₹4,867.05');
      await text('emergency').focus();
      await page.keyboard.press('Enter');
      await text('type-close').focus();
      await page.keyboard.type('close');
      await page.keyboard.press('Enter');
      await say('#sheet-status', 'Not sent');
      expect(await closeAlls()).toBe(0);
      await text('type-close').fill('CLOSE');
      await page.keyboard.press('Enter');
      await say('#sheet-status', 'Received');
      expect(await closeAlls()).toBe(1);
    });

    it('is there with no day at all, and says that nothing was sent', async () => {
      await open();
      await say('#sentence', 'No trading day');
      await text('emergency').click();
      await text('type-close').fill('CLOSE');
      await page.keyboard.press('Enter');
      await say('#sheet-status', /^NOT SENT\. No trading day is open/);
    });

    it('without its session says that nothing was sent', async () => {
      await openSheet();
      await context.clearCookies();
      await hold(1_300);
      await say('#sheet-status', 'NOTHING WAS SENT to Zerodha');
      expect(await closeAlls()).toBe(0);
    });
  });

  describe.each([
    ['1440 wide', 1440, 'light'],
    ['1440 wide', 1440, 'dark'],
    ['390 wide', 390, 'light'],
    ['390 wide', 390, 'dark'],
  ] as const)('%s (%i), %s', (_, width, colorScheme) => {
    it('nothing is cut off, and every text can be read', async () => {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      await tradingDay();
      await program.change({
        view: {
          warnings: [{ id: 'w', code: 'difference', message: 'Zerodha holds 75 more.', since: 0, blocksEntries: true }],
        },
      });
      await open();
      await say('#net', '₹4,867.05');
      expect(await page.evaluate(TOO_WIDE)).toBeLessThanOrEqual(0);
      const emergency = page.locator(width < 600 ? '#emergency-bar' : '#emergency');
      expect(await emergency.isVisible()).toBe(true);
      if (process.env.SCREENSHOTS)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/${width}-${colorScheme}.png`, fullPage: true });
      const pressed = await emergency.boundingBox();
      await emergency.click();
      await page.locator('#sheet').waitFor();
      if (process.env.SCREENSHOTS)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/${width}-${colorScheme}-sheet.png` });
      expect(await page.evaluate(TOO_WIDE)).toBeLessThanOrEqual(0);
      if (width < 600 && pressed) {
        const keep = await text('keep').boundingBox();
        const hold = await text('hold').boundingBox();
        if (!keep || !hold) throw new Error('the sheet is not whole');
        const centre = pressed.y + pressed.height / 2;
        expect(centre).toBeGreaterThan(keep.y);
        expect(centre).toBeLessThan(keep.y + keep.height);
        expect(pressed.y - (hold.y + hold.height)).toBeGreaterThanOrEqual(80);
      }
    });
  });
});
