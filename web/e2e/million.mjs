// A million messages, from the mock server in the page itself: reading up through them is smooth, nothing jumps, and
// what the page keeps stays the same. The server of the story is not asked.
import { createServer } from 'vite';
import { check, until } from './harness.mjs';

const root = new URL('..', import.meta.url).pathname;
const STRETCHES = 60;
/** Items of the room's log that the page may have: the window, a page more, and the newest. */
const LOG_MAX = 3500;

export async function million({ story, browser, viewport }) {
  const vite = await createServer({ root, server: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
  await vite.listen();
  const page = await (await browser.newContext({ viewport, timezoneId: 'UTC' })).newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  story.people.push({ name: 'reader', page });
  const room = () => page.evaluate(() => ({ size: window.app.client.rooms.get(window.house.rooms.long.id).log.size, top: document.querySelector('.timeline').scrollTop }));
  try {
    await story.step('the room opens at its newest', async () => {
      await page.goto(`${vite.resolvedUrls.local[0]}mocks/index.html?at=/long&case=long&messages=1000000`);
      await page.locator('.msg', { hasText: 'Message 999999' }).waitFor({ timeout: 60_000 });
    });
    await story.step('long names leave times and the composer in one line', async () => {
      const composer = await page.locator('#composer').evaluate((box) => box.offsetHeight);
      check(composer < 60, `the empty composer is ${composer} px high`);
      const heights = await page.evaluate(() => [...document.querySelectorAll('.group-head time')].map((time) => time.offsetHeight));
      check(Math.max(...heights) === Math.min(...heights), `times are ${heights} px high`);
    });
    await story.step('reading up is smooth, and nothing jumps', async () => {
      await page.mouse.move(viewport.width / 2, viewport.height / 2);
      const frames = [];
      for (let i = 0; i < STRETCHES; i++) frames.push(...(await page.evaluate(readUp)));
      check(frames.length > 100, 'no frames were drawn');
      frames.sort((a, b) => a - b);
      const middle = frames[Math.floor(frames.length / 2)];
      console.log(`    frames: ${frames.length}, half of them within ${middle.toFixed(1)} ms, the slowest ${frames.at(-1).toFixed(0)} ms`);
      check(middle < 40, `half of all frames took longer than ${middle} ms`);
    });
    await story.step('what the page keeps stays the same while one reads on', async () => {
      const before = await heap(page);
      await page.evaluate(farUp, 150);
      const after = await heap(page);
      const { size } = await room();
      console.log(`    ${size} items, ${(before / 1e6).toFixed(0)} MB before, ${(after / 1e6).toFixed(0)} MB after`);
      check(size < LOG_MAX, `${size} items are kept`);
      check(after < before + 30e6, `the page grew from ${before} to ${after} bytes`);
    });
    await story.step('and the way to the latest is short', async () => {
      await page.locator('.to-latest').click();
      await until(() => page.locator('.msg', { hasText: 'Message 999999' }).isVisible(), 'the newest is shown');
      check(problems.length === 0, problems.join('; '));
    });
  } finally {
    await vite.close();
  }
}

async function heap(page) {
  const line = await page.context().newCDPSession(page);
  await line.send('HeapProfiler.collectGarbage');
  const { usedSize } = await line.send('Runtime.getHeapUsage');
  await line.detach();
  return usedSize;
}

/** In the page: some frames of reading up; after each the message at the top has moved by what was scrolled. Gives the frames' times. */
async function readUp() {
  const box = document.querySelector('.timeline');
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const times = [];
  let last = await frame();
  for (let i = 0; i < 12; i++) {
    const edge = box.getBoundingClientRect();
    const inside = (message) => message.checkVisibility({ visibilityProperty: true }) && message.getBoundingClientRect().top > edge.top + 50 && message.getBoundingClientRect().top < edge.bottom - 200;
    const held = [...box.querySelectorAll('.msg')].find(inside);
    // A machine that has much else to do draws late.
    if (!held) {
      last = await frame();
      continue;
    }
    const before = held.getBoundingClientRect().top;
    box.dispatchEvent(new WheelEvent('wheel', { bubbles: true, deltaY: -120 }));
    box.scrollBy(0, -120);
    const now = await frame();
    times.push(now - last);
    last = now;
    await frame().then((later) => (times.push(later - last), (last = later)));
    const same = box.querySelector(`[data-message="${held.dataset.message}"]`);
    if (!same) throw new Error(`message ${held.dataset.message} is gone, which stood at ${before} of ${edge.top} to ${edge.bottom}`);
    const moved = same.getBoundingClientRect().top - before;
    if (Math.abs(moved - 120) > 3) throw new Error(`the timeline moved by ${moved} px where 120 were scrolled`);
  }
  return times;
}

/** In the page: far up, page by page. */
async function farUp(pages) {
  const box = document.querySelector('.timeline');
  for (let i = 0; i < pages; i++) {
    box.scrollBy(0, -2500);
    await new Promise((done) => setTimeout(done, 60));
  }
}
