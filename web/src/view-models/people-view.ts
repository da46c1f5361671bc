// Friends, requests, blocks, and somebody's card.
import type { Client } from '../client/client';
import type { UserId } from '../protocol/ids';
import type { User } from '../protocol/rest';
import { plainDate } from './dates';
import { personRow, presenceOf, presenceText } from './names';
import type { FaceView, PeopleView, RoleKind } from './views';

export interface ProfileView extends FaceView {
  username: string;
  status: string;
  presenceText: string;
  joined?: string | undefined;
  role?: { kind: RoleKind; room: string } | undefined;
  friendship: 'none' | 'friend' | 'asked' | 'asks' | 'self';
  blocked: boolean;
  rooms: { id: string; name: string }[];
}

export function peopleView(client: Client, now: number): PeopleView {
  const those = (state: string) => client.friends.filter((friend) => friend.state === state).map((friend) => personRow(client, friend.user.id, now));
  const friends = those('friends').sort((a, b) => a.name.localeCompare(b.name));
  return {
    friends,
    incoming: those('asks').map((row) => ({ ...row, note: `@${client.people.peek(row.id)?.handle ?? ''}` })),
    outgoing: those('asked').map((row) => ({ ...row, note: `@${client.people.peek(row.id)?.handle ?? ''}` })),
    blocked: client.blocks.map((user) => ({ id: user.id, name: user.name, note: `@${user.handle}` })),
    hereNow: friends.filter((friend) => friend.presence === 'here').length,
  };
}

export function profileView(client: Client, user: User, now: number): ProfileView {
  const state = client.friends.find((friend) => friend.user.id === user.id)?.state;
  return {
    id: user.id,
    name: user.name,
    username: user.handle,
    status: user.about,
    presence: presenceOf(client, user.id),
    presenceText: presenceText(client, user.id, now),
    joined: plainDate(user.created_at),
    role: roleOf(client, user.id),
    friendship: user.id === client.myId ? 'self' : state === 'friends' ? 'friend' : (state ?? 'none'),
    blocked: client.blocks.some((blocked) => blocked.id === user.id),
    rooms: roomsInCommon(client, user.id),
  };
}

/** Where they have a say, among the rooms whose members are here. */
function roleOf(client: Client, user: UserId): ProfileView['role'] {
  for (const room of client.rooms.values()) {
    const role = room.members?.find((member) => member.user.id === user)?.role;
    if (room.info && role && role !== 'member') return { kind: role, room: room.info.name };
  }
  return undefined;
}

/** Of the rooms whose members are here. */
function roomsInCommon(client: Client, user: UserId): { id: string; name: string }[] {
  return [...client.rooms.values()]
    .filter((room) => room.info && room.info.kind !== 'direct' && !room.gone && room.members?.some((member) => member.user.id === user))
    .map((room) => ({ id: room.id, name: room.info?.name ?? '' }));
}
