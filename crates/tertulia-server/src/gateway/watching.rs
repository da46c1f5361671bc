//! Who watches whose presence, and what they may see of it.
//!
//! What somebody may see is asked for with the state, and again when the watched person's feed says that they block or
//! have settled something. What changes while that is under way is asked for again: an answer may be older.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use tertulia_core::UserId;
use tertulia_ports::{
    directory::Sight,
    presence::{Presence, Seen},
};
use tertulia_protocol::{
    ErrorDetail,
    room::PresenceState,
    socket::{
        client,
        server::{self, ServerFrame},
    },
};

use super::{
    errands::Errand,
    machine::{Gateway, Outlet},
    transport::ConnectionId,
};
use crate::{fanout::frame::frame, wire};

/// Most people whose presence a session may watch: what fits on a screen.
pub const WATCHED_MAX: usize = 200;

/// Who watches whom.
#[derive(Debug, Default)]
pub(super) struct Watching {
    watchers: FxHashMap<UserId, SmallVec<[Watcher; 2]>>,
    /// The number of the last question.
    asked: u64,
    /// Questions that nobody has answered.
    failed: Vec<(ConnectionId, Vec<UserId>)>,
}

#[derive(Debug)]
struct Watcher {
    connection: ConnectionId,
    /// What they may see; `None` until they were told how the person is.
    sight: Option<Sight>,
    /// The question whose answer is awaited; 0 if none is.
    asked: u64,
}

impl Watching {
    pub fn unwatch(&mut self, user: UserId, connection: ConnectionId) {
        if let Some(watchers) = self.watchers.get_mut(&user) {
            watchers.retain(|known| known.connection != connection);
            if watchers.is_empty() {
                self.watchers.remove(&user);
            }
        }
    }

    fn watcher(&mut self, user: UserId, connection: ConnectionId) -> Option<&mut Watcher> {
        self.watchers.get_mut(&user)?.iter_mut().find(|known| known.connection == connection)
    }
}

impl Gateway {
    /// A session says whose presence it shows, and how its own user is.
    pub(super) fn watch(
        &mut self,
        connection: ConnectionId,
        wanted: client::Presence,
        out: &mut impl Outlet,
    ) {
        let mut users = wanted.users;
        if users.len() > WATCHED_MAX {
            let error = ErrorDetail::invalid("users", users.len(), WATCHED_MAX);
            return self.error(connection, Some(wanted.id), error, out);
        }
        let away = match wanted.mine {
            None => None,
            Some(PresenceState::Here) => Some(false),
            Some(PresenceState::Away) => Some(true),
            Some(PresenceState::Busy | PresenceState::Off) => {
                let error = ErrorDetail::invalid("mine", "busy or off", "here or away");
                return self.error(connection, Some(wanted.id), error, out);
            }
        };
        users.sort_unstable();
        users.dedup();
        let Some(session) = self.session(connection) else { return };
        let user = session.user;
        let changed = away.is_some_and(|away| std::mem::replace(&mut session.away, away) != away);
        let before = std::mem::replace(&mut session.watching, users.clone());
        for user in &before {
            self.watching.unwatch(*user, connection);
        }
        for user in &users {
            let watcher = Watcher { connection, sight: None, asked: 0 };
            self.watching.watchers.entry(*user).or_default().push(watcher);
        }
        if changed {
            self.presence_changed(user);
        }
        self.ack(connection, wanted.id, out);
        self.ask_presence(connection, users);
    }

    /// People look different.
    pub(super) fn presence_seen(&mut self, seen: &[Seen], out: &mut impl Outlet) {
        for seen in seen {
            let Some(watchers) = self.watching.watchers.get_mut(&seen.user) else { continue };
            let mut again = Vec::new();
            let mut last: Option<(Sight, bytes::Bytes)> = None;
            for watcher in watchers {
                match watcher.sight {
                    _ if watcher.asked > 0 => {
                        watcher.sight = None;
                        again.push(watcher.connection);
                    }
                    Some(sight) if sight.presence => {
                        let made = last.take().filter(|(known, _)| *known == sight);
                        let (_, frame) =
                            last.insert(made.unwrap_or_else(|| (sight, presence_frame(seen, sight))));
                        out.send_live(watcher.connection, frame);
                    }
                    _ => {}
                }
            }
            for connection in again {
                self.ask_presence(connection, vec![seen.user]);
            }
        }
    }

    /// How people are was read, and what a session may see of it; `None` if a store does not answer.
    pub(super) fn presence_read(
        &mut self,
        connection: ConnectionId,
        asked: u64,
        seen: Result<Vec<(Seen, Sight)>, Vec<UserId>>,
        out: &mut impl Outlet,
    ) {
        let seen = match seen {
            Ok(seen) => seen,
            Err(mut users) => {
                users.retain(|user| {
                    self.watching.watcher(*user, connection).is_some_and(|watcher| watcher.asked == asked)
                });
                return self.watching.failed.push((connection, users));
            }
        };
        for (seen, sight) in seen {
            let Some(watcher) = self.watching.watcher(seen.user, connection) else { continue };
            if watcher.asked == asked {
                watcher.asked = 0;
                if watcher.sight.replace(sight) != Some(sight) {
                    self.send(connection, presence_frame(&seen, sight), out);
                }
            }
        }
    }

    /// What others may see of somebody may be another.
    pub(super) fn look_again(&mut self, user: UserId) {
        let Some(watchers) = self.watching.watchers.get(&user) else { return };
        let connections: Vec<_> = watchers.iter().map(|watcher| watcher.connection).collect();
        for connection in connections {
            self.ask_presence(connection, vec![user]);
        }
    }

    /// Asks again what nobody has answered.
    pub(super) fn ask_presence_again(&mut self) {
        for (connection, users) in std::mem::take(&mut self.watching.failed) {
            self.ask_presence(connection, users);
        }
    }

    fn ask_presence(&mut self, connection: ConnectionId, mut users: Vec<UserId>) {
        let Some(viewer) = self.session(connection).map(|session| session.user) else { return };
        self.watching.asked += 1;
        let asked = self.watching.asked;
        users.retain(|user| match self.watching.watcher(*user, connection) {
            Some(watcher) => {
                watcher.asked = asked;
                true
            }
            None => false,
        });
        if !users.is_empty() {
            self.errands.push(Errand::GetPresence { connection, viewer, asked, users });
        }
    }
}

/// The frame that says how somebody is, as far as the reader may see it.
fn presence_frame(seen: &Seen, sight: Sight) -> bytes::Bytes {
    let state = wire::presence(if sight.presence { seen.presence } else { Presence::Off });
    let last_seen_at = seen.last_seen_at.filter(|_| sight.presence && sight.last_seen);
    frame(&ServerFrame::Presence(server::Presence { user: seen.user, state, last_seen_at }))
}
