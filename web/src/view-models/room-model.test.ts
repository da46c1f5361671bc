// An open room: where it opens, how it gets about, and how much of it is kept.
import { beforeAll, expect, it } from 'vitest';
import { MockServer } from '../../mocks/mock-server';
import { seeded, testPlatform, TestClock } from '../../mocks/test-platform';
import { Client } from '../client/client';
import type { Room } from '../client/room';
import { MemoryStorage } from '../storage/memory';
import { RoomModel, UNREAD } from './room-model';
import { chooseLanguage } from './texts';
import type { TimelineItem } from './views';

beforeAll(() => chooseLanguage('en', ['en-GB']));

const MINUTE_MS = 60_000;

async function open(messages: number, read: number, seq?: number) {
  const clock = new TestClock();
  const server = new MockServer(() => clock.now);
  const [clara, nuria] = [server.addUser('Clara Vidal'), server.addUser('Nuria Solà')];
  const mock = server.addRoom('group', 'Repair café', [clara, nuria]);
  const start = clock.now;
  for (let i = 0; i < messages; i++) mock.append(nuria.id, { kind: 'message', text: `${i}` }, start + i * MINUTE_MS);
  mock.reads.set(clara.id, mock.head - messages + read);
  const account = { server: 'http://test', user: clara.id, device: '1', token: `token-${clara.id}`, name: clara.name, usedAt: 0 };
  const client = new Client(account, testPlatform(server, clock, seeded(1)), new MemoryStorage().open(account));
  await client.start();
  await clock.advance(1000);
  const model = new RoomModel(client, mock.id);
  client.openRoom(mock.id);
  const view = () => model.timeline(clock.now);
  void model.load(seq);
  // What a screen says as soon as it is drawn.
  view();
  model.seen(true, true);
  await clock.advance(1000);
  return { clock, server, mock, client, model, view, start, nuria, room: client.rooms.get(mock.id) as Room, after: async (run: () => unknown) => (run(), await clock.advance(50)) };
}

const texts = (items: TimelineItem[]) => items.flatMap((item) => (item.type === 'group' ? item.messages.map((message) => message.text) : item.type === 'unread' ? ['(unread)'] : []));

it('opens where reading stopped, however far up that is, and marks nothing as read on the way', async () => {
  const { view, model, room, mock } = await open(500, 100);
  expect(model.target?.key).toBe(UNREAD);
  const shown = texts(view().items);
  expect(shown[shown.indexOf('(unread)') + 1]).toBe('100');
  expect(shown).not.toContain('499');
  expect(view()).toMatchObject({ atEnd: false, unreadAbove: false });
  expect(mock.head - room.read).toBe(400);
});

it('does not draw the line of what is new where older messages would push it away', async () => {
  // What came in while one was elsewhere is here, what was said before is not.
  const { server, mock, client, clock, nuria } = await open(3, 3);
  for (let i = 3; i < 100; i++) server.append(mock, nuria.id, { kind: 'message', text: `${i}` });
  await clock.advance(100);
  const room = client.rooms.get(mock.id) as Room;
  room.log.cut(room.head - 96);
  const model = new RoomModel(client, mock.id);
  const first = texts(model.timeline(clock.now).items);
  void model.load(undefined);
  await clock.advance(1000);
  expect(first).toEqual([]);
  const shown = texts(model.timeline(clock.now).items);
  expect(shown[shown.indexOf('(unread)') + 1]).toBe('3');
});

it('says how many are new below, and leads back to what is new', async () => {
  const { view, model, after } = await open(500, 100);
  model.seen(false, true);
  expect(view().newBelow).toBe(400);
  await after(() => model.toLatest());
  expect(texts(view().items)).toContain('499');
  // No line at the top of what happens to be here.
  expect(texts(view().items)).not.toContain('(unread)');
  expect(view().unreadAbove).toBe(true);
  await after(() => model.toUnread());
  expect(texts(view().items)).toContain('(unread)');
  expect(view().unreadAbove).toBe(false);
  model.markRead();
  expect(view().unreadAbove).toBe(false);
});

it('opens at a link although much is unread', async () => {
  const { view, model } = await open(500, 100, 300);
  expect(model.target?.key).toBe('300');
  expect(view()).toMatchObject({ unreadAbove: true, atEnd: false });
});

it('shows the newest when it cannot come to where reading stopped', async () => {
  const { client, clock, mock, server, nuria } = await open(10, 10);
  server.dropAll();
  client.rooms.get(mock.id)?.skip(mock.head, 10);
  server.append(mock, nuria.id, { kind: 'message', text: 'new' });
  const model = new RoomModel(client, mock.id);
  void model.load(undefined);
  await clock.advance(60_000);
  expect(texts(model.timeline(clock.now).items)).toContain('new');
});

it('goes to a day: its first message, the next one after it, or the latest', async () => {
  const { view, model, start, after } = await open(5000, 5000);
  await after(() => model.toMoment(start + 1000 * MINUTE_MS));
  expect(texts(view().items)).toContain('1000');
  const seq = Number(model.target?.key);
  expect(texts(view().items.filter((item) => item.type === 'group' && item.messages.some((message) => message.seq === seq)))).toContain('1000');
  await after(() => model.toMoment(start - MINUTE_MS));
  expect(view().atStart).toBe(true);
  await after(() => model.toMoment(start + 6000 * MINUTE_MS));
  expect(view()).toMatchObject({ atEnd: true });
  expect(texts(view().items)).toContain('4999');
});

it('keeps a window of what is read, up to the start of a long room and down again', { timeout: 60_000 }, async () => {
  const { view, model, room, after } = await open(50_000, 50_000);
  for (let i = 0; i < 200; i++) await after(() => model.loadOlder());
  expect(room.log.size).toBeLessThan(3400);
  expect(view().atEnd).toBe(false);
  const top = texts(view().items)[0];
  expect(Number(top)).toBeLessThan(50_000 - 7000);
  await after(() => model.toStart());
  for (let i = 0; i < 200; i++) await after(() => model.loadNewer());
  expect(room.log.size).toBeLessThan(7000);
  const shown = texts(view().items).map(Number);
  for (let i = 1; i < shown.length; i++) expect(shown[i]).toBe((shown[i - 1] ?? 0) + 1);
  expect(shown.at(-1)).toBeGreaterThan(7000);
  await after(() => model.toLatest());
  expect(texts(view().items)).toContain('49999');
});
