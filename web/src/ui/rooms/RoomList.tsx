// The pane at the start edge: who you are, the filter, the rooms. One tab stop for the rows, arrows inside.
import { useMemo, useRef, useState } from 'react';
import { Virtualizer } from 'virtua';
import { t } from '../../view-models/texts';
import type { FaceView, PersonRowView, RoomListView, RoomRowView } from '../../view-models/views';
import { Bones } from '../parts/Bones';
import { IconButton } from '../parts/IconButton';
import { Mark } from '../parts/Mark';
import { moveFocus } from '../parts/move-focus';
import { FilterChips, type Chip } from './FilterChips';
import { FoundPeople } from './FoundPeople';
import { MeBar } from './MeBar';
import { RoomFilter } from './RoomFilter';
import { RoomRow } from './RoomRow';

export interface RoomListProps {
  serverName: string;
  list: RoomListView;
  me: FaceView;
  meNote: string;
  currentRoom: string | undefined;
  foundPeople: PersonRowView[];
  hrefOf: (room: string) => string;
  onOpen: (room: string) => void;
  onOpenPerson: (id: string) => void;
  onFind: (text: string) => void;
  onInvite: () => void;
  onNewRoom: () => void;
  onPeople: () => void;
  onSettings: () => void;
}

/** Above this many rooms the rows are virtualised. */
const PLAIN_ROWS = 60;

export function RoomList(props: RoomListProps) {
  const { list, currentRoom } = props;
  const [filter, setFilter] = useState('');
  const [chip, setChip] = useState<Chip>('all');
  const box = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => narrow(list, filter, chip), [list, filter, chip]);
  const rooms = [...shown.pinned, ...shown.latest];
  const stop = rooms.find((room) => room.id === currentRoom)?.id ?? rooms[0]?.id;
  // Who jumped has arrived: the list is whole again.
  const leaveFilter = () => {
    setFilter('');
    props.onFind('');
  };
  const open = (room: string) => {
    leaveFilter();
    props.onOpen(room);
  };
  const openPerson = (person: string) => {
    leaveFilter();
    props.onOpenPerson(person);
  };
  const row = (room: RoomRowView) => (
    <RoomRow key={room.id} room={room} current={room.id === currentRoom} tabStop={room.id === stop} href={props.hrefOf(room.id)} onOpen={() => open(room.id)} />
  );
  return (
    <nav className="pane-list" aria-label={t('nav.rooms')} data-region="list">
      <header className="bar">
        <div className="brand grow">
          <Mark />
          <span className="cut"><bdi>{props.serverName}</bdi></span>
        </div>
        <IconButton icon="addperson" label={t('list.invite')} onClick={props.onInvite} />
        <IconButton icon="plus" label={t('list.new_room')} className="at-edge" onClick={props.onNewRoom} />
      </header>
      <RoomFilter
        value={filter}
        onChange={(text) => {
          setFilter(text);
          props.onFind(text);
        }}
        onEnter={() => {
          const first = rooms[0];
          const person = props.foundPeople[0];
          if (first) open(first.id);
          else if (person) openPerson(person.id);
        }}
        onDown={() => box.current?.querySelector<HTMLElement>('.room-row')?.focus()}
      />
      {list.pinned.length + list.latest.length > 1 && (
        <FilterChips value={chip} unread={list.unreadMessages} mentions={list.mentions} onChoose={setChip} />
      )}
      <div ref={box} className="scroll" onKeyDown={(event) => moveFocus(event, box.current, '.room-row, .member')}>
        {list.loading && rooms.length === 0 && <Bones rows={6} />}
        <Section title={t('list.pinned')} rooms={shown.pinned} row={row} />
        <Section title={t('list.latest')} rooms={shown.latest} row={row} scroll={box} />
        {filter !== '' && <FoundPeople people={props.foundPeople} onOpen={openPerson} />}
        {!list.loading && <ListHint list={list} shown={rooms.length + (filter ? props.foundPeople.length : 0)} filter={filter} chip={chip} />}
      </div>
      <MeBar me={props.me} note={props.meNote} onPeople={props.onPeople} onSettings={props.onSettings} />
    </nav>
  );
}

interface SectionProps {
  title: string;
  rooms: RoomRowView[];
  row: (room: RoomRowView) => React.ReactElement;
  scroll?: React.RefObject<HTMLDivElement | null>;
}

function Section({ title, rooms, row, scroll }: SectionProps) {
  if (rooms.length === 0) return null;
  return (
    <>
      <h2 className="section-head">{title}</h2>
      <div className="rooms">
        {scroll && rooms.length > PLAIN_ROWS ? (
          <Virtualizer scrollRef={scroll} data={rooms}>
            {row}
          </Virtualizer>
        ) : (
          rooms.map(row)
        )}
      </div>
    </>
  );
}

function ListHint({ list, shown, filter, chip }: { list: RoomListView; shown: number; filter: string; chip: Chip }) {
  const text =
    shown > 0
      ? list.pinned.length + list.latest.length === 1 && filter === ''
        ? t('list.first_hint')
        : undefined
      : filter !== ''
        ? t('list.nothing', { text: filter })
        : chip === 'unread'
          ? t('list.nothing_unread')
          : chip === 'mentions'
            ? t('list.no_mentions')
            : t('list.first_hint');
  return text ? <p className="small faint list-hint">{text}</p> : null;
}

function narrow(list: RoomListView, filter: string, chip: Chip): { pinned: RoomRowView[]; latest: RoomRowView[] } {
  const wanted = folded(filter.trim());
  const fits = (room: RoomRowView) =>
    (chip === 'all' || (chip === 'unread' ? room.unread > 0 : room.mentions > 0)) && (wanted === '' || folded(room.name).includes(wanted));
  return { pinned: list.pinned.filter(fits), latest: list.latest.filter(fits) };
}

/** Without case and accents, as people type when they look for something. */
const folded = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
