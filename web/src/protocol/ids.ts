// Ids travel as decimal strings, numbers of entries as numbers. Kept by hand after crates/tertulia-protocol.
export type UserId = string;
export type RoomId = string;
export type DeviceId = string;
/** 32 hexadecimal digits: 128 random bits, the same on every retry. */
export type Nonce = string;
/** The number of an entry in its room: 1, 2, 3 without gaps. */
export type Seq = number;
/** Milliseconds since 1970, UTC. */
export type TimeMs = number;
