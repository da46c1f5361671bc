// The timeline with the room's model behind it: says what is seen, so that it counts as read.
import { useCallback, useEffect } from 'react';
import type { Room } from '../../client/room';
import type { RoomModel } from '../../view-models/room-model';
import { t } from '../../view-models/texts';
import { useLooking, useNow } from '../use-model';
import { Timeline } from './Timeline';
import { useNews } from './use-news';

export function RoomTimeline({ model, room, name }: { model: RoomModel; room: Room; name: string }) {
  const now = useNow();
  const looking = useLooking();
  const news = useNews(room.id);
  const { items, atStart, atEnd, newBelow, unreadAbove } = model.timeline(now);
  useEffect(() => model.seen(model.atBottom, looking), [model, looking, room.head, items]);
  const { online } = model.client;
  // A new line asks again for what the old one did not bring.
  const onNearStart = useCallback(() => online && model.loadOlder(), [model, online]);
  const onNearEnd = useCallback(() => online && model.loadNewer(), [model, online]);
  const onBottom = useCallback((there: boolean) => model.seen(there, document.visibilityState === 'visible' && document.hasFocus()), [model]);
  return (
    <Timeline
      key={room.id}
      label={name}
      items={items}
      atStart={atStart}
      atEnd={atEnd}
      startText={startText(room, name)}
      newBelow={newBelow}
      unreadAbove={unreadAbove}
      target={model.target}
      latestToken={model.latestToken}
      announcement={news}
      onNearStart={onNearStart}
      onNearEnd={onNearEnd}
      onBottom={onBottom}
      onToLatest={model.toLatest}
      onToUnread={model.toUnread}
    />
  );
}

/** Not everybody reads from the beginning: history that ran out, or that newcomers do not see. */
function startText(room: Room, name: string): string {
  if (room.first > 1) return t('room.start_cut');
  return room.info?.kind === 'direct' ? t('room.start_direct', { name }) : t('room.start', { room: name });
}
