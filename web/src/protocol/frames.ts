// Frames of /v1/connect, told apart by `t`. Rust: socket/client.rs, socket/server.rs.
import type { Departure, Entry, MessageState, PresenceState } from './entries';
import type { WireError } from './errors';
import type { DeviceId, Nonce, RoomId, Seq, TimeMs, UserId } from './ids';
import type { Limits } from './limits';

export const SUBPROTOCOL = 'tertulia.v1.json';

export interface Hello {
  t: 'hello';
  token: string;
  history?: string;
  feed: number;
  cursors: Record<RoomId, Seq>;
  client?: string;
}

/** What the client asks for; the connection adds the `id`. */
export type Request =
  | { t: 'send'; room: RoomId; nonce: Nonce; since: Seq; text: string; reply_to?: Seq; attachments?: string[] }
  | { t: 'edit'; room: RoomId; nonce: Nonce; since: Seq; of: Seq; text: string }
  | { t: 'delete'; room: RoomId; nonce: Nonce; since: Seq; of: Seq; reason?: string }
  | { t: 'react'; room: RoomId; nonce: Nonce; since: Seq; of: Seq; emoji: string; on: boolean }
  | { t: 'read'; room: RoomId; seq: Seq }
  | { t: 'subscribe'; room: RoomId }
  | { t: 'unsubscribe'; room: RoomId }
  | { t: 'history'; room: RoomId; mode: 'entries' | 'timeline'; before?: Seq; after?: Seq; limit?: number }
  | { t: 'changes'; room: RoomId; first: Seq; last: Seq; after: Seq }
  | { t: 'presence'; users: UserId[]; mine?: 'here' | 'away' }
  | { t: 'ping' };

export type ClientFrame = Hello | (Request & { id: number }) | { t: 'typing'; room: RoomId; on: boolean };

export interface RoomHead {
  room: RoomId;
  first: Seq;
  head: Seq;
  posts: number;
  read: Seq;
  read_posts: number;
}

export interface Welcome {
  t: 'welcome';
  user: UserId;
  device: DeviceId;
  name: string;
  admin: boolean;
  history: string;
  feed: number;
  heartbeat_ms: number;
  now: TimeMs;
  limits: Limits;
  rooms: RoomHead[];
}

export interface Ack {
  t: 'ack';
  id: number;
  seq?: Seq;
  at?: TimeMs;
  reads?: { user: UserId; seq: Seq }[];
  typing?: UserId[];
  active?: number;
}

export interface Page {
  t: 'page';
  id: number;
  room: RoomId;
  mode: 'entries' | 'timeline';
  first: Seq;
  through: Seq;
  from: Seq;
  to: Seq;
  items: Entry[];
}

export interface Changed {
  t: 'changed';
  id: number;
  room: RoomId;
  through: Seq;
  messages: { seq: Seq; state: MessageState }[];
}

export type ErrorFrame = { t: 'error'; id?: number } & WireError;
export type EntryFrame = { t: 'entry'; room: RoomId } & Entry;
export type SkipFrame = { t: 'skip'; room: RoomId; to: Seq; posts: number };
export type ReadFrame = { t: 'read'; room: RoomId; user: UserId; seq: Seq; posts: number };
export type TypingFrame = { t: 'typing'; room: RoomId; user: UserId; on: boolean };
export type PresenceFrame = { t: 'presence'; user: UserId; state: PresenceState; last_seen_at?: TimeMs };
export type GoneChange = { change: 'gone'; room: RoomId; why: Departure; seq: Seq; by?: UserId; until?: TimeMs; reason?: string };
export type RoomFrame = { t: 'room' } & (({ change: 'joined' } & RoomHead) | GoneChange);
export type NoticeFrame = { t: 'notice' } & (
  | { notice: 'limits'; limits: Limits }
  | { notice: 'feed'; version: number; of: string }
  | { notice: 'reconnect'; after_ms: number; to?: string }
);

export type ServerFrame =
  | Welcome
  | Ack
  | ErrorFrame
  | EntryFrame
  | SkipFrame
  | Page
  | Changed
  | ReadFrame
  | TypingFrame
  | PresenceFrame
  | RoomFrame
  | NoticeFrame
  | { t: 'pong'; id: number };

/** Close codes that say more than "the line is gone". */
export const close = { unauthenticated: 4001, revoked: 4002, flood: 4008 } as const;
