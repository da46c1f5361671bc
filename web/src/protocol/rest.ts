// Bodies of REST /v1. Kept after docs/protocol.md.
import type { Attachment, Entry, Role, RoomSettings, WireRoomKind } from './entries';
import type { DeviceId, RoomId, Seq, TimeMs, UserId } from './ids';
import type { Limits } from './limits';

export interface User {
  id: UserId;
  handle: string;
  name: string;
  about: string;
  created_at: TimeMs;
}

export interface Me extends User {
  admin: boolean;
  has_password: boolean;
  feed: number;
}

export interface Session {
  token: string;
  device: DeviceId;
  user: Me;
}

export interface Room {
  id: RoomId;
  kind: WireRoomKind;
  name: string;
  topic: string;
  settings: RoomSettings;
  members: number;
  created_at: TimeMs;
  my_role?: Role;
  peer?: User;
}

export interface RoomItem extends Room {
  first: Seq;
  head: Seq;
  posts: number;
  read: Seq;
  read_posts: number;
  unread: number;
  muted: boolean;
  pinned: boolean;
  last?: Entry & { by_name?: string };
}

export interface Member {
  user: User;
  role: Role;
  since_seq: Seq;
}

export interface Ban {
  user: User;
  by?: UserId;
  until?: TimeMs;
  reason?: string;
}

export interface Friend {
  user: User;
  state: 'friends' | 'asked' | 'asks';
}

export interface Profile extends User {
  friend?: Friend['state'];
  blocked: boolean;
}

export interface Device {
  id: DeviceId;
  client?: string;
  created_at: TimeMs;
  last_seen_at?: TimeMs;
  current: boolean;
}

export type Circle = 'everybody' | 'friends' | 'nobody';

/** What others see of one. */
export interface Privacy {
  presence: boolean;
  last_seen: Circle;
  receipts: boolean;
}

/** What the server keeps to, and what clients keep besides. */
export interface Settings {
  privacy?: Partial<Privacy>;
  [other: string]: unknown;
}

export interface Invite {
  token: string;
  url: string;
  expires_at?: TimeMs;
  uses_left?: number;
}

export interface InvitePreview {
  room: { id: RoomId; name: string; members: number };
  by?: { name: string };
}

export interface ServerInfo {
  name: string;
  version: string;
  history: string;
  sign_up: 'open' | 'invite';
  password_required: boolean;
  limits: Limits;
  urls: string[];
}

export interface LimitItem {
  name: string;
  value: number;
  unit: string;
  default: number;
  min: number;
  max: number;
  about: string;
  in_use?: number;
  source: string;
}

export interface Listed<T> {
  items: T[];
  next?: string;
}

/** A file on its way. Rust: rest/uploads.rs. */
export interface Upload {
  id: string;
  state: 'receiving' | 'processing' | 'ready' | 'refused';
  offset: number;
  size: number;
  expires_at: TimeMs;
  reason?: string;
  attachment?: Attachment;
}

export interface FileLinks {
  items: { seq: Seq; index: number; thumb: boolean; url?: string; error?: string }[];
  expires_at: TimeMs;
}
