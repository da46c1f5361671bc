// Somebody at a browser, who does what people do: with the keys and the pointer, by what the screen says.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { check, PATIENCE_MS, until } from './harness.mjs';

/** While working on the client: its pages from a folder instead of from the binary, which embeds those of its own build. */
async function servePages(context, folder) {
  await context.route(
    (url) => !url.pathname.startsWith('/v1/'),
    async (route) => {
      const file = join(folder, new URL(route.request().url()).pathname);
      await route.fulfill({ path: existsSync(file) && statSync(file).isFile() ? file : join(folder, 'index.html') });
    },
  );
}

export class Person {
  constructor(name, page, phone) {
    this.name = name;
    this.page = page;
    this.phone = phone;
    this.handle = name.toLowerCase().split(' ')[0];
    this.problems = [];
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.problems.push(String(error)));
  }

  static async at(browser, name, viewport) {
    const context = await browser.newContext({ viewport, locale: 'en-GB', permissions: ['clipboard-read', 'clipboard-write'], serviceWorkers: process.env.TERTULIA_WEB ? 'block' : 'allow' });
    if (process.env.TERTULIA_WEB) await servePages(context, process.env.TERTULIA_WEB);
    return new Person(name, await context.newPage(), viewport.width < 760);
  }

  async signUp(url) {
    const { page } = this;
    await page.goto(url);
    await page.getByLabel('Your name').fill(this.name);
    await page.getByLabel('User name').fill(this.handle);
    await page.getByLabel('Password').fill('a long enough password');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await this.inside();
  }

  /** Signed in, with the list of rooms or an open room. */
  async inside() {
    await this.page.locator('.app').waitFor();
  }

  async toList() {
    if (!this.phone) return;
    const back = this.page.getByRole('button', { name: 'Back to rooms' });
    if (await back.isVisible()) await back.click();
    await this.page.getByRole('link', { name: 'Rooms' }).click();
  }

  async openRoom(name) {
    await this.toList();
    await this.page.locator('.room-row', { hasText: name }).first().click();
    await this.page.locator('.stage .bar-title', { hasText: name }).waitFor();
  }

  /** Finds somebody with the jump box and opens the direct room with them. */
  async write(to) {
    const { page } = this;
    await this.toList();
    await page.locator('#jump').fill(to.handle);
    await page.locator('.pane-list .member', { hasText: to.name }).click();
    await page.locator('.profile').getByText(to.name).waitFor();
    await page.locator('.profile-actions').getByRole('button', { name: 'Message' }).click();
    await page.locator('.stage .bar-title', { hasText: to.name }).waitFor();
  }

  get composer() {
    return this.page.locator('#composer');
  }

  async say(text) {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  message(text) {
    return this.page.locator('.timeline .msg', { hasText: text });
  }

  /** The words on the timeline, from top to bottom. */
  texts() {
    return this.page.locator('.timeline .msg .msg-main p:not(.erased)').allInnerTexts();
  }

  async sees(text, patience = PATIENCE_MS) {
    await until(async () => (await this.message(text).count()) > 0, `${this.name} sees “${text}”`, patience);
  }

  /** One's own message has come to one of these states. */
  async state(text, states, patience = PATIENCE_MS) {
    const wanted = [states].flat();
    await until(async () => wanted.includes(await this.message(text).last().getAttribute('data-state')), `“${text}” of ${this.name} is ${wanted.join(' or ')}`, patience);
  }

  async allSent(patience = PATIENCE_MS) {
    await until(async () => (await this.page.locator('.msg[data-state="pending"], .msg[data-state="failed"]').count()) === 0, `everything of ${this.name} is sent`, patience);
  }

  async menuOf(text, item) {
    const { page } = this;
    if (this.phone) await this.message(text).last().locator('p').last().click({ position: { x: 4, y: 8 } });
    else {
      await this.message(text).last().hover();
      await this.message(text).last().getByRole('button', { name: 'More actions' }).click();
    }
    await page.getByRole('menuitem', { name: item }).click();
  }

  async openSide() {
    const { page } = this;
    if (await page.locator('.pane-side').isVisible()) return;
    if (this.phone) {
      await page.locator('.stage > .bar').getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: 'Members' }).click();
    } else await page.locator('.stage > .bar').getByRole('button', { name: 'Members' }).click();
    await page.locator('.pane-side').waitFor();
  }

  async closeSide() {
    if (this.phone) await this.page.locator('.pane-side').getByRole('button', { name: 'Close' }).click();
  }

  unread(room) {
    return this.page.locator('.room-row', { hasText: room }).locator('.count').textContent();
  }

  healthy() {
    check(this.problems.length === 0, `the page of ${this.name} failed: ${this.problems.join('; ')}`);
  }
}
