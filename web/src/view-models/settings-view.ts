// Settings of the account and its devices, as rows.
import type { Device } from '../protocol/rest';
import { seenTime } from './dates';
import { t, type TextKey } from './texts';
import type { DeviceView } from './views';

export interface PrivacyRow {
  name: string;
  title: TextKey;
  hint: TextKey;
  on: boolean;
}

// What the client itself keeps. What others may see of one's presence and reading is the server's to keep.
const privacy: [string, TextKey, TextKey][] = [['typing', 'settings.typing', 'settings.typing_hint']];

/** What is not set is on: people show themselves unless they say otherwise. */
export const privacyRows = (settings: Record<string, unknown>): PrivacyRow[] =>
  privacy.map(([name, title, hint]) => ({ name, title, hint, on: settings[name] !== false }));

export function deviceView(device: Device, now: number): DeviceView {
  const client = device.client ?? '';
  const name = client.replace(/^Tertulia web, /, '') || t('app.name');
  const seen = device.last_seen_at ?? device.created_at;
  return {
    id: device.id,
    name,
    phone: /Android|iOS|iPhone/.test(client),
    current: device.current,
    note: device.current ? t('presence.here_long') : t('settings.last_used', { when: seenTime(seen, now) }),
  };
}
