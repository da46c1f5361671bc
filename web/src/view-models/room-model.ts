// An open room: which part of the log is on the screen, what was unread when it was opened, what is being answered or
// edited. It lives as long as the room is open.
import type { Client } from '../client/client';
import type { Command } from '../client/command';
import type { Room } from '../client/room';
import type { Post } from '../client/room-log';
import { Changes } from '../client/changes';
import type { Seq, TimeMs } from '../protocol/ids';
import { wordsOrFiles } from './files-view';
import { plainLine } from './markup';
import { keyOf } from './message-view';
import { nameOf, shortName } from './names';
import { t } from './texts';
import { TimelineBuilder, wholeFrom } from './timeline-view';
import type { TimelineItem } from './views';

/** The targets that are no messages: the top of the timeline, and the line of what is new. */
export const START = 'start';
export const UNREAD = 'unread';

/** A room shows at least this many entries before it stops asking for older ones by itself. */
const ENOUGH = 30;
/** Of a window longer than the one, as who reads on for hours makes it, only so many items around the place are kept. */
const WINDOW_MAX = 3000;
const WINDOW_KEPT = 1500;
/** Of the newest so many stay all the same: the way back is short, and the device keeps them. */
const NEWEST_KEPT = 200;

export class RoomModel {
  readonly changes = new Changes();
  readonly client: Client;
  readonly id: string;
  replyTo: Seq | undefined;
  editing: Seq | undefined;
  target: { key: string; token: number } | undefined;
  /** The first number that was unread when the room was opened; none once it is marked as read. */
  unreadFrom: Seq | undefined;
  /** Not before the screen says so: what nobody has seen yet is not read. */
  atBottom = false;
  /** Grows whenever the view is to go to its foot and stay there. */
  latestToken = 0;
  /** Called when the view leaves the message that a link led to. */
  onLatest: () => unknown = () => {};
  private anchor: Seq | undefined;
  private builder: TimelineBuilder | undefined;
  private builtFor: Room | undefined;
  private tokens = 0;
  private opened = false;
  /** On the way to where reading stopped: until that is here nothing is shown, and nothing counts as read. */
  private entering = false;

  constructor(client: Client, id: string) {
    this.client = client;
    this.id = id;
  }

  /** What is unread is settled when the room is first seen in step with the server; from then on it only shrinks. */
  private open(room: Room): void {
    if (this.opened || room.cursor === undefined || (!this.client.online && room.unread === 0)) return;
    this.opened = true;
    if (room.unread === 0) return;
    this.unreadFrom = Math.max(room.first, room.read + 1);
    if (this.target) return;
    this.entering = this.client.online && !this.hasUnreadLine(room);
    this.target = { key: UNREAD, token: ++this.tokens };
  }

  /** The line of what is new can be drawn, and nothing that comes in above will push it away. */
  private hasUnreadLine(room: Room): boolean {
    const range = this.unreadFrom === undefined ? undefined : room.log.ranges.holding(this.unreadFrom);
    return range !== undefined && wholeFrom(range.from, range.to, room.first) <= (this.unreadFrom ?? 0);
  }

  get room(): Room | undefined {
    return this.client.rooms.get(this.id);
  }

  /** The range of the log that is shown: around the anchor, or the newest. */
  private range(room: Room): { from: Seq; to: Seq } | undefined {
    if (this.entering) return undefined;
    const around = this.anchor === undefined ? undefined : room.log.ranges.holding(this.anchor);
    return around ?? room.log.ranges.holding(room.cursor ?? 0);
  }

  timeline(now: number): { items: TimelineItem[]; atStart: boolean; atEnd: boolean; newBelow: number; unreadAbove: boolean } {
    const { room } = this;
    if (!room) return { items: [], atStart: true, atEnd: true, newBelow: 0, unreadAbove: false };
    this.open(room);
    if (!this.builder || this.builtFor !== room) {
      this.builtFor = room;
      this.builder = new TimelineBuilder(this.client, room);
    }
    const range = this.range(room);
    const atEnd = range === undefined ? room.head === 0 : range.to >= (room.cursor ?? 0);
    const from = range ? wholeFrom(range.from, range.to, room.first) : 1;
    const unreadAbove = range !== undefined && this.unreadFrom !== undefined && from > Math.max(room.first, this.unreadFrom);
    const items = this.builder.build({
      from,
      to: range?.to ?? 0,
      atEnd: atEnd || range === undefined,
      // A line at the top of a part would say that what is above is read.
      unreadFrom: unreadAbove ? undefined : this.unreadFrom,
      highlighted: this.target?.key,
      now,
    });
    return { items, atStart: range === undefined ? room.head === 0 : range.from <= room.first, atEnd, newBelow: this.atBottom ? 0 : room.unread, unreadAbove };
  }

  /** Fetches what the screen needs first: what is around a link, where reading stopped, or the newest messages. */
  async load(seq: Seq | undefined): Promise<void> {
    if (seq !== undefined) return this.goTo(seq);
    const { room } = this;
    if (!room || room.cursor === undefined) return;
    this.open(room);
    if (this.entering) await this.toUnread();
    const range = this.range(room);
    if (!range) await this.client.loadBefore(room, room.cursor + 1);
    else if (range.from > room.first && room.log.between(range.from, range.to).length < ENOUGH) await this.client.loadBefore(room, range.from);
  }

  loadOlder = (): void => {
    const { room } = this;
    const range = room && this.range(room);
    if (!room || !this.client.online || this.entering) return;
    if (!range) void this.load(undefined);
    else if (range.from > room.first && !this.narrow(room, range, 'oldest')) void this.client.loadBefore(room, range.from);
  };

  loadNewer = (): void => {
    const { room } = this;
    const range = room && this.range(room);
    if (!room || !range || range.to >= (room.cursor ?? 0) || !this.client.online) return;
    if (!this.narrow(room, range, 'newest')) void this.client.loadAfter(room, range.to);
  };

  /** Before more comes in at one end of a long window, what is far off at the other goes. True when something went. */
  private narrow(room: Room, range: { from: Seq; to: Seq }, kept: 'oldest' | 'newest'): boolean {
    const items = room.log.between(range.from, range.to);
    if (items.length <= WINDOW_MAX) return false;
    if (kept === 'oldest') {
      const last = items[WINDOW_KEPT - 1]?.seq ?? range.to;
      const end = range.to >= (room.cursor ?? 0) ? (items.at(-NEWEST_KEPT)?.seq ?? range.to) - 1 : range.to;
      this.anchor = last;
      room.log.forget(last + 1, end);
    } else {
      this.anchor = items.at(-WINDOW_KEPT)?.seq ?? range.from;
      room.log.forget(range.from, this.anchor - 1);
    }
    this.changes.raise();
    return true;
  }

  /** Shows a message wherever it stands, and what is around it. */
  async goTo(seq: Seq): Promise<void> {
    const { room } = this;
    if (!room) return;
    if (!room.log.post(seq)) await this.client.loadAround(room, seq);
    this.entering = false;
    this.anchor = seq;
    this.target = { key: keyOf(room, seq), token: ++this.tokens };
    this.changes.raise();
  }

  goToKey = (key: string): void => {
    const seq = this.seqOf(key);
    if (seq !== undefined) void this.goTo(seq);
  };

  /** Shows the line of what is new. */
  toUnread = async (): Promise<void> => {
    const { room, unreadFrom } = this;
    if (!room || unreadFrom === undefined) return;
    if (!this.hasUnreadLine(room)) await this.client.loadAround(room, unreadFrom);
    this.entering = false;
    const found = room.log.ranges.has(unreadFrom);
    this.anchor = found ? unreadFrom : undefined;
    if (found) this.target = { key: UNREAD, token: ++this.tokens };
    this.changes.raise();
  };

  /** Shows where a day begins: its first message, or the next one after it. */
  async toMoment(at: TimeMs): Promise<void> {
    const { room } = this;
    const seq = room && (await this.client.findMoment(room, at));
    if (seq === undefined) this.toLatest();
    else await this.goTo(seq);
  }

  /** Shows where the room begins, or what is left of it. */
  async toStart(): Promise<void> {
    const { room } = this;
    if (!room) return;
    if (!room.log.ranges.has(room.first)) await this.client.loadAfter(room, room.first - 1);
    this.entering = false;
    this.anchor = room.first;
    this.target = { key: START, token: ++this.tokens };
    this.changes.raise();
  }

  toLatest = (): void => {
    this.anchor = undefined;
    this.target = undefined;
    this.entering = false;
    this.latestToken++;
    this.onLatest();
    if (this.client.online) void this.load(undefined);
    this.changes.raise();
  };

  /** The screen says whether its foot is in sight, and whether anybody looks. */
  seen(atBottom: boolean, looking: boolean): void {
    const { room } = this;
    if (this.atBottom !== atBottom) {
      this.atBottom = atBottom;
      this.changes.raise();
    }
    if (!room || !atBottom || !this.opened || this.entering) return;
    if (looking) this.client.markRead(room, room.cursor ?? 0);
  }

  markRead(): void {
    const { room } = this;
    if (room) this.client.markRead(room, room.cursor ?? 0);
    this.unreadFrom = undefined;
    this.toLatest();
  }

  // ----- writing -----

  send = (text: string): void => {
    if (this.editing !== undefined) {
      const post = this.room?.log.post(this.editing);
      if (post && post.text !== text) void this.client.do(this.id, { type: 'edit', of: this.editing, text });
      this.cancel();
      return;
    }
    const files = this.client.uploads.take(this.id).flatMap(({ id: upload, attachment }) => (upload && attachment ? [{ upload, attachment }] : []));
    void this.client.do(this.id, { type: 'send', text, replyTo: this.replyTo, ...(files.length > 0 ? { files } : {}) });
    if (this.room) this.client.setDraft(this.room, '');
    this.unreadFrom = undefined;
    this.replyTo = undefined;
    this.toLatest();
  };

  reply = (key: string): void => {
    this.replyTo = this.seqOf(key);
    this.editing = undefined;
    this.changes.raise();
  };

  edit = (key: string): void => {
    this.editing = this.seqOf(key);
    this.replyTo = undefined;
    this.changes.raise();
  };

  editLast = (): void => {
    const { room } = this;
    if (!room) return;
    const own = room.log.between(Math.max(1, room.head - 500), room.head).findLast((item) => item.type === 'post' && item.by === this.client.myId && !item.deleted);
    if (own) this.edit(keyOf(room, own.seq));
  };

  cancel = (): void => {
    this.editing = undefined;
    this.replyTo = undefined;
    this.changes.raise();
  };

  get replyView(): { author: string; text: string } | undefined {
    const post = this.replyTo === undefined ? undefined : this.room?.log.post(this.replyTo);
    return post && { author: post.by === this.client.myId ? t('common.you') : shortName(nameOf(this.client, post.by)), text: plainLine(wordsOrFiles(post.text, post.files ?? [])) };
  }

  get editView(): { key: string; text: string } | undefined {
    const post = this.editing === undefined ? undefined : this.room?.log.post(this.editing);
    return post && { key: String(post.seq), text: post.text };
  }

  post(key: string): Post | undefined {
    const seq = this.seqOf(key);
    return seq === undefined ? undefined : this.room?.log.post(seq);
  }

  waiting(key: string): Command | undefined {
    return this.client.outbox.of(this.id).find((command) => command.key === key);
  }

  private seqOf(key: string): Seq | undefined {
    const claimed = [...(this.room?.claimed ?? [])].find(([, name]) => name === key)?.[0];
    return claimed ?? (/^\d{1,15}$/.test(key) ? Number(key) : undefined);
  }
}
