//! A page: items from one end of a span, and the span that they cover without holes.

use tertulia_core::{Entry, EntryKind, Seq, UserId, room::Grant};
use tertulia_ports::messages::{From as End, Span};
use tertulia_protocol::entry;

use super::{HistoryError, PageMode, PageRequest, Reader, span_of};
use crate::wire;

/// How many rows one read of a timeline takes: most are shown, so a page needs few reads.
const TIMELINE_ROWS: usize = 256;
/// Most rows that are looked through for one page of a timeline. A room of nothing but reactions gives short pages,
/// which still say what they cover.
const TIMELINE_ROWS_MAX: usize = 4_096;

/// A page of what was said, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The first entry that the reader may read.
    pub first: Seq,
    /// The last entry that was there when the page was made.
    pub through: Seq,
    /// The page covers the entries from here.
    pub from: Seq,
    /// To here, without holes; below `from` if it covers none.
    pub to: Seq,
    /// The items, ascending.
    pub items: Vec<entry::Entry>,
}

impl Reader {
    /// A page under a grant.
    pub(super) async fn page_of(
        &self,
        grant: &Grant,
        reader: UserId,
        request: &PageRequest,
        limit: usize,
    ) -> Result<Page, HistoryError> {
        let first = request.after.map_or(1, |after| after.saturating_add(1));
        let last = request.before.map_or(grant.through, |before| before.saturating_sub(1));
        let end = if request.before.is_some() { End::End } else { End::Start };
        let empty = first.max(grant.first).max(1);
        let page = Page {
            first: grant.first,
            through: grant.through,
            from: empty,
            to: empty - 1,
            items: Vec::new(),
        };
        let Some(span) = span_of(grant, first, last) else { return Ok(page) };
        match request.mode {
            PageMode::Entries => {
                let entries = self.entries(&span, end, limit).await?;
                let first = first_left(&span, &entries, end, limit).unwrap_or(page.first);
                let empty = page.from.max(first);
                let (from, to) = covered(&entries, empty, empty - 1);
                let items = entries.iter().map(|entry| wire::entry_for(entry, reader)).collect();
                Ok(Page { first, from, to, items, ..page })
            }
            PageMode::Timeline => {
                let (entries, (from, to)) = self.shown(span, end, limit).await?;
                let items = self.with_states(grant, reader, &entries).await?;
                Ok(Page { from, to, items, ..page })
            }
        }
    }

    /// The entries of a span that a timeline shows, from one of its ends, and what part of the span they stand for.
    async fn shown(
        &self,
        mut span: Span,
        end: End,
        limit: usize,
    ) -> Result<(Vec<Entry>, (Seq, Seq)), HistoryError> {
        let whole = (span.first, span.last);
        let mut shown = Vec::new();
        let mut looked_at = 0;
        while shown.len() < limit && span.first <= span.last && looked_at < TIMELINE_ROWS_MAX {
            let entries = self.entries(&span, end, TIMELINE_ROWS).await?;
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else { break };
            looked_at += entries.len();
            match end {
                End::Start => span.first = last.seq + 1,
                End::End => span.last = first.seq - 1,
            }
            let wanted = |entry: &Entry| entry.kind == EntryKind::Message || entry.kind.is_lifecycle();
            let mut found: Vec<Entry> = entries.into_iter().filter(wanted).collect();
            let room = limit - shown.len();
            match end {
                End::Start => {
                    if found.len() > room {
                        span.first = found[room].seq;
                        found.truncate(room);
                    }
                    shown.append(&mut found);
                }
                End::End => {
                    if found.len() > room {
                        let cut = found.len() - room;
                        span.last = found[cut - 1].seq;
                        found.drain(..cut);
                    }
                    found.append(&mut shown);
                    shown = found;
                }
            }
        }
        // What is left of the span was not looked at, or did not fit.
        Ok((shown, if end == End::Start { (whole.0, span.first - 1) } else { (span.last + 1, whole.1) }))
    }

    /// Items with what became of them.
    async fn with_states(
        &self,
        grant: &Grant,
        reader: UserId,
        entries: &[Entry],
    ) -> Result<Vec<entry::Entry>, HistoryError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(Vec::new()) };
        let states = self.messages.states(grant.room, first.seq, last.seq, reader).await?;
        self.confirm(grant, reader, &states).await?;
        let state_of = |entry: &Entry| {
            let at = states.binary_search_by_key(&entry.seq, |state| state.state.seq).ok()?;
            states.get(at)
        };
        Ok(entries.iter().map(|entry| wire::entry_with_state(entry, state_of(entry), reader)).collect())
    }
}

/// The first entry that is left, if what was read tells that more has expired since the grant was given: who looks for
/// something of theirs must not take it for never said.
fn first_left(span: &Span, entries: &[Entry], end: End, limit: usize) -> Option<Seq> {
    // Read from its end, a span was looked at up to its start only if there was room for more.
    if end == End::End && entries.len() >= limit {
        return None;
    }
    let first = entries.first().map_or(span.last + 1, |entry| entry.seq);
    (first > span.first).then_some(first)
}

/// From the first to the last of entries that have no holes.
fn covered(entries: &[Entry], from: Seq, to: Seq) -> (Seq, Seq) {
    match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => (first.seq, last.seq),
        _ => (from, to),
    }
}
