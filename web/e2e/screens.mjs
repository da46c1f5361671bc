// The other screens: friends, blocks, settings, devices, log in, rooms that are left, long names, and the keyboard.
import { check, until } from './harness.mjs';
import { Person } from './person.mjs';

export async function screens({ story, server, browser, viewport }) {
  const clara = await Person.at(browser, 'Clara Vidal', viewport);
  const bakary = await Person.at(browser, 'Bakary Diallo', viewport);
  story.people.push(clara, bakary);
  const everything = { story, server, browser, viewport, clara, bakary };
  await friends(everything);
  await settings(everything);
  await rooms(everything);
}

/** Signing up, friends and blocks. */
async function friends({ story, server, clara, bakary }) {
  await story.step('a taken user name is refused with a word', async () => {
    await clara.signUp(server.url);
    await bakary.page.goto(server.url);
    await bakary.page.getByLabel('Your name').fill('Somebody else');
    await bakary.page.getByLabel('User name').fill('clara');
    await bakary.page.getByLabel('Password').fill('a long enough password');
    await bakary.page.getByRole('button', { name: 'Sign up' }).click();
    await bakary.page.getByText('This user name is taken.').waitFor();
    await bakary.signUp(server.url);
  });
  await story.step('friends: asked, accepted', async () => {
    const { page } = clara;
    await page.goto(`${server.url}/people`);
    await page.getByRole('button', { name: 'Add friend' }).click();
    await page.getByLabel('Name or user name').fill('bakary');
    await page.getByRole('dialog').getByRole('button', { name: 'Add friend' }).click();
    await page.getByText('Request sent').waitFor();
    await page.keyboard.press('Escape');
    await bakary.page.goto(`${server.url}/people`);
    await bakary.page.getByRole('button', { name: 'Accept' }).click();
    await bakary.page.getByText('1 friend').waitFor();
    await page.getByText('1 friend, 1 here now').waitFor();
  });
  await story.step('a block stops the writing', async () => {
    await bakary.write(clara);
    await bakary.say('hello');
    await bakary.state('hello', ['sent', 'read']);
    await clara.page.goto(`${server.url}/people/@bakary`);
    await clara.page.getByRole('button', { name: 'Block Bakary' }).click();
    await clara.page.getByRole('button', { name: 'Unblock Bakary' }).waitFor();
    await bakary.say('are you there');
    await bakary.state('are you there', 'failed');
    await bakary.page.getByText('this person cannot be written to').waitFor();
    await bakary.page.getByRole('button', { name: 'Discard' }).click();
    await until(async () => (await bakary.message('are you there').count()) === 0, 'it is discarded');
    await clara.page.getByRole('button', { name: 'Unblock Bakary' }).click();
    await clara.page.getByRole('button', { name: 'Block Bakary', exact: true }).waitFor();
  });
}

/** Profile, appearance, devices. */
async function settings({ story, server, browser, viewport, clara, bakary }) {
  await story.step('a profile is changed and seen by others', async () => {
    await clara.page.goto(`${server.url}/settings/profile`);
    await clara.page.getByLabel('What you are up to').fill('Here until eight');
    await clara.page.getByRole('button', { name: 'Save' }).click();
    await clara.page.getByText('Saved', { exact: true }).waitFor();
    await bakary.page.goto(`${server.url}/people/@clara`);
    await bakary.page.locator('.profile').getByText('Here until eight').waitFor();
  });
  await story.step('theme, text size and language change at once, and stay', async () => {
    const { page } = clara;
    await page.goto(`${server.url}/settings/appearance`);
    await page.getByRole('radio', { name: 'Dark' }).click();
    await page.getByRole('radio', { name: 'Large' }).click();
    await page.getByLabel('Language').selectOption('es');
    await page.getByText('Tamaño del texto').waitFor();
    await page.reload();
    await page.getByText('Tamaño del texto').waitFor();
    const root = await page.evaluate(() => ({ ...document.documentElement.dataset, lang: document.documentElement.lang }));
    check(root.theme === 'dark' && root.text === 'large' && root.lang === 'es', JSON.stringify(root));
    await page.getByLabel('Idioma').selectOption('en');
    await page.getByRole('radio', { name: 'Light' }).click();
    await page.getByRole('radio', { name: 'Regular' }).click();
  });
  await story.step('another device signs in, and is signed out from here', async () => {
    const second = await Person.at(browser, 'Clara Vidal', viewport);
    story.people.push(second);
    await second.page.goto(server.url);
    await second.page.getByRole('button', { name: 'I have an account' }).click();
    await second.page.getByLabel('User name').fill('clara');
    await second.page.getByLabel('Password').fill('not the password');
    await second.page.getByRole('button', { name: 'Log in' }).click();
    await second.page.getByText('User name or password is wrong.').waitFor();
    await second.page.getByLabel('Password').fill('a long enough password');
    await second.page.getByRole('button', { name: 'Log in' }).click();
    await second.inside();
    await clara.page.goto(`${server.url}/settings/devices`);
    await clara.page.getByText('this one').waitFor();
    await clara.page.locator('main').getByRole('button', { name: 'Sign out' }).click();
    await second.page.getByRole('button', { name: 'Log in' }).waitFor({ timeout: 40_000 });
  });
}

/** Rooms that go, drafts, keys. */
async function rooms({ story, server, clara, bakary }) {
  await story.step('a room that is left says so, and is gone from the list', async () => {
    const { page } = clara;
    await page.goto(server.url);
    await page.getByRole('button', { name: 'New room' }).first().click();
    const name = 'A name that is far too long for any row, and goes on and on and on';
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('dialog').getByRole('button', { name: 'Make the room' }).click();
    await clara.composer.waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(width <= 0, `the page is ${width} px too wide`);
    await page.locator('.stage > .bar').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Delete the room' }).click();
    await page.getByRole('button', { name: 'Delete for everybody' }).click();
    await page.locator('[data-notice]').waitFor();
    await page.getByRole('button', { name: 'Back to your rooms' }).click();
    await until(async () => (await page.locator('.room-row', { hasText: 'far too long' }).count()) === 0, 'the room is gone');
  });
  await story.step('drafts and unsent words survive a reload', async () => {
    await bakary.openRoom(clara.name).catch(() => bakary.write(clara));
    await bakary.composer.fill('half a thought');
    await bakary.page.waitForTimeout(1000);
    await bakary.page.reload();
    await until(async () => (await bakary.composer.inputValue()) === 'half a thought', 'the draft is there');
  });
  await story.step('the list of keys opens with a key, and Esc closes it', async () => {
    await bakary.page.keyboard.press('Control+/');
    await bakary.page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await bakary.page.keyboard.press('Escape');
    await until(async () => (await bakary.page.getByRole('dialog').count()) === 0, 'it is closed');
    await bakary.page.keyboard.press('Control+k');
    await until(() => bakary.page.evaluate(() => document.activeElement?.id === 'jump'), 'the jump box has the focus');
  });
  await story.step('nothing went wrong in the pages', async () => {
    clara.healthy();
    bakary.healthy();
  });
}
