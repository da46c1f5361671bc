//! What a reader may read of a room.

use crate::{
    ids::{Posts, RoomId, Seq, TimeMs, UserId},
    membership::Standing,
    permission::RoomKind,
};

use super::{EpochList, HistoryPolicy, Need, Refusal, Room, SYSTEM};

/// A reader's right to a room's log, taken at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The room.
    pub room: RoomId,
    /// The first entry that they may read.
    pub first: Seq,
    /// The last one that is published.
    pub through: Seq,
    /// How many messages there are up to `through`.
    pub posts: Posts,
    /// Which epoch owns which numbers: read each row from the epoch that owns its number.
    pub epochs: EpochList,
}

/// Why there is no grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantError {
    /// Ask again when this is known.
    Need(Need),
    /// No.
    Refused(Refusal),
}

impl From<Refusal> for GrantError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// How much somebody may read.
enum Reader {
    Whole,
    Since(Seq),
}

impl Room {
    /// What a reader may read now.
    pub fn grant(&self, user: UserId, now: TimeMs) -> Result<Grant, GrantError> {
        let first = match self.reader(user, now)? {
            Reader::Whole => self.first,
            Reader::Since(seq) => seq.max(self.first),
        };
        let (through, posts) = self.published;
        Ok(Grant { room: self.id, first, through, posts, epochs: self.epochs.clone() })
    }

    /// Whether the person belongs to the room and may see what is said: for typing, receipts and subscriptions.
    pub fn check_reader(&self, user: UserId, now: TimeMs) -> Result<(), GrantError> {
        self.reader(user, now).map(|_| ())
    }

    /// Whether others may hear of what a reader does: that they write, and how far they have read. In a direct room with
    /// a block, neither hears of the other. Whoever may not read is refused, as in [`Room::check_reader`].
    pub fn is_heard(&self, user: UserId, now: TimeMs) -> Result<bool, GrantError> {
        self.check_reader(user, now)?;
        if user == SYSTEM || self.meta.as_ref().is_none_or(|meta| meta.kind != RoomKind::Direct) {
            return Ok(true);
        }
        let known = self.members.get(&user).ok_or(GrantError::Need(Need::Member(user)))?;
        match known.blocked {
            None if known.seq <= self.published.0 => Err(GrantError::Need(Need::Member(user))),
            // The directory cannot tell of a room that it does not have yet.
            blocked => Ok(blocked != Some(true)),
        }
    }

    /// What takes a right away holds as soon as it is numbered, what gives one when it is published.
    fn reader(&self, user: UserId, now: TimeMs) -> Result<Reader, GrantError> {
        let meta = self.meta.as_ref().ok_or(Refusal::NotMember)?;
        let published = self.published.0;
        if user == SYSTEM {
            return Ok(Reader::Whole);
        }
        let known = self.members.get(&user).ok_or(GrantError::Need(Need::Member(user)))?;
        match &known.standing {
            Standing::In { since_seq, .. } if *since_seq <= published => {
                let open = meta.settings.history == HistoryPolicy::All && self.history_opened <= published;
                Ok(if open { Reader::Whole } else { Reader::Since(*since_seq) })
            }
            Standing::Banned { until, reason } if known.is_banned(now) => {
                Err(Refusal::Banned { until: *until, reason: reason.clone() }.into())
            }
            _ => Err(Refusal::NotMember.into()),
        }
    }
}
