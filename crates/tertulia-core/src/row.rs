//! How an entry is stored: a header, its place in the hash chain, and apart from them the body with its salt.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version of this format: 1 |
//! | 1 | kind, an ordinal of [`EntryKind`] |
//! | 8 | sender |
//! | 16 | nonce |
//! | 8 | posts |
//! | 8 | created_at, ms |
//! | 32 | commit = SHA-256(salt, body) |
//! | 32 | h(n) = SHA-256(h(n-1), the bytes above) |
//! | 1 | 1 if the body follows, 0 if it was erased |
//! | 16 | salt |
//! | rest | body, JSON of [`EntryBody`] |
//!
//! Numbers are big-endian. Erasing a body leaves header and chain as they were, and without the salt nobody can guess
//! the text back from the commit.

use sha2::{Digest, Sha256};

use crate::{
    entry::{Entry, EntryBody, EntryKind},
    ids::{Epoch, Nonce, RoomId, Seq, TimeMs, UserId},
};

/// How many entries one bucket of a stored log holds: bucket = seq / this. Frozen.
pub const BUCKET_ENTRIES: u64 = 1_024;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 1 + 1 + 8 + 16 + 8 + 8 + 32;
const CHAIN_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// 16 random bytes that keep an erased text from being guessed.
pub type Salt = [u8; SALT_BYTES];
/// A link of the hash chain over a room's headers.
pub type Chain = [u8; CHAIN_BYTES];

/// An entry as it is stored: its number, the epoch that wrote it, and its encoded bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The entry's number.
    pub seq: Seq,
    /// The epoch of the owner that numbered it.
    pub epoch: Epoch,
    /// The encoded entry.
    pub bytes: Vec<u8>,
}

/// Stored bytes that are no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// Written by a later version.
    #[error("row {seq} has format version {version}, and this program knows 1")]
    Version {
        /// The row's number.
        seq: Seq,
        /// What it says.
        version: u8,
    },
    /// Too short, or not what a row looks like.
    #[error("row {seq} is damaged: {what}")]
    Damaged {
        /// The row's number.
        seq: Seq,
        /// What is wrong.
        what: &'static str,
    },
}

/// The chain before a room's first entry.
pub fn chain_start(room: RoomId) -> Chain {
    let mut hash = Sha256::new();
    hash.update(b"tertulia log");
    hash.update(room.get().to_be_bytes());
    hash.finalize().into()
}

impl Row {
    /// Encodes an entry behind `previous`, the chain of the entry before it. Returns the row and its own chain.
    ///
    /// # Panics
    /// If the entry has no body: only stored rows are erased.
    pub fn encode(entry: &Entry, epoch: Epoch, salt: Salt, previous: &Chain) -> (Self, Chain) {
        let body = entry.body.as_ref().expect("a new entry has a body");
        let body_bytes = body.text().len() + 96;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + CHAIN_BYTES + 1 + SALT_BYTES + body_bytes);
        bytes.extend([VERSION, entry.kind as u8]);
        bytes.extend(entry.sender.get().to_be_bytes());
        bytes.extend(entry.nonce.0.to_be_bytes());
        bytes.extend(entry.posts.to_be_bytes());
        bytes.extend(entry.at.0.to_be_bytes());
        bytes.extend([0; 32 + CHAIN_BYTES]);
        bytes.push(1);
        bytes.extend(salt);
        serde_json::to_writer(&mut bytes, body).expect("a body is plain data");
        let commit = Sha256::digest(&bytes[HEADER_BYTES + CHAIN_BYTES + 1..]);
        bytes[HEADER_BYTES - 32..HEADER_BYTES].copy_from_slice(&commit);
        let chain = link(previous, &bytes[..HEADER_BYTES]);
        bytes[HEADER_BYTES..HEADER_BYTES + CHAIN_BYTES].copy_from_slice(&chain);
        (Self { seq: entry.seq, epoch, bytes }, chain)
    }

    /// Reads the entry back.
    pub fn decode(&self) -> Result<Entry, BadRow> {
        let header = self.header()?;
        let body = match self.body_bytes()? {
            None => None,
            Some(json) => {
                Some(serde_json::from_slice::<EntryBody>(json).map_err(|_| self.damaged("its body"))?)
            }
        };
        if body.as_ref().is_some_and(|body| body.kind() != header.kind) {
            return Err(self.damaged("its kind"));
        }
        Ok(Entry { body, ..header })
    }

    /// Reads everything but the body.
    pub fn header(&self) -> Result<Entry, BadRow> {
        let bytes = &self.bytes;
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&version) => return Err(BadRow::Version { seq: self.seq, version }),
            None => return Err(self.damaged("its length")),
        }
        if bytes.len() < HEADER_BYTES + CHAIN_BYTES + 1 {
            return Err(self.damaged("its length"));
        }
        Ok(Entry {
            seq: self.seq,
            posts: u64_at(bytes, 26),
            sender: UserId::new(u64_at(bytes, 2)),
            nonce: Nonce(u128::from(u64_at(bytes, 10)) << 64 | u128::from(u64_at(bytes, 18))),
            at: TimeMs(u64_at(bytes, 34)),
            kind: EntryKind::from_ordinal(bytes[1]).ok_or(self.damaged("its kind"))?,
            body: None,
        })
    }

    /// The body's JSON, or `None` if it was erased.
    pub fn body_bytes(&self) -> Result<Option<&[u8]>, BadRow> {
        let rest = self.bytes.get(HEADER_BYTES + CHAIN_BYTES..).ok_or(self.damaged("its length"))?;
        match rest.split_first() {
            Some((0, _)) => Ok(None),
            Some((1, rest)) => rest.get(SALT_BYTES..).map(Some).ok_or(self.damaged("its length")),
            _ => Err(self.damaged("its body's mark")),
        }
    }

    /// h(n): the chain up to and including this row.
    pub fn chain(&self) -> Result<Chain, BadRow> {
        let bytes =
            self.bytes.get(HEADER_BYTES..HEADER_BYTES + CHAIN_BYTES).ok_or(self.damaged("its length"))?;
        bytes.try_into().map_err(|_| self.damaged("its length"))
    }

    /// The same row without its body and salt.
    #[must_use]
    pub fn erased(&self) -> Self {
        let mut bytes = self.bytes[..(HEADER_BYTES + CHAIN_BYTES).min(self.bytes.len())].to_vec();
        bytes.push(0);
        Self { seq: self.seq, epoch: self.epoch, bytes }
    }

    /// Whether this row follows one with the chain `previous`, and its body is the one it was written with.
    pub fn proves(&self, previous: &Chain) -> bool {
        let Ok(chain) = self.chain() else { return false };
        let body_is_true = match self.bytes.get(HEADER_BYTES + CHAIN_BYTES) {
            Some(0) => true,
            Some(1) => {
                let commit = Sha256::digest(&self.bytes[HEADER_BYTES + CHAIN_BYTES + 1..]);
                commit[..] == self.bytes[HEADER_BYTES - 32..HEADER_BYTES]
            }
            _ => false,
        };
        body_is_true && link(previous, &self.bytes[..HEADER_BYTES]) == chain
    }

    fn damaged(&self, what: &'static str) -> BadRow {
        BadRow::Damaged { seq: self.seq, what }
    }
}

fn link(previous: &Chain, header: &[u8]) -> Chain {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(header);
    hash.finalize().into()
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(text: &str) -> Entry {
        let body = EntryBody::Message { text: text.into(), reply_to: None, attachments: Vec::new() };
        Entry {
            seq: 7,
            posts: 5,
            sender: UserId::new(0x0102),
            nonce: Nonce(0xff << 64 | 3),
            at: TimeMs(1_763_900_000_123),
            kind: body.kind(),
            body: Some(body),
        }
    }

    #[test]
    fn format_is_frozen() {
        let (row, _) = Row::encode(&entry("hola"), 1, [9; 16], &chain_start(RoomId::new(1)));
        let hex: String = row.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            concat!(
                "0101000000000000010200000000000000ff000000000000000300000000000000050000019ab0a2077b",
                "cea0fe7ebbb581b887fa751a7d3150a1274dc2eebef405a2182411228b09a6f9dd4e4efe4809993731ef",
                "52b2c4a55139ce7dde0480812510840a729a6bb9512b01090909090909090909090909090909097b226b",
                "696e64223a226d657373616765222c2274657874223a22686f6c61227d",
            )
        );
    }

    #[test]
    fn erased_row_keeps_header_and_chain() {
        let start = chain_start(RoomId::new(1));
        let (row, chain) = Row::encode(&entry("a secret"), 1, [9; 16], &start);
        let erased = row.erased();
        assert_eq!(erased.chain(), Ok(chain));
        assert_eq!(erased.header(), row.header());
        assert_eq!(erased.decode().unwrap().body, None);
        assert!(erased.proves(&start) && row.proves(&start));
        assert!(!erased.bytes.windows(6).any(|bytes| bytes == b"secret"));
    }

    #[test]
    fn a_changed_text_or_header_is_seen() {
        let start = chain_start(RoomId::new(1));
        let (row, _) = Row::encode(&entry("hola"), 1, [9; 16], &start);
        for at in 0..row.bytes.len() {
            let mut changed = row.clone();
            changed.bytes[at] ^= 0x40;
            assert!(!changed.proves(&start), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn rows_read_back(text in "\\PC{1,200}", posts in any::<u64>(), nonce in any::<u128>(), at in any::<u64>()) {
            let entry = Entry { posts, nonce: Nonce(nonce), at: TimeMs(at), ..entry(&text) };
            let (row, _) = Row::encode(&entry, 3, [1; 16], &[0; 32]);
            prop_assert_eq!(row.decode(), Ok(entry));
        }

        #[test]
        fn any_bytes_are_an_error_not_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let row = Row { seq: 1, epoch: 1, bytes };
            let _ = (row.decode(), row.chain(), row.body_bytes(), row.erased(), row.proves(&[0; 32]));
        }
    }
}
