//! One person's messages of one room, newest first.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use tertulia_core::{EntryBody, RoomId, Seq, TimeMs, UserId, room::Grant};
use tertulia_ports::messages::From as End;

use super::{HistoryError, Reader, span_of};

/// How many messages are read at the same time: they lie far apart in the log.
const READS_AT_ONCE: usize = 8;
/// Most numbers that are looked at for one page: a sender may have deleted most of what they said.
const NUMBERS_MAX: usize = 1_024;

/// What somebody said, as it reads now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its number in the room.
    pub seq: Seq,
    /// What, after the last edit.
    pub text: String,
    /// When.
    pub at: TimeMs,
}

impl Reader {
    /// One person's messages below `before` that are not deleted, newest first; and where to go on, if there is more.
    pub async fn sent_by(
        &self,
        reader: UserId,
        room: RoomId,
        sender: UserId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<(Vec<SentMessage>, Option<Seq>), HistoryError> {
        let grant = self.rooms.grant(reader, room).await?;
        let mut before = before.map_or(grant.through + 1, |before| before.min(grant.through + 1));
        let mut sent = Vec::new();
        let mut looked_at = 0;
        while sent.len() < limit && looked_at < NUMBERS_MAX {
            let wanted = limit - sent.len();
            let numbers = self.messages.by_sender(room, sender, before, wanted).await?;
            looked_at += numbers.len();
            let readable: Vec<Seq> = numbers.iter().copied().filter(|seq| *seq >= grant.first).collect();
            let (found, all) = (readable.len(), numbers.len());
            before = readable.last().copied().unwrap_or(before);
            let reads = readable.into_iter().map(|seq| self.sent(&grant, reader, sender, seq));
            let read: Vec<_> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
            sent.extend(read.into_iter().flatten());
            if all < wanted || found < all {
                return Ok((sent, None));
            }
        }
        Ok((sent, Some(before)))
    }

    /// One message as it reads now; `None` if it was deleted. The index may have numbers of rows that were never
    /// committed, where somebody else's entry stands.
    async fn sent(
        &self,
        grant: &Grant,
        reader: UserId,
        sender: UserId,
        seq: Seq,
    ) -> Result<Option<SentMessage>, HistoryError> {
        let Some(span) = span_of(grant, seq, seq) else { return Ok(None) };
        let entries = self.entries(&span, End::Start, 1).await?;
        let Some(entry) = entries.into_iter().next().filter(|entry| entry.sender == sender) else {
            return Ok(None);
        };
        let Some(EntryBody::Message { text, .. }) = entry.body else { return Ok(None) };
        let states = self.messages.states(grant.room, seq, seq, reader).await?;
        self.confirm(grant, reader, &states).await?;
        let state = states.into_iter().next().map(|state| state.state);
        if state.as_ref().is_some_and(|state| state.deleted.is_some()) {
            return Ok(None);
        }
        let text = state.and_then(|state| state.text).unwrap_or(text);
        Ok(Some(SentMessage { seq, text, at: entry.at }))
    }
}
