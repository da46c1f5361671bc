// Files from one person to another: picked, pasted, dropped, cut off and gone on with, cancelled, looked at, and out of reach
// for who is banned.
import { deflateSync } from 'node:zlib';
import { accessible } from './accessible.mjs';
import { check, until } from './harness.mjs';
import { Person } from './person.mjs';

const ROOM = 'Photos';

export async function files({ story, server, browser, viewport }) {
  const clara = await Person.at(browser, 'Clara Vidal', viewport);
  const nuria = await Person.at(browser, 'Nuria Solà', viewport);
  story.people.push(clara, nuria);
  const { page } = clara;
  const tray = page.locator('.attach-tray .file');
  const ready = (count) => until(async () => (await page.locator('.attach-tray .file[data-state="ready"]').count()) === count, `${count} files are ready`, 30_000);
  const send = () => page.getByRole('button', { name: 'Send' }).click();
  const pictures = nuria.page.locator('.pictures img');
  const loaded = (count) => until(async () => (await pictures.evaluateAll((all) => all.filter((image) => image.naturalWidth > 0).length)) >= count, `${count} pictures are there`);

  await story.step('a picture is picked, sent and seen', async () => {
    for (const person of [clara, nuria]) await person.signUp(server.url);
    await clara.write(nuria);
    await page.locator('input[data-files]').setInputFiles({ name: 'sea.png', mimeType: 'image/png', buffer: png(800, 500, [20, 90, 160]) });
    await tray.filter({ hasText: 'sea.png' }).waitFor();
    await ready(1);
    await send();
    await nuria.toList();
    const row = nuria.page.locator('.room-row', { hasText: clara.name });
    await row.filter({ hasText: 'Photo' }).waitFor();
    await nuria.openRoom(clara.name);
    await loaded(1);
    check((await tray.count()) === 0, 'the tray is empty');
  });
  await story.step('several at once, by paste and by drop, with words', async () => {
    await give(page, '#composer', 'paste', [['one.png', png(300, 300, [200, 60, 40])]]);
    await give(page, 'main.stage', 'drop', [['two.png', png(300, 200, [40, 160, 60])], ['notes.txt', Buffer.from('what we need: thread, needles')]]);
    await ready(3);
    await clara.composer.fill('From the café');
    await send();
    await nuria.sees('From the café');
    await loaded(3);
    const card = nuria.page.locator('button.file', { hasText: 'notes.txt' });
    await card.filter({ hasText: '29 B' }).waitFor();
    const saving = nuria.page.waitForEvent('download');
    await card.click();
    check((await saving).suggestedFilename() === 'notes.txt', 'it is saved under its name');
  });
  await story.step('pictures open in a viewer, by the keys', async () => {
    await nuria.page.getByRole('button', { name: 'Open picture one.png' }).click();
    const viewer = nuria.page.getByRole('dialog', { name: 'one.png' });
    await viewer.locator('img').waitFor();
    await accessible(nuria, 'the viewer');
    await nuria.page.keyboard.press('ArrowRight');
    await nuria.page.getByRole('dialog', { name: 'two.png' }).waitFor();
    await nuria.page.keyboard.press('Escape');
    await until(async () => (await nuria.page.getByRole('dialog').count()) === 0, 'the viewer is closed');
  });
  await trouble({ story, clara, nuria, tray, ready, send });
  await banned({ story, server });
}

/** What goes wrong on the way, and what is not wanted. */
async function trouble({ story, clara, nuria, tray, ready, send }) {
  const { page } = clara;
  await story.step('a cut in the middle costs nothing', async () => {
    const large = Buffer.alloc(24 << 20, 7);
    await throttled(page, 6 << 20);
    await page.locator('input[data-files]').setInputFiles({ name: 'large.bin', mimeType: 'application/octet-stream', buffer: large });
    const bar = tray.filter({ hasText: 'large.bin' }).getByRole('progressbar');
    const percent = async () => Number(await bar.getAttribute('aria-valuenow').catch(() => 0));
    await until(async () => (await percent()) >= 10, 'some of it is sent', 20_000);
    await page.context().setOffline(true);
    const at = await percent();
    check(at < 90, `it is cut at ${at} %`);
    await page.waitForTimeout(1500);
    await page.context().setOffline(false);
    await throttled(page, -1);
    await until(async () => (await page.locator('.attach-tray .file[data-state="ready"]', { hasText: 'large.bin' }).count()) === 1, 'it is ready', 60_000);
    await send();
    await nuria.page.locator('button.file', { hasText: 'large.bin' }).filter({ hasText: '25.2 MB' }).waitFor();
  });
  await story.step('one that is not wanted any more goes, one that is too large is told', async () => {
    await page.locator('input[data-files]').setInputFiles({ name: 'wrong.txt', mimeType: 'text/plain', buffer: Buffer.from('no') });
    await ready(1);
    await page.getByRole('button', { name: 'Remove wrong.txt' }).click();
    check((await tray.count()) === 0, 'it is gone');
    await page.locator('input[data-files]').setInputFiles({ name: 'broken.png', mimeType: 'image/png', buffer: png(50, 50, [1, 2, 3]).subarray(0, 60) });
    await tray.filter({ hasText: 'the picture is damaged' }).waitFor();
    await accessible(clara, 'the tray');
    await page.getByRole('button', { name: 'Remove broken.png' }).click();
  });
}

/** By REST, where an old link can be kept. */
async function banned({ story, server }) {
  await story.step('who is banned has no more of it, by old links either', async () => {
    const owner = await api(server, undefined, 'POST', '/users', { name: 'Owner' });
    const guest = await api(server, undefined, 'POST', '/users', { name: 'Guest' });
    const room = await api(server, owner.token, 'POST', '/rooms', { kind: 'group', name: ROOM, members: [guest.user.id] });
    const begun = await fetch(`${server.url}/v1/uploads`, { method: 'POST', headers: { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0', 'upload-length': '5', 'content-type': 'application/offset+octet-stream' }, body: 'hello' });
    const id = begun.headers.get('location').split('/').at(-1);
    await api(server, owner.token, 'GET', `/uploads/${id}?wait_ms=20000`);
    const { msg_id: seq } = await api(server, owner.token, 'POST', `/rooms/${room.id}/messages`, { attachments: [id] });
    const links = await api(server, guest.token, 'POST', `/rooms/${room.id}/attachments/links`, { items: [{ seq, index: 0 }] });
    const link = `${server.url}${links.items[0].url}`;
    check((await fetch(link)).status === 200, 'the link works');
    await api(server, owner.token, 'PUT', `/rooms/${room.id}/bans/${guest.user.id}`, {});
    check([403, 404].includes((await fetch(link)).status), 'it does not any more');
  });
}

async function api(server, token, method, path, body) {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(`${server.url}/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  return answer.status === 204 ? undefined : answer.json();
}

/** Bytes a second that the page may send; -1 takes the bound away. */
async function throttled(page, bytes) {
  page.devtools ??= await page.context().newCDPSession(page);
  await page.devtools.send('Network.enable');
  await page.devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes });
}

/** Files as a paste or a drop brings them. */
async function give(page, selector, type, list) {
  const files = list.map(([name, bytes]) => ({ name, bytes: bytes.toString('base64'), type: name.endsWith('.png') ? 'image/png' : 'text/plain' }));
  await page.evaluate(
    ([where, kind, given]) => {
      const data = new DataTransfer();
      for (const { name, bytes, type: of } of given) data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, { type: of }));
      const target = document.querySelector(where);
      if (kind === 'paste') target.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
      else for (const event of ['dragover', 'drop']) target.dispatchEvent(new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [selector, type, files],
  );
}

/** A picture of one colour. */
function png(width, height, colour) {
  const row = Buffer.concat([Buffer.from([0]), Buffer.concat(Array.from({ length: width }, () => Buffer.from(colour)))]);
  const chunk = (name, body) => {
    const named = Buffer.concat([Buffer.from(name), body]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crcOf(named));
    return Buffer.concat([length, named, crc]);
  };
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk('IHDR', size), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function crcOf(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
