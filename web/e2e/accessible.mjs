// Holds screens against axe: WCAG 2.2, levels A and AA, in both themes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export async function accessible({ page, name }, what) {
  await page.evaluate(axe);
  for (const theme of ['light', 'dark']) {
    const found = await page.evaluate(run, { theme, tags });
    check(found.length === 0, `${what} of ${name}, ${theme}:\n${found.join('\n')}`);
  }
}

/** In the page. */
async function run({ theme, tags }) {
  const root = document.documentElement;
  const before = root.dataset.theme;
  root.dataset.theme = theme;
  await new Promise((done) => setTimeout(done, 250));
  // A machine that has much else to do is late with the colours, too.
  await Promise.all(document.getAnimations().map((one) => one instanceof CSSTransition && one.finished.catch(() => {})));
  const { violations } = await window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
  root.dataset.theme = before;
  return violations.flatMap(({ id, nodes }) => nodes.slice(0, 4).map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary?.split('\n')[1]?.trim()}`));
}
