// The first minute: the administrator's link and one field, then an invitation and one field.
import { check, until } from './harness.mjs';
import { Person } from './person.mjs';

export async function firstMinute({ story, server, browser, viewport }) {
  const clara = await Person.at(browser, 'Clara Vidal', viewport);
  const ana = await Person.at(browser, 'Ana Reis', viewport);
  story.people.push(clara, ana);
  let link = '';

  await story.step('the link signs the administrator in, and asks for a name', async () => {
    await until(() => server.adminLink, 'the server prints a link');
    await clara.page.goto(server.adminLink);
    await clara.page.getByLabel('Your name').fill(clara.name);
    check(!clara.page.url().includes('ticket'), 'the link stays in the address bar');
  });
  await story.step('the first load weighs less than 200 KB', async () => {
    if (process.env.TERTULIA_WEB) return;
    const bytes = await clara.page.evaluate(weigh);
    console.log(`     ${Math.round(bytes / 1024)} KB`);
    check(bytes < 200 * 1024, `${bytes} bytes`);
  });
  await story.step('a name opens the first room, with the cursor in its message box', async () => {
    await clara.page.keyboard.press('Enter');
    await clara.composer.waitFor();
    await clara.page.getByText('One tile is missing').waitFor();
    if (!clara.phone) await until(() => clara.composer.evaluate((box) => box === document.activeElement), 'the cursor is in the box');
  });
  await story.step('the link works once', async () => {
    await ana.page.goto(server.adminLink);
    await ana.page.getByText('already used').waitFor();
  });
  await story.step('an invitation is a link and a QR code', async () => {
    await clara.page.getByRole('button', { name: 'Show the link' }).click();
    await clara.page.locator('.qr svg path').waitFor();
    await clara.page.getByRole('button', { name: 'Copy link' }).click();
    await clara.page.getByText('Copied').waitFor();
    link = await clara.page.evaluate(() => navigator.clipboard.readText());
    check(link.includes('/i/'), `not an invitation: ${link}`);
    await clara.page.keyboard.press('Escape');
  });
  await story.step('whoever opens it types a name and lands in the room', async () => {
    const url = new URL(link);
    await ana.page.goto(new URL(url.pathname, server.url).href);
    await ana.page.getByLabel('Your name').fill(ana.name);
    await ana.page.keyboard.press('Enter');
    await ana.composer.waitFor();
    const room = (await clara.page.locator('.stage .bar-title h1').textContent()) ?? '';
    await ana.page.locator('.stage .bar-title', { hasText: room }).waitFor();
  });
  await story.step('the two chat', async () => {
    await ana.say('Is this the first table?');
    await clara.sees('Is this the first table?');
    await clara.say('It is. Sit down.');
    await ana.sees('It is. Sit down.');
    await clara.state('It is. Sit down.', 'read');
  });
  await story.step('limits are an administrator’s, and apply at once', async () => {
    await clara.page.goto(`${server.url}/admin/limits`);
    const length = clara.page.getByLabel('Length of a message');
    await length.fill('60');
    await clara.page.getByRole('button', { name: 'Apply now' }).click();
    await until(async () => (await clara.page.getByRole('button', { name: 'Apply now' }).count()) === 0, 'the change is applied');
    await ana.composer.fill('x'.repeat(61));
    await ana.page.getByText('1 too many').waitFor();
    await ana.page.goto(`${server.url}/admin/limits`);
    await until(async () => (await ana.page.getByLabel('Length of a message').count()) === 0, 'others do not get in');
  });
  await story.step('nothing went wrong in the pages', async () => {
    clara.healthy();
    ana.healthy();
  });
}

/** In the page: bytes that came over the line so far, as they were compressed. */
function weigh() {
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  return entries.filter((entry) => !entry.name.includes('/v1/')).reduce((sum, entry) => sum + entry.encodedBodySize, 0);
}
