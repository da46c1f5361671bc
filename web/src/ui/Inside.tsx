// Everything for somebody who is signed in: list, stage, side, dialogs, toasts, and the keys that work everywhere.
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { roomListView } from '../view-models/list-view';
import { connectionView } from '../view-models/connection-view';
import { t } from '../view-models/texts';
import { DialogContext, type DialogRequest } from './dialogs/dialog-request';
import { ConnectionBar } from './notices/ConnectionBar';
import { Toasts } from './notices/Toasts';
import { Boundary } from './parts/Boundary';
import { NoRoom } from './room/NoRoom';
import { RoomScreen } from './room/RoomScreen';
import { RoomListPane } from './rooms/RoomListPane';
import { Tabs, type Part } from './rooms/Tabs';
import { useCalls } from './use-calls';
import { useGlobalKeys } from './global-keys';
import { useApp, useClient, useMedia, useNow } from './use-model';

// What the first room does not need comes when it is wanted.
const AdminScreens = lazy(() => import('./admin/AdminScreens'));
const PeopleScreens = lazy(() => import('./people/PeopleScreens'));
const SettingsScreens = lazy(() => import('./settings/SettingsScreens'));
const Dialogs = lazy(() => import('./dialogs/Dialogs'));

/** After so long without a hand on anything one is away, in ms. */
const IDLE_MS = 5 * 60_000;

export function Inside() {
  const app = useApp();
  const client = useClient();
  const now = useNow();
  const wide = useMedia('(min-width: 1181px)');
  const [dialog, setDialog] = useState<DialogRequest>();
  const [sideWanted, setSide] = useState<boolean>();
  const { route } = app;
  // A room where one sits alone has nothing to show at its side.
  const room = route.at === 'room' ? client.rooms.get(route.room) : undefined;
  const alone = room?.info?.members === 1;
  // Whoever opened somebody's card wants to see it, however little place there is.
  const side = route.at === 'people' ? route.person !== undefined : (sideWanted ?? (wide && !alone));
  const list = useMemo(() => roomListView(client, now), [client, client.changes.version, now, app.appearance.language]);
  const open = useCallback((request: DialogRequest) => setDialog(request), []);
  useEffect(() => setSide(undefined), [wide]);
  useEffect(() => {
    if (!wide) setSide(undefined);
  }, [route, wide]);
  useGlobalKeys(app, list, open);
  useAway();
  useCalls();

  const place = placeOf(route.at);
  const hasSide = side && ((room?.info !== undefined && !room.gone) || place === 'people');
  const listing = place === 'room' || place === 'people' || place === 'list';
  const view = place === 'settings' ? (route.at === 'settings' && route.part === undefined ? 'list' : 'room') : place === 'admin' ? 'room' : place;
  const title = list.unreadMessages > 0 ? `(${list.unreadMessages}) ${app.serverName}` : app.serverName;
  useEffect(() => app.ports.navigation.setTitle(title), [app, title]);
  const asks = client.friends.filter((friend) => friend.state === 'asks').length;
  const choose = (part: Part) => {
    if (part === 'people') app.go({ at: 'people' });
    else if (part === 'you') app.go({ at: 'settings' });
    else app.go({ at: 'rooms' });
    if (part === 'search') requestAnimationFrame(() => document.getElementById('jump')?.focus());
  };
  return (
    <DialogContext value={open}>
      <a className="skip" href="#composer" onClick={(event) => (event.preventDefault(), document.querySelector<HTMLElement>('[data-region="timeline"]')?.focus())}>
        {t('app.skip')}
      </a>
      <div className={hasSide ? 'app' : 'app no-side'} data-view={view} data-side={hasSide ? 'open' : 'closed'}>
        <ConnectionBar connection={connectionView(client)} onTry={() => client.reconnect()} />
        {listing && <RoomListPane list={list} currentRoom={route.at === 'room' ? route.room : undefined} />}
        <Boundary key={place}>
          {route.at === 'room' && <RoomScreen key={route.room} id={route.room} seq={route.seq} side={hasSide} onSide={setSide} />}
          {place === 'list' && <NoRoom empty={list.pinned.length + list.latest.length === 0} loading={list.loading} />}
          <Suspense fallback={<main className="stage" aria-busy="true" />}>
            {route.at === 'people' && <PeopleScreens person={route.person} />}
            {route.at === 'settings' && <SettingsScreens part={route.part} />}
            {route.at === 'limits' && <AdminScreens />}
          </Suspense>
        </Boundary>
        <Tabs current={place === 'people' ? 'people' : place === 'settings' ? 'you' : 'rooms'} unread={list.unreadMessages} requests={asks} onChoose={choose} />
      </div>
      <Toasts toasts={app.toasts} onClose={app.closeToast} />
      {dialog && (
        <Boundary>
          <Suspense>
            <Dialogs request={dialog} onClose={() => setDialog(undefined)} />
          </Suspense>
        </Boundary>
      )}
    </DialogContext>
  );
}

function placeOf(at: string): 'list' | 'room' | 'people' | 'settings' | 'admin' {
  switch (at) {
    case 'room':
    case 'people':
    case 'settings':
      return at;
    case 'limits':
      return 'admin';
    default:
      return 'list';
  }
}

/** After some minutes without a hand on anything one is away. */
function useAway(): void {
  const client = useClient();
  useEffect(() => {
    let timer = 0;
    const touch = () => {
      clearTimeout(timer);
      client.setAway(document.visibilityState !== 'visible');
      timer = window.setTimeout(() => client.setAway(true), IDLE_MS);
    };
    const events = ['pointerdown', 'keydown', 'focus'] as const;
    for (const event of events) window.addEventListener(event, touch);
    document.addEventListener('visibilitychange', touch);
    touch();
    return () => {
      clearTimeout(timer);
      for (const event of events) window.removeEventListener(event, touch);
      document.removeEventListener('visibilitychange', touch);
    };
  }, [client]);
}
