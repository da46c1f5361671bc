// Lifecycle entries as sentences of the catalogue.
import type { Client } from '../client/client';
import type { Room } from '../client/room';
import type { LifeEvent } from '../client/room-log';
import { durationText } from './dates';
import { subjectOf } from './names';
import { t } from './texts';
import type { LifeLine } from './views';

export function lifeLine(client: Client, event: LifeEvent): LifeLine {
  const { body } = event;
  const by = subjectOf(client, event.by);
  const line = (text: LifeLine['text'], names: Record<string, string> = {}): LifeLine => ({ key: String(event.seq), text, names });
  switch (body.kind) {
    case 'created':
      return event.by === client.myId ? line('life.created_you') : line('life.created', { who: by });
    case 'entered': {
      const who = subjectOf(client, body.user);
      return event.by !== undefined && event.by !== body.user ? line('life.added', { by, who }) : line('life.entered', { who });
    }
    case 'left':
      return line('life.left', { who: subjectOf(client, body.user) });
    case 'removed':
      return line('life.removed', { who: subjectOf(client, body.user), by });
    case 'banned': {
      const names = { who: subjectOf(client, body.user), by };
      return body.until === undefined ? line('life.banned', names) : line('life.banned_for', { ...names, duration: durationText(body.until - event.at) });
    }
    case 'unbanned':
      return line('life.unbanned', { who: subjectOf(client, body.user), by });
    case 'role_changed':
      return line(`life.role_${body.role}`, { who: subjectOf(client, body.user), by });
    case 'changed':
      if (body.name !== undefined) return line('life.renamed', { who: by, name: body.name });
      return line(body.topic === undefined ? 'life.settings' : 'life.described', { who: by });
    case 'room_deleted':
      return line('life.deleted', { who: by });
    default:
      return line('life.other');
  }
}

const icons: Record<string, string> = { created: 'rooms', removed: 'leave', left: 'leave', banned: 'ban', unbanned: 'check', changed: 'edit', role_changed: 'shield', room_deleted: 'trash' };

export const lifeIcon = (event: LifeEvent): string => icons[event.body.kind] ?? 'people';

/** The same in one plain line, for the room list. */
export function lifeText(client: Client, event: LifeEvent): string {
  const line = lifeLine(client, event);
  return t(line.text, line.names);
}

/** Whoever makes a room is in it, and a direct room is made by being written in: that needs no line of its own. */
export function isPlain(room: Room, event: LifeEvent): boolean {
  const { body } = event;
  if (room.info?.kind === 'direct') return body.kind === 'created' || body.kind === 'entered';
  const first = room.log.get(1);
  return body.kind === 'entered' && body.user === event.by && first?.type === 'life' && first.body.kind === 'created' && first.by === body.user && event.seq <= FIRST_ENTRIES;
}

/** The maker's own entry follows the first one at once. */
const FIRST_ENTRIES = 3;
