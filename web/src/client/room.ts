// One room as this device knows it: how far it goes, how far it is read, who is in it, and its part of the log.
import type { Attachment, Departure, Entry, EntryBody, Role, RoomSettings, WireRoomKind } from '../protocol/entries';
import type { RoomHead } from '../protocol/frames';
import type { RoomId, Seq, TimeMs, UserId } from '../protocol/ids';
import type { Ban, Member, Room as WireRoom, RoomItem } from '../protocol/rest';
import { RoomLog, type LifeEvent, type Post, type SavedLog } from './room-log';

export interface RoomInfo {
  kind: WireRoomKind;
  name: string;
  topic: string;
  settings: RoomSettings | undefined;
  members: number;
  myRole: Role;
  peer: UserId | undefined;
  muted: boolean;
  pinned: boolean;
  createdAt: TimeMs;
}

/** The last thing said, for the list, before the log itself is here. */
export interface Preview {
  seq: Seq;
  at: TimeMs;
  by: UserId | undefined;
  text: string;
  files?: readonly Attachment[] | undefined;
  deleted: boolean;
}

export interface Gone {
  why: Departure;
  by: UserId | undefined;
  until: TimeMs | undefined;
  reason: string | undefined;
}

export interface SavedRoom {
  version: 1;
  id: RoomId;
  info: RoomInfo | undefined;
  head: RoomHead;
  cursor: Seq | undefined;
  preview: Preview | undefined;
  draft: string;
  unsentRead: Seq | undefined;
  log: SavedLog;
}

/** Items that a device keeps of a room. */
const SAVED_ITEMS = 200;

export class Room {
  readonly id: RoomId;
  info: RoomInfo | undefined;
  first: Seq = 1;
  head: Seq = 0;
  posts = 0;
  read: Seq = 0;
  readPosts = 0;
  /** The highest entry applied in order; none until the server has said where the room stands. */
  cursor: Seq | undefined;
  log: RoomLog;
  preview: Preview | undefined;
  draft = '';
  /** A read marker that the server has not confirmed. */
  unsentRead: Seq | undefined;
  gone: Gone | undefined;
  /** How far the others have read, and who is writing until when. */
  reads = new Map<UserId, Seq>();
  typing = new Map<UserId, TimeMs>();
  active: number | undefined;
  members: Member[] | undefined;
  membersNext: string | undefined;
  bans: Ban[] | undefined;
  /** Numbers that this device's commands became, with the commands' keys. */
  claimed = new Map<Seq, string>();
  /** Acked, and not yet seen as entries. */
  landed: { key: string; seq: Seq; at: TimeMs; text: string; replyTo: Seq | undefined; files: readonly Attachment[] }[] = [];
  private readonly me: UserId;

  constructor(id: RoomId, me: UserId, saved?: SavedRoom) {
    this.id = id;
    this.me = me;
    this.log = new RoomLog(me, saved?.log);
    if (!saved) return;
    this.info = saved.info;
    this.cursor = saved.cursor;
    this.preview = saved.preview;
    this.draft = saved.draft;
    this.unsentRead = saved.unsentRead;
    this.takeHead(saved.head);
  }

  save(): SavedRoom {
    const { id, info, cursor, preview, draft, unsentRead } = this;
    const head = { room: id, first: this.first, head: this.head, posts: this.posts, read: this.read, read_posts: this.readPosts };
    return { version: 1, id, info, head, cursor, preview, draft, unsentRead, log: this.log.saved(SAVED_ITEMS) };
  }

  get unread(): number {
    return Math.max(0, this.posts - this.readPosts);
  }

  /** Where the server says the room stands. Read markers and heads never go back. */
  takeHead(head: RoomHead): void {
    if (head.first > this.first) this.log.cut(head.first);
    this.first = Math.max(this.first, head.first);
    // What lies below the first that is readable will never come.
    if (this.cursor !== undefined) this.cursor = Math.max(this.cursor, Math.min(head.first - 1, head.head));
    this.head = Math.max(this.head, head.head);
    this.posts = Math.max(this.posts, head.posts);
    this.takeRead(head.read, head.read_posts);
  }

  takeRead(seq: Seq, posts: number): void {
    if (seq < this.read) return;
    this.read = seq;
    this.readPosts = Math.max(this.readPosts, posts);
    if (this.unsentRead !== undefined && seq >= this.unsentRead) this.unsentRead = undefined;
  }

  takeInfo(room: WireRoom | RoomItem): void {
    this.info = {
      kind: room.kind,
      name: room.name,
      topic: room.topic,
      settings: room.settings,
      members: room.members,
      myRole: room.my_role ?? this.info?.myRole ?? 'member',
      peer: room.peer?.id ?? this.info?.peer,
      muted: 'muted' in room ? room.muted : (this.info?.muted ?? false),
      pinned: 'pinned' in room ? room.pinned : (this.info?.pinned ?? false),
      createdAt: room.created_at,
    };
    this.gone = undefined;
    if ('last' in room && room.last) this.takePreview(room.last);
  }

  /** The next entry in order. The caller has made sure that none is missing before it. */
  apply(entry: Entry): void {
    const wasRead = this.unread === 0;
    this.log.apply(entry);
    this.cursor = Math.max(this.cursor ?? 0, entry.seq);
    this.head = Math.max(this.head, entry.seq);
    this.posts = Math.max(this.posts, entry.posts);
    this.landed = this.landed.filter((landed) => landed.seq > entry.seq);
    if (entry.by !== undefined) this.typing.delete(entry.by);
    this.takeState(entry);
    if (entry.kind === 'message' && entry.by === this.me && wasRead) this.markRead(entry.seq);
  }

  /** The user has seen everything up to here. True when that is news. */
  markRead(seq: Seq): boolean {
    const to = Math.min(seq, this.head);
    if (to <= this.read) return false;
    this.read = to;
    this.readPosts = to >= this.head ? this.posts : Math.max(this.readPosts, this.postsAt(to));
    this.unsentRead = to;
    return true;
  }

  /** Skips what is too far behind: numbers up to `to` are a hole that is filled when somebody looks. */
  skip(to: Seq, posts: number): void {
    this.cursor = Math.max(this.cursor ?? 0, to);
    this.head = Math.max(this.head, to);
    this.posts = Math.max(this.posts, posts);
  }

  get lastItem(): Post | LifeEvent | undefined {
    return this.log.last;
  }

  /** When something last happened, for the order of the list. */
  get lastAt(): TimeMs {
    const last = this.log.last;
    return Math.max(last?.at ?? 0, this.preview?.at ?? 0, this.info?.createdAt ?? 0);
  }

  private postsAt(seq: Seq): number {
    const range = this.log.ranges.holding(seq);
    return range ? (this.log.between(range.from, seq).at(-1)?.posts ?? 0) : 0;
  }

  private takePreview(last: NonNullable<RoomItem['last']>): void {
    if (this.preview && this.preview.seq > last.seq) return;
    const deleted = last.kind === 'erased' || last.state?.deleted !== undefined;
    const text = last.state?.text ?? (last.kind === 'message' ? last.text : '');
    const files = last.kind === 'message' ? last.attachments : undefined;
    this.preview = { seq: last.seq, at: last.at, by: last.by, text: deleted ? '' : text, files: deleted ? undefined : files, deleted };
  }

  /** What an entry changes beside the log. */
  private takeState(entry: Entry & EntryBody): void {
    const { info } = this;
    if (entry.kind === 'message') this.preview = { seq: entry.seq, at: entry.at, by: entry.by, text: entry.text, files: entry.attachments, deleted: false };
    if (!info) return;
    switch (entry.kind) {
      case 'changed':
        this.info = { ...info, name: entry.name ?? info.name, topic: entry.topic ?? info.topic, settings: entry.settings ?? info.settings };
        break;
      case 'entered':
        this.info = { ...info, members: info.members + 1 };
        this.members = undefined;
        break;
      case 'left':
      case 'removed':
      case 'banned':
        this.info = { ...info, members: Math.max(0, info.members - 1) };
        this.members = this.members?.filter((member) => member.user.id !== entry.user);
        this.bans = undefined;
        break;
      case 'unbanned':
        this.bans = undefined;
        break;
      case 'role_changed':
        if (entry.user === this.me) this.info = { ...info, myRole: entry.role };
        this.members = this.members?.map((member) => (member.user.id === entry.user ? { ...member, role: entry.role } : member));
        break;
    }
  }
}
