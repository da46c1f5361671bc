// Keys that work everywhere: jump, the next room, the next region, the list of keys.
import { useEffect } from 'react';
import type { AppModel } from '../view-models/app-model';
import type { RoomListView } from '../view-models/views';
import type { DialogRequest } from './dialogs/dialog-request';
import { withCommand } from './keys';

const regions = ['list', 'timeline', 'composer', 'side'];

export function useGlobalKeys(app: AppModel, list: RoomListView, open: (request: DialogRequest) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('[aria-modal="true"]')) return;
      const key = event.key.toLowerCase();
      if (withCommand(event) && key === 'k') jump(app);
      else if (withCommand(event) && key === '/') open({ kind: 'keys' });
      else if (event.altKey && (key === 'arrowup' || key === 'arrowdown')) step(app, list, key === 'arrowup' ? -1 : 1, event.shiftKey);
      else if (key === 'f6') nextRegion(event.shiftKey ? -1 : 1);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [app, list, open]);
}

function jump(app: AppModel): void {
  if (app.route.at === 'settings' || app.route.at === 'limits' || window.matchMedia('(max-width: 760px)').matches) app.go({ at: 'rooms' });
  requestAnimationFrame(() => document.getElementById('jump')?.focus());
}

function step(app: AppModel, list: RoomListView, by: number, unreadOnly: boolean): void {
  const rooms = [...list.pinned, ...list.latest];
  const current = app.route.at === 'room' ? app.route.room : undefined;
  const at = rooms.findIndex((room) => room.id === current);
  for (let i = at + by; i >= 0 && i < rooms.length; i += by) {
    const room = rooms[i];
    if (!room || (unreadOnly && room.unread === 0)) continue;
    app.openRoom(room.id);
    return;
  }
}

function nextRegion(by: number): void {
  const shown = regions
    .map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`))
    .filter((region): region is HTMLElement => region !== null && region.offsetParent !== null);
  const at = shown.findIndex((region) => region.contains(document.activeElement));
  const region = shown[(at + by + shown.length) % shown.length];
  if (!region) return;
  const stop = region.tabIndex >= 0 ? region : region.querySelector<HTMLElement>('[aria-current="page"], .member[tabindex="0"], .room-row[tabindex="0"], button, a[href], input');
  stop?.focus();
}
