// Browser tests with a real Chromium against the real server, at both widths: `npm run e2e [FILTER]`. TERTULIA_BIN is the
// server's binary, CHROMIUM the browser's.
import { openBrowser, Server, sizes, Story } from './harness.mjs';
import { access } from './access.mjs';
import { conversation } from './conversation.mjs';
import { files } from './files.mjs';
import { firstMinute } from './first-minute.mjs';
import { million } from './million.mjs';
import { screens } from './screens.mjs';
import { timeline } from './timeline.mjs';

const stories = { 'first minute': firstMinute, conversation, files, timeline, million, screens, access };
const filter = process.argv[2] ?? '';
const browser = await openBrowser();
for (const [name, tell] of Object.entries(stories)) {
  for (const [size, viewport] of Object.entries(sizes)) {
    const title = `${name}, ${size}`;
    if (!title.includes(filter)) continue;
    console.log(title);
    const story = new Story(title);
    const server = new Server();
    try {
      await server.start();
      await tell({ story, server, browser, viewport });
    } catch (error) {
      Story.failed++;
      console.log(`  FAILED to begin\n${error.stack}`);
      await story.picture('begin');
    } finally {
      for (const person of story.people) await person.page.context().close();
      await server.stop();
    }
  }
}
await browser.close();
console.log(`${Story.passed} passed, ${Story.failed} failed`);
process.exitCode = Story.failed > 0 ? 1 : 0;
