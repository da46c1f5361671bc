// Entries of a room's log, and what became of a message since. Rust: entry.rs, room.rs.
import type { Nonce, Seq, TimeMs, UserId } from './ids';

export type WireRoomKind = 'direct' | 'group' | 'channel';
export type Role = 'member' | 'moderator' | 'owner';
export type Departure = 'left' | 'removed' | 'banned' | 'deleted';
export type PresenceState = 'here' | 'away' | 'busy' | 'off';

export interface RoomSettings {
  join: 'invite' | 'open';
  history: 'all' | 'since_join';
  slow_mode_s: number;
  retention_days?: number;
  broadcast?: 'direct' | 'queued';
}

export type EntryBody =
  | { kind: 'message'; text: string; reply_to?: Seq; attachments?: Attachment[] }
  | { kind: 'edit'; of: Seq; text: string }
  | { kind: 'delete'; of: Seq; reason?: string }
  | { kind: 'reaction'; of: Seq; emoji: string; on: boolean }
  | { kind: 'erased'; was: string }
  | { kind: 'created'; room_kind: WireRoomKind; name: string; settings: RoomSettings }
  | { kind: 'entered'; user: UserId; role: Role }
  | { kind: 'left'; user: UserId }
  | { kind: 'removed'; user: UserId; reason?: string }
  | { kind: 'banned'; user: UserId; until?: TimeMs; reason?: string }
  | { kind: 'unbanned'; user: UserId }
  | { kind: 'role_changed'; user: UserId; role: Role }
  | { kind: 'changed'; name?: string; topic?: string; settings?: RoomSettings }
  | { kind: 'room_deleted' };

/** What is known of a file that a message carries. Rust: attachment.rs. */
export interface Attachment {
  name: string;
  type: string;
  size: number;
  hash: string;
  kind: 'image' | 'video' | 'audio' | 'voice' | 'file';
  width?: number;
  height?: number;
  /** ThumbHash, base64. */
  blur?: string;
  thumb?: { width: number; height: number; type: string; size: number };
  duration_ms?: number;
  /** Base64, one byte an amplitude. */
  wave?: string;
}

export type Entry = EntryBody & {
  seq: Seq;
  /** Messages of the room up to and including this entry. */
  posts: number;
  by?: UserId;
  at: TimeMs;
  /** One's own entries have it where they are read from the log: when catching up, and in pages. */
  nonce?: Nonce;
  /** Only in pages of a timeline. */
  state?: MessageState;
};

export interface MessageState {
  changed_seq: Seq;
  text?: string;
  edited_at?: TimeMs;
  deleted?: { by: UserId; at: TimeMs; reason?: string };
  reactions?: { emoji: string; count: number; mine: boolean }[];
}
