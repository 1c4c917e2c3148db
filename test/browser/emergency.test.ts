import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPosition, restingStop } from '../api/fixtures/day-facts.ts';
import { browserTestsRun } from './chromium.ts';
import { Desk } from './desk.ts';

describe.skipIf(!browserTestsRun())('the emergency', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await Desk.start();
  });
  afterAll(() => desk.stop());
  beforeEach(() => desk.sitDown());
  afterEach(() => desk.getUp());

  const closeAlls = async () => (await desk.program.received()).filter(({ signal }) => signal === 'closeAll').length;

  async function openSheet(): Promise<void> {
    await desk.tradingDay();
    await desk.open();
    await desk.reads('net', '₹4,867.05');
    await desk.node('emergency').click();
    await desk.reads(
      'sheet-what',
      'Buys back 750 NIFTY2571725000PE, then sells 750 NIFTY2571724800PE. No new entries today.',
    );
  }

  /** By the page's own clock, which stands still but for the hold. */
  async function hold(ms: number): Promise<void> {
    const box = await desk.node('hold').boundingBox();
    if (!box) throw new Error('no hold button');
    await desk.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const { clock } = desk.page;
    await clock.install();
    await clock.pauseAt(Date.now() + 1_000);
    await desk.page.mouse.down();
    await clock.runFor(ms);
    await desk.page.mouse.up();
    await clock.resume();
  }

  it('a press sends nothing, and says what would happen and what it is worth', async () => {
    await openSheet();
    await desk.reads('sheet-worth', 'About +₹4,867.05 at 11:42:07 prices.');
    expect(await closeAlls()).toBe(0);
    await desk.node('keep').click();
    expect(await desk.node('sheet').isVisible()).toBe(false);
    expect(await closeAlls()).toBe(0);
  });

  it('a hold that is let go early sends nothing and says so', async () => {
    await openSheet();
    await hold(300);
    await desk.reads('sheet-status', 'Not sent: released after 0.3 s.');
    expect(await closeAlls()).toBe(0);
  });

  it('a hold of a second closes everything, once, and says flat only when the orders say so', async () => {
    await openSheet();
    await hold(1_300);
    await desk.reads('sheet-status', /Received \d\d:\d\d:\d\d\. Closing…/);
    expect(await closeAlls()).toBe(1);
    expect(await desk.node('sheet-status').textContent()).not.toContain('Flat');
    await desk.program.change({ view: { positions: [openPosition('P1', { state: 'closed' })], busy: false } });
    await desk.page.waitForTimeout(1_500);
    expect(await desk.node('sheet-status').textContent()).not.toContain('Flat');
    await desk.program.change({ view: { orders: [{ ...restingStop(), status: 'CANCELLED', phase: 'ended' }] } });
    await desk.reads('sheet-status', /Flat\. Zerodha confirms 11:42:07\. No new entries today\./);
  });

  it('by keyboard alone: the typed word CLOSE and Enter', async () => {
    await desk.tradingDay();
    await desk.open();
    await desk.reads('net', '₹4,867.05');
    await desk.node('emergency').focus();
    await desk.page.keyboard.press('Enter');
    await desk.node('type-close').focus();
    await desk.page.keyboard.type('close');
    await desk.page.keyboard.press('Enter');
    await desk.reads('sheet-status', 'Not sent');
    expect(await closeAlls()).toBe(0);
    await desk.node('type-close').fill('CLOSE');
    await desk.page.keyboard.press('Enter');
    await desk.reads('sheet-status', 'Received');
    expect(await closeAlls()).toBe(1);
  });

  it('is there with no day at all, and says that nothing was sent', async () => {
    await desk.open();
    await desk.reads('sentence', 'No trading day');
    await desk.node('emergency').click();
    await desk.node('type-close').fill('CLOSE');
    await desk.page.keyboard.press('Enter');
    await desk.reads('sheet-status', /^NOT SENT\. No trading day is open/);
  });

  it('without its session says that nothing was sent', async () => {
    await openSheet();
    await desk.context.clearCookies();
    await hold(1_300);
    await desk.reads('sheet-status', 'NOTHING WAS SENT to Zerodha');
    expect(await closeAlls()).toBe(0);
  });
});
