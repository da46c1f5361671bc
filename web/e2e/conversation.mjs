// The scenario of the whole: two people find each other and chat, make a group, invite a third, ban them; one goes away
// and comes back to exactly what was missed; the server is killed in mid-conversation and nothing acked is lost.
import { check, same, until } from './harness.mjs';
import { Person } from './person.mjs';

const ROOM = 'Repair café';

export async function conversation({ story, server, browser, viewport }) {
  const clara = await Person.at(browser, 'Clara Vidal', viewport);
  const nuria = await Person.at(browser, 'Nuria Solà', viewport);
  const oskar = await Person.at(browser, 'Oskar Lind', viewport);
  story.people.push(clara, nuria, oskar);
  const everything = { story, server, clara, nuria, oskar };
  await twoChat(everything);
  await group(everything);
  await called(everything);
  await ban(everything);
  await away(everything);
  await killed(everything);
}

/** Three sign up, two find each other. */
async function twoChat({ story, server, clara, nuria, oskar }) {
  await story.step('three people sign up', async () => {
    for (const person of [clara, nuria, oskar]) await person.signUp(server.url);
  });
  await story.step('two find each other and chat', async () => {
    await clara.write(nuria);
    await clara.say('Do you have the key?');
    await clara.state('Do you have the key?', ['sent', 'read']);
    await nuria.toList();
    await nuria.page.locator('.room-row', { hasText: clara.name }).waitFor();
    await until(async () => (await nuria.unread(clara.name)) === '1', 'one message is unread');
    await nuria.openRoom(clara.name);
    await nuria.sees('Do you have the key?');
    await clara.state('Do you have the key?', 'read');
    await nuria.say('In my coat.');
    await clara.sees('In my coat.');
  });
  await story.step('one is seen writing', async () => {
    await nuria.composer.pressSequentially('and the');
    await clara.page.locator('.typing', { hasText: 'Nuria is writing' }).waitFor();
    await nuria.composer.fill('');
  });
  await story.step('edit, reply, react, delete', async () => {
    await nuria.composer.press('ArrowUp');
    await until(async () => (await nuria.composer.inputValue()) === 'In my coat.', 'the last message is in the box');
    await nuria.composer.fill('In my other coat.');
    await nuria.composer.press('Enter');
    await clara.sees('In my other coat.');
    await clara.message('In my other coat.').locator('.edited').waitFor();
    await clara.menuOf('In my other coat.', 'Reply');
    await clara.say('Which one?');
    await nuria.message('Which one?').locator('.quote', { hasText: 'In my other coat.' }).waitFor();
    await nuria.menuOf('Which one?', 'React');
    await nuria.page.locator('.emoji-grid button').first().click();
    await clara.message('Which one?').locator('.reaction', { hasText: '1' }).waitFor();
    await nuria.say('typo');
    await clara.sees('typo');
    await nuria.menuOf('typo', 'Delete');
    await clara.page.locator('.erased', { hasText: 'Nuria deleted this message' }).waitFor({ timeout: 15_000 });
  });
}

/** A group, and a third in it. */
async function group({ story, clara, nuria, oskar }) {
  await story.step('a group, with the second in it from the start', async () => {
    await clara.toList();
    await clara.page.getByRole('button', { name: 'New room' }).click();
    const dialog = clara.page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill(ROOM);
    await dialog.getByLabel('People').fill('nuria');
    await dialog.locator('.row', { hasText: nuria.name }).getByRole('button', { name: 'Add' }).click();
    await dialog.getByRole('button', { name: 'Make the room' }).click();
    await clara.page.locator('.stage .bar-title', { hasText: ROOM }).waitFor();
    await clara.say('Saturday at four?');
    await nuria.openRoom(ROOM);
    await nuria.sees('Saturday at four?');
  });
  await story.step('the third is added, and reads from the start', async () => {
    await clara.openSide();
    await clara.page.locator('.pane-side').getByRole('button', { name: 'Add people' }).click();
    const dialog = clara.page.getByRole('dialog');
    await dialog.getByLabel('Find by name').fill('oskar');
    await dialog.locator('.row', { hasText: oskar.name }).getByRole('button', { name: 'Add' }).click();
    await dialog.getByText('Added').waitFor();
    await clara.page.keyboard.press('Escape');
    await clara.closeSide();
    await oskar.openRoom(ROOM);
    await oskar.sees('Saturday at four?');
    await oskar.say('Count me in');
    await clara.sees('Count me in');
  });
}

/** One is named in a room that is not open. */
async function called({ story, clara, nuria }) {
  await story.step('whoever is named elsewhere is told, and led there', async () => {
    await clara.openRoom(nuria.name);
    await nuria.say('@clara the lock was changed');
    const toast = clara.page.locator('.toast', { hasText: `Nuria named you in ${ROOM}` });
    await toast.getByRole('button', { name: 'Open' }).click();
    await clara.page.locator('.stage .bar-title', { hasText: ROOM }).waitFor();
    await clara.sees('the lock was changed');
    await clara.message('the lock was changed').locator('.mention.you').waitFor();
  });
}

/** The third is banned. */
async function ban({ story, clara, nuria, oskar }) {
  await story.step('a ban closes the room at once, and says why', async () => {
    await clara.openSide();
    await clara.page.locator('.pane-side .member', { hasText: oskar.name }).click();
    await clara.page.getByRole('menuitem', { name: 'Ban…' }).click();
    await clara.page.getByLabel('Reason').fill('Posted a phone number twice.');
    await clara.page.getByRole('button', { name: 'Ban for 7 days' }).click();
    await oskar.page.locator('[data-notice="banned"]').waitFor();
    await oskar.page.getByText('Posted a phone number twice.').waitFor();
    await oskar.page.getByText('(7 days)').waitFor();
    await clara.closeSide();
    await clara.say('Without him, then');
    await nuria.sees('Without him, then');
  });
  await story.step('nothing of it reaches the banned, by any path', async () => {
    await oskar.page.waitForTimeout(500);
    check(!(await oskar.page.content()).includes('Without him'), 'the banned one read on');
    await oskar.page.reload();
    await oskar.inside();
    await oskar.page.waitForTimeout(1000);
    const shown = await oskar.page.content();
    check(!shown.includes('Without him') && !shown.includes('Saturday at four?'), 'the banned one reads after a reload');
    check((await oskar.page.locator('.room-row', { hasText: ROOM }).count()) === 0, 'the room is still in the list');
  });
}

/** One is offline for a while. */
async function away({ story, clara, nuria }) {
  await story.step('the page is kept for a reload without a network', async () => {
    if (!process.env.TERTULIA_WEB) await nuria.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  });
  await story.step('one goes offline, writes on, and returns to exactly what was missed', async () => {
    await nuria.page.context().setOffline(true);
    for (let i = 1; i <= 20; i++) await clara.say(`missed ${i}`);
    await clara.allSent();
    await nuria.say('written on the train');
    await nuria.page.waitForTimeout(2000);
    await nuria.state('written on the train', 'pending');
    await nuria.page.locator('.connection', { hasText: '1 message waits here' }).waitFor();
    check((await nuria.texts()).every((text) => !text.startsWith('missed')), 'something came while offline');
    if (!process.env.TERTULIA_WEB) {
      await nuria.page.reload();
      await nuria.sees('Saturday at four?');
      await nuria.state('written on the train', 'pending');
    }
    await nuria.page.context().setOffline(false);
    await nuria.sees('missed 20', 30_000);
    await nuria.state('written on the train', ['sent', 'read'], 30_000);
    await clara.sees('written on the train');
    const texts = (await nuria.texts()).filter((text) => text.startsWith('missed'));
    same(texts, Array.from({ length: 20 }, (_, i) => `missed ${i + 1}`), 'what was missed');
  });
}

/** The server is killed. */
async function killed({ story, server, clara, nuria, oskar }) {
  await story.step('the server is killed in mid-conversation, and comes back', async () => {
    const said = [];
    for (let i = 1; i <= 10; i++) {
      await clara.say(`before ${i}`);
      said.push(`before ${i}`);
    }
    await server.kill('SIGKILL');
    for (let i = 1; i <= 5; i++) {
      await clara.say(`while down ${i}`);
      said.push(`while down ${i}`);
      await nuria.say(`nuria ${i}`);
    }
    await server.start();
    await clara.allSent(60_000);
    await nuria.allSent(60_000);
    await clara.say('after');
    said.push('after');
    await nuria.sees('after', 30_000);
    for (const person of [clara, nuria]) {
      await until(async () => same(own(await person.texts()), said, `what ${person.name} sees`) === undefined, 'the same conversation', 30_000);
      await person.page.reload();
      await person.inside();
      await until(async () => same(own(await person.texts()), said, `what ${person.name} sees after a reload`) === undefined, 'the same conversation', 30_000);
    }
    same((await clara.texts()).filter((text) => text.startsWith('nuria')), [1, 2, 3, 4, 5].map((i) => `nuria ${i}`), 'what Nuria said');
    const since = (texts) => texts.slice(texts.indexOf('before 1'));
    same(since(await clara.texts()), since(await nuria.texts()), 'both see one order');
  });
  await story.step('nothing went wrong in the pages', async () => {
    for (const person of [clara, nuria, oskar]) person.healthy();
  });
}

const own = (texts) => texts.filter((text) => /^(before|while down|after)/.test(text));
