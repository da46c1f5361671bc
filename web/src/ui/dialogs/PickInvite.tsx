import { useState } from 'react';
import { roomListView } from '../../view-models/list-view';
import { t } from '../../view-models/texts';
import { useClient, useNow } from '../use-model';
import { InviteWired } from './Dialogs';
import { NewRoomHint } from './NewRoomHint';
import { PickRoomDialog } from './PickRoomDialog';

/** Invites to the one room there is, or asks to which. */
export function PickInvite({ onClose }: { onClose: () => void }) {
  const client = useClient();
  const list = roomListView(client, useNow());
  const rooms = [...list.pinned, ...list.latest].filter((room) => room.kind !== 'direct');
  const [picked, setPicked] = useState(rooms.length === 1 ? rooms[0]?.id : undefined);
  if (picked !== undefined) return <InviteWired room={picked} onClose={onClose} />;
  if (rooms.length === 0) return <NewRoomHint onClose={onClose} />;
  return <PickRoomDialog title={t('invite.pick')} rooms={rooms} onPick={setPicked} onClose={onClose} />;
}
