// The limits in sections, with titles of the catalogue where this client knows a limit, and the server's words else.
import type { LimitItem } from '../protocol/rest';
import { formatNumber, t, type TextKey } from './texts';
import type { LimitView } from './views';

const known: Record<string, { title: TextKey; hint: TextKey; unit: TextKey; section: TextKey }> = {
  text_bytes: { title: 'limit.text_bytes', hint: 'limit.text_bytes_hint', unit: 'limit.bytes', section: 'admin.messages' },
  messages_per_10s: { title: 'limit.messages_per_10s', hint: 'limit.messages_per_10s_hint', unit: 'limit.in_10s', section: 'admin.messages' },
  requests_per_10s: { title: 'limit.requests_per_10s', hint: 'limit.requests_per_10s_hint', unit: 'limit.in_10s', section: 'admin.rooms_and_connections' },
  retention_days: { title: 'limit.retention_days', hint: 'limit.retention_days_hint', unit: 'limit.days', section: 'admin.messages' },
  reaction_kinds: { title: 'limit.reaction_kinds', hint: 'limit.reaction_kinds_hint', unit: 'limit.kinds', section: 'admin.messages' },
  attachment_bytes: { title: 'limit.attachment_bytes', hint: 'limit.attachment_bytes_hint', unit: 'limit.bytes', section: 'admin.messages' },
  attachments_per_message: { title: 'limit.attachments_per_message', hint: 'limit.attachments_per_message_hint', unit: 'limit.files', section: 'admin.messages' },
  uploads_per_user: { title: 'limit.uploads_per_user', hint: 'limit.uploads_per_user_hint', unit: 'limit.files', section: 'admin.messages' },
  members_per_room: { title: 'limit.members_per_room', hint: 'limit.members_per_room_hint', unit: 'limit.people', section: 'admin.rooms_and_connections' },
  rooms_per_user: { title: 'limit.rooms_per_user', hint: 'limit.rooms_per_user_hint', unit: 'limit.rooms', section: 'admin.rooms_and_connections' },
  quiet_room_members: { title: 'limit.quiet_room_members', hint: 'limit.quiet_room_members_hint', unit: 'limit.people', section: 'admin.rooms_and_connections' },
  connections_per_address: { title: 'limit.connections_per_address', hint: 'limit.connections_per_address_hint', unit: 'limit.connections', section: 'admin.rooms_and_connections' },
  connections_per_gateway: { title: 'limit.connections_per_gateway', hint: 'limit.connections_per_gateway_hint', unit: 'limit.connections', section: 'admin.rooms_and_connections' },
};

export function limitSections(items: LimitItem[]): { title: string; limits: LimitView[] }[] {
  const sections: TextKey[] = ['admin.messages', 'admin.rooms_and_connections', 'admin.others'];
  return sections
    .map((section) => ({ title: t(section), limits: items.filter((item) => (known[item.name]?.section ?? 'admin.others') === section).map(limitView) }))
    .filter(({ limits }) => limits.length > 0);
}

function limitView(item: LimitItem): LimitView {
  const texts = known[item.name];
  return {
    name: item.name,
    title: texts ? t(texts.title) : item.name,
    hint: texts ? t(texts.hint) : item.about,
    unit: texts ? t(texts.unit) : item.unit,
    value: item.value,
    used: item.in_use === undefined || item.value === 0 ? undefined : { text: formatNumber(item.in_use), percent: Math.min(100, Math.round((100 * item.in_use) / item.value)) },
  };
}
