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

const privacy: [string, TextKey, TextKey][] = [
  ['presence', 'settings.show_presence', 'settings.show_presence_hint'],
  ['last_seen', 'settings.show_last_seen', 'settings.show_last_seen_hint'],
  ['read_receipts', 'settings.read_receipts', 'settings.read_receipts_hint'],
  ['typing', 'settings.typing', 'settings.typing_hint'],
];

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
