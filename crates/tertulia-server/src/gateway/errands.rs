//! What a gateway has done by others: everything that waits for the directory, the log or the presence store.

use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use tertulia_core::{DeviceId, Entry, Epoch, Posts, RoomId, Seq, TimeMs, UserId, room::Grant};
use tertulia_ports::{
    EngineResult,
    bus::{Bus, Delivery, GatewayId, ToGateway},
    directory::{self, Directory, RoomBan, Sight},
    messages::{From, Messages, ReadMarker, Span},
    presence::{Presence, PresenceStore, Seen},
};
use tertulia_protocol::socket::{
    client::{Changes, History},
    server::{Changed, Error, Page, ServerFrame},
};

use super::transport::ConnectionId;
use crate::{
    fanout::frame::{Frames, JsonFrames, consequence, entry_frame, frame},
    history::{PageRequest, Reader},
};

/// What a gateway needs to have done.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields are what the sentences name")]
pub enum Errand {
    /// Look a device up, its user's rooms, how far they have read, and from which of the rooms that the device knows they
    /// were banned.
    Resume { connection: ConnectionId, user: UserId, device: DeviceId, known: Vec<RoomId> },
    /// Look how far a user has read rooms in which something is unread.
    ReadMarks { connection: ConnectionId, user: UserId, rooms: Vec<(Grant, Option<(Seq, Posts)>)> },
    /// Read what a session has missed.
    Entries { connection: ConnectionId, user: UserId, span: Span, limit: usize },
    /// Read what the gateway has missed.
    Mend { span: Span, epoch: Epoch, limit: usize },
    /// Make a page of history.
    Page { connection: ConnectionId, user: UserId, request: History },
    /// Look for messages that changed.
    Changes { connection: ConnectionId, user: UserId, request: Changes },
    /// List a user's rooms.
    Rooms { user: UserId },
    /// Say how people on this gateway are.
    SetPresence(Vec<(UserId, Presence)>),
    /// Ask how people are, and what of it a viewer may see.
    GetPresence { connection: ConnectionId, viewer: UserId, asked: u64, users: Vec<UserId> },
    /// Look whether a user shows how far they have read.
    Receipts { user: UserId, version: u64 },
    /// Look which devices were signed out.
    CheckDevices(Vec<DeviceId>),
    /// Store when devices were seen.
    Touch(Vec<(DeviceId, TimeMs, Option<String>)>),
}

/// What came of it.
#[derive(Debug)]
#[expect(missing_docs, reason = "as in Errand; `None`, or the question, where nobody answered")]
pub enum Returned {
    Resumed { connection: ConnectionId, resumed: Option<Resumed> },
    ReadMarks { connection: ConnectionId, marks: Option<Vec<ReadMark>> },
    Entries { connection: ConnectionId, room: RoomId, entries: Option<Vec<(Seq, Bytes)>> },
    Mended { room: RoomId, through: Seq, deliveries: Option<Vec<Delivery>> },
    Answered { connection: ConnectionId, frame: Bytes },
    Rooms { user: UserId, rooms: Vec<RoomId>, markers: Markers },
    Presence { connection: ConnectionId, asked: u64, seen: Result<Vec<(Seen, Sight)>, Vec<UserId>> },
    Receipts { user: UserId, version: u64, on: bool },
    Revoked(Vec<DeviceId>),
}

/// How far a user has read their rooms.
pub type Markers = FxHashMap<RoomId, (Seq, Posts)>;

/// How far a user has read a room, as their unread count goes by.
#[derive(Debug, Clone, Copy)]
pub struct ReadMark {
    /// The room.
    pub room: RoomId,
    /// The first entry that they may read.
    pub first: Seq,
    /// The last one that they have read, and how many messages there are up to it.
    pub read: (Seq, Posts),
}

/// What a hello needs to know of its device.
#[derive(Debug)]
pub enum Resumed {
    /// It was signed out.
    Revoked,
    /// It may go on.
    Known {
        /// Its user's shown name.
        name: String,
        /// Whether they administer this server.
        admin: bool,
        /// The version of their feed.
        feed: u64,
        /// Whether they show how far they have read.
        receipts: bool,
        /// Their rooms.
        rooms: Vec<RoomId>,
        /// How far they have read.
        markers: Markers,
        /// Rooms that the device knows, and from which they are banned.
        bans: Vec<RoomBan>,
    },
}

/// Where errands are run.
#[derive(Clone)]
pub struct Desk {
    /// The directory.
    pub directory: Arc<dyn Directory>,
    /// The message store.
    pub messages: Arc<dyn Messages>,
    /// Who is online.
    pub presence: Arc<dyn PresenceStore>,
    /// Pages of history.
    pub reader: Reader,
    /// How others hear of presence.
    pub bus: Arc<dyn Bus>,
}

/// Runs an errand. `None`: there is nothing to tell.
pub async fn run(desk: &Desk, gateway: GatewayId, errand: Errand, now: TimeMs) -> Option<Returned> {
    Some(match errand {
        Errand::Resume { connection, user, device, known } => {
            let resumed = logged(resume(desk, user, device, known, now).await);
            Returned::Resumed { connection, resumed }
        }
        Errand::ReadMarks { connection, user, rooms } => {
            Returned::ReadMarks { connection, marks: logged(read_marks(desk, user, rooms).await) }
        }
        Errand::Entries { connection, user, span, limit } => {
            let entries = logged(desk.reader.entries(&span, From::Start, limit).await);
            let framed = |entry: Entry| (entry.seq, entry_frame(span.room, &entry, user));
            let entries = entries.map(|entries| entries.into_iter().map(framed).collect());
            Returned::Entries { connection, room: span.room, entries }
        }
        Errand::Mend { span, epoch, limit } => {
            let entries = logged(desk.reader.entries(&span, From::Start, limit).await);
            let delivery = |entry: Entry| Delivery {
                room: span.room,
                epoch,
                seq: entry.seq,
                posts: entry.posts,
                effect: consequence(&entry),
                frame: JsonFrames.entry(span.room, &entry),
            };
            let deliveries = entries.map(|entries| entries.into_iter().map(delivery).collect());
            Returned::Mended { room: span.room, through: span.last, deliveries }
        }
        Errand::Page { connection, user, request } => {
            Returned::Answered { connection, frame: page(desk, user, &request).await }
        }
        Errand::Changes { connection, user, request } => {
            Returned::Answered { connection, frame: changes(desk, user, &request).await }
        }
        Errand::Rooms { user } => {
            let rooms = logged(desk.directory.room_ids_of(user).await)?;
            Returned::Rooms { user, rooms, markers: logged(markers(desk, user).await)? }
        }
        Errand::SetPresence(users) => {
            let changed = logged(desk.presence.set(gateway, &users, now).await)?;
            if !changed.is_empty() {
                desk.bus.to_all_gateways(ToGateway::Presence(changed));
            }
            return None;
        }
        Errand::GetPresence { connection, viewer, asked, users } => {
            let seen = logged(presence(desk, viewer, &users).await).ok_or(users);
            Returned::Presence { connection, asked, seen }
        }
        Errand::Receipts { user, version } => {
            let without = logged(desk.directory.without_receipts(&[user]).await)?;
            Returned::Receipts { user, version, on: without.is_empty() }
        }
        Errand::CheckDevices(devices) => {
            Returned::Revoked(logged(desk.directory.revoked(&devices, now).await)?)
        }
        Errand::Touch(seen) => {
            logged(desk.directory.touch_devices(&seen).await)?;
            return None;
        }
    })
}

async fn resume(
    desk: &Desk,
    user: UserId,
    device: DeviceId,
    mut known: Vec<RoomId>,
    now: TimeMs,
) -> EngineResult<Resumed> {
    let holds = |resumed: &directory::Resumed| resumed.user.id == user && now < resumed.expires_at;
    let Some(resumed) = desk.directory.resume(device).await?.filter(holds) else {
        return Ok(Resumed::Revoked);
    };
    let rooms = desk.directory.room_ids_of(user).await?;
    let markers = markers(desk, user).await?;
    known.retain(|room| !rooms.contains(room));
    let mut bans = match known.is_empty() {
        true => Vec::new(),
        false => desk.directory.bans_of(user, &known).await?,
    };
    bans.retain(|ban| ban.until.is_none_or(|until| now < until));
    Ok(Resumed::Known {
        name: resumed.user.name,
        admin: resumed.user.admin,
        feed: resumed.feed,
        receipts: resumed.receipts,
        rooms,
        markers,
        bans,
    })
}

async fn markers(desk: &Desk, user: UserId) -> EngineResult<Markers> {
    let markers = desk.messages.markers_of_user(user).await?;
    Ok(markers.into_iter().map(|marker| (marker.room, (marker.seq, marker.posts))).collect())
}

async fn read_marks(
    desk: &Desk,
    user: UserId,
    rooms: Vec<(Grant, Option<(Seq, Posts)>)>,
) -> EngineResult<Vec<ReadMark>> {
    let mut marks = Vec::with_capacity(rooms.len());
    for (grant, marker) in rooms {
        let room = grant.room;
        let marker = marker.map(|(seq, posts)| ReadMarker { room, user, seq, posts });
        let read = desk.reader.read_mark(&grant, user, marker).await?;
        marks.push(ReadMark { room, first: grant.first, read });
    }
    Ok(marks)
}

async fn page(desk: &Desk, user: UserId, request: &History) -> Bytes {
    let History { id, room, mode, before, after, limit } = request.clone();
    let wanted = PageRequest { mode: mode.into(), before, after, limit };
    frame(&match desk.reader.page(user, room, &wanted).await {
        Ok(page) => ServerFrame::Page(Page {
            id,
            room,
            mode,
            first: page.first,
            through: page.through,
            from: page.from,
            to: page.to,
            items: page.items,
        }),
        Err(error) => ServerFrame::Error(Error { id: Some(id), error: error.detail() }),
    })
}

async fn changes(desk: &Desk, user: UserId, request: &Changes) -> Bytes {
    let Changes { id, room, first, last, after } = *request;
    frame(&match desk.reader.changes(user, room, (first, last), after).await {
        Ok(changes) => {
            ServerFrame::Changed(Changed { id, room, through: changes.through, messages: changes.messages })
        }
        Err(error) => ServerFrame::Error(Error { id: Some(id), error: error.detail() }),
    })
}

async fn presence(desk: &Desk, viewer: UserId, users: &[UserId]) -> EngineResult<Vec<(Seen, Sight)>> {
    let seen = desk.presence.get(users).await?;
    let sights = desk.directory.sights(viewer, users).await?;
    Ok(seen.into_iter().zip(sights).collect())
}

fn logged<T>(result: EngineResult<T>) -> Option<T> {
    result.inspect_err(|error| tracing::warn!(%error, "an engine failed a gateway")).ok()
}
