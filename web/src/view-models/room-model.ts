// An open room: which part of the log is on the screen, what was unread when it was opened, what is being answered or
// edited. It lives as long as the room is open.
import type { Client } from '../client/client';
import type { Command } from '../client/command';
import type { Room } from '../client/room';
import type { Post } from '../client/room-log';
import { Changes } from '../client/changes';
import type { Seq } from '../protocol/ids';
import { plainLine } from './markup';
import { keyOf } from './message-view';
import { nameOf, shortName } from './names';
import { t } from './texts';
import { TimelineBuilder, wholeFrom } from './timeline-view';
import type { TimelineItem } from './views';

/** The target that is no message: the top of the timeline. */
export const START = 'start';

/** A room shows at least this many entries before it stops asking for older ones by itself. */
const ENOUGH = 30;

export class RoomModel {
  readonly changes = new Changes();
  readonly client: Client;
  readonly id: string;
  replyTo: Seq | undefined;
  editing: Seq | undefined;
  target: { key: string; token: number } | undefined;
  /** The first number that was unread when the room was opened; none once it is marked as read. */
  unreadFrom: Seq | undefined;
  atBottom = true;
  /** Grows whenever the view is to go to its foot and stay there. */
  latestToken = 0;
  /** Called when the view leaves the message that a link led to. */
  onLatest: () => unknown = () => {};
  private anchor: Seq | undefined;
  private builder: TimelineBuilder | undefined;
  private builtFor: Room | undefined;
  private tokens = 0;
  private seenHead = 0;
  private opened = false;

  constructor(client: Client, id: string) {
    this.client = client;
    this.id = id;
  }

  /** What is unread is settled when the room is first seen in step with the server; from then on it only shrinks. */
  private open(room: Room): void {
    if (this.opened || room.cursor === undefined || (!this.client.online && room.unread === 0)) return;
    this.opened = true;
    this.unreadFrom = room.unread > 0 ? room.read + 1 : undefined;
    this.seenHead = room.head;
  }

  get room(): Room | undefined {
    return this.client.rooms.get(this.id);
  }

  /** The range of the log that is shown: around the anchor, or the newest. */
  private range(room: Room): { from: Seq; to: Seq } | undefined {
    const around = this.anchor === undefined ? undefined : room.log.ranges.holding(this.anchor);
    return around ?? room.log.ranges.holding(room.cursor ?? 0);
  }

  timeline(now: number): { items: TimelineItem[]; atStart: boolean; atEnd: boolean; newBelow: number } {
    const { room } = this;
    if (!room) return { items: [], atStart: true, atEnd: true, newBelow: 0 };
    this.open(room);
    if (!this.builder || this.builtFor !== room) {
      this.builtFor = room;
      this.builder = new TimelineBuilder(this.client, room);
    }
    const range = this.range(room);
    const atEnd = range === undefined ? room.head === 0 : range.to >= (room.cursor ?? 0);
    const items = this.builder.build({
      from: range ? wholeFrom(range.from, range.to, room.first) : 1,
      to: range?.to ?? 0,
      atEnd: atEnd || range === undefined,
      unreadFrom: this.unreadFrom,
      highlighted: this.target?.key,
      now,
    });
    const newBelow = this.atBottom ? 0 : room.log.between(this.seenHead + 1, room.head).filter((item) => item.type === 'post' && item.by !== this.client.myId).length;
    return { items, atStart: range === undefined ? room.head === 0 : range.from <= room.first, atEnd, newBelow };
  }

  /** Fetches what the screen needs first: the newest messages, or those around a link. */
  async load(seq: Seq | undefined): Promise<void> {
    if (seq !== undefined) return this.goTo(seq);
    const { room } = this;
    if (!room || room.cursor === undefined) return;
    const range = this.range(room);
    if (!range) await this.client.loadBefore(room, room.cursor + 1);
    else if (range.from > room.first && room.log.between(range.from, range.to).length < ENOUGH) await this.client.loadBefore(room, range.from);
  }

  loadOlder = (): void => {
    const { room } = this;
    const range = room && this.range(room);
    if (!room || !this.client.online) return;
    if (!range) void this.load(undefined);
    else if (range.from > room.first) void this.client.loadBefore(room, range.from);
  };

  loadNewer = (): void => {
    const { room } = this;
    const range = room && this.range(room);
    if (room && range && range.to < (room.cursor ?? 0) && this.client.online) void this.client.loadAfter(room, range.to);
  };

  /** Shows a message wherever it stands, and what is around it. */
  async goTo(seq: Seq): Promise<void> {
    const { room } = this;
    if (!room) return;
    if (!room.log.post(seq)) await this.client.loadAround(room, seq);
    this.anchor = seq;
    this.target = { key: keyOf(room, seq), token: ++this.tokens };
    this.changes.raise();
  }

  goToKey = (key: string): void => {
    const seq = this.seqOf(key);
    if (seq !== undefined) void this.goTo(seq);
  };

  /** Shows where the room begins, or what is left of it. */
  async toStart(): Promise<void> {
    const { room } = this;
    if (!room) return;
    if (!room.log.ranges.has(room.first)) await this.client.loadAfter(room, room.first - 1);
    this.anchor = room.first;
    this.target = { key: START, token: ++this.tokens };
    this.changes.raise();
  }

  toLatest = (): void => {
    this.anchor = undefined;
    this.target = undefined;
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
    if (!room || !atBottom || !this.opened) return;
    this.seenHead = room.head;
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
    void this.client.do(this.id, { type: 'send', text, replyTo: this.replyTo });
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
    return post && { author: post.by === this.client.myId ? t('common.you') : shortName(nameOf(this.client, post.by)), text: plainLine(post.text) };
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
