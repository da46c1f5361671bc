//! The words that have one form everywhere, from the core: ids as decimal strings, nonces as 32 hexadecimal digits,
//! times as milliseconds since 1970 (UTC), numbers of entries as JSON numbers.

pub use tertulia_core::ids::{DeviceId, Nonce, Posts, RoomId, Seq, TimeMs, UploadId, UserId};
