// Somebody names you in a room that is not open: a toast says so, with the way there.
import { useEffect } from 'react';
import { namesUser } from '../view-models/markup';
import { nameOf, roomName, shortName } from '../view-models/names';
import { t } from '../view-models/texts';
import { useApp, useClient } from './use-model';

export function useCalls(): void {
  const app = useApp();
  const client = useClient();
  useEffect(() => {
    const tell: Parameters<typeof client.news.add>[0] = (room, entry) => {
      const open = app.route.at === 'room' && app.route.room === room.id;
      if (open || room.info?.muted || entry.kind !== 'message' || !namesUser(entry.text, client.me?.handle ?? '')) return;
      // What was said while one was away is counted in the list, not told one by one.
      if (Date.now() - entry.at > FRESH_MS) return;
      const text = t('list.named_you', { who: shortName(nameOf(client, entry.by)), room: roomName(client, room) });
      app.toast({ icon: 'at', kind: 'call', text, action: { text: t('list.open'), run: () => app.openRoom(room.id, entry.seq) } });
    };
    client.news.add(tell);
    return () => void client.news.delete(tell);
  }, [app, client]);
}

/** News older than this are no news, in ms. */
const FRESH_MS = 60_000;
