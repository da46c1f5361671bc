// Settings of the account and its devices, as rows.
import type { Circle, Device, Privacy, Settings } from '../protocol/rest';
import { seenTime } from './dates';
import { t, type TextKey } from './texts';
import type { DeviceView } from './views';

export interface PrivacyRow {
  name: 'presence' | 'receipts' | 'typing';
  title: TextKey;
  hint: TextKey;
  on: boolean;
}

const switches: [PrivacyRow['name'], TextKey, TextKey][] = [
  ['presence', 'settings.presence', 'settings.presence_hint'],
  ['receipts', 'settings.receipts', 'settings.receipts_hint'],
  ['typing', 'settings.typing', 'settings.typing_hint'],
];

export const circles: Circle[] = ['everybody', 'friends', 'nobody'];

/** What others see of one. What is not set is shown. */
export const privacyOf = (settings: Settings): Privacy => ({ presence: true, last_seen: 'everybody', receipts: true, ...settings.privacy });

export function privacyRows(settings: Settings): PrivacyRow[] {
  const { presence, receipts } = privacyOf(settings);
  const on = { presence, receipts, typing: settings.typing !== false };
  return switches.map(([name, title, hint]) => ({ name, title, hint, on: on[name] }));
}

/** What a switch changes of the settings. Whether one is seen writing, the client keeps to itself; the rest is the server's to keep to. */
export const switched = (settings: Settings, name: PrivacyRow['name'], on: boolean): Partial<Settings> =>
  name === 'typing' ? { typing: on } : { privacy: { ...privacyOf(settings), [name]: on } };

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
