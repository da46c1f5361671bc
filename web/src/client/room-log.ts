// The part of one room's log that this device has: messages with what became of them, and lifecycle entries, with the
// ranges that are known to be complete. Applying is idempotent: entries come twice, late, and folded into pages.
// It knows nothing of sockets, people's names, or screens. Read next: room.ts.
import type { Attachment, Entry, EntryBody, MessageState } from '../protocol/entries';
import type { Page } from '../protocol/frames';
import type { Seq, TimeMs, UserId } from '../protocol/ids';
import { Ranges } from './ranges';

export interface Reaction {
  emoji: string;
  count: number;
  mine: boolean;
  /** Those of whom this device has seen it; the count may be higher. */
  users: UserId[];
}

export interface Post {
  type: 'post';
  seq: Seq;
  posts: number;
  by: UserId | undefined;
  at: TimeMs;
  text: string;
  replyTo: Seq | undefined;
  /** Absent in what an older client saved. */
  files?: readonly Attachment[] | undefined;
  editedAt: TimeMs | undefined;
  deleted: { by: UserId | undefined; reason: string | undefined } | undefined;
  reactions: Reaction[];
  /** The highest entry whose effect is in here. */
  changedSeq: Seq;
  /** Grows with every change: what is drawn is kept until it does. */
  version: number;
}

export interface LifeEvent {
  type: 'life';
  seq: Seq;
  posts: number;
  by: UserId | undefined;
  at: TimeMs;
  body: EntryBody;
}

export type LogItem = Post | LifeEvent;

export interface SavedLog {
  items: LogItem[];
  ranges: { from: Seq; to: Seq }[];
}

export class RoomLog {
  private items = new Map<Seq, LogItem>();
  private order: Seq[] = [];
  private readonly me: UserId;
  ranges = new Ranges();

  constructor(me: UserId, saved?: SavedLog) {
    this.me = me;
    if (!saved) return;
    this.ranges = new Ranges(saved.ranges);
    for (const item of saved.items) this.put(item);
  }

  get(seq: Seq): LogItem | undefined {
    return this.items.get(seq);
  }

  post(seq: Seq): Post | undefined {
    const item = this.items.get(seq);
    return item?.type === 'post' ? item : undefined;
  }

  /** What stands between two numbers, both included, in order. */
  between(from: Seq, to: Seq): LogItem[] {
    const found: LogItem[] = [];
    for (let i = this.lowerBound(from); i < this.order.length; i++) {
      const seq = this.order[i] ?? 0;
      if (seq > to) break;
      const item = this.items.get(seq);
      if (item) found.push(item);
    }
    return found;
  }

  get last(): LogItem | undefined {
    const seq = this.order.at(-1);
    return seq === undefined ? undefined : this.items.get(seq);
  }

  get size(): number {
    return this.order.length;
  }

  /** One entry of the log, live or in a page of entries. */
  apply(entry: Entry): void {
    this.ranges.add(entry.seq, entry.seq);
    switch (entry.kind) {
      case 'message':
        this.putPost(entry);
        break;
      case 'erased':
        if (entry.was === 'message') this.putPost(entry);
        break;
      case 'edit':
        this.change(entry.of, entry.seq, (post) => {
          post.text = entry.text;
          post.editedAt = entry.at;
        });
        break;
      case 'delete':
        this.change(entry.of, entry.seq, (post) => erase(post, entry.by, entry.reason));
        break;
      case 'reaction':
        this.change(entry.of, entry.seq, (post) => react(post, entry.emoji, entry.by, entry.on, this.me));
        break;
      default:
        this.put({ type: 'life', seq: entry.seq, posts: entry.posts, by: entry.by, at: entry.at, body: bodyOf(entry) });
    }
  }

  /** A page of a timeline: its messages carry what became of them up to `through`. */
  applyTimeline(page: Page): void {
    for (const entry of page.items) {
      if (entry.kind === 'message' || (entry.kind === 'erased' && entry.was === 'message')) {
        this.putPost(entry);
        this.fold(entry.seq, entry.state, page.through);
      } else if (entry.kind !== 'edit' && entry.kind !== 'delete' && entry.kind !== 'reaction' && entry.kind !== 'erased') this.apply(entry);
    }
    this.ranges.add(page.from, page.to);
  }

  /** What became of a message, as the server folded it up to `through`. */
  fold(seq: Seq, state: MessageState | undefined, through: Seq): void {
    const post = this.post(seq);
    if (!post || through < post.changedSeq) return;
    post.changedSeq = Math.max(through, state?.changed_seq ?? 0);
    post.version++;
    if (!state) return;
    if (state.text !== undefined) post.text = state.text;
    post.editedAt = state.edited_at;
    if (state.deleted) erase(post, state.deleted.by, state.deleted.reason);
    else post.reactions = (state.reactions ?? []).map((reaction) => ({ ...reaction, users: knownUsers(post, reaction.emoji, reaction.count) }));
  }

  /** Forgets what stands below: history that ran out, or older pages that nobody looks at. */
  cut(first: Seq): void {
    const end = this.lowerBound(first);
    for (const seq of this.order.splice(0, end)) this.items.delete(seq);
    this.ranges.cut(first);
  }

  /** Forgets what stands between two numbers, both included: pages far from what is looked at. */
  forget(from: Seq, to: Seq): void {
    const start = this.lowerBound(from);
    for (const seq of this.order.splice(start, this.lowerBound(to + 1) - start)) this.items.delete(seq);
    this.ranges.remove(from, to);
  }

  /** Forgets the oldest items beyond so many; they are fetched again when somebody looks. */
  trim(most: number): void {
    const first = this.order[this.order.length - most];
    if (first !== undefined) this.cut(first);
  }

  /** The newest items that hang together, for the device's storage. */
  saved(most: number): SavedLog {
    const tail = this.ranges.all.at(-1);
    if (!tail) return { items: [], ranges: [] };
    const items = this.between(tail.from, tail.to);
    if (items.length <= most) return { items, ranges: [{ ...tail }] };
    const kept = items.slice(-most);
    return { items: kept, ranges: [{ from: kept[0]?.seq ?? tail.from, to: tail.to }] };
  }

  private putPost(entry: Entry): void {
    if (this.items.has(entry.seq)) return;
    const said = entry.kind === 'message' ? entry : undefined;
    const post: Post = {
      type: 'post',
      seq: entry.seq,
      posts: entry.posts,
      by: entry.by,
      at: entry.at,
      text: said?.text ?? '',
      replyTo: said?.reply_to,
      files: said?.attachments,
      editedAt: undefined,
      deleted: said ? undefined : { by: undefined, reason: undefined },
      reactions: [],
      changedSeq: entry.seq,
      version: 0,
    };
    this.put(post);
  }

  private put(item: LogItem): void {
    if (!this.items.has(item.seq)) {
      if ((this.order.at(-1) ?? 0) < item.seq) this.order.push(item.seq);
      else this.order.splice(this.lowerBound(item.seq), 0, item.seq);
    }
    this.items.set(item.seq, item);
  }

  private change(of: Seq, by: Seq, run: (post: Post) => void): void {
    const post = this.post(of);
    if (!post || by <= post.changedSeq) return;
    post.changedSeq = by;
    post.version++;
    run(post);
  }

  private lowerBound(seq: Seq): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.order[middle] ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function erase(post: Post, by: UserId | undefined, reason: string | undefined): void {
  post.deleted = { by, reason };
  post.text = '';
  post.files = undefined;
  post.reactions = [];
  post.editedAt = undefined;
}

function react(post: Post, emoji: string, by: UserId | undefined, on: boolean, me: UserId): void {
  if (by === undefined || post.deleted) return;
  const found = post.reactions.find((reaction) => reaction.emoji === emoji);
  const had = found?.users.includes(by) || (by === me && found?.mine === true);
  if (on === Boolean(had) && (on || by === me)) return;
  const reaction = found ?? { emoji, count: 0, mine: false, users: [] };
  reaction.count += on ? 1 : -1;
  reaction.users = on ? [...reaction.users, by] : reaction.users.filter((user) => user !== by);
  if (by === me) reaction.mine = on;
  const others = post.reactions.filter((other) => other !== reaction);
  post.reactions = reaction.count <= 0 ? others : found ? [...post.reactions] : [...post.reactions, reaction];
}

function knownUsers(post: Post, emoji: string, count: number): UserId[] {
  return (post.reactions.find((reaction) => reaction.emoji === emoji)?.users ?? []).slice(0, count);
}

function bodyOf(entry: Entry): EntryBody {
  const { seq: _seq, posts: _posts, by: _by, at: _at, state: _state, ...body } = entry;
  return body as EntryBody;
}
