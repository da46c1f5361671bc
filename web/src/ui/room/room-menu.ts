// The menu of a room: what this person may do with it.
import type { Client } from '../../client/client';
import type { Room } from '../../client/room';
import type { AppModel } from '../../view-models/app-model';
import type { RoomModel } from '../../view-models/room-model';
import { t } from '../../view-models/texts';
import type { DialogRequest } from '../dialogs/dialog-request';
import type { MenuEntry } from '../parts/Menu';

interface Around {
  app: AppModel;
  client: Client;
  room: Room;
  model: RoomModel;
  open: (request: DialogRequest) => void;
  onSide: () => void;
}

export function roomMenu({ app, client, room, model, open, onSide }: Around): MenuEntry[] {
  const { info, id } = room;
  if (!info) return [];
  const direct = info.kind === 'direct';
  const mine = (change: { muted?: boolean; pinned?: boolean }) => void client.api.changeMyRoom(id, change).then(() => client.refresh('rooms'));
  const entries: MenuEntry[] = [
    { icon: direct ? 'person' : 'people', text: direct ? t('profile.label') : t('room.members'), run: () => (direct && info.peer !== undefined ? app.go({ at: 'people', person: info.peer }) : onSide()) },
    { icon: 'check', text: t('room.mark_read'), run: () => model.markRead() },
    { icon: 'scroll', text: t('room.to_start'), run: () => void model.toStart() },
    { icon: 'clock', text: t('room.to_date'), run: () => open({ kind: 'date', room: id, go: (at) => model.toMoment(at) }) },
    { icon: 'pin', text: info.pinned ? t('room.unpin') : t('room.pin'), run: () => mine({ pinned: !info.pinned }) },
    { icon: info.muted ? 'bell' : 'belloff', text: info.muted ? t('room.unmute') : t('room.mute'), run: () => mine({ muted: !info.muted }) },
  ];
  if (direct) return entries;
  if (info.myRole !== 'member' || info.kind === 'group')
    entries.push({ icon: 'addperson', text: t('room.invite'), line: true, run: () => open({ kind: 'invite', room: id }) });
  if (info.myRole !== 'member') entries.push({ icon: 'edit', text: t('room.edit'), run: () => open({ kind: 'edit_room', room: id }) });
  entries.push({ icon: 'leave', text: t('room.leave'), danger: true, line: true, run: () => open({ kind: 'leave', room: id }) });
  if (info.myRole === 'owner') entries.push({ icon: 'trash', text: t('room.delete'), danger: true, run: () => open({ kind: 'delete_room', room: id }) });
  return entries;
}
