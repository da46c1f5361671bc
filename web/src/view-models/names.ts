// How people and rooms are called on the screen.
import type { Client } from '../client/client';
import type { Room } from '../client/room';
import type { UserId } from '../protocol/ids';
import { seenTime } from './dates';
import { t } from './texts';
import type { FaceView, PersonRowView, PresenceKind } from './views';

export function nameOf(client: Client, id: UserId | undefined): string {
  if (id === undefined) return t('common.someone');
  if (id === client.myId && client.me) return client.me.name;
  return client.people.get(id)?.name ?? t('common.someone');
}

/** In the lines of a room: "You", or the short name. */
export const subjectOf = (client: Client, id: UserId | undefined): string => (id === client.myId ? t('common.you') : shortName(nameOf(client, id)));

/** The word by which friends call each other. */
export const shortName = (name: string): string => name.split(/\s+/u)[0] ?? name;

export function faceOf(client: Client, id: UserId): FaceView {
  return { id, name: nameOf(client, id) };
}

export function presenceOf(client: Client, id: UserId): PresenceKind {
  if (id === client.myId) return client.online ? 'here' : 'off';
  return client.people.presence(id)?.state ?? 'off';
}

export function roomName(client: Client, room: Room): string {
  if (!room.info) return '';
  if (room.info.kind !== 'direct') return room.info.name;
  return room.info.peer === undefined ? t('common.someone') : nameOf(client, room.info.peer);
}

export function presenceText(client: Client, id: UserId, now: number): string {
  const presence = client.people.presence(id);
  const state = presenceOf(client, id);
  if (state !== 'off' || presence?.lastSeenAt === undefined) return t(`presence.${state}_long`);
  return t('presence.seen', { when: seenTime(presence.lastSeenAt, now) });
}

export function personRow(client: Client, id: UserId, now: number): PersonRowView {
  const about = client.people.peek(id)?.about ?? '';
  const text = presenceText(client, id, now);
  return { ...faceOf(client, id), presence: presenceOf(client, id), note: about === '' ? text : `${text}. ${about}` };
}
