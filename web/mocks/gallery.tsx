// The real client over the mock server, in the page itself: every screen can be looked at without a server.
// ?at=/rooms/… chooses the place, ?theme, ?text, ?dir, ?lang the look, ?case one of the situations below.
import { createRoot } from 'react-dom/client';
import type { Platform } from '../src/platform/platform';
import { browserPlatform } from '../src/platform/browser';
import { MemoryStorage } from '../src/storage/memory';
import { App } from '../src/ui/App';
import { AppContext } from '../src/ui/use-model';
import '../src/ui/look';
import { AppModel } from '../src/view-models/app-model';
import { addLongHistory, casaLisboa } from './casa-lisboa';
import { openMockLine } from './mock-line';
import { mockFetch } from './mock-rest';

const query = new URLSearchParams(location.search);
const situation = query.get('case') ?? '';
const house = casaLisboa(Date.now());
const { server, clara, rooms } = house;
if (situation === 'long') addLongHistory(house, Number(query.get('messages') ?? 10_000));
if (situation === 'unread' && rooms.long) {
  addLongHistory(house, 10_000);
  rooms.long.reads.set(clara.id, rooms.long.head - Number(query.get('unread') ?? 400));
}

let offline = false;
const platform: Platform = {
  ...browserPlatform(),
  openSocket: (_url, _protocol, events) => {
    if (!offline) return openMockLine(server, events, (ms, run) => setTimeout(run, ms));
    setTimeout(() => events.close(1006), 10);
    return { send: () => {}, close: () => {} };
  },
  fetch: (url, init) => (offline ? Promise.reject(new TypeError('offline')) : mockFetch(server, url, init)),
  networkUp: () => !offline,
};

let path = query.get('at') ?? '/';
if (path === '/cafe') path = `/rooms/${rooms.cafe?.id ?? ''}`;
if (path === '/hard') path = `/rooms/${rooms.hard?.id ?? ''}`;
if (path === '/long') path = `/rooms/${rooms.long?.id ?? ''}`;
const listeners = new Set<() => void>();
const storage = new MemoryStorage();
const account = { server: 'http://192.168.1.20:4666', user: clara.id, device: '1', token: `token-${clara.id}`, name: clara.name, usedAt: 1 };

if (situation === 'empty') {
  server.rooms.clear();
  server.friends.clear();
  const room = server.addRoom('group', 'The first table', [clara]);
  room.reads.set(clara.id, room.head);
  path = `/rooms/${room.id}`;
}
if (situation === 'first') {
  server.rooms.clear();
  path = '/?ticket=one';
} else if (situation === 'invited') {
  rooms.cafe?.invites.add('9f3k');
  path = '/i/9f3k';
} else if (situation !== 'guest') await storage.saveAccount(account);

const app = new AppModel({
  server: account.server,
  platform,
  storage,
  navigation: {
    url: () => new URL(path, account.server),
    push: (next) => void (path = next),
    replace: (next) => void (path = next),
    onChange: (run) => (listeners.add(run), () => listeners.delete(run)),
    setTitle: (title) => void (document.title = title),
  },
  localStorage: undefined,
  root: document.documentElement,
  browserLanguages: [query.get('lang') ?? 'en-GB'],
});

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <AppContext value={app}>
      <App />
    </AppContext>,
  );
await app.start();
await app.changeAppearance({
  theme: (query.get('theme') as 'light' | 'dark' | null) ?? 'light',
  textSize: (query.get('text') as 'large' | null) ?? 'regular',
});
if (query.get('dir')) document.documentElement.dir = query.get('dir') ?? 'ltr';

const cafe = rooms.cafe;
const people = [...server.people.values()];
const named = (name: string) => people.find((user) => user.name.startsWith(name))?.id ?? '';
setTimeout(() => {
  if (!cafe) return;
  if (situation === 'typing') for (const name of ['Nuria', 'Bakary']) server.tellUser(clara.id, { t: 'typing', room: cafe.id, user: named(name), on: true });
  if (situation === 'banned') server.ban(cafe, clara.id, named('Amaia'), 'Posted a visitor’s phone number twice, after being asked not to.', 7 * 24 * 3_600_000);
  if (situation === 'offline') {
    offline = true;
    server.dropAll();
    for (const text of ['Bringing the list and the cash box', 'The poster is at the printer until five', 'Somebody has to bring the long extension lead']) void app.client?.do(cafe.id, { type: 'send', text });
  }
  if (situation === 'failed') {
    server.refuse = { code: 'slow_mode', detail: 'slow' };
    void app.client?.do(cafe.id, { type: 'send', text: 'And somebody has to bring the long extension lead' });
  }
}, 600);

Object.assign(window, { app, server, house });
