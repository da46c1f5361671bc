// Chooses one of one's rooms.
import { useRef } from 'react';
import type { RoomRowView } from '../../view-models/views';
import { Dialog } from '../parts/Dialog';
import { moveFocus } from '../parts/move-focus';
import { Tile } from '../parts/Tile';

interface Props {
  title: string;
  rooms: RoomRowView[];
  onPick: (room: string) => void;
  onClose: () => void;
}

export function PickRoomDialog({ title, rooms, onPick, onClose }: Props) {
  const box = useRef<HTMLUListElement>(null);
  return (
    <Dialog title={title} onClose={onClose}>
      <ul ref={box} className="pick-rooms" onKeyDown={(event) => moveFocus(event, box.current, 'button')}>
        {rooms.map((room) => (
          <li key={room.id}>
            <button type="button" className="member" onClick={() => onPick(room.id)}>
              <Tile id={room.id} size="m" />
              <span className="who cut"><bdi>{room.name}</bdi></span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
