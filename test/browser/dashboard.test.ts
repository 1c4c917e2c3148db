import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { API_TOKEN } from '../api/fixtures/api-deps.ts';
import { startApiProgram } from '../api/fixtures/api-program.ts';
import { flatReport, MAIN_TOKEN, openPosition, restingStop } from '../api/fixtures/day-facts.ts';
import { browserTestsRun } from './chromium.ts';
import { Desk } from './desk.ts';

/** How far the page is wider than its window. */
const TOO_WIDE = 'document.documentElement.scrollWidth - window.innerWidth';
const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>';

describe.skipIf(!browserTestsRun())('the dashboard', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await Desk.start();
  });
  afterAll(() => desk.stop());
  beforeEach(() => desk.sitDown());
  afterEach(() => desk.getUp());

  it('shows mode, state, market time, net result, position, orders and log as the day has them', async () => {
    await desk.tradingDay();
    await desk.writeLog(1, 'Stop order rests at Zerodha.');
    await desk.open();
    await desk.reads('sentence', 'Trading. Next signal check 12:15. Square-off 15:15, in 3 h 33 m.');
    await desk.reads('mode', 'No order reaches a broker.');
    await desk.reads('market-time', '11:42:07');
    await desk.reads('net', '▲ +₹4,867.05');
    await desk.reads('positions', 'NIFTY2571725000PE');
    await desk.reads('positions', 'SELL 750');
    await desk.reads('orders', 'TRIGGER PENDING');
    await desk.reads('log', 'Stop order rests at Zerodha.');
    expect(await desk.page.title()).toContain('+₹4,867.05');
  });

  it('a change of the day is on the page within a moment, without a reload', async () => {
    await desk.tradingDay();
    await desk.open();
    await desk.reads('net', /▲/);
    await desk.program.journal.saveLastPrices([
      { instrumentToken: MAIN_TOKEN, price: 90_00, bid: 89_00, ask: 91_00, at: Date.now() },
    ]);
    await desk.reads('net', /▼ -₹/);
    await desk.writeLog(1, 'Index stop.');
    await desk.reads('log', 'Index stop.');
    await desk.program.change({ view: { state: 'stopped', enabled: false } });
    await desk.reads('sentence', 'No new entries. Open positions stay guarded.');
  });

  it('says that it is hands off, what the owner is paged about, and which order is in doubt', async () => {
    const since = Date.parse('2025-07-14T11:40:00+05:30');
    await desk.program.openDay({
      state: 'trading',
      handsOff: { by: 'the API', since },
      positions: [openPosition()],
      orders: [{ ...restingStop(), phase: 'doubt', status: 'IN DOUBT' }],
      pages: [
        { id: 'doubt:P1', cause: 'doubt', subject: 'P1', text: 'P1: an order is in doubt.', since, deliveredAt: null },
      ],
    });
    await desk.open();
    await desk.reads('sentence', 'HANDS OFF since 11:40');
    await desk.reads('pages', '11:40 P1: an order is in doubt.');
    await desk.reads('pages', 'Page not delivered yet.');
    await desk.reads('orders', 'IN DOUBT: sent, and no answer came. Look at Kite');
  });

  it('hostile symbols and messages are text', async () => {
    const legs = openPosition().legs.map((leg) => ({ ...leg, tradingsymbol: HOSTILE }));
    await desk.program.openDay({
      state: 'trading',
      positions: [openPosition('P1', { legs, problem: HOSTILE })],
      orders: [{ ...restingStop(), tradingsymbol: HOSTILE, statusMessage: HOSTILE }],
      warnings: [{ id: HOSTILE, code: 'difference', message: HOSTILE, since: 0, blocksEntries: true }],
      pages: [{ id: HOSTILE, cause: HOSTILE, subject: HOSTILE, text: HOSTILE, since: 0, deliveredAt: null }],
    });
    await desk.writeLog(1, HOSTILE);
    await desk.open();
    for (const list of ['positions', 'orders', 'log', 'warnings', 'pages'])
      await desk.reads(list, HOSTILE.slice(0, 12));
    expect(await desk.page.locator('main img, main script').count()).toBe(0);
  });

  it('holds no token', async () => {
    await desk.open();
    await desk.reads('sentence', 'No trading day is open');
    expect(await desk.page.content()).not.toContain(API_TOKEN);
    expect(await desk.page.evaluate('document.cookie')).toBe('');
  });

  it('says at once that it has lost the program, keeps old figures as old, and comes back by itself', async () => {
    const own = await startApiProgram();
    try {
      desk.origins.push(own.server.origin);
      await own.openDay({ state: 'trading', positions: [openPosition()] });
      await desk.page.goto(own.api.createSignInLink(own.server.origin));
      await desk.reads('positions', 'NIFTY2571725000PE');
      await own.server.close();
      await desk.reads(
        'banner-text',
        /NO CONNECTION to this program since \d\d:\d\d:\d\d.*1 stop order rested at Zerodha/,
      );
      expect(await desk.page.locator('body').getAttribute('class')).toContain('stale');
      expect(await desk.node('positions').isVisible()).toBe(true);
      await desk.node('emergency').click();
      await desk.reads('sheet-worth', /^Prices (are not known|unknown since)/);
      await desk.node('type-close').fill('CLOSE');
      await desk.page.keyboard.press('Enter');
      await desk.reads('sheet-status', /NOT CONFIRMED, attempt 2\. It may have arrived\. You can also close in Kite\./);
      await desk.node('stop-trying').click();
      await desk.reads('sheet-status', 'Not confirmed.');
      await desk.node('keep').click();
      await own.serveAgain();
      await expect.poll(() => desk.node('banner').isVisible()).toBe(false);
    } finally {
      await own.stop();
    }
  });

  it('stop and start are one press each', async () => {
    await desk.tradingDay();
    await desk.open();
    await desk.node('stop').click();
    await desk.reads('command-status', 'No new entries.');
    await expect.poll(async () => (await desk.program.received()).at(-1)?.signal).toBe('stopTrading');
    await desk.node('start').click();
    await expect.poll(async () => (await desk.program.received()).at(-1)?.signal).toBe('startTrading');
    expect((await desk.program.received()).at(-1)).toMatchObject({ payload: { by: 'the dashboard' } });
  });

  it('after an emergency offers no start, and an acknowledged warning no button', async () => {
    await desk.tradingDay();
    const warning = { code: 'difference' as const, since: 0, blocksEntries: true };
    const warnings = [
      { id: 'w1', message: 'Zerodha holds 75 more.', ...warning },
      { id: 'w2', message: 'Zerodha holds 150 less.', ...warning },
    ];
    await desk.program.change({ view: { warnings, acknowledged: ['w1'] } });
    await desk.open();
    await desk.reads('warnings', 'Zerodha holds 75 more.Acknowledged.');
    expect(await desk.node('warnings').locator('button').count()).toBe(1);
    await desk.program.change({ view: { state: 'stopped', enabled: false, entriesOff: 'emergency' } });
    await desk.reads('sentence', 'No new entries today: emergency. Closing: 0 of 750 bought back; the hedge waits.');
    for (const id of ['start', 'stop', 'stop-bar']) expect(await desk.node(id).isVisible()).toBe(false);
    expect(await desk.node('emergency').isVisible()).toBe(true);
  });

  it('when the day is over leads to its report, a page to read', async () => {
    await desk.tradingDay();
    await desk.open();
    await desk.reads('sentence', 'Trading.');
    expect(await desk.node('report').isVisible()).toBe(false);
    const report = flatReport(await desk.program.identity());
    await desk.program.journal.saveReport(report);
    await desk.program.change({ view: { state: 'closed', report } });
    await desk.node('report').click();
    await desk.page.getByRole('heading', { name: 'Report of 2025-07-14' }).waitFor();
    expect(await desk.page.locator('body').textContent()).toContain('-₹1,240.35');
  });

  it.each([
    ['/live/report/2025-07-14', 'Report of 2025-07-14'],
    ['/docs', 'Trading day: the API'],
  ])('%s can be read on a telephone, in the dark too, by our own styles', async (path, heading) => {
    await desk.program.journal.saveReport(flatReport(await desk.program.identity()));
    await desk.open();
    await desk.page.setViewportSize({ width: 390, height: 844 });
    await desk.page.emulateMedia({ colorScheme: 'dark' });
    await desk.page.goto(`${desk.program.server.origin}${path}`);
    await desk.page.getByRole('heading', { name: heading, exact: true }).waitFor();
    expect(await desk.page.evaluate(TOO_WIDE)).toBeLessThanOrEqual(0);
    expect(await desk.page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(19, 23, 27)');
    if (process.env.SCREENSHOTS)
      await desk.page.screenshot({
        path: `${process.env.SCREENSHOTS}/${heading}.png`,
        fullPage: true,
      });
  });

  it('a fifth page takes over from the first, which says so and can take it back', async () => {
    await desk.open();
    await desk.reads('sentence', 'No trading day');
    for (let count = 0; count < 4; count += 1) {
      const other = await desk.context.newPage();
      await other.goto(`${desk.program.server.origin}/live_trading.html`);
      await expect.poll(() => other.locator('#sentence').textContent()).toContain('No trading day');
    }
    await desk.reads('banner-text', 'opened elsewhere');
    await desk.node('use-here').click();
    await expect.poll(() => desk.node('banner').isVisible()).toBe(false);
  });

  describe.each([
    ['1440 wide', 1440, 'light'],
    ['1440 wide', 1440, 'dark'],
    ['390 wide', 390, 'light'],
    ['390 wide', 390, 'dark'],
  ] as const)('%s (%i), %s', (_, width, colorScheme) => {
    it('nothing is cut off, and every text can be read', async () => {
      await desk.page.setViewportSize({ width, height: 844 });
      await desk.page.emulateMedia({ colorScheme });
      await desk.tradingDay();
      await desk.program.change({
        view: {
          warnings: [{ id: 'w', code: 'difference', message: 'Zerodha holds 75 more.', since: 0, blocksEntries: true }],
        },
      });
      await desk.open();
      await desk.reads('net', '₹4,867.05');
      expect(await desk.page.evaluate(TOO_WIDE)).toBeLessThanOrEqual(0);
      const emergency = desk.page.locator(width < 600 ? '#emergency-bar' : '#emergency');
      expect(await emergency.isVisible()).toBe(true);
      if (process.env.SCREENSHOTS)
        await desk.page.screenshot({ path: `${process.env.SCREENSHOTS}/${width}-${colorScheme}.png`, fullPage: true });
      const pressed = await emergency.boundingBox();
      await emergency.click();
      await desk.page.locator('#sheet').waitFor();
      if (process.env.SCREENSHOTS)
        await desk.page.screenshot({ path: `${process.env.SCREENSHOTS}/${width}-${colorScheme}-sheet.png` });
      expect(await desk.page.evaluate(TOO_WIDE)).toBeLessThanOrEqual(0);
      if (width < 600 && pressed) {
        const keep = await desk.node('keep').boundingBox();
        const hold = await desk.node('hold').boundingBox();
        if (!keep || !hold) throw new Error('the sheet is not whole');
        const centre = pressed.y + pressed.height / 2;
        expect(centre).toBeGreaterThan(keep.y);
        expect(centre).toBeLessThan(keep.y + keep.height);
        expect(pressed.y - (hold.y + hold.height)).toBeGreaterThanOrEqual(80);
      }
    });
  });
});
