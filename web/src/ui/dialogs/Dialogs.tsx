// Opens the dialog that was asked for, with the client behind its buttons.
import { useCallback } from 'react';
import type { UserId } from '../../protocol/ids';
import { bounds } from '../../protocol/limits';
import { attempt } from '../../view-models/errors';
import { roomName } from '../../view-models/names';
import { t } from '../../view-models/texts';
import { useApp, useClient } from '../use-model';
import { useFinder } from '../use-finder';
import { AddPeopleDialog } from './AddPeopleDialog';
import { ConfirmDialog } from './ConfirmDialog';
import type { DialogRequest } from './dialog-request';
import { InviteDialog, type InviteTerms } from './InviteDialog';
import { KeysDialog } from './KeysDialog';
import { NewRoomDialog, type NewRoom } from './NewRoomDialog';
import { PickInvite } from './PickInvite';
import { RoomDialogs } from './RoomDialogs';

interface Props {
  request: DialogRequest;
  onClose: () => void;
}

export default function Dialogs({ request, onClose }: Props) {
  switch (request.kind) {
    case 'keys':
      return <KeysDialog onClose={onClose} />;
    case 'new_room':
      return <NewRoomWired onClose={onClose} />;
    case 'pick_invite':
      return <PickInvite onClose={onClose} />;
    case 'invite':
      return <InviteWired room={request.room} onClose={onClose} />;
    case 'add_people':
      return <AddPeopleWired room={request.room} onClose={onClose} />;
    case 'add_friend':
      return <AddFriendWired onClose={onClose} />;
    case 'sign_out':
      return <SignOutWired onClose={onClose} />;
    default:
      return <RoomDialogs request={request} onClose={onClose} />;
  }
}

function NewRoomWired({ onClose }: { onClose: () => void }) {
  const app = useApp();
  const client = useClient();
  const create = ({ kind, name, description, people }: NewRoom) =>
    attempt(async () => {
      const room = await client.api.createRoom({ kind, name, topic: description, members: people }, app.ports.platform.nonce());
      client.learnRoom(room);
      app.openRoom(room.id);
    });
  return <NewRoomDialog maxName={bounds.roomName} find={useFinder()} onCreate={create} onClose={onClose} />;
}

export function InviteWired({ room: id, onClose }: { room: string; onClose: () => void }) {
  const app = useApp();
  const client = useClient();
  const room = client.rooms.get(id);
  const makeLink = useCallback(
    async ({ lastsMs, uses }: InviteTerms) => {
      let url = '';
      const problem = await attempt(async () => {
        const made = await client.api.invite(id, { ...(lastsMs === undefined ? {} : { expires_in_ms: lastsMs }), ...(uses === undefined ? {} : { uses }) });
        url = made.url;
      });
      return problem === undefined ? { url: new URL(url, app.ports.server).href } : { problem };
    },
    [app, client, id],
  );
  return <InviteDialog roomName={room ? roomName(client, room) : ''} makeLink={makeLink} onClose={onClose} />;
}

function AddPeopleWired({ room: id, onClose }: { room: string; onClose: () => void }) {
  const app = useApp();
  const client = useClient();
  const room = client.rooms.get(id);
  const add = (user: UserId) =>
    attempt(async () => {
      await client.api.setMember(id, user, undefined, app.ports.platform.nonce());
      if (room) await client.loadMembers(room);
    });
  return (
    <AddPeopleDialog
      title={t('add.title', { room: room ? roomName(client, room) : '' })}
      label={t('new_room.find')}
      actionText={t('add.do')}
      doneText={t('add.done')}
      find={useFinder()}
      onAdd={(person) => add(person.id)}
      onClose={onClose}
    />
  );
}

function AddFriendWired({ onClose }: { onClose: () => void }) {
  const client = useClient();
  const ask = (user: UserId) =>
    attempt(async () => {
      await client.api.befriend(user);
      await client.refresh('friends');
    });
  return (
    <AddPeopleDialog
      title={t('people.find_title')}
      label={t('people.find_label')}
      actionText={t('people.add')}
      doneText={t('people.requested')}
      find={useFinder()}
      onAdd={(person) => ask(person.id)}
      onClose={onClose}
    />
  );
}

function SignOutWired({ onClose }: { onClose: () => void }) {
  const app = useApp();
  const client = useClient();
  const text = client.me?.has_password ? (client.outbox.all.length > 0 ? t('confirm.sign_out_text') : '') : t('confirm.sign_out_nopass');
  return <ConfirmDialog title={t('confirm.sign_out')} text={text} action={t('confirm.sign_out_do')} onConfirm={() => attempt(() => app.signOut())} onClose={onClose} />;
}
