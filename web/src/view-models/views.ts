// What the screens show, as plain data: no ids of sockets, no promises, no classes. The view-models make it from the
// client's state; mocks/ makes it by hand; ui/ draws it. Read next: room-view.ts and list-view.ts.

import type { Attachment } from '../protocol/entries';
import type { TextKey } from './texts';

export type PresenceKind = 'here' | 'away' | 'busy' | 'off';
export type RoleKind = 'owner' | 'moderator' | 'member';
export type MessageState = 'pending' | 'sent' | 'delivered' | 'read' | 'failed';
export type RoomKind = 'direct' | 'group' | 'channel';

export interface FaceView {
  id: string;
  name: string;
  presence?: PresenceKind | undefined;
}

export interface RoomRowView {
  id: string;
  kind: RoomKind;
  name: string;
  /** The other person of a direct room; other rooms have a tile. */
  face?: FaceView | undefined;
  time: string;
  author?: string | undefined;
  text: string;
  unread: number;
  mentions: number;
  muted: boolean;
  pinned: boolean;
  draft?: string | undefined;
  waiting: number;
  state?: MessageState | undefined;
}

export interface RoomListView {
  pinned: RoomRowView[];
  latest: RoomRowView[];
  unreadRooms: number;
  unreadMessages: number;
  mentions: number;
  loading: boolean;
}

export interface ReactionView {
  emoji: string;
  count: number;
  mine: boolean;
  names: string;
}

export interface QuoteView {
  key: string;
  author: string;
  text: string;
}

export interface MessageView {
  /** Stable over the message's life: its nonce while it waits, then still its nonce; the number for what others wrote. */
  key: string;
  seq?: number | undefined;
  text: string;
  files?: readonly Attachment[] | undefined;
  time: string;
  fullTime: string;
  state?: MessageState | undefined;
  failure?: string | undefined;
  edited?: string | undefined;
  /** A line instead of the words: who deleted it, and why. */
  erased?: { text: string; byModerator: boolean } | undefined;
  quote?: QuoteView | undefined;
  reactions: ReactionView[];
  callsYou: boolean;
  readers?: FaceView[] | undefined;
  canEdit: boolean;
  canDelete: boolean;
  highlighted: boolean;
}

export interface GroupView {
  type: 'group';
  key: string;
  author: FaceView;
  own: boolean;
  role?: RoleKind | undefined;
  time: string;
  messages: MessageView[];
}

export interface LifeView {
  type: 'life';
  key: string;
  icon: string;
  lines: LifeLine[];
}

/** One change of the room: a catalogue key with the names that go into it. */
export interface LifeLine {
  key: string;
  text: TextKey;
  names: Record<string, string>;
}

export type TimelineItem =
  | { type: 'day'; key: string; text: string }
  | { type: 'unread'; key: string; text: string }
  | { type: 'skeleton'; key: string }
  | { type: 'start'; key: string; text: string }
  | LifeView
  | GroupView;

export interface MemberView extends FaceView {
  role: RoleKind;
  note?: string | undefined;
  you: boolean;
}

export interface MembersView {
  here: MemberView[];
  elsewhere: MemberView[];
  total: number;
  loading: boolean;
}

export interface ConnectionView {
  kind: 'online' | 'offline' | 'connecting' | 'back';
  since: string;
  waiting: number;
}

export interface PersonRowView extends FaceView {
  note: string;
}

export interface PeopleView {
  friends: PersonRowView[];
  incoming: PersonRowView[];
  outgoing: PersonRowView[];
  blocked: PersonRowView[];
  hereNow: number;
}

export interface DeviceView {
  id: string;
  name: string;
  phone: boolean;
  current: boolean;
  note: string;
}

export interface LimitView {
  name: string;
  title: string;
  hint: string;
  unit: string;
  value: number;
  used?: { text: string; percent: number } | undefined;
}

export interface BanView {
  room: { id: string; name: string };
  reason: string;
  until: string;
  duration: string;
  by: string;
}
