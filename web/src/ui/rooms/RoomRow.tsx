// One room of the list: tile or face, name, last words, time, and what wants you.
import { t } from '../../view-models/texts';
import type { RoomRowView } from '../../view-models/views';
import { classes } from '../parts/classes';
import { Count } from '../parts/Count';
import { Face } from '../parts/Face';
import { Icon } from '../parts/Icon';
import { Tile } from '../parts/Tile';
import { Rich } from '../parts/Rich';
import { StateIcon } from '../room/StateIcon';

interface Props {
  room: RoomRowView;
  current: boolean;
  tabStop: boolean;
  href: string;
  onOpen: () => void;
}

export function RoomRow({ room, current, tabStop, href, onOpen }: Props) {
  const wants = room.unread > 0 && !room.muted;
  return (
    <a
      className={classes('room-row', wants && 'unread', room.muted && 'muted-room')}
      href={href}
      aria-current={current ? 'page' : undefined}
      tabIndex={tabStop ? 0 : -1}
      data-room={room.id}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onOpen();
      }}
    >
      {room.face ? <Face face={room.face} /> : <Tile id={room.id} />}
      <span className="lines">
        <span className="line">
          <span className="name">
            <span className="cut"><bdi>{room.name}</bdi></span>
            {room.muted && (
              <span role="img" aria-label={t('list.muted')}>
                <Icon name="belloff" small />
              </span>
            )}
          </span>
          <time>{room.time}</time>
        </span>
        <span className="line">
          <LastWords room={room} current={current} />
          <Badges room={room} />
        </span>
      </span>
    </a>
  );
}

function LastWords({ room, current }: { room: RoomRowView; current: boolean }) {
  if (room.draft !== undefined && !current)
    return (
      <span className="last cut">
        <span className="draft">{t('list.draft')}</span> <bdi>{room.draft}</bdi>
      </span>
    );
  return (
    <span className="last cut">
      {room.author ? <Rich id="list.by" with={{ who: <b>{room.author}</b>, text: <bdi>{room.text}</bdi> }} /> : <bdi>{room.text}</bdi>}
    </span>
  );
}

function Badges({ room }: { room: RoomRowView }) {
  const quiet = room.muted ? 'quiet' : undefined;
  return (
    <span className="badges">
      {room.waiting > 0 && (
        <span className="faint" role="img" aria-label={t('list.waiting', { n: room.waiting })} title={t('list.waiting', { n: room.waiting })}>
          <Icon name="clock" small />
        </span>
      )}
      {room.waiting === 0 && room.state && room.unread === 0 && <StateIcon state={room.state} />}
      {room.mentions > 0 && <Count n={room.mentions} kind="call" mentions />}
      {room.mentions === 0 && room.unread > 0 && <Count n={room.unread} kind={quiet} />}
    </span>
  );
}
