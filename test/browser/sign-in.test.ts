/** Signing in as a person does: by link or by token, in one browser and in a second one; and pages of others that try it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { API_TOKEN } from '../api/fixtures/api-deps.ts';
import { type ApiProgram, startApiProgram } from '../api/fixtures/api-program.ts';
import { PATIENCE_MS } from '../patience.ts';
import { browserTestsRun, launch } from './chromium.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

describe.skipIf(!browserTestsRun())('signing in', () => {
  let program: ApiProgram;
  let browser: Browser;
  let contexts: BrowserContext[];
  /** A page of somebody else, on another port. */
  let foreign: Server;
  let foreignPage = '';
  let foreignOrigin = '';

  beforeAll(async () => {
    [program, browser] = await Promise.all([startApiProgram(), launch()]);
    foreign = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(foreignPage));
    await new Promise<void>((listening) => foreign.listen(0, '127.0.0.1', listening));
    foreignOrigin = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    foreign?.close();
    await program?.stop();
  });
  beforeEach(() => {
    program.freshAccount();
    contexts = [];
  });
  afterEach(() => Promise.all(contexts.map((context) => context.close())));

  /** A browser that has never been here. */
  async function newBrowser(kind: typeof PHONE | Record<string, never> = {}): Promise<Page> {
    const context = await browser.newContext(kind);
    context.setDefaultTimeout(PATIENCE_MS);
    contexts.push(context);
    return context.newPage();
  }

  const at = (path: string) => `${program.server.origin}${path}`;
  const cookies = async (page: Page) => (await page.context().cookies()).map(({ name }) => name);

  async function expectDashboard(page: Page): Promise<void> {
    await page.waitForURL(at('/live_trading.html'));
    await expect.poll(() => page.locator('#sentence').textContent()).toContain('No trading day');
  }

  async function paste(page: Page, token: string): Promise<void> {
    await page.fill('#token', token);
    await page.click('button[type=submit]');
  }

  it.each(['/live_trading.html', '/docs', '/sign-in'])('the token pasted at %s signs in', async (path) => {
    const page = await newBrowser();
    await page.goto(at(path));
    await paste(page, API_TOKEN);
    await expectDashboard(page);
  });

  it('works in a second browser and on a phone after the link was used, by the token and by a new link', async () => {
    const link = program.api.createSignInLink(program.server.origin);
    const first = await newBrowser();
    await first.goto(link);
    await expectDashboard(first);

    const phone = await newBrowser(PHONE);
    await phone.goto(link);
    expect(await phone.locator('[role=alert]').textContent()).toContain('This sign-in link was used already');
    await paste(phone, 'a guess');
    expect(await phone.locator('[role=alert]').textContent()).toContain('That is not the API token');
    await paste(phone, API_TOKEN);
    await expectDashboard(phone);

    const third = await newBrowser();
    await third.goto(program.api.createSignInLink(program.server.origin));
    await expectDashboard(third);
  });

  it('works from a link on a page of another site', async () => {
    const link = program.api.createSignInLink(`http://localhost:${program.server.port}`);
    foreignPage = `<a href="${link}">the link that somebody sent me</a>`;
    const page = await newBrowser();
    await page.goto(foreignOrigin);
    await page.click('a');
    await page.waitForURL(`http://localhost:${program.server.port}/live_trading.html`);
    await expect.poll(() => page.locator('#sentence').textContent()).toContain('No trading day');
  });

  const form = () =>
    `<form method=post action="${at('/sign-in')}"><input name=token value="${API_TOKEN}"><button>Win</button></form>`;
  /** Posts the form, and says under which origin, and what the API answered. */
  async function answered(page: Page, act: () => Promise<unknown>): Promise<{ status: number; origin?: string }> {
    const [response] = await Promise.all([
      page.waitForResponse((one) => one.request().method() === 'POST' && one.url() === at('/sign-in')),
      act(),
    ]);
    const { origin } = await response.request().allHeaders();
    return { status: response.status(), ...(origin === undefined ? {} : { origin }) };
  }

  it('is not possible from a page of another port, even with the token', async () => {
    foreignPage = form();
    const page = await newBrowser();
    await page.goto(foreignOrigin);
    expect(await answered(page, () => page.click('button'))).toEqual({ status: 403, origin: foreignOrigin });
    expect(await cookies(page)).toEqual([]);
  });

  it('is not possible from a sandboxed frame, even with the token', async () => {
    foreignPage = `<iframe sandbox="allow-forms allow-scripts" srcdoc='${form()}'></iframe>`;
    const page = await newBrowser();
    await page.goto(foreignOrigin);
    const press = () => page.frameLocator('iframe').locator('button').click();
    expect(await answered(page, press)).toEqual({ status: 403, origin: 'null' });
    expect(await cookies(page)).toEqual([]);
  });

  it('is not possible from a data: page, even with the token', async () => {
    const page = await newBrowser();
    await page.goto(`data:text/html,${encodeURIComponent(form())}`);
    expect(await answered(page, () => page.click('button'))).toEqual({ status: 403, origin: 'null' });
    expect(await cookies(page)).toEqual([]);
  });
});
