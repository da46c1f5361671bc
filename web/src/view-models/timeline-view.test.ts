// The items of a timeline: grouped, stable, and with what waits laid over.
import { beforeAll, describe, expect, it } from 'vitest';
import { MockServer } from '../../mocks/mock-server';
import { seeded, testPlatform, TestClock } from '../../mocks/test-platform';
import { Client } from '../client/client';
import type { Room } from '../client/room';
import { MemoryStorage } from '../storage/memory';
import { RoomModel } from './room-model';
import { chooseLanguage } from './texts';
import { wholeFrom } from './timeline-view';
import type { TimelineItem } from './views';

beforeAll(() => chooseLanguage('en', ['en-GB']));

const MINUTE_MS = 60_000;

async function open(messages: number, read = true) {
  const clock = new TestClock();
  const server = new MockServer(() => clock.now);
  const [clara, nuria] = [server.addUser('Clara Vidal'), server.addUser('Nuria Solà')];
  const mock = server.addRoom('group', 'Repair café', [clara, nuria]);
  mock.reads.set(clara.id, mock.head);
  for (let i = 0; i < messages; i++) server.append(mock, nuria.id, { kind: 'message', text: `${i}` }, clock.now + i * MINUTE_MS);
  if (read) mock.reads.set(clara.id, mock.head);
  const account = { server: 'http://test', user: clara.id, device: '1', token: `token-${clara.id}`, name: clara.name, usedAt: 0 };
  const client = new Client(account, testPlatform(server, clock, seeded(1)), new MemoryStorage().open(account));
  await client.start();
  await clock.advance(1000);
  const model = new RoomModel(client, mock.id);
  void model.load(undefined);
  await clock.advance(1000);
  const room = client.rooms.get(mock.id) as Room;
  const items = () => model.timeline(clock.now).items;
  // The first look asks for the names.
  items();
  await clock.advance(100);
  return { clock, server, mock, client, model, room, items, clara, nuria };
}

const texts = (items: TimelineItem[]) => items.flatMap((item) => (item.type === 'group' ? item.messages.map((message) => message.text) : [`(${item.type})`]));

describe('a timeline', () => {
  it('draws the line of what is new once, before the first of others', async () => {
    const { items, model } = await open(3, false);
    expect(texts(items())).toEqual(['(day)', '(life)', '(unread)', '0', '1', '2']);
    model.seen(true, true);
    expect(texts(items())).toContain('(unread)');
    model.markRead();
    expect(texts(items())).not.toContain('(unread)');
  });

  it('keeps what did not change as the same objects', async () => {
    const { items, server, mock, clock, nuria, clara } = await open(70);
    const before = items();
    expect(items()).toBe(before);
    server.append(mock, clara.id, { kind: 'message', text: 'mine' });
    server.append(mock, nuria.id, { kind: 'edit', of: mock.head - 1, text: 'changed' });
    await clock.advance(100);
    const after = items();
    const kept = before.filter((item) => after.includes(item));
    expect(kept.length).toBe(before.length - 1);
  });

  it('does not let what is shown grow at its upper end when older messages come', async () => {
    const { items, model, clock } = await open(200);
    const before = items();
    model.loadOlder();
    await clock.advance(1000);
    const after = items();
    expect(after.length).toBeGreaterThan(before.length);
    for (const item of before.filter((one) => one.type === 'group')) expect(after).toContain(item);
    expect(wholeFrom(1, 500, 1)).toBe(1);
    expect(wholeFrom(70, 500, 1)).toBe(96);
    expect(wholeFrom(70, 100, 1)).toBe(70);
  });

  it('shows what waits, what landed and what failed, in order and once', async () => {
    const { items, model, clock, server, client } = await open(0);
    server.silent = true;
    model.send('one');
    model.send('two');
    await clock.advance(10);
    const states = () => items().flatMap((item) => (item.type === 'group' ? item.messages.map((message) => `${message.text} ${message.state}`) : []));
    expect(states()).toEqual(['one pending', 'two pending']);
    server.silent = false;
    server.dropAll();
    await clock.advance(60_000);
    expect(states()).toEqual(['one sent', 'two sent']);
    server.refuse = { code: 'not_allowed', detail: 'no' };
    model.send('three');
    await clock.advance(100);
    expect(states()).toEqual(['one sent', 'two sent', 'three failed']);
    expect(client.outbox.waiting).toBe(0);
  });

  it('lays a waiting edit, reaction and deletion over the message', async () => {
    const { items, server, clock, client, mock, clara } = await open(0);
    const { seq } = server.append(mock, clara.id, { kind: 'message', text: 'hello' });
    await clock.advance(100);
    server.silent = true;
    const drawn = () => items().flatMap((item) => (item.type === 'group' ? item.messages : [])).at(-1);
    await client.do(mock.id, { type: 'react', of: seq, emoji: '☕', on: true });
    expect(drawn()?.reactions).toMatchObject([{ emoji: '☕', count: 1, mine: true }]);
    await client.do(mock.id, { type: 'edit', of: seq, text: 'good morning' });
    expect(drawn()).toMatchObject({ text: 'good morning', state: 'pending' });
    await client.do(mock.id, { type: 'delete', of: seq });
    expect(drawn()?.erased?.text).toBe('You deleted this message');
  });
});
