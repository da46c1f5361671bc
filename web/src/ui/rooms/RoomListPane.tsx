// The room list with the client behind it.
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { PersonRowView, RoomListView } from '../../view-models/views';
import { nameOf, presenceOf, presenceText } from '../../view-models/names';
import { pathOf } from '../../view-models/route';
import { useDialogs } from '../dialogs/dialog-request';
import { useFinder } from '../use-finder';
import { useApp, useClient, useNow } from '../use-model';
import { RoomList } from './RoomList';

/** Direct rooms whose people's presence is asked for. */
const WATCHED = 60;
const PAUSE_MS = 200;

export function RoomListPane({ list, currentRoom }: { list: RoomListView; currentRoom: string | undefined }) {
  const app = useApp();
  const client = useClient();
  const open = useDialogs();
  const now = useNow();
  const [found, setFound] = useState<PersonRowView[]>([]);
  const [wanted, setWanted] = useState('');
  const find = useFinder();
  const peers = useMemo(() => [...list.pinned, ...list.latest].flatMap((room) => room.face?.id ?? []).slice(0, WATCHED), [list]);
  const peerKey = peers.join();
  useEffect(() => client.watch('list', peers), [client, peerKey]);
  useEffect(() => {
    const text = wanted.trim().replace(/^@/, '');
    if (text === '') return setFound([]);
    const timer = setTimeout(() => void find(text).then(setFound), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted, find]);
  const about = client.me?.about ?? '';
  return (
    <RoomList
      serverName={app.serverName}
      list={list}
      me={{ id: client.myId, name: nameOf(client, client.myId), presence: presenceOf(client, client.myId) }}
      meNote={about === '' ? presenceText(client, client.myId, now) : about}
      currentRoom={currentRoom}
      foundPeople={found}
      hrefOf={(room) => pathOf({ at: 'room', room })}
      onOpen={app.openRoom}
      onOpenPerson={(person) => app.go({ at: 'people', person })}
      onFind={useCallback((text: string) => setWanted(text), [])}
      onInvite={() => open(currentRoom !== undefined && client.rooms.get(currentRoom)?.info?.kind !== 'direct' ? { kind: 'invite', room: currentRoom } : { kind: 'pick_invite' })}
      onNewRoom={() => open({ kind: 'new_room' })}
      onPeople={() => app.go({ at: 'people' })}
      onSettings={() => app.go({ at: 'settings' })}
    />
  );
}
