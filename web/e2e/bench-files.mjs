// One large file up and down: time against a plain copy on the same disk, and how far the server's memory grows meanwhile.
// `TERTULIA_BIN=../target/release/tertulia npm run bench:files [MiB]`.
import { createReadStream, copyFileSync, openSync, readFileSync, rmSync, writeSync, closeSync, fsyncSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Server } from './harness.mjs';

const MIB = Number(process.argv[2] ?? 1024);
const PART_MIB = 64;
process.env.TERTULIA_LIMITS__ATTACHMENT_BYTES = String(MIB * 1024 * 1024);
const server = new Server();
await server.start();
const file = join(server.folder, 'large.bin');
const out = openSync(file, 'w');
for (let at = 0; at < MIB; at++) writeSync(out, Buffer.alloc(1 << 20, at % 251));
fsyncSync(out);
closeSync(out);
const seconds = async (run) => {
  const began = performance.now();
  await run();
  return (performance.now() - began) / 1000;
};
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))[1]) / 1024;
let highest = 0;
const watch = setInterval(() => (highest = Math.max(highest, memory())), 20);
const send = (method, path, headers, body) =>
  new Promise((resolve, reject) => {
    const asked = request(`${server.url}/v1${path}`, { method, headers }, (answer) => {
      let bytes = 0;
      const pieces = [];
      answer.on('data', (piece) => ((bytes += piece.length), bytes < 1 << 20 && pieces.push(piece)));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes, text: () => Buffer.concat(pieces).toString() }));
    });
    asked.on('error', reject);
    if (body instanceof Buffer || typeof body === 'string' || body === undefined) asked.end(body);
    else body.pipe(asked);
  });
const json = async (method, path, token, body) => JSON.parse((await send(method, path, { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }, body && JSON.stringify(body))).text());
const { token } = await json('POST', '/users', undefined, { name: 'Bench' });
const auth = { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0' };
const room = await json('POST', '/rooms', token, { kind: 'group', name: 'bench' });
const before = memory();
highest = before;
const copy = await seconds(async () => {
  copyFileSync(file, `${file}.copy`);
  const copied = openSync(`${file}.copy`, 'r+');
  fsyncSync(copied);
  closeSync(copied);
});
let id;
const up = await seconds(async () => {
  const begun = await send('POST', '/uploads', { ...auth, 'upload-length': MIB * 1024 * 1024 });
  id = begun.headers.location.split('/').at(-1);
  for (let at = 0; at < MIB; at += PART_MIB) {
    const end = Math.min(MIB, at + PART_MIB) * 1024 * 1024;
    const part = createReadStream(file, { start: at * 1024 * 1024, end: end - 1, highWaterMark: 1 << 20 });
    const sent = await send('PATCH', `/uploads/${id}`, { ...auth, 'upload-offset': at * 1024 * 1024, 'content-type': 'application/offset+octet-stream', 'content-length': end - at * 1024 * 1024 }, part);
    if (sent.status !== 204) throw new Error(`${sent.status} ${sent.text()}`);
  }
});
const ready = await seconds(async () => {
  for (let state = ''; state !== 'ready'; ) ({ state } = await json('GET', `/uploads/${id}?wait_ms=20000`, token));
});
const { msg_id: seq } = await json('POST', `/rooms/${room.id}/messages`, token, { attachments: [id] });
const links = await json('POST', `/rooms/${room.id}/attachments/links`, token, { items: [{ seq, index: 0 }] });
const down = await seconds(async () => {
  const { bytes } = await send('GET', links.items[0].url.replace('/v1', ''), {});
  if (bytes !== MIB * 1024 * 1024) throw new Error(`${bytes} bytes came`);
});
clearInterval(watch);
const rate = (took) => `${Math.round(MIB / took)} MiB/s (${(copy / took).toFixed(2)}x a copy)`;
console.log(`${MIB} MiB: copy ${Math.round(MIB / copy)} MiB/s, up ${rate(up)}, looked at in ${ready.toFixed(1)} s, down ${rate(down)}`);
console.log(`memory ${before.toFixed(1)} MiB before, at most ${highest.toFixed(1)}: grew by ${(highest - before).toFixed(1)} MiB`);
await server.stop();
rmSync(server.folder, { recursive: true, force: true });
