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
    for (const [path, ready] of [['/people', 'No friends yet'], ['/settings/profile', 'User name'], ['/settings/appearance', 'Text size'], ['/settings/devices', 'this one'], ['/settings/password', 'New password'], ['/settings/privacy', 'Privacy'], ['/people/@nuria', 'Here since']]) {
      await page.goto(`${server.url}${path}`);
      await page.locator('main, aside').getByText(ready).first().waitFor();
      await accessible(clara, path);
    }
    await page.goto(server.url);
    await page.getByRole('button', { name: 'New room' }).first().click();
    await page.getByRole('dialog').waitFor();
    await page.waitForTimeout(300);
    await accessible(clara, 'the dialog');
    await page.keyboard.press('Escape');
  });
  await layers({ story, page, clara, nuria });
  await focusAndNews({ story, page, clara, nuria });
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

/** What opens over a room: axe finds nothing in it, Esc closes it, and the focus is where it was. */
async function layers({ story, page, clara, nuria }) {
  const closes = async (what, opener) => {
    await page.waitForTimeout(300);
    await accessible(clara, what);
    await page.keyboard.press('Escape');
    await until(async () => (await page.locator('.dialog, .menu').count()) === 0, `Esc closes ${what}`);
    const back = await opener.evaluate((button) => document.activeElement === button || document.activeElement?.contains(button));
    check(back, `after ${what} the focus is on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120))}`);
  };
  await story.step('menus and the picker of emoji give the focus back', async () => {
    await clara.openRoom(nuria.name);
    const more = page.locator('.stage > .bar').getByRole('button', { name: 'More' });
    await more.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('ArrowDown');
    check(await page.evaluate(() => document.activeElement?.getAttribute('role') === 'menuitem' && document.activeElement.previousElementSibling === null), 'arrows move in the menu');
    await closes('the menu of the room', more);
    const message = clara.message('A bold word').last();
    await message.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await closes('the menu of a message', message);
    await page.keyboard.press('e');
    await page.locator('.emoji-grid').waitFor();
    await closes('the picker of emoji', message);
  });
  await story.step('a group, its members, and the dialogs about them', async () => {
    await clara.toList();
    await page.getByRole('button', { name: 'New room' }).first().click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Repair café');
    await page.getByRole('dialog').getByRole('searchbox').fill('nuria');
    await page.getByRole('dialog').locator('.finder-rows').getByText('Nuria Solà').waitFor();
    await accessible(clara, 'somebody found');
    await page.getByRole('dialog').locator('.finder-rows button').last().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Make the room' }).click();
    await clara.composer.waitFor();
    await clara.openSide();
    const member = page.locator('.pane-side .member', { hasText: nuria.name });
    await member.waitFor();
    await accessible(clara, 'the members');
    await member.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await closes('the menu of a member', member);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Ban' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await closes('the ban', member);
    const invite = page.locator('.pane-side').getByRole('button', { name: 'Invite to this room' });
    await invite.focus();
    await page.keyboard.press('Enter');
    await page.locator('.qr svg').waitFor();
    await closes('the invitation', invite);
    await clara.closeSide();
  });
}

/** The ring is to be seen, and the live region speaks. */
async function focusAndNews({ story, page, clara, nuria }) {
  await story.step('what has the focus shows it, and others’ words are read out', async () => {
    await clara.openRoom('Repair café');
    await clara.composer.focus();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Shift+Tab');
      const bare = await page.evaluate(bareFocus);
      check(!bare, `no focus to be seen on ${bare}`);
    }
    await nuria.openRoom('Repair café');
    await nuria.say('Good morning everybody');
    await until(async () => (await page.locator('.timeline-box [aria-live="polite"]').textContent()) === 'Nuria Solà: Good morning everybody', 'the live region says it');
    await clara.say('And to you');
    await clara.state('And to you', ['sent', 'read']);
    check((await page.locator('.timeline-box [aria-live="polite"]').textContent())?.includes('And to you') === false, 'one’s own words are not read out');
  });
}

/** In the page: the element in focus, when nothing shows that it is. */
function bareFocus() {
  const one = document.activeElement;
  if (!one || one === document.body) return undefined;
  const shows = (element) => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  };
  // In inputs and the composer the frame shows it.
  return shows(one) || shows(one.closest('.composer, .filter') ?? one) ? undefined : one.outerHTML.slice(0, 120);
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
