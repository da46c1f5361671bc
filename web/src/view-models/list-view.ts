// The room list: pinned on top, then by what happened last.
import type { Client } from '../client/client';
import type { Room } from '../client/room';
import type { LifeEvent } from '../client/room-log';
import { shortTime } from './dates';
import { isPlain, lifeText } from './life-lines';
import { wordsOrFiles } from './files-view';
import { namesUser, plainLine } from './markup';
import { faceOf, presenceOf, roomName, shortName, nameOf } from './names';
import { t } from './texts';
import type { MessageState, RoomListView, RoomRowView } from './views';

export function roomListView(client: Client, now: number): RoomListView {
  const rooms = [...client.rooms.values()].filter((room) => room.info && !room.gone);
  const rows = rooms.sort((a, b) => lastAt(client, b) - lastAt(client, a)).map((room) => rowOf(client, room, now));
  const loud = rows.filter((row) => !row.muted);
  return {
    pinned: rows.filter((row) => row.pinned),
    latest: rows.filter((row) => !row.pinned),
    unreadRooms: loud.filter((row) => row.unread > 0).length,
    unreadMessages: loud.reduce((sum, row) => sum + row.unread, 0),
    mentions: rows.reduce((sum, row) => sum + row.mentions, 0),
    loading: !client.loaded,
  };
}

function rowOf(client: Client, room: Room, now: number): RoomRowView {
  const { info } = room;
  const direct = info?.kind === 'direct';
  const waiting = client.outbox.of(room.id).filter((command) => command.body.type === 'send');
  return {
    id: room.id,
    kind: info?.kind ?? 'group',
    name: roomName(client, room),
    face: direct && info?.peer !== undefined ? { ...faceOf(client, info.peer), presence: presenceOf(client, info.peer) } : undefined,
    time: shortTime(lastAt(client, room), now),
    ...lastWords(client, room, direct),
    unread: room.unread,
    mentions: room.unread > 0 ? mentionsIn(client, room) : 0,
    muted: info?.muted ?? false,
    pinned: info?.pinned ?? false,
    draft: room.draft.trim() === '' ? undefined : plainLine(room.draft),
    waiting: waiting.length,
  };
}

function lastAt(client: Client, room: Room): number {
  const waiting = client.outbox.of(room.id).filter((command) => command.body.type === 'send').at(-1);
  return Math.max(room.lastAt, waiting?.at ?? 0, room.landed.at(-1)?.at ?? 0);
}

interface LastWords {
  author?: string | undefined;
  text: string;
  state?: MessageState | undefined;
}

function lastWords(client: Client, room: Room, direct: boolean): LastWords {
  const mine = (text: string): LastWords => ({ author: t('common.you'), text: plainLine(text) });
  const waiting = client.outbox.of(room.id).filter((command) => command.body.type === 'send').at(-1);
  if (waiting?.body.type === 'send') return mine(wordsOrFiles(waiting.body.text, waiting.body.files?.map((file) => file.attachment) ?? []));
  const landed = room.landed.at(-1);
  if (landed) return { ...mine(wordsOrFiles(landed.text, landed.files)), state: 'sent' };
  const last = room.lastItem;
  if (last && last.seq >= (room.preview?.seq ?? 0)) {
    if (last.type === 'life') return { text: direct ? '' : lifeText(client, telling(room, last)) };
    return said(client, room, direct, last.by, last.deleted ? t('message.gone') : wordsOrFiles(last.text, last.files ?? []), last.seq);
  }
  const { preview } = room;
  if (!preview) return { text: direct ? '' : t('room.members_count', { n: room.info?.members ?? 1 }) };
  return said(client, room, direct, preview.by, preview.deleted ? t('message.gone') : wordsOrFiles(room.log.post(preview.seq)?.text ?? preview.text, preview.files ?? []), preview.seq);
}

function said(client: Client, room: Room, direct: boolean, by: string | undefined, text: string, seq: number): LastWords {
  const line = plainLine(text);
  if (by === client.myId) return { author: t('common.you'), text: line, state: [...room.reads.values()].some((read) => read >= seq) ? 'read' : 'sent' };
  return direct ? { text: line } : { author: shortName(nameOf(client, by)), text: line };
}

/** The maker's own entry says less than the making. */
function telling(room: Room, event: LifeEvent): LifeEvent {
  const first = room.log.get(1);
  return isPlain(room, event) && first?.type === 'life' ? first : event;
}

/** Only of what this device has: the rest is counted when it is looked at. */
function mentionsIn(client: Client, room: Room): number {
  const handle = client.me?.handle ?? '';
  const here = room.log.between(room.read + 1, room.head).filter((item) => item.type === 'post' && item.by !== client.myId && namesUser(item.text, handle)).length;
  const { preview } = room;
  const unseen = preview && preview.seq > room.read && preview.by !== client.myId && !room.log.get(preview.seq);
  return here + Number(unseen === true && namesUser(preview?.text ?? '', handle));
}
