/** A browser in front of the dashboard of a program whose day a test decides. */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { type ApiProgram, startApiProgram } from '../api/fixtures/api-program.ts';
import { HEDGE_TOKEN, MAIN_TOKEN, openPosition, restingStop, TIMETABLE } from '../api/fixtures/day-facts.ts';
import { PATIENCE_MS } from '../patience.ts';
import { launch } from './chromium.ts';

export class Desk {
  readonly program: ApiProgram;
  private readonly browser: Browser;
  private opened: { context: BrowserContext; page: Page } | null = null;
  private problems: string[] = [];
  /** Programs that the page may talk to. */
  origins: string[] = [];

  private constructor(program: ApiProgram, browser: Browser) {
    this.program = program;
    this.browser = browser;
  }

  static async start(): Promise<Desk> {
    return new Desk(await startApiProgram(), await launch());
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.program.stop();
  }

  /** A browser far from India, which must show Indian times all the same. */
  async sitDown(): Promise<void> {
    this.program.freshAccount();
    this.problems = [];
    this.origins = [this.program.server.origin];
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      timezoneId: 'America/New_York',
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    this.opened = { context, page };
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('request', (request) => {
      if (!this.origins.includes(new URL(request.url()).origin)) this.problems.push(`foreign request ${request.url()}`);
    });
    await page.addInitScript(
      "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))",
    );
    page.on('console', (message) => {
      if (message.text().startsWith('CSP')) this.problems.push(message.text());
    });
  }

  /** No error in the page's script, nothing that its security policy had to refuse, no request to anybody else. */
  async getUp(): Promise<void> {
    await this.opened?.context.close();
    expect(this.problems).toEqual([]);
  }

  get page(): Page {
    if (!this.opened) throw new Error('nobody sits at the desk');
    return this.opened.page;
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  async open(): Promise<void> {
    await this.page.goto(this.program.api.createSignInLink(this.program.server.origin));
  }

  node(id: string): Locator {
    return this.page.locator(`#${id}`);
  }

  /** Waits until the element's text contains or matches it. */
  async reads(id: string, words: string | RegExp): Promise<void> {
    const shown = expect.poll(() => this.node(id).textContent());
    await (typeof words === 'string' ? shown.toContain(words) : shown.toMatch(words));
  }

  /** 750 sold at 80.00 and hedged at 23.00; closing would cost 70.15 and fetch 19.80: net +4,867.05. */
  async tradingDay(): Promise<void> {
    const at = Date.now();
    await this.program.journal.saveLastPrices([
      { instrumentToken: MAIN_TOKEN, price: 70_00, bid: 69_90, ask: 70_15, at },
      { instrumentToken: HEDGE_TOKEN, price: 20_00, bid: 19_80, ask: 20_10, at },
    ]);
    await this.program.openDay({
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

  async writeLog(seq: number, text: string): Promise<void> {
    const identity = await this.program.identity();
    const at = istAt('2025-07-14', '11:42:00');
    await this.program.journal.recordDayOpened(identity);
    await this.program.journal.write({
      identity,
      state: 'trading',
      orders: [],
      positions: [],
      decisions: [],
      events: [{ at, level: 'alert', kind: 'order_refused', seq, text }],
    });
  }
}
