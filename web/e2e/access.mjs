// Every screen for everybody: axe finds nothing, and a room is used with the keys alone.
import { accessible } from './accessible.mjs';
import { check, until } from './harness.mjs';
import { Person } from './person.mjs';

export async function access({ story, server, browser, viewport }) {
  const clara = await Person.at(browser, 'Clara Vidal', viewport);
  const nuria = await Person.at(browser, 'Nuria Solà', viewport);
  story.people.push(clara, nuria);
  const { page } = clara;

  await story.step('the welcome page', async () => {
    await page.goto(server.url);
    await page.getByLabel('Your name').waitFor();
    await accessible(clara, 'the welcome page');
    await clara.signUp(server.url);
    await nuria.signUp(server.url);
  });
  await story.step('a room with messages, and the list', async () => {
    await clara.write(nuria);
    await clara.say('A **bold** word, `code` and https://example.org');
    await nuria.openRoom(clara.name);
    await nuria.say('And an answer');
    await clara.sees('And an answer');
    await nuria.menuOf('A bold word', 'React');
    await nuria.page.locator('.emoji-grid button').nth(1).click();
    await clara.page.locator('.reaction').waitFor();
    await accessible(clara, 'the room');
    await clara.toList();
    await accessible(clara, 'the list');
  });
  await story.step('people, settings, dialogs', async () => {
    for (const [path, ready] of [['/people', 'No friends yet'], ['/settings/profile', 'User name'], ['/settings/appearance', 'Text size'], ['/settings/devices', 'this one'], ['/settings/password', 'New password']]) {
      await page.goto(`${server.url}${path}`);
      await page.locator('main').getByText(ready).first().waitFor();
      await accessible(clara, path);
    }
    await page.goto(server.url);
    await page.getByRole('button', { name: 'New room' }).first().click();
    await page.getByRole('dialog').waitFor();
    await page.waitForTimeout(300);
    await accessible(clara, 'the dialog');
    await page.keyboard.press('Escape');
  });
  await keysAlone({ story, page, clara, nuria });
  await story.step('right to left and large text keep everything in reach', async () => {
    for (const [dir, text] of [['rtl', 'regular'], ['ltr', 'large']]) {
      await page.evaluate(({ dir, text }) => Object.assign(document.documentElement, { dir }) && (document.documentElement.dataset.text = text), { dir, text });
      await page.waitForTimeout(200);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(wide <= 0, `${dir}, ${text}: ${wide} px too wide`);
      check(await clara.composer.isVisible(), 'the composer is out of sight');
    }
  });
  await story.step('nothing went wrong in the pages', async () => {
    clara.healthy();
    nuria.healthy();
  });
}

/** Writes, goes from message to message, reacts, deletes and takes it back, without a pointer. */
async function keysAlone({ story, page, clara, nuria }) {
  await story.step('a room is used with the keys alone', async () => {
    await clara.openRoom(nuria.name);
    await clara.composer.focus();
    await page.keyboard.type('typed with the keys');
    await page.keyboard.press('Enter');
    await clara.state('typed with the keys', ['sent', 'read']);
    await page.keyboard.press('Shift+F6');
    await until(() => page.evaluate(() => document.activeElement?.classList.contains('timeline')), 'F6 goes to the timeline');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    await page.locator('.emoji-grid').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await clara.message('typed with the keys').locator('.reaction').waitFor();
    await page.keyboard.press('Delete');
    await page.getByRole('button', { name: 'Undo' }).click();
    await until(async () => (await clara.message('typed with the keys').count()) === 1, 'the deletion is undone');
    check((await page.locator('.erased').count()) === 0, 'something was deleted');
  });
}
