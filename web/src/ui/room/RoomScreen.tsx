// A room: its bar, timeline, composer and side panel, with the room's model behind them. What cannot be entered any
// more says so instead.
import { useEffect, useMemo, useState } from 'react';
import type { Room } from '../../client/room';
import { roomName } from '../../view-models/names';
import { RoomModel } from '../../view-models/room-model';
import { useApp, useChanges, useClient } from '../use-model';
import { GoneNotice } from '../notices/GoneNotice';
import { Bones } from '../parts/Bones';
import { RoomSide, useMembers } from './RoomSide';
import { RoomStage } from './RoomStage';

interface Props {
  id: string;
  seq: number | undefined;
  side: boolean;
  onSide: (open: boolean | undefined) => void;
}

export function RoomScreen({ id, seq, side, onSide }: Props) {
  const app = useApp();
  const client = useClient();
  const room = client.rooms.get(id);
  // A room that was left and entered again is another one: its model starts anew.
  const [model, setModel] = useState(() => new RoomModel(client, id));
  const fresh = useMemo(() => (model.client === client && model.id === id ? model : new RoomModel(client, id)), [client, id, model]);
  useChanges(fresh.changes);
  useEffect(() => setModel(fresh), [fresh]);
  useEffect(() => {
    // The address names a message only as long as that is looked at: a reload then comes to the latest.
    fresh.onLatest = () => seq !== undefined && app.replace({ at: 'room', room: id });
  }, [app, fresh, id, seq]);
  const member = room !== undefined && !room.gone;
  useEffect(() => {
    client.openRoom(member ? id : undefined);
    return () => client.openRoom(undefined);
  }, [client, id, member]);
  const ready = room?.cursor !== undefined;
  useEffect(() => {
    if (ready && member && client.online) void fresh.load(seq);
  }, [fresh, ready, member, client.online, seq]);
  const unknownAt = !room && client.loaded && client.online;
  if (room?.gone || unknownAt) return <GoneNotice room={room} onBack={() => app.go({ at: 'rooms' })} />;
  if (!room?.info)
    return (
      <main className="stage" aria-busy="true">
        <Bones rows={6} />
      </main>
    );
  return <OpenRoom model={fresh} room={room} side={side} onSide={onSide} />;
}

interface OpenProps {
  model: RoomModel;
  room: Room;
  side: boolean;
  onSide: (open: boolean | undefined) => void;
}

function OpenRoom({ model, room, side, onSide }: OpenProps) {
  const client = useClient();
  useMembers(room);
  return (
    <>
      <RoomStage model={model} room={room} name={roomName(client, room)} side={side} onSide={onSide} />
      {side && <RoomSide room={room} onClose={() => onSide(false)} />}
    </>
  );
}
