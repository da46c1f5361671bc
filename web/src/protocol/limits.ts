// The limits in force, as `welcome` and notices tell them. Rust: tertulia-core limits.rs.
export interface Limits {
  text_bytes: number;
  members_per_room: number;
  rooms_per_user: number;
  messages_per_10s: number;
  requests_per_10s: number;
  retention_days: number;
  connections_per_gateway: number;
  connections_per_address: number;
  reaction_kinds: number;
  attachment_bytes: number;
  attachments_per_message: number;
  uploads_per_user: number;
  quiet_room_members: number;
}

/** Until a server has told its own. */
export const standardLimits: Limits = {
  text_bytes: 8000,
  members_per_room: 10_000,
  rooms_per_user: 1000,
  messages_per_10s: 50,
  requests_per_10s: 500,
  retention_days: 0,
  connections_per_gateway: 18_000,
  connections_per_address: 1000,
  reaction_kinds: 20,
  attachment_bytes: 104_857_600,
  attachments_per_message: 10,
  uploads_per_user: 20,
  quiet_room_members: 500,
};

/** Bounds that the server never changes, in characters. */
export const bounds = { name: 64, roomName: 80, topic: 250, reason: 500, about: 250, passwordMin: 8 } as const;
