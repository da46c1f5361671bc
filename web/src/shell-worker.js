// The service worker: keeps the files of the client, so that a page opens without a server, with what the device has.
// The build puts FILES and VERSION before this text (see vite.config.ts). It never touches /v1.
/* global FILES, VERSION */
const CACHE = `shell-${VERSION}`;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  const others = (names) => names.filter((name) => name.startsWith('shell-') && name !== CACHE);
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(others(names).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  // Pages come from the server while it answers: so a new client is used at once.
  if (request.mode === 'navigate' && !isOfServer(pathname)) event.respondWith(fetch(request).catch(() => caches.match('/')));
  else if (FILES.includes(pathname)) event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
});

const isOfServer = (pathname) => pathname.startsWith('/v1/') || ['/docs', '/metrics', '/healthz', '/readyz'].some((path) => pathname === path || pathname.startsWith(`${path}/`));
