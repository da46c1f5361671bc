// Where one is, as an address: what the back button and links to a message go by.
import type { RoomId, Seq } from '../protocol/ids';

export type SettingsPart = 'profile' | 'privacy' | 'appearance' | 'devices' | 'password';
export const settingsParts: SettingsPart[] = ['profile', 'privacy', 'appearance', 'devices', 'password'];

export type Route =
  | { at: 'rooms' }
  | { at: 'room'; room: RoomId; seq?: Seq | undefined }
  | { at: 'people'; person?: string | undefined }
  | { at: 'settings'; part?: SettingsPart | undefined }
  | { at: 'limits' }
  | { at: 'invite'; token: string }
  | { at: 'ticket'; ticket: string };

export function readRoute(url: URL): Route {
  const ticket = url.searchParams.get('ticket') ?? new URLSearchParams(url.hash.slice(1)).get('ticket');
  if (ticket) return { at: 'ticket', ticket };
  const [first, second, third] = url.pathname.split('/').filter(Boolean).map(decode);
  switch (first) {
    case 'rooms':
      return second ? { at: 'room', room: second, seq: third && /^\d+$/.test(third) ? Number(third) : undefined } : { at: 'rooms' };
    case 'people':
      return { at: 'people', person: second };
    case 'settings':
      return { at: 'settings', part: settingsParts.find((part) => part === second) };
    case 'admin':
      return { at: 'limits' };
    case 'i':
      return second ? { at: 'invite', token: second } : { at: 'rooms' };
    default:
      return { at: 'rooms' };
  }
}

export function pathOf(route: Route): string {
  switch (route.at) {
    case 'rooms':
      return '/';
    case 'room':
      return `/rooms/${encodeURIComponent(route.room)}${route.seq === undefined ? '' : `/${route.seq}`}`;
    case 'people':
      return route.person === undefined ? '/people' : `/people/${encodeURIComponent(route.person)}`;
    case 'settings':
      return route.part === undefined ? '/settings' : `/settings/${route.part}`;
    case 'limits':
      return '/admin/limits';
    case 'invite':
      return `/i/${encodeURIComponent(route.token)}`;
    case 'ticket':
      return `/?ticket=${encodeURIComponent(route.ticket)}`;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
