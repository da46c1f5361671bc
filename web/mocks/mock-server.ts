// A small server in memory that speaks the protocol: what the client's tests run against. It keeps the promises of
// docs/protocol.md and nothing else; the lines to it may be made bad (see mock-line.ts).
import type { ErrorCode, WireError } from '../src/protocol/errors';
import type { Departure, Entry, EntryBody } from '../src/protocol/entries';
import type { ClientFrame, Page, ServerFrame } from '../src/protocol/frames';
import type { Seq, UserId } from '../src/protocol/ids';
import { standardLimits } from '../src/protocol/limits';
import type { Friend, Me, User } from '../src/protocol/rest';
import { MockRoom } from './mock-rooms';

export interface MockSession {
  user: UserId;
  /** Rooms whose entries this line gets. */
  rooms: Set<string>;
  tell: (frame: ServerFrame) => void;
  close: (code: number) => void;
}

export interface MockOptions {
  /** Entries after which a nonce is forgotten. */
  nonceWindow: number;
  /** Entries behind which a client is told to skip. */
  skipAfter: number;
}

type Sent = Extract<ClientFrame, { nonce: string }>;

export class MockServer {
  people = new Map<UserId, User>();
  tokens = new Map<string, UserId>();
  rooms = new Map<string, MockRoom>();
  friends = new Map<UserId, Friend[]>();
  blocks = new Map<UserId, User[]>();
  settings = new Map<UserId, Record<string, unknown>>();
  passwords = new Map<string, string>();
  sessions = new Set<MockSession>();
  limits = { ...standardLimits };
  history = 'history-1';
  options: MockOptions = { nonceWindow: 10_000, skipAfter: 1000 };
  /** What every send is refused with, while it is set. */
  refuse: WireError | undefined;
  /** Lines stay open, and nothing comes of them. */
  silent = false;
  /** The administrator's link works once. */
  ticketUsed = false;
  now: () => number;
  private nextId = 1;

  constructor(now: () => number = () => Date.now()) {
    this.now = now;
  }

  id(): string {
    return String(1000 + this.nextId++);
  }

  addUser(name: string, handle = name.toLowerCase().split(' ')[0] ?? name, about = ''): User {
    const user: User = { id: this.id(), handle, name, about, created_at: this.now() };
    this.people.set(user.id, user);
    this.tokens.set(`token-${user.id}`, user.id);
    return user;
  }

  me(id: UserId): Me {
    const user = this.people.get(id);
    if (!user) throw new Error(`no user ${id}`);
    return { ...user, admin: this.people.keys().next().value === id, has_password: this.passwords.has(user.handle), feed: 1 };
  }

  addRoom(kind: 'direct' | 'group' | 'channel', name: string, members: User[]): MockRoom {
    const room = new MockRoom(this.id(), kind, name, this.now());
    this.rooms.set(room.id, room);
    const owner = members[0];
    room.append(owner?.id, { kind: 'created', room_kind: kind, name, settings: { join: 'invite', history: 'all', slow_mode_s: 0 } }, this.now());
    for (const member of members) {
      room.members.set(member.id, member === owner || kind === 'direct' ? 'owner' : 'member');
      room.append(owner?.id, { kind: 'entered', user: member.id, role: room.members.get(member.id) ?? 'member' }, this.now());
      this.joined(room, member.id);
    }
    return room;
  }

  /** Appends an entry and tells everybody who is in. */
  append(room: MockRoom, by: UserId | undefined, body: EntryBody, at = this.now()): Entry {
    const entry = room.append(by, body, at);
    for (const session of this.sessions) if (session.rooms.has(room.id)) session.tell({ t: 'entry', room: room.id, ...entry });
    return entry;
  }

  join(room: MockRoom, user: UserId, by: UserId): void {
    if (room.members.has(user)) return;
    room.members.set(user, 'member');
    this.append(room, by, { kind: 'entered', user, role: 'member' });
    this.joined(room, user);
  }

  ban(room: MockRoom, user: UserId, by: UserId, reason: string | undefined, lastsMs: number | undefined): void {
    const until = lastsMs === undefined ? {} : { until: this.now() + lastsMs };
    const why = reason === undefined ? {} : { reason };
    room.bans.set(user, { by, ...until, ...why });
    this.takeOut(room, user, by, { kind: 'banned', user, ...until, ...why }, 'banned', { by, ...until, ...why });
  }

  takeOut(room: MockRoom, user: UserId, by: UserId, body: EntryBody, why: Departure, more = {}): void {
    room.members.delete(user);
    for (const session of this.sessions) if (session.user === user) session.rooms.delete(room.id);
    const { seq } = this.append(room, by, body);
    this.tellUser(user, { t: 'room', change: 'gone', room: room.id, why, seq, ...more });
  }

  feed(user: UserId, of: string): void {
    this.tellUser(user, { t: 'notice', notice: 'feed', version: 2, of });
  }

  tellUser(user: UserId, frame: ServerFrame): void {
    for (const session of this.sessions) if (session.user === user) session.tell(frame);
  }

  dropAll(code = 1006): void {
    for (const session of [...this.sessions]) session.close(code);
  }

  /** A frame of a line; before hello the line has no session. */
  take(line: { session: MockSession | undefined }, frame: ClientFrame, tell: (frame: ServerFrame) => void, close: (code: number) => void): void {
    if (frame.t === 'hello') return this.hello(line, frame, tell, close);
    const { session } = line;
    if (!session) return close(4003);
    switch (frame.t) {
      case 'send':
      case 'edit':
      case 'delete':
      case 'react':
        return this.command(session, frame);
      case 'read':
        return this.read(session, frame.id, frame.room, frame.seq);
      case 'history':
        return tell(this.page(session.user, frame));
      case 'changes': {
        const room = this.rooms.get(frame.room);
        const messages = (room?.log ?? []).slice(frame.first - 1, frame.last).flatMap(({ seq }) => {
          const state = room?.state(seq, session.user);
          return state && state.changed_seq > frame.after ? [{ seq, state }] : [];
        });
        return tell({ t: 'changed', id: frame.id, room: frame.room, through: room?.head ?? 0, messages });
      }
      case 'subscribe': {
        const reads = [...(this.rooms.get(frame.room)?.reads ?? [])].filter(([user]) => user !== session.user).map(([user, seq]) => ({ user, seq }));
        return tell({ t: 'ack', id: frame.id, reads, typing: [], active: 1 });
      }
      case 'unsubscribe':
        return tell({ t: 'ack', id: frame.id });
      case 'presence':
        tell({ t: 'ack', id: frame.id });
        for (const user of frame.users) tell({ t: 'presence', user, state: [...this.sessions].some((other) => other.user === user) ? 'here' : 'off' });
        return;
      case 'typing':
        for (const other of this.sessions) if (other.user !== session.user && other.rooms.has(frame.room)) other.tell({ t: 'typing', room: frame.room, user: session.user, on: frame.on });
        return;
      case 'ping':
        return tell({ t: 'pong', id: frame.id });
    }
  }

  private hello(line: { session: MockSession | undefined }, frame: Extract<ClientFrame, { t: 'hello' }>, tell: MockSession['tell'], close: MockSession['close']): void {
    const user = this.tokens.get(frame.token);
    if (user === undefined) return close(4001);
    const mine = [...this.rooms.values()].filter((room) => room.members.has(user));
    const session: MockSession = { user, rooms: new Set(mine.map((room) => room.id)), tell, close };
    line.session = session;
    this.sessions.add(session);
    const me = this.me(user);
    tell({ t: 'welcome', user, device: '1', name: me.name, admin: me.admin, history: this.history, feed: 1, heartbeat_ms: 30_000, now: this.now(), limits: this.limits, rooms: mine.map((room) => room.headFor(user)) });
    for (const room of this.rooms.values()) {
      const ban = room.bans.get(user);
      if (ban && frame.cursors[room.id] !== undefined) tell({ t: 'room', change: 'gone', room: room.id, why: 'banned', seq: room.head, ...ban });
    }
    for (const room of mine) {
      const cursor = frame.history === this.history ? frame.cursors[room.id] : undefined;
      if (cursor === undefined) continue;
      const to = room.head - 1;
      if (room.head - cursor > this.options.skipAfter) tell({ t: 'skip', room: room.id, to, posts: room.posts(to) });
      for (const entry of room.log.slice(room.head - cursor > this.options.skipAfter ? to : cursor)) tell({ t: 'entry', room: room.id, ...room.read(entry, user) });
    }
  }

  private command(session: MockSession, frame: Sent): void {
    const no = (code: ErrorCode, more: Partial<WireError> = {}) => session.tell({ t: 'error', id: frame.id, code, detail: code, ...more });
    const room = this.rooms.get(frame.room);
    if (!room?.members.has(session.user)) return no('not_member');
    const known = room.nonces.get(`${session.user} ${frame.nonce}`);
    if (known !== undefined && room.head - known < this.options.nonceWindow) return session.tell({ t: 'ack', id: frame.id, seq: known, at: room.log[known - 1]?.at ?? 0 });
    const blocked = room.kind === 'direct' && [...room.members.keys()].some((user) => this.blocks.get(user)?.some((other) => room.members.has(other.id)));
    if (blocked) return no('blocked');
    if (this.refuse) return no(this.refuse.code, this.refuse);
    if (room.head - frame.since >= this.options.nonceWindow) return no('stale_send');
    if (frame.t === 'send' && new TextEncoder().encode(frame.text).length > this.limits.text_bytes) return no('too_large', { field: 'text' });
    if ('of' in frame && room.log[frame.of - 1]?.kind === 'erased') return no('message_deleted');
    const entry = this.append(room, session.user, bodyOf(frame));
    room.nonces.set(`${session.user} ${frame.nonce}`, entry.seq);
    session.tell({ t: 'ack', id: frame.id, seq: entry.seq, at: entry.at });
  }

  private read(session: MockSession, id: number, roomId: string, seq: Seq): void {
    const room = this.rooms.get(roomId);
    if (!room) return session.tell({ t: 'error', id, code: 'not_member', detail: 'not a member' });
    room.reads.set(session.user, Math.max(seq, room.reads.get(session.user) ?? 0));
    session.tell({ t: 'ack', id });
    for (const other of this.sessions) if (other.rooms.has(room.id)) other.tell({ t: 'read', room: room.id, user: session.user, seq, posts: room.posts(seq) });
  }

  private page(user: UserId, { id, room: roomId, mode, before, after, limit = 50 }: Extract<ClientFrame, { t: 'history' }>): ServerFrame {
    const room = this.rooms.get(roomId);
    if (!room?.members.has(user)) return { t: 'error', id, code: 'not_member', detail: 'not a member' };
    const shown = (entry: Entry) => mode === 'entries' || !('of' in entry) && !(entry.kind === 'erased' && entry.was !== 'message');
    const picked: Entry[] = [];
    const step = before === undefined ? 1 : -1;
    let at = before === undefined ? (after ?? 0) : Math.min(before - 2, room.head - 1);
    for (; picked.length < limit && at >= 0 && at < room.head; at += step) {
      const entry = room.log[at];
      if (entry && shown(entry)) picked.push(entry);
    }
    if (before !== undefined) picked.reverse();
    const whole = at < 0 || at >= room.head;
    const from = before === undefined ? (after ?? 0) + 1 : whole ? 1 : (picked[0]?.seq ?? 1);
    const to = before === undefined ? (whole ? room.head : (picked.at(-1)?.seq ?? 0)) : Math.min(before - 1, room.head);
    const read = picked.filter((entry) => entry.seq >= room.first).map((entry) => room.read(entry, user));
    const items = mode === 'entries' ? read : read.map((entry) => withState(entry, room, user));
    const page: Page = { t: 'page', id, room: room.id, mode, first: room.first, through: room.head, from, to, items };
    return page;
  }

  private joined(room: MockRoom, user: UserId): void {
    for (const session of this.sessions) {
      if (session.user !== user) continue;
      session.rooms.add(room.id);
      session.tell({ t: 'room', change: 'joined', ...room.headFor(user) });
    }
  }
}

function withState(entry: Entry, room: MockRoom, user: UserId): Entry {
  const state = room.state(entry.seq, user);
  return state ? { ...entry, state } : entry;
}

function bodyOf(frame: Sent): EntryBody {
  switch (frame.t) {
    case 'send':
      return { kind: 'message', text: frame.text, ...(frame.reply_to === undefined ? {} : { reply_to: frame.reply_to }) };
    case 'edit':
      return { kind: 'edit', of: frame.of, text: frame.text };
    case 'delete':
      return { kind: 'delete', of: frame.of, ...(frame.reason === undefined ? {} : { reason: frame.reason }) };
    case 'react':
      return { kind: 'reaction', of: frame.of, emoji: frame.emoji, on: frame.on };
  }
}
