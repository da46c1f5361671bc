// REST of the mock server: as much of it as the client's screens ask for.
import type { UserId } from '../src/protocol/ids';
import type { Friend, Session } from '../src/protocol/rest';
import type { MockServer } from './mock-server';

interface Asked {
  server: MockServer;
  me: UserId;
  parts: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
}

type Answer = { status?: number; body?: unknown };

const no = (status: number, code: string, detail = code, field?: string): Answer => ({ status, body: { code, detail, field } });
const items = (list: unknown[]): Answer => ({ body: { items: list } });
const done: Answer = { status: 204 };

export async function mockFetch(server: MockServer, url: string, init: RequestInit): Promise<Response> {
  const { pathname, searchParams } = new URL(url);
  const headers = new Headers(init.headers);
  const me = server.tokens.get(headers.get('authorization')?.replace('Bearer ', '') ?? '') ?? '';
  const asked: Asked = { server, me, query: searchParams, parts: pathname.split('/').slice(2), body: init.body ? (JSON.parse(String(init.body)) as Record<string, unknown>) : {} };
  const answer = route(`${init.method ?? 'GET'} ${asked.parts[0] ?? ''}`, asked);
  const status = answer.status ?? 200;
  return new Response(status === 204 ? null : JSON.stringify(answer.body ?? {}), { status });
}

function route(key: string, asked: Asked): Answer {
  const { server, parts } = asked;
  switch (key) {
    case 'GET server':
      return { body: { name: 'Casa Lisboa', version: '0.1.0', history: server.history, sign_up: 'open', password_required: false, limits: server.limits, urls: [] } };
    case 'POST users':
      return parts[1] === 'lookup' ? items((asked.body.ids as string[]).flatMap((id) => server.people.get(id) ?? [])) : signUp(asked);
    case 'POST sessions':
      return logIn(asked);
    case 'DELETE sessions':
      return done;
    case 'GET users':
      return users(asked);
    case 'GET admin':
      return limits(asked);
    case 'PATCH admin':
      Object.assign(server.limits, asked.body);
      return limits(asked);
    case 'GET invites':
      return invite(asked);
    case 'PUT direct':
      return direct(asked);
    default:
      if (parts[0] === 'me') return mine(key, asked);
      if (parts[0] === 'rooms') return rooms(key, asked);
      return no(404, 'not_found');
  }
}

function begin({ server }: Asked, id: UserId): Answer {
  const session: Session = { token: `token-${id}`, device: '1', user: server.me(id) };
  return { status: 201, body: session };
}

function signUp(asked: Asked): Answer {
  const { server, body } = asked;
  const name = String(body.name);
  const handle = body.handle === undefined ? `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${server.people.size}` : String(body.handle);
  if ([...server.people.values()].some((user) => user.handle === handle)) return no(409, 'conflict', 'taken', 'handle');
  const user = server.addUser(name, handle);
  if (body.password !== undefined) server.passwords.set(handle, String(body.password));
  return begin(asked, user.id);
}

function logIn(asked: Asked): Answer {
  const { server, body } = asked;
  if (body.ticket !== undefined) {
    if (server.ticketUsed) return no(401, 'unauthenticated');
    server.ticketUsed = true;
    return begin(asked, server.addUser('Administrator', 'admin').id);
  }
  const user = [...server.people.values()].find((one) => one.handle === body.handle);
  return user && server.passwords.get(user.handle) === body.password ? begin(asked, user.id) : no(401, 'wrong_password');
}

function users({ server, me, parts, query }: Asked): Answer {
  const all = [...server.people.values()];
  if (parts[1] === undefined) {
    const q = (query.get('q') ?? '').toLowerCase();
    return items(all.filter((user) => user.handle.startsWith(q) || user.name.toLowerCase().split(' ').some((word) => word.startsWith(q))));
  }
  const user = parts[1] === 'by-handle' ? all.find((one) => one.handle === parts[2]) : server.people.get(parts[1]);
  if (!user) return no(404, 'not_found');
  return { body: { ...user, friend: server.friends.get(me)?.find((friend) => friend.user.id === user.id)?.state, blocked: server.blocks.get(me)?.includes(user) ?? false } };
}

function limits({ server }: Asked): Answer {
  const used: Record<string, number> = { text_bytes: 7912, messages_per_10s: 14, members_per_room: 1204, connections_per_gateway: 1284 };
  return items(Object.entries(server.limits).map(([name, value]) => ({ name, value, unit: '', default: value, min: 1, max: 1_000_000, about: name, in_use: used[name], source: 'default' })));
}

function invite({ server, parts }: Asked): Answer {
  const room = [...server.rooms.values()].find((one) => one.invites.has(parts[1] ?? ''));
  return room ? { body: { room: { id: room.id, name: room.name, members: room.members.size } } } : no(404, 'not_found');
}

function direct({ server, me, parts }: Asked): Answer {
  const other = parts[1] ?? '';
  const known = [...server.rooms.values()].find((room) => room.kind === 'direct' && room.members.has(me) && room.members.has(other));
  const people = [server.people.get(me), server.people.get(other)].flatMap((user) => user ?? []);
  return { body: (known ?? server.addRoom('direct', '', people)).wire(me, server.people) };
}

function mine(key: string, { server, me, parts, body }: Asked): Answer {
  const user = server.people.get(me);
  if (!user) return no(401, 'unauthenticated');
  switch (`${key.split(' ')[0] ?? ''} ${parts[1] ?? ''}`) {
    case 'PATCH ':
      Object.assign(user, body);
      return { body: server.me(me) };
    case 'GET ':
      return { body: server.me(me) };
    case 'GET rooms':
      return { body: { feed: 1, items: [...server.rooms.values()].filter((room) => room.members.has(me)).map((room) => room.item(me, server.people)) } };
    case 'PATCH rooms': {
      const room = server.rooms.get(parts[2] ?? '');
      room?.mine.set(me, { muted: false, pinned: false, ...room.mine.get(me), ...body });
      return done;
    }
    case 'PUT friends':
      return befriend(server, me, parts[2] ?? '');
    case 'DELETE friends':
      return unfriend(server, me, parts[2] ?? '');
    case 'PUT blocks':
      server.blocks.set(me, [...(server.blocks.get(me) ?? []), ...[server.people.get(parts[2] ?? '')].flatMap((other) => other ?? [])]);
      server.feed(me, 'blocks');
      return done;
    case 'DELETE blocks':
      server.blocks.set(me, (server.blocks.get(me) ?? []).filter((other) => other.id !== parts[2]));
      server.feed(me, 'blocks');
      return done;
    case 'PUT password':
      server.passwords.set(user.handle, String(body.new));
      return done;
    case 'GET settings':
      return { body: server.settings.get(me) ?? {} };
    case 'PUT settings':
      server.settings.set(me, body);
      return done;
    case 'GET friends':
      return items(server.friends.get(me) ?? []);
    case 'GET blocks':
      return items(server.blocks.get(me) ?? []);
    case 'GET devices':
      return items([{ id: '1', client: 'Tertulia web, Firefox on Linux', created_at: server.now(), last_seen_at: server.now(), current: true }]);
    default:
      return done;
  }
}

function setFriend(server: MockServer, me: UserId, other: UserId, state: Friend['state'] | undefined): void {
  const user = server.people.get(other);
  const rest = (server.friends.get(me) ?? []).filter((friend) => friend.user.id !== other);
  server.friends.set(me, user && state ? [...rest, { user, state }] : rest);
  server.feed(me, 'friends');
}

function befriend(server: MockServer, me: UserId, other: UserId): Answer {
  const asked = server.friends.get(me)?.find((friend) => friend.user.id === other)?.state === 'asks';
  setFriend(server, me, other, asked ? 'friends' : 'asked');
  setFriend(server, other, me, asked ? 'friends' : 'asks');
  return { body: { state: asked ? 'friends' : 'asked' } };
}

function unfriend(server: MockServer, me: UserId, other: UserId): Answer {
  setFriend(server, me, other, undefined);
  setFriend(server, other, me, undefined);
  return done;
}

function rooms(key: string, { server, me, parts, body }: Asked): Answer {
  const method = key.split(' ')[0] ?? '';
  if (method === 'POST' && parts[1] === undefined) {
    const members = [me, ...((body.members as string[] | undefined) ?? [])].flatMap((id) => server.people.get(id) ?? []);
    return { status: 201, body: server.addRoom(body.kind as 'group', String(body.name), members).wire(me, server.people) };
  }
  const room = server.rooms.get(parts[1] ?? '');
  if (room && parts[2] === 'join') {
    if (room.bans.has(me)) return no(403, 'banned');
    server.join(room, me, me);
    return { body: room.wire(me, server.people) };
  }
  if (!room?.members.has(me)) return room?.bans.has(me) ? no(403, 'banned') : no(404, 'not_member');
  switch (`${method} ${parts[2] ?? ''}`) {
    case 'GET ':
      return { body: room.wire(me, server.people) };
    case 'GET members':
      return items([...room.members].flatMap(([id, role]) => ({ user: server.people.get(id), role, since_seq: 1 })));
    case 'PUT members':
      server.join(room, parts[3] ?? '', me);
      return { body: {} };
    case 'DELETE members': {
      const user = parts[3] ?? '';
      server.takeOut(room, user, me, user === me ? { kind: 'left', user } : { kind: 'removed', user }, user === me ? 'left' : 'removed');
      return done;
    }
    case 'POST messages':
      return { status: 201, body: server.append(room, me, { kind: 'message', text: String(body.text) }) };
    case 'DELETE ':
      for (const user of [...room.members.keys()]) server.takeOut(room, user, me, { kind: 'room_deleted' }, 'deleted');
      return done;
    case 'GET bans':
      return items([...room.bans].map(([id, ban]) => ({ user: server.people.get(id), ...ban })));
    case 'PUT bans':
      server.ban(room, parts[3] ?? '', me, body.reason as string | undefined, body.duration_ms as number | undefined);
      return done;
    case 'POST invites': {
      const token = `invite-${room.id}`;
      room.invites.add(token);
      return { status: 201, body: { token, url: `/i/${token}` } };
    }
    default:
      return done;
  }
}
