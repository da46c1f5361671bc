// The items of a timeline, from a room's log and what waits for it. Groups that did not change are the same objects as
// before, so that only what changed is drawn anew.
import type { Client } from '../client/client';
import type { Command } from '../client/command';
import type { Room } from '../client/room';
import type { LifeEvent, LogItem, Post } from '../client/room-log';
import type { Seq, UserId } from '../protocol/ids';
import { clockTime, dayLine, dayOf } from './dates';
import { isPlain, lifeIcon, lifeLine } from './life-lines';
import { landedView, messageView, waitingView, type MessageContext } from './message-view';
import { faceOf } from './names';
import { t } from './texts';
import type { GroupView, LifeView, MessageView, TimelineItem } from './views';

export interface TimelineWindow {
  from: Seq;
  to: Seq;
  /** The window reaches the newest: what waits to be sent stands below it. */
  atEnd: boolean;
  /** The first number that was unread when the room was opened. */
  unreadFrom: Seq | undefined;
  highlighted: string | undefined;
  now: number;
}

/** Messages of one author further apart than this stand apart, in ms. */
const GROUP_GAP_MS = 10 * 60_000;
/** Groups and folded changes end at multiples of this, so that they stay as they are when older ones come in. */
const CHUNK = 32;
/** A window shows at least this many numbers, even when its first chunk is not whole. */
const LEAST = 16;

/** Where a window begins to show: what is only part of a chunk would grow at its upper end, and push what is read. */
export function wholeFrom(from: Seq, to: Seq, first: Seq): Seq {
  if (from <= first) return from;
  const aligned = Math.ceil(from / CHUNK) * CHUNK;
  return aligned <= to - LEAST ? aligned : from;
}

export class TimelineBuilder {
  /** What was drawn last, and what has been drawn of it again: what is out of the window is forgotten. */
  private cache = new Map<string, { sign: string; item: TimelineItem }>();
  private fresh = new Map<string, { sign: string; item: TimelineItem }>();
  private readonly client: Client;
  private readonly room: Room;
  private last: TimelineItem[] = [];

  constructor(client: Client, room: Room) {
    this.client = client;
    this.room = room;
  }

  build(window: TimelineWindow): TimelineItem[] {
    const items: TimelineItem[] = [];
    const context = this.context(window);
    let day: number | undefined;
    let unreadDrawn = false;
    let open: { by: UserId | undefined; at: number; chunk: number; messages: MessageView[]; signs: string[]; key: string } | undefined;
    let life: LifeEvent[] = [];
    const close = () => {
      if (open) items.push(this.group(open.key, open.by, open.messages, open.signs));
      if (life.length > 0) items.push(this.life(life));
      open = undefined;
      life = [];
    };
    const line = (type: 'day' | 'unread', key: string, text: string) => {
      close();
      items.push(this.keep(key, text, { type, key, text }));
    };
    const add = (by: UserId | undefined, at: number, seq: Seq, message: MessageView, sign: string) => {
      const chunk = Math.floor(seq / CHUNK);
      if (life.length > 0 || !open || open.by !== by || at - open.at > GROUP_GAP_MS || open.chunk !== chunk) {
        close();
        open = { by, at, chunk, messages: [], signs: [], key: `g${message.key}` };
      }
      open.messages.push(message);
      open.signs.push(sign);
      open.at = at;
    };
    const separate = (at: number, seq: Seq, by: UserId | undefined) => {
      if (dayOf(at) !== day) {
        day = dayOf(at);
        line('day', `d${day}`, dayLine(at, window.now));
      }
      if (!unreadDrawn && window.unreadFrom !== undefined && seq >= window.unreadFrom && by !== this.client.myId) {
        unreadDrawn = true;
        line('unread', 'unread', t('room.new_since', { when: clockTime(at) }));
      }
    };
    for (const item of this.room.log.between(window.from, window.to)) {
      if (item.type === 'life' && isPlain(this.room, item)) continue;
      separate(item.at, item.seq, item.by);
      if (item.type === 'life') {
        const sameChunk = life[0] === undefined || Math.floor(life[0].seq / CHUNK) === Math.floor(item.seq / CHUNK);
        if (open || !sameChunk) close();
        life.push(item);
      } else add(item.by, item.at, item.seq, ...messageView(context, item));
    }
    if (window.atEnd) for (const { at, seq, view, sign } of this.tail(context)) {
      separate(at, Number.MAX_SAFE_INTEGER, this.client.myId);
      add(this.client.myId, at, seq, view, sign);
    }
    close();
    this.cache = this.fresh;
    this.fresh = new Map();
    return this.sameAsBefore(items);
  }

  /** What was said here and is no entry yet: acked, waiting, failed. */
  private *tail(context: MessageContext): Generator<{ at: number; seq: Seq; view: MessageView; sign: string }> {
    for (const landed of this.room.landed) {
      const [view, sign] = landedView(context, landed);
      yield { at: landed.at, seq: landed.seq, view, sign };
    }
    for (const command of context.commands) {
      if (command.body.type !== 'send' || context.shown.has(command.key)) continue;
      const [view, sign] = waitingView(context, command, command.body);
      yield { at: command.at, seq: this.room.head + 1, view, sign };
    }
  }

  private context(window: TimelineWindow): MessageContext {
    const { client, room } = this;
    const commands = client.outbox.of(room.id);
    return {
      client,
      room,
      commands,
      shown: shownCommands(client, room, commands),
      moderates: room.info !== undefined && room.info.kind !== 'direct' && room.info.myRole !== 'member',
      readThrough: Math.max(0, ...room.reads.values()),
      lastOwnRead: lastOwnRead(client, room),
      highlighted: window.highlighted,
      handle: client.me?.handle ?? '',
    };
  }

  private group(key: string, by: UserId | undefined, messages: MessageView[], signs: string[]): TimelineItem {
    const author = faceOf(this.client, by ?? '');
    const role = this.room.members?.find((member) => member.user.id === by)?.role;
    const sign = `${author.name}|${role ?? ''}|${signs.join('|')}`;
    const group: GroupView = { type: 'group', key, author, own: by === this.client.myId, role, time: messages[0]?.time ?? '', messages };
    return this.keep(key, sign, group);
  }

  private life(events: LifeEvent[]): TimelineItem {
    const first = events[0];
    const lines = events.map((event) => lifeLine(this.client, event));
    const key = `l${first?.seq ?? 0}`;
    const life: LifeView = { type: 'life', key, icon: first ? lifeIcon(first) : 'people', lines };
    return this.keep(key, JSON.stringify(lines), life);
  }

  private keep(key: string, sign: string, item: TimelineItem): TimelineItem {
    const known = this.cache.get(key);
    const kept = known && known.sign === sign && known.item.type === item.type ? known : { sign, item };
    this.fresh.set(key, kept);
    return kept.item;
  }

  private sameAsBefore(items: TimelineItem[]): TimelineItem[] {
    const same = items.length === this.last.length && items.every((item, index) => item === this.last[index]);
    if (!same) this.last = items;
    return this.last;
  }
}

/** Commands whose entry is here already, before their ack: same author, same words, after they were first tried. */
function shownCommands(client: Client, room: Room, commands: Command[]): Set<string> {
  const shown = new Set<string>();
  const taken = new Set<Seq>(room.claimed.keys());
  for (const command of commands) {
    const { body, since } = command;
    if (body.type !== 'send' || since === undefined || command.failed) continue;
    const match = room.log.between(since + 1, room.head).find((item: LogItem) => item.type === 'post' && item.by === client.myId && item.text === body.text && !taken.has(item.seq));
    if (!match) continue;
    taken.add(match.seq);
    shown.add(command.key);
  }
  return shown;
}

/** In small rooms faces stand below the last of one's messages that somebody has read. */
const SMALL_ROOM = 50;

function lastOwnRead(client: Client, room: Room): Seq | undefined {
  if (!room.info || room.info.kind === 'direct' || room.info.members > SMALL_ROOM) return undefined;
  const through = Math.max(0, ...room.reads.values());
  const own = room.log.between(Math.max(1, through - 200), through).filter((item): item is Post => item.type === 'post' && item.by === client.myId && !item.deleted);
  return own.at(-1)?.seq;
}
