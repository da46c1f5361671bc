// A long room: the timeline opens at what is unread, loads older messages without a jump, and goes to its start.
import { accessible } from './accessible.mjs';
import { check, until } from './harness.mjs';
import { Person } from './person.mjs';

const MESSAGES = 500;

export async function timeline({ story, server, browser, viewport }) {
  const clara = await Person.at(browser, 'Clara Vidal', viewport);
  const nuria = await Person.at(browser, 'Nuria Solà', viewport);
  story.people.push(clara, nuria);

  await story.step('a room of some hundred messages', async () => {
    await liftRate(server);
    await clara.signUp(server.url);
    await nuria.signUp(server.url);
    await clara.write(nuria);
    await clara.say('the first words');
    await clara.state('the first words', ['sent', 'read']);
    await clara.page.evaluate(fill, MESSAGES);
  });
  await story.step('opens at what is unread', async () => {
    await nuria.toList();
    await until(async () => Number(await nuria.unread(clara.name)) > 0, 'messages are unread', 60_000);
    await nuria.openRoom(clara.name);
    await inSight(nuria, '.unread-line');
    await inSight(nuria, '.msg', 'the first words');
    await until(async () => ((await nuria.page.locator('.to-latest').textContent()) ?? '') === `${MESSAGES + 1} new below`, 'how many are below');
    await nuria.page.waitForTimeout(1000);
    check((await nuria.page.title()).startsWith(`(${MESSAGES + 1})`), 'nothing is read before it is looked at');
  });
  await story.step('to the latest, then back without a jump', async () => {
    const { page } = nuria;
    await page.locator('.to-latest').click();
    await nuria.sees(`number ${MESSAGES - 1} `);
    for (let i = 0; i < 12; i++) {
      await page.locator('.timeline').evaluate((box) => box.scrollBy(0, -700));
      const moved = await page.evaluate(watchTop);
      check(Math.abs(moved) < 3, `the timeline jumped by ${moved} px`);
    }
  });
  await story.step('to the start of the room', async () => {
    const { page } = nuria;
    await page.locator('.stage > .bar').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'To the start' }).click();
    await nuria.sees('the first words');
  });
  await story.step('new messages below do not move what is read', async () => {
    const { page } = nuria;
    const before = await nuria.message('the first words').boundingBox();
    await clara.say('newest of all');
    await until(async () => /new below|latest/.test((await page.locator('.to-latest').textContent()) ?? ''), 'a way to the latest');
    const after = await nuria.message('the first words').boundingBox();
    check(before !== null && after !== null && Math.abs(before.y - after.y) < 2, 'what was read moved');
    await page.locator('.to-latest').click();
    await nuria.sees('newest of all');
  });
  await story.step('from message to message with the keys', async () => {
    const { page } = nuria;
    await page.locator('.timeline').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    const text = await page.evaluate(() => document.activeElement?.textContent ?? '');
    check(text.includes('number'), `the focus is on “${text}”`);
    await page.keyboard.press('r');
    await page.locator('.reply-bar').waitFor();
    await page.keyboard.press('Escape');
    await until(async () => (await page.locator('.reply-bar').count()) === 0, 'Esc ends the reply');
  });
  await link({ story, server, nuria });
  await date({ story, nuria });
  await unreadAbove({ story, server, clara, nuria });
  await story.step('nothing went wrong in the pages', async () => {
    clara.healthy();
    nuria.healthy();
  });
}

/** A link to a message far above. */
async function link({ story, server, nuria }) {
  await story.step('a link leads to its message, and what is written next to the latest', async () => {
    const { page } = nuria;
    const room = new URL(page.url()).pathname.split('/')[2];
    await page.goto(`${server.url}/rooms/${room}/120`);
    await until(async () => (await page.locator('.msg.found[data-seq="120"]').count()) === 1, 'the message is shown');
    await inSight(nuria, '.msg.found');
    await nuria.say('back at the end');
    await nuria.state('back at the end', ['sent', 'read']);
    check(new URL(page.url()).pathname === `/rooms/${room}`, `the address is still ${page.url()}`);
  });
}

/** Everything was said today. */
async function date({ story, nuria }) {
  await story.step('to a date: where today begins', async () => {
    const { page } = nuria;
    await page.locator('.stage > .bar').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'To a date' }).click();
    await page.getByRole('dialog').getByLabel('Date').waitFor();
    await accessible(nuria, 'the date');
    await page.getByRole('button', { name: 'Go there' }).click();
    await inSight(nuria, '.msg', 'the first words');
    check((await page.getByRole('dialog').count()) === 0, 'the dialog is closed');
  });
}

/** Who follows a link into a room with news below it is led to where those begin. */
async function unreadAbove({ story, server, clara, nuria }) {
  await story.step('from the newest up to what is new, and Esc marks it as read', async () => {
    const { page } = nuria;
    const room = new URL(page.url()).pathname.split('/')[2];
    await page.goto(`${server.url}/people`);
    await clara.page.evaluate(fill, 120);
    await until(async () => Number(await nuria.unread(clara.name)) === 120, 'messages are unread', 60_000).catch((error) => nuria.phone || Promise.reject(error));
    await page.goto(`${server.url}/rooms/${room}/2`);
    await inSight(nuria, '.msg', 'the first words');
    await page.locator('.to-latest').click();
    await inSight(nuria, '.msg', 'number 119 ');
    await page.locator('.to-unread').click();
    await inSight(nuria, '.unread-line');
    await until(async () => (await page.locator('.to-unread').count()) === 0, 'the way up is gone');
    await page.locator('.timeline').focus();
    await page.keyboard.press('Escape');
    await until(async () => (await page.locator('.unread-line').count()) === 0, 'the line is gone');
    await inSight(nuria, '.msg', 'number 119 ');
  });
}

/** An element stands within the timeline's box. */
async function inSight({ page, name }, selector, text = '') {
  const seen = () =>
    page.evaluate(
      ({ selector, text }) => {
        const box = document.querySelector('.timeline').getBoundingClientRect();
        return [...document.querySelectorAll(`.timeline ${selector}`)].some((one) => {
          const { top, bottom } = one.getBoundingClientRect();
          return one.textContent.includes(text) && top >= box.top - 1 && bottom <= box.bottom + 1 && one.checkVisibility({ visibilityProperty: true });
        });
      },
      { selector, text },
    );
  await until(seen, `${name} has ${selector} “${text}” in sight`);
}

/** The administrator allows more messages than a person types. */
async function liftRate(server) {
  await until(() => server.adminLink, 'the server prints a link');
  const json = { 'content-type': 'application/json' };
  const ticket = new URLSearchParams(new URL(server.adminLink).hash.slice(1)).get('ticket');
  const session = await (await fetch(`${server.url}/v1/sessions`, { method: 'POST', headers: json, body: JSON.stringify({ ticket }) })).json();
  const headers = { ...json, authorization: `Bearer ${session.token}` };
  const answer = await fetch(`${server.url}/v1/admin/limits`, { method: 'PATCH', headers, body: JSON.stringify({ messages_per_10s: 100_000 }) });
  check(answer.ok, await answer.text());
}

/** In Clara's page: says many things, as fast as the server takes them, over REST. */
async function fill(messages) {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('tertulia');
    request.onsuccess = () => resolve(request.result);
  });
  const [account] = await new Promise((resolve) => {
    const request = database.transaction('accounts').objectStore('accounts').getAll();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  const room = location.pathname.split('/')[2];
  for (let i = 0; i < messages; ) {
    const text = `number ${i} ${'and some words '.repeat(i % 9)}`;
    const headers = { authorization: `Bearer ${account.token}`, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID().replaceAll('-', '') };
    const answer = await fetch(`/v1/rooms/${room}/messages`, { method: 'POST', headers, body: JSON.stringify({ text }) });
    if (answer.ok) i++;
    else if (answer.status === 429) await new Promise((done) => setTimeout(done, 300));
    else throw new Error(`${answer.status} ${await answer.text()}`);
  }
}

/** In the page: by how much the first message in sight moves while older ones come in, without anybody scrolling. */
async function watchTop() {
  const box = document.querySelector('.timeline');
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const edge = box.getBoundingClientRect().top + 40;
  const shown = () => [...box.querySelectorAll('.msg')].filter((message) => message.checkVisibility({ visibilityProperty: true }));
  await pause(50);
  const first = shown().find((message) => message.getBoundingClientRect().top > edge);
  const before = first.getBoundingClientRect().top;
  const { message } = first.dataset;
  await pause(400);
  const after = shown().find((one) => one.dataset.message === message);
  return after ? after.getBoundingClientRect().top - before : 1000;
}
