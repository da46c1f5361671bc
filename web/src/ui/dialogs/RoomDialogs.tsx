// Dialogs about a room and somebody or something in it.
import { bounds } from '../../protocol/limits';
import type { Room } from '../../client/room';
import { attempt } from '../../view-models/errors';
import { faceOf, nameOf, roomName } from '../../view-models/names';
import { t } from '../../view-models/texts';
import { useApp, useClient } from '../use-model';
import { BanDialog } from './BanDialog';
import { ConfirmDialog } from './ConfirmDialog';
import { DateDialog } from './DateDialog';
import type { DialogRequest } from './dialog-request';
import { EditRoomDialog } from './EditRoomDialog';

type RoomRequest = Extract<DialogRequest, { room: string }>;

interface Props<R> {
  request: R;
  onClose: () => void;
}

interface Inside {
  room: Room;
  onClose: () => void;
}

export function RoomDialogs({ request, onClose }: Props<RoomRequest>) {
  const client = useClient();
  const room = client.rooms.get(request.room);
  if (!room?.info) return null;
  switch (request.kind) {
    case 'ban':
      return <Ban room={room} person={request.person} onClose={onClose} />;
    case 'remove':
      return <Remove room={room} person={request.person} onClose={onClose} />;
    case 'date':
      return <GoToDate room={room} go={request.go} onClose={onClose} />;
    case 'edit_room':
      return <Edit room={room} onClose={onClose} />;
    case 'leave':
      return <Leave room={room} onClose={onClose} />;
    case 'delete_room':
      return <DeleteRoom room={room} onClose={onClose} />;
    case 'delete_message':
      return <DeleteMessage room={room} seq={request.seq} onClose={onClose} />;
    default:
      return null;
  }
}

function Ban({ room, person, onClose }: Inside & { person: string }) {
  const app = useApp();
  const client = useClient();
  const { now, nonce } = app.ports.platform;
  const ban = (reason: string, lasts: number | undefined) =>
    attempt(() => client.api.ban(room.id, person, { ...(reason ? { reason } : {}), ...(lasts === undefined ? {} : { duration_ms: lasts }) }, nonce()));
  return <BanDialog person={faceOf(client, person)} roomName={roomName(client, room)} now={now()} onBan={ban} onClose={onClose} />;
}

function Remove({ room, person, onClose }: Inside & { person: string }) {
  const app = useApp();
  const client = useClient();
  const who = nameOf(client, person);
  return (
    <ConfirmDialog
      title={t('confirm.remove', { name: who })}
      text={t('confirm.remove_text', { name: who, room: roomName(client, room) })}
      action={t('confirm.remove_do')}
      reasonLabel={t('ban.reason')}
      reasonHint={t('ban.reason_hint', { name: who })}
      onConfirm={(reason) => attempt(() => client.api.removeMember(room.id, person, reason || undefined, app.ports.platform.nonce()))}
      onClose={onClose}
    />
  );
}

function Edit({ room, onClose }: Inside) {
  const app = useApp();
  const client = useClient();
  const save = (name: string, topic: string) => attempt(async () => void client.learnRoom(await client.api.changeRoom(room.id, { name, topic }, app.ports.platform.nonce())));
  return <EditRoomDialog name={room.info?.name ?? ''} description={room.info?.topic ?? ''} maxName={bounds.roomName} onSave={save} onClose={onClose} />;
}

function GoToDate({ room, go, onClose }: Inside & { go: (at: number) => Promise<void> }) {
  const app = useApp();
  return <DateDialog first={room.info?.createdAt ?? 0} now={app.ports.platform.now()} onGo={(at) => attempt(() => go(at))} onClose={onClose} />;
}

function Leave({ room, onClose }: Inside) {
  const app = useApp();
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('confirm.leave', { room: roomName(client, room) })}
      text={t('confirm.leave_text')}
      action={t('confirm.leave_do')}
      onConfirm={() => attempt(() => client.api.removeMember(room.id, client.myId, undefined, app.ports.platform.nonce()))}
      onClose={onClose}
    />
  );
}

function DeleteRoom({ room, onClose }: Inside) {
  const app = useApp();
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('confirm.delete_room', { room: roomName(client, room) })}
      text={t('confirm.delete_room_text')}
      action={t('confirm.delete_room_do')}
      onConfirm={() => attempt(() => client.api.deleteRoom(room.id, app.ports.platform.nonce()))}
      onClose={onClose}
    />
  );
}

function DeleteMessage({ room, seq, onClose }: Inside & { seq: number }) {
  const client = useClient();
  return (
    <ConfirmDialog
      title={t('message.delete_why', { name: nameOf(client, room.log.post(seq)?.by) })}
      text=""
      action={t('message.delete')}
      reasonLabel={t('message.delete_reason')}
      reasonHint={t('message.delete_reason_hint')}
      onConfirm={async (reason) => void (await client.do(room.id, { type: 'delete', of: seq, reason: reason || undefined }))}
      onClose={onClose}
    />
  );
}
