// The side of a room: members of a group, the other person of a direct room.
import { useEffect, useMemo } from 'react';
import type { Room } from '../../client/room';
import { membersView } from '../../view-models/members-view';
import type { MemberView } from '../../view-models/views';
import { t } from '../../view-models/texts';
import { attempt } from '../../view-models/errors';
import { useDialogs } from '../dialogs/dialog-request';
import type { MenuEntry } from '../parts/Menu';
import { PersonPanel } from '../people/PersonPanel';
import { useApp, useClient, useNow } from '../use-model';
import { BannedList } from './BannedList';
import { MembersPanel } from './MembersPanel';

/** Members whose presence is asked for. */
const WATCHED = 140;

export function RoomSide({ room, onClose }: { room: Room; onClose: () => void }) {
  if (room.info?.kind === 'direct') return room.info.peer === undefined ? null : <PersonPanel person={room.info.peer} onClose={onClose} />;
  return <MembersSide room={room} onClose={onClose} />;
}

function MembersSide({ room, onClose }: { room: Room; onClose: () => void }) {
  const app = useApp();
  const client = useClient();
  const open = useDialogs();
  const now = useNow();
  const moderates = room.info?.myRole !== 'member';
  const members = useMemo(() => membersView(client, room, now), [client, room, room.members, client.changes.version, now]);
  useEffect(() => {
    if (moderates && room.bans === undefined && client.online) void client.loadBans(room);
  }, [client, room, room.bans, moderates, client.online]);
  const setRole = (member: MemberView, role: MemberView['role']) =>
    void attempt(() => client.api.setMember(room.id, member.id, role, app.ports.platform.nonce())).then((problem) => problem && app.toast({ icon: 'alert', kind: 'danger', text: problem }));
  const menuOf = (member: MemberView): MenuEntry[] => {
    const entries: MenuEntry[] = [{ icon: 'person', text: t('member.profile'), run: () => app.go({ at: 'people', person: member.id }) }];
    if (member.you) return entries;
    entries.push({ icon: 'thread', text: t('member.message'), run: () => void app.openDirect(member.id) });
    if (room.info?.myRole === 'owner') {
      if (member.role !== 'owner') entries.push({ icon: 'shield', text: t('member.make_owner'), line: true, run: () => setRole(member, 'owner') });
      if (member.role !== 'moderator') entries.push({ icon: 'shield', text: t('member.make_moderator'), run: () => setRole(member, 'moderator') });
      if (member.role !== 'member') entries.push({ icon: 'person', text: t('member.make_member'), run: () => setRole(member, 'member') });
    }
    if (room.info?.myRole === 'owner' || (moderates && member.role === 'member')) {
      entries.push({ icon: 'leave', text: t('member.remove'), danger: true, line: true, run: () => open({ kind: 'remove', room: room.id, person: member.id }) });
      entries.push({ icon: 'ban', text: t('member.ban'), danger: true, run: () => open({ kind: 'ban', room: room.id, person: member.id }) });
    }
    return entries;
  };
  return (
    <MembersPanel
      members={members}
      menuOf={menuOf}
      canInvite={moderates || room.info?.kind === 'group'}
      banned={moderates && <BannedList room={room} />}
      hasMore={room.membersNext !== undefined}
      onMore={() => void client.loadMembers(room, true)}
      onInvite={() => open({ kind: 'invite', room: room.id })}
      onAdd={() => open({ kind: 'add_people', room: room.id })}
      onClose={onClose}
    />
  );
}

/** The members of the open room, fetched when they are not here, with their presence watched. */
export function useMembers(room: Room): void {
  const client = useClient();
  const { members } = room;
  const group = room.info?.kind !== 'direct';
  useEffect(() => {
    if (group && members === undefined && client.online && !room.gone) void client.loadMembers(room);
  }, [client, room, members, group, client.online]);
  const peer = room.info?.peer;
  useEffect(() => {
    client.watch('room', peer === undefined ? (members ?? []).slice(0, WATCHED).map((member) => member.user.id) : [peer]);
    return () => client.watch('room', []);
  }, [client, members, peer]);
}
