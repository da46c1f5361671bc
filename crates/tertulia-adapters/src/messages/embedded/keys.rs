//! What is stored, as a table. Numbers in keys are big-endian, so that keys sort as numbers do.
//!
//! | ordinal | kind | key behind the ordinal | value | lives |
//! | --- | --- | --- | --- | --- |
//! | 1 | entry | room, seq, epoch | the row of `tertulia_core::row` | until expired, or its room deleted |
//! | 2 | sent | room, sender, seq | nothing | as its entry |
//! | 3 | lifecycle | room, seq | nothing | as its entry |
//! | 4 | state | room, seq | [`StoredState`] as JSON | as its entry |
//! | 5 | reaction | room, seq, user, emoji | by seq `u64`, there or not `u8` | as its entry; not once deleted |
//! | 6 | changed | room, changed seq, seq | nothing | as its state |
//! | 7 | room | room | first `u64`, then each epoch `u32` with its first seq `u64` | for good |
//! | 8 | head | room | seq `u64`, posts `u64`, chain, 32 bytes | for good |
//! | 9 | fence | shard | epoch `u32` | for good |
//! | 10 | dirty | shard, room | nothing | until clean |
//! | 11 | marker | user, room | seq `u64`, posts `u64` | until the room is deleted |
//! | 12 | reader | room, user | seq `u64`, posts `u64` | until the room is deleted |
//!
//! Rooms, users, seqs are `u64`, epochs `u32`, shards `u16`. Ordinals and layouts are frozen: see the golden test.

use tertulia_core::{Epoch, Posts, RoomId, Seq, ShardId, UserId, room::Head};
use tertulia_ports::messages::projection::{StoredReaction, StoredState};

use super::store::{Key, KeyRange};

/// The kinds of keys with their ordinals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Entry = 1,
    Sent = 2,
    Lifecycle = 3,
    State = 4,
    Reaction = 5,
    Changed = 6,
    Room = 7,
    Head = 8,
    Fence = 9,
    Dirty = 10,
    Marker = 11,
    Reader = 12,
}

/// Whether keys of this kind are looked up by themselves, and not only in ranges: filters know them. Entries are looked
/// up now and then, and are too many for a filter.
pub fn is_filtered(key: &[u8]) -> bool {
    const FILTERED: [u8; 5] =
        [Kind::State as u8, Kind::Reaction as u8, Kind::Room as u8, Kind::Head as u8, Kind::Marker as u8];
    key.first().is_some_and(|kind| FILTERED.contains(kind))
}

fn key(kind: Kind, numbers: &[u64]) -> Key {
    let mut key = Key::new();
    key.push(kind as u8);
    for number in numbers {
        key.extend_from_slice(&number.to_be_bytes());
    }
    key
}

/// An entry's row.
pub fn entry(room: RoomId, seq: Seq, epoch: Epoch) -> Key {
    let mut key = key(Kind::Entry, &[room.get(), seq]);
    key.extend_from_slice(&epoch.to_be_bytes());
    key
}

/// A message in the index by sender.
pub fn sent(room: RoomId, sender: UserId, seq: Seq) -> Key {
    key(Kind::Sent, &[room.get(), sender.get(), seq])
}

/// A lifecycle entry in the index of those.
pub fn lifecycle(room: RoomId, seq: Seq) -> Key {
    key(Kind::Lifecycle, &[room.get(), seq])
}

/// A message's state.
pub fn state(room: RoomId, seq: Seq) -> Key {
    key(Kind::State, &[room.get(), seq])
}

/// A person's reaction.
pub fn reaction(room: RoomId, seq: Seq, user: UserId, emoji: &str) -> Key {
    let mut key = key(Kind::Reaction, &[room.get(), seq, user.get()]);
    key.extend_from_slice(emoji.as_bytes());
    key
}

/// A changed message in the index by the entry that changed it last.
pub fn changed(room: RoomId, changed_seq: Seq, seq: Seq) -> Key {
    key(Kind::Changed, &[room.get(), changed_seq, seq])
}

/// A room.
pub fn room(room: RoomId) -> Key {
    key(Kind::Room, &[room.get()])
}

/// A room's head.
pub fn head(room: RoomId) -> Key {
    key(Kind::Head, &[room.get()])
}

/// A shard's fence.
pub fn fence(shard: ShardId) -> Key {
    let mut key = key(Kind::Fence, &[]);
    key.extend_from_slice(&shard.get().to_be_bytes());
    key
}

/// A dirty room.
pub fn dirty(shard: ShardId, room: RoomId) -> Key {
    let mut key = key(Kind::Dirty, &[]);
    key.extend_from_slice(&shard.get().to_be_bytes());
    key.extend_from_slice(&room.get().to_be_bytes());
    key
}

/// A user's read marker.
pub fn marker(user: UserId, room: RoomId) -> Key {
    key(Kind::Marker, &[user.get(), room.get()])
}

/// The same, found by the room.
pub fn reader(room: RoomId, user: UserId) -> Key {
    key(Kind::Reader, &[room.get(), user.get()])
}

/// Keys of a kind whose first numbers are `prefix`, and whose next one is from `first` to `last`.
pub fn between(kind: Kind, prefix: &[u64], first: u64, last: u64) -> KeyRange {
    let mut from = key(kind, prefix);
    let mut end = from.clone();
    from.extend_from_slice(&first.to_be_bytes());
    end.extend_from_slice(&last.to_be_bytes());
    KeyRange { first: from, end: behind(end) }
}

/// The key behind all keys that begin with this one.
fn behind(mut key: Key) -> Key {
    while let Some(last) = key.pop() {
        if last < u8::MAX {
            key.push(last + 1);
            break;
        }
    }
    key
}

/// All keys of a kind whose first numbers are `prefix`.
pub fn all(kind: Kind, prefix: &[u64]) -> KeyRange {
    between(kind, prefix, 0, u64::MAX)
}

/// Keys of a kind by shard, from one to another, both included.
pub fn of_shards(kind: Kind, first: ShardId, last: ShardId) -> KeyRange {
    let mut from = key(kind, &[]);
    let mut end = from.clone();
    from.extend_from_slice(&first.get().to_be_bytes());
    end.extend_from_slice(&last.get().to_be_bytes());
    KeyRange { first: from, end: behind(end) }
}

/// All keys of a kind by shard.
pub fn all_shards(kind: Kind) -> KeyRange {
    let from = key(kind, &[]);
    KeyRange { end: behind(from.clone()), first: from }
}

/// The number at a place among a key's numbers, behind its kind.
pub fn number(key: &[u8], place: usize) -> Option<u64> {
    word(key.get(1..)?, place * 8)
}

/// The shard in a key of fences or dirty rooms.
pub fn shard(key: &[u8]) -> Option<ShardId> {
    ShardId::new(u16::from_be_bytes(key.get(1..3)?.try_into().ok()?))
}

/// The room in a key of dirty rooms.
pub fn dirty_room(key: &[u8]) -> Option<RoomId> {
    word(key, 3).map(RoomId::new)
}

/// The number and the epoch in an entry's key.
pub fn entry_of(key: &[u8]) -> Option<(Seq, Epoch)> {
    Some((number(key, 1)?, Epoch::decode(key.get(17..21)?)?))
}

/// The emoji in a reaction's key.
pub fn reaction_emoji(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.get(25..)?).ok()
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// What is kept of a room besides its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRoom {
    /// The first entry that is still there.
    pub first: Seq,
    /// Which epoch owns which numbers.
    pub epochs: Vec<(Epoch, Seq)>,
}

/// Values, as bytes and back. `None`: the bytes are no such value.
pub trait Value: Sized {
    /// The bytes.
    fn encode(&self) -> Vec<u8>;
    /// The value.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

impl Value for StoredRoom {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.first.to_be_bytes().to_vec();
        for (epoch, first) in &self.epochs {
            bytes.extend(epoch.to_be_bytes());
            bytes.extend(first.to_be_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let epochs = bytes.get(8..)?.chunks(12);
        let epoch = |pair: &[u8]| Some((Epoch::decode(pair.get(..4)?)?, word(pair, 4)?));
        Some(Self { first: word(bytes, 0)?, epochs: epochs.map(epoch).collect::<Option<_>>()? })
    }
}

impl Value for Epoch {
    fn encode(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Value for Head {
    fn encode(&self) -> Vec<u8> {
        [&self.seq.to_be_bytes()[..], &self.posts.to_be_bytes(), &self.chain].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self { seq: word(bytes, 0)?, posts: word(bytes, 8)?, chain: bytes.get(16..)?.try_into().ok()? })
    }
}

impl Value for (Seq, Posts) {
    fn encode(&self) -> Vec<u8> {
        [self.0.to_be_bytes(), self.1.to_be_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some((word(bytes, 0)?, word(bytes, 8)?))
    }
}

impl Value for StoredReaction {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.by_seq.to_be_bytes().to_vec();
        bytes.push(u8::from(self.on));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self { by_seq: word(bytes, 0)?, on: *bytes.get(8)? == 1 })
    }
}

impl Value for StoredState {
    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a state is plain data")
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use tertulia_core::{
        TimeMs,
        message::{MessageState, Reactions},
    };

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn keys_are_frozen() {
        let (a_room, user, shard) = (RoomId::new(0xa1), UserId::new(0xb2), ShardId::new(0x0c3).unwrap());
        let keys = [
            (entry(a_room, 7, 9), "0100000000000000a1000000000000000700000009"),
            (sent(a_room, user, 7), "0200000000000000a100000000000000b20000000000000007"),
            (lifecycle(a_room, 7), "0300000000000000a10000000000000007"),
            (state(a_room, 7), "0400000000000000a10000000000000007"),
            (reaction(a_room, 7, user, "+1"), "0500000000000000a1000000000000000700000000000000b22b31"),
            (changed(a_room, 8, 7), "0600000000000000a100000000000000080000000000000007"),
            (room(a_room), "0700000000000000a1"),
            (head(a_room), "0800000000000000a1"),
            (fence(shard), "0900c3"),
            (dirty(shard, a_room), "0a00c300000000000000a1"),
            (marker(user, a_room), "0b00000000000000b200000000000000a1"),
            (reader(a_room, user), "0c00000000000000a100000000000000b2"),
        ];
        for (key, frozen) in keys {
            assert_eq!(hex(&key), frozen);
        }
    }

    #[test]
    fn values_are_frozen() {
        let room = StoredRoom { first: 2, epochs: vec![(1, 1), (3, 9)] };
        assert_eq!(hex(&room.encode()), "0000000000000002000000010000000000000001000000030000000000000009");
        assert_eq!(StoredRoom::decode(&room.encode()), Some(room));
        let head = Head { seq: 5, posts: 4, chain: [6; 32] };
        assert_eq!(hex(&head.encode()), format!("00000000000000050000000000000004{}", "06".repeat(32)));
        assert_eq!(Head::decode(&head.encode()), Some(head));
        assert_eq!(hex(&(5u64, 4u64).encode()), "00000000000000050000000000000004");
        assert_eq!(<(Seq, Posts)>::decode(&(5u64, 4u64).encode()), Some((5, 4)));
        let reaction = StoredReaction { by_seq: 5, on: true };
        assert_eq!(hex(&reaction.encode()), "000000000000000501");
        assert_eq!(StoredReaction::decode(&reaction.encode()), Some(reaction));
        assert_eq!(hex(&Epoch::encode(&7)), "00000007");
        assert_eq!(Epoch::decode(&[0, 0, 0, 7]), Some(7));
    }

    #[test]
    fn states_are_frozen() {
        let state = StoredState {
            state: MessageState {
                seq: 3,
                changed_seq: 9,
                text: Some("hola".into()),
                edits: vec![5],
                edited_at: Some(TimeMs(70)),
                deleted: None,
                reactions: vec![Reactions { emoji: "+1".into(), count: 2 }],
            },
            text_seq: 5,
            first_seqs: vec![9],
        };
        let frozen = concat!(
            r#"{"state":{"seq":3,"changed_seq":9,"text":"hola","edits":[5],"edited_at":70,"deleted":null,"#,
            r#""reactions":[{"emoji":"+1","count":2}]},"text_seq":5,"first_seqs":[9]}"#,
        );
        assert_eq!(String::from_utf8(state.encode()).unwrap(), frozen);
        assert_eq!(StoredState::decode(frozen.as_bytes()), Some(state));
    }

    #[test]
    fn ranges_hold_what_they_say() {
        let has = |range: &KeyRange, key: &Key| range.first <= *key && *key < range.end;
        let (a_room, next_room) = (RoomId::new(5), RoomId::new(6));
        let range = between(Kind::Entry, &[5], 3, 7);
        assert!(has(&range, &entry(a_room, 3, 0)) && has(&range, &entry(a_room, 7, Epoch::MAX)));
        assert!(!has(&range, &entry(a_room, 2, Epoch::MAX)) && !has(&range, &entry(a_room, 8, 0)));
        let range = all(Kind::Entry, &[5]);
        assert!(has(&range, &entry(a_room, 0, 0)) && has(&range, &entry(a_room, u64::MAX, Epoch::MAX)));
        assert!(!has(&range, &entry(next_room, 0, 0)));
        let shard = |number| ShardId::new(number).unwrap();
        let range = of_shards(Kind::Dirty, shard(2), shard(4095));
        assert!(has(&range, &dirty(shard(4095), a_room)) && !has(&range, &dirty(shard(1), a_room)));
    }
}
