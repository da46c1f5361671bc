//! The last look, when everything has settled: the stores hold what the truth says, and nothing else.

use tertulia_core::{RoomId, Seq, Standing, UserId};
use tertulia_ports::{
    directory::Rooms,
    messages::{From, Messages, Span, StoredHead},
};

use super::{
    Checker,
    fold::{self, Stands},
    truth::RoomTruth,
};
use crate::{directory::FaultyDirectory, store::FaultyMessages, tasks::ready};

/// The stores as they are at the end.
pub struct Stores<'a> {
    /// Where messages are.
    pub messages: &'a FaultyMessages,
    /// Where people and rooms are.
    pub directory: &'a FaultyDirectory,
    /// Everybody.
    pub users: &'a [UserId],
}

/// What is wrong, by the invariant that it breaks.
type Wrong = (u8, String);

impl Checker {
    /// Holds the stores against the truth.
    pub fn check_stores(&mut self, stores: &Stores<'_>) {
        let wrong = self.rooms.iter().find_map(|(room, truth)| {
            let checked = check_log(*room, truth, stores)
                .and_then(|()| check_messages(*room, truth, stores))
                .and_then(|()| check_people(*room, truth, stores))
                .and_then(|()| self.check_markers(*room, truth, stores));
            Some((*room, checked.err()?))
        });
        if let Some((room, (invariant, what))) = wrong {
            self.violated(invariant, || format!("room {room}, at the end: {what}"));
        }
    }

    fn check_markers(&self, room: RoomId, truth: &RoomTruth, stores: &Stores<'_>) -> Result<(), Wrong> {
        for user in stores.users {
            let markers = ready(stores.messages.inner().markers_of_user(*user)).map_err(failed)?;
            let stored = markers.iter().find(|marker| marker.room == room).map_or(0, |marker| marker.seq);
            let told = self.marker(room, *user);
            if truth.exists && stored < told {
                return Err((7, format!("the marker of {user} is {stored}, and was {told}")));
            }
        }
        Ok(())
    }
}

fn failed(error: tertulia_ports::EngineError) -> Wrong {
    (6, error.to_string())
}

fn check_log(room: RoomId, truth: &RoomTruth, stores: &Stores<'_>) -> Result<(), Wrong> {
    let heads = ready(stores.messages.inner().heads(&[room])).map_err(failed)?;
    let Some(StoredHead { epochs, seq: head, first, .. }) = heads.into_iter().next() else {
        return Err((1, "its log is gone".to_owned()));
    };
    if head != truth.head() {
        return Err((1, format!("its log ends at {head}, and not at {}", truth.head())));
    }
    let must_start = stores.messages.first(room);
    if truth.exists && first != must_start.max(1) {
        return Err((8, format!("its log begins at {first}, and not at {must_start}")));
    }
    let mut next = if truth.exists { first } else { head + 1 };
    let mut at = 1;
    while at <= head {
        let span = Span { room, first: at, last: head, epochs: epochs.clone() };
        let rows = ready(stores.messages.read_now(&span, From::Start, usize::MAX)).map_err(failed)?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            if row.seq != next {
                return Err((8, format!("its log has entry {}, where {next} should be", row.seq)));
            }
            check_row(row, truth)?;
            next += 1;
        }
        at = next;
    }
    if next <= head {
        return Err((1, format!("entry {next} is gone")));
    }
    Ok(())
}

fn check_row(row: &tertulia_core::row::Row, truth: &RoomTruth) -> Result<(), Wrong> {
    let seq = row.seq;
    let (Some(chain), Some(entry)) = (truth.chains.get(&(seq - 1)), truth.entries.get(&seq)) else {
        return Err((6, format!("entry {seq} comes from nowhere")));
    };
    if !row.proves(chain) {
        return Err((6, format!("entry {seq} does not follow from the entries before it")));
    }
    let stored = row.decode().map_err(|error| (6, error.to_string()))?;
    match (&stored.body, truth.is_deleted(seq)) {
        (Some(_), true) => Err((8, format!("entry {seq} was deleted, and its text is still there"))),
        (None, false) => Err((1, format!("entry {seq} has lost its body"))),
        (Some(_), false) if stored != *entry => {
            Err((6, format!("entry {seq} was {entry:?}, and is {stored:?}")))
        }
        _ => Ok(()),
    }
}

fn check_messages(room: RoomId, truth: &RoomTruth, stores: &Stores<'_>) -> Result<(), Wrong> {
    let first = stores.messages.first(room);
    let anybody = UserId::new(0);
    let states = ready(stores.messages.inner().states(room, 1, Seq::MAX, anybody)).map_err(failed)?;
    if let Some(gone) = states.iter().find(|state| state.state.seq < first) {
        return Err((8, format!("what became of message {} is still there", gone.state.seq)));
    }
    for (seq, became) in fold::messages(truth) {
        if seq < first || !truth.exists {
            continue;
        }
        let state = states.iter().find(|state| state.state.seq == seq).map(|state| state.state.clone());
        let state = state.unwrap_or_default();
        let counts = state.reactions.iter().map(|kind| (kind.emoji.clone(), kind.count));
        let must = became.reactions.iter().map(|(emoji, who)| (emoji.clone(), who.len() as u64));
        let same = state.text == became.text
            && state.deleted.is_some() == became.deleted
            && counts.collect::<std::collections::BTreeMap<_, _>>() == must.collect();
        if !same {
            return Err((1, format!("message {seq} is {state:?}, and its entries say {became:?}")));
        }
    }
    Ok(())
}

fn check_people(room: RoomId, truth: &RoomTruth, stores: &Stores<'_>) -> Result<(), Wrong> {
    let record = ready(stores.directory.inner().room(room)).map_err(failed)?;
    if record.is_some() != truth.exists {
        return Err((8, format!("the directory has {record:?}, and the room exists: {}", truth.exists)));
    }
    let standings = fold::standings(truth);
    let members = standings.values().filter(|stands| matches!(stands, Stands::In(_))).count() as u64;
    if let Some(counted) = record.map(|record| record.meta.members).filter(|counted| *counted != members) {
        return Err((1, format!("the directory counts {counted} members, and there are {members}")));
    }
    for user in stores.users {
        let member = ready(stores.directory.inner().member(room, *user)).map_err(failed)?;
        let stored = match member.standing {
            Standing::In { role, .. } => Stands::In(role),
            Standing::Banned { .. } => Stands::Banned,
            Standing::Out => Stands::Out,
        };
        let stands = standings.get(user).copied().unwrap_or(Stands::Out);
        if truth.exists && stored != stands {
            return Err((5, format!("{user} is {stored:?} in the directory, and {stands:?} by the log")));
        }
    }
    Ok(())
}
