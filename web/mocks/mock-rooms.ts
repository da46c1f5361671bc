// Rooms of the mock server: an honest log in memory, by the rules of docs/protocol.md.
import type { Entry, EntryBody, MessageState, Role, WireRoomKind } from '../src/protocol/entries';
import type { RoomHead } from '../src/protocol/frames';
import type { Seq, UserId } from '../src/protocol/ids';
import type { Room as WireRoom, RoomItem, User } from '../src/protocol/rest';

export class MockRoom {
  readonly id: string;
  readonly kind: WireRoomKind;
  name: string;
  topic = '';
  members = new Map<UserId, Role>();
  bans = new Map<UserId, { by: UserId; until?: number; reason?: string }>();
  log: Entry[] = [];
  reads = new Map<UserId, Seq>();
  nonces = new Map<string, Seq>();
  mine = new Map<UserId, { muted: boolean; pinned: boolean }>();
  invites = new Set<string>();
  /** Edits, deletions and reactions by the message that they are about. */
  private changes = new Map<Seq, Entry[]>();
  readonly createdAt: number;

  constructor(id: string, kind: WireRoomKind, name: string, at: number) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.createdAt = at;
  }

  /** The first entry that has not expired. */
  first: Seq = 1;

  get head(): Seq {
    return this.log.length;
  }

  posts(seq: Seq = this.head): number {
    return this.log[Math.min(seq, this.head) - 1]?.posts ?? 0;
  }

  append(by: UserId | undefined, body: EntryBody, at: number): Entry {
    const posts = this.posts() + (body.kind === 'message' ? 1 : 0);
    const entry: Entry = { ...body, seq: this.head + 1, posts, at, ...(by === undefined ? {} : { by }) };
    this.log.push(entry);
    if ('of' in entry) this.changes.set(entry.of, [...(this.changes.get(entry.of) ?? []), entry]);
    if (body.kind === 'delete') this.erase(body.of);
    return entry;
  }

  /** An entry as it is read from the log: one's own has its nonce. */
  read(entry: Entry, user: UserId): Entry {
    const own = entry.by === user && [...this.nonces].find(([key, seq]) => seq === entry.seq && key.startsWith(`${user} `));
    return own ? { ...entry, nonce: own[0].slice(user.length + 1) } : entry;
  }

  headFor(user: UserId): RoomHead {
    const read = this.reads.get(user) ?? 0;
    return { room: this.id, first: this.first, head: this.head, posts: this.posts(), read, read_posts: read === 0 ? 0 : this.posts(read) };
  }

  /** What became of a message: read from the log anew each time. */
  state(of: Seq, me: UserId): MessageState | undefined {
    const state: MessageState = { changed_seq: of };
    const reactions = new Map<string, Set<UserId>>();
    for (const entry of this.changes.get(of) ?? []) {
      state.changed_seq = entry.seq;
      if (entry.kind === 'edit') Object.assign(state, { text: entry.text, edited_at: entry.at });
      if (entry.kind === 'delete') state.deleted = { by: entry.by ?? '', at: entry.at, ...(entry.reason === undefined ? {} : { reason: entry.reason }) };
      if (entry.kind === 'reaction') {
        const users = reactions.get(entry.emoji) ?? new Set();
        if (entry.on) users.add(entry.by ?? '');
        else users.delete(entry.by ?? '');
        reactions.set(entry.emoji, users);
      }
    }
    if (state.changed_seq === of) return undefined;
    state.reactions = [...reactions].filter(([, users]) => users.size > 0).map(([emoji, users]) => ({ emoji, count: users.size, mine: users.has(me) }));
    if (state.deleted) delete state.text;
    return state;
  }

  wire(user: UserId, people: Map<UserId, User>): WireRoom {
    const peer = this.kind === 'direct' ? people.get([...this.members.keys()].find((id) => id !== user) ?? '') : undefined;
    const role = this.members.get(user);
    return {
      id: this.id,
      kind: this.kind,
      name: this.name,
      topic: this.topic,
      settings: { join: 'invite', history: 'all', slow_mode_s: 0 },
      members: this.members.size,
      created_at: this.createdAt,
      ...(role ? { my_role: role } : {}),
      ...(peer ? { peer } : {}),
    };
  }

  item(user: UserId, people: Map<UserId, User>): RoomItem {
    const { room: _room, ...head } = this.headFor(user);
    const last = this.log.findLast((entry) => entry.kind === 'message' || entry.kind === 'erased');
    const state = last && this.state(last.seq, user);
    return {
      ...this.wire(user, people),
      ...head,
      unread: head.posts - head.read_posts,
      ...(this.mine.get(user) ?? { muted: false, pinned: false }),
      ...(last ? { last: { ...last, ...(state ? { state } : {}) } } : {}),
    };
  }

  private erase(of: Seq): void {
    const entry = this.log[of - 1];
    if (!entry) return;
    this.log[of - 1] = { kind: 'erased', was: entry.kind, seq: entry.seq, posts: entry.posts, at: entry.at, ...(entry.by === undefined ? {} : { by: entry.by }) };
  }
}
