// The members of a room, for its side panel.
import type { Client } from '../client/client';
import type { Room } from '../client/room';
import { presenceOf, presenceText } from './names';
import { t } from './texts';
import type { MembersView, MemberView, RoleKind } from './views';

const rank: Record<RoleKind, number> = { owner: 0, moderator: 1, member: 2 };

/** Who is at the table and who is elsewhere: by role, then by name. */
export function membersView(client: Client, room: Room, now: number): MembersView {
  const members = (room.members ?? []).map(({ user, role }): MemberView => {
    const writing = room.typing.has(user.id);
    const presence = presenceOf(client, user.id);
    const text = presence === 'here' ? '' : presenceText(client, user.id, now);
    return { id: user.id, name: user.name, presence, role, you: user.id === client.myId, note: writing ? t('presence.writing') : user.about || text || undefined };
  });
  members.sort((a, b) => rank[a.role] - rank[b.role] || a.name.localeCompare(b.name));
  return {
    here: members.filter((member) => member.presence !== 'off'),
    elsewhere: members.filter((member) => member.presence === 'off'),
    total: Math.max(members.length, room.info?.members ?? 0),
    loading: room.members === undefined,
  };
}
