// Pictures of every screen from the gallery, to hold beside those of the look: `npm run gallery [NAME…]`.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const screens = {
  room: { at: '/cafe', case: 'typing' },
  list: { at: '/', phone: true },
  empty: { case: 'empty' },
  'first-minute': { case: 'first' },
  invited: { case: 'invited' },
  'sign-up': { case: 'guest' },
  banned: { at: '/cafe', case: 'banned' },
  offline: { at: '/cafe', case: 'offline', wait: 9500 },
  failed: { at: '/cafe', case: 'failed' },
  people: { at: '/people' },
  profile: { at: '/people/@bakary' },
  settings: { at: '/settings/appearance' },
  devices: { at: '/settings/devices' },
  limits: { at: '/admin/limits' },
  invite: { at: '/cafe', click: 'Invite to this room' },
  ban: { at: '/cafe', ban: true },
  long: { at: '/long', case: 'long' },
  hard: { at: '/hard' },
  'hard-large': { at: '/hard', text: 'large' },
  'hard-rtl': { at: '/hard', dir: 'rtl' },
  rtl: { at: '/cafe', dir: 'rtl' },
  large: { at: '/cafe', text: 'large' },
  spanish: { at: '/cafe', lang: 'es-ES' },
};
const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const wanted = process.argv.slice(2);
const out = new URL('./shots/', import.meta.url).pathname;
mkdirSync(out, { recursive: true });

const vite = await createServer({ root: new URL('..', import.meta.url).pathname, server: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
await vite.listen();
const base = vite.resolvedUrls.local[0];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
for (const [name, screen] of Object.entries(screens)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const theme of ['light', 'dark']) {
      if (theme === 'dark' && !['room', 'limits', 'banned', 'ban'].includes(name)) continue;
      const page = await browser.newPage({ viewport, timezoneId: 'UTC' });
      page.on('pageerror', (error) => console.error(`${name}: ${error}`));
      const query = new URLSearchParams({ theme });
      for (const key of ['at', 'case', 'dir', 'text', 'lang']) if (screen[key]) query.set(key, screen[key]);
      await page.goto(`${base}mocks/index.html?${query}`);
      await page.waitForTimeout(screen.wait ?? 1800);
      if (size === 'wide' && screen.click) await page.getByRole('button', { name: screen.click }).click();
      if (size === 'wide' && screen.ban) {
        await page.locator('.pane-side .member', { hasText: 'Oskar' }).click();
        await page.getByRole('menuitem', { name: 'Ban…' }).click();
      }
      await page.waitForTimeout(400);
      await page.screenshot({ path: `${out}${name}-${size}-${theme}.png` });
      await page.close();
    }
  }
}
await browser.close();
await vite.close();
