// The mock server over real HTTP and WebSockets, with the built client: for working on the browser tests without the
// binary. `node mocks/serve.mjs --listen 127.0.0.1:0` says where it listens. It keeps nothing when it ends.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { createServer as createVite } from 'vite';

const root = new URL('..', import.meta.url).pathname;
const vite = await createVite({ root, server: { middlewareMode: true }, logLevel: 'error', optimizeDeps: { noDiscovery: true } });
const { MockServer } = await vite.ssrLoadModule('/mocks/mock-server.ts');
const { mockFetch } = await vite.ssrLoadModule('/mocks/mock-rest.ts');
const server = new MockServer();

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.webmanifest': 'application/manifest+json' };

const http = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (url.pathname.startsWith('/v1/')) {
    const init = { method: request.method, headers: request.headers };
    if (chunks.length > 0) init.body = Buffer.concat(chunks).toString();
    const answer = await mockFetch(server, url.href, init);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    return;
  }
  const file = await readFile(join(root, 'dist', url.pathname)).catch(() => undefined);
  const body = file ?? (await readFile(join(root, 'dist/index.html')));
  response.writeHead(200, { 'content-type': file ? (types[extname(url.pathname)] ?? 'application/octet-stream') : 'text/html' }).end(body);
});

http.on('upgrade', (request, socket) => {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: tertulia.v1.json\r\n\r\n`);
  const line = { session: undefined };
  const close = (code) => {
    const body = Buffer.alloc(2);
    body.writeUInt16BE(code);
    socket.end(frameOf(8, body));
    if (line.session) server.sessions.delete(line.session);
  };
  const tell = (frame) => socket.write(frameOf(1, Buffer.from(JSON.stringify(frame))));
  let kept = Buffer.alloc(0);
  socket.on('data', (data) => {
    kept = Buffer.concat([kept, data]);
    for (let frame; (frame = readFrame(kept)); kept = kept.subarray(frame.size)) {
      if (frame.op === 8) return close(1000);
      if (frame.op === 1) server.take(line, JSON.parse(frame.body.toString()), tell, close);
    }
  });
  const gone = () => line.session && server.sessions.delete(line.session);
  socket.on('close', gone).on('error', gone);
});

function frameOf(op, body) {
  if (body.length < 126) return Buffer.concat([Buffer.from([0x80 | op, body.length]), body]);
  const head = Buffer.alloc(body.length < 65_536 ? 4 : 10);
  head.writeUInt16BE((0x80 | op) * 256 + (head.length === 4 ? 126 : 127));
  if (head.length === 4) head.writeUInt16BE(body.length, 2);
  else head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

function readFrame(data) {
  if (data.length < 6) return undefined;
  const short = data[1] & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (data.length < start + 4) return undefined;
  const length = short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
  const size = start + 4 + length;
  if (data.length < size) return undefined;
  const mask = data.subarray(start, start + 4);
  return { op: data[0] & 0x0f, size, body: Buffer.from(data.subarray(start + 4, size).map((byte, i) => byte ^ mask[i % 4])) };
}

const at = process.argv.indexOf('--listen');
const [host, port] = (at > 0 ? process.argv[at + 1] : '127.0.0.1:0').split(':');
http.listen(Number(port), host, () => console.log(`listening on http://${host}:${http.address().port}\n  http://${host}:${http.address().port}/#ticket=mock`));
