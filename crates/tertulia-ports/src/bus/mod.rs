//! The bus: what owners of rooms and gateways say to each other.
//!
//! # Promises
//! None that safety rests on: the bus may drop, delay, repeat and reorder. Commands are retried with their nonces, and
//! deliveries carry a link sequence by which a gateway sees that something is missing. Sending never blocks; a receiver
//! that does not keep up loses mail.
//!
//! Frames for clients are opaque bytes here: encoded once by the owner, the same for every reader.

mod in_process;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tertulia_core::{
    Epoch, Posts, RoomId, Seq, ShardId, TimeMs, UserId,
    membership::BanUntil,
    room::{Ask, EpochList, Grant, Refusal},
};

pub use self::in_process::InProcessBus;
use crate::{coordination::RuntimeConfig, directory::FeedChange, messages::ReadMarker, presence::Seen};

/// A gateway: one worker thread of one start of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GatewayId(pub u64);

/// An owner: one shard loop of one start of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnerId(pub u64);

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplyTo {
    /// A gateway, by its own number for the request.
    Gateway(GatewayId, u64),
    /// A caller in this process, by its own number for the request.
    Caller(u64),
}

/// What is said to an owner.
#[derive(Debug, Clone)]
pub enum ToOwner {
    /// A command to a room.
    Command {
        /// The room.
        room: RoomId,
        /// The command.
        ask: Ask,
        /// Who waits.
        reply_to: ReplyTo,
    },
    /// Grants for a reader.
    Grants {
        /// The reader.
        user: UserId,
        /// The rooms.
        rooms: Vec<RoomId>,
        /// Who waits.
        reply_to: ReplyTo,
    },
    /// A session wants what happens in rooms. Answered over the link, so that the answer stands in order with entries.
    Attach {
        /// The gateway.
        gateway: GatewayId,
        /// Its number for the request.
        request: u64,
        /// The user.
        user: UserId,
        /// The rooms.
        rooms: Vec<RoomId>,
    },
    /// A gateway has no session any more in a room.
    Detach {
        /// The gateway.
        gateway: GatewayId,
        /// The room.
        room: RoomId,
    },
    /// What a gateway has applied of its rooms: the owner answers with what is missing. Says that the gateway is
    /// interested in them, too.
    Snapshot {
        /// The gateway.
        gateway: GatewayId,
        /// The last entry applied, by room.
        rooms: Vec<(RoomId, Seq)>,
    },
    /// Something that is not kept: typing, reading, opening.
    Signal {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// What.
        signal: Signal,
        /// Who waits, if anybody.
        reply_to: Option<ReplyTo>,
    },
    /// A person's standing changed outside the log (a block): forget and read again. Answered when done.
    Forget {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// Who waits.
        reply_to: ReplyTo,
    },
    /// Entries below this time have expired by retention: move the room's first entry. Answered when done.
    Expire {
        /// The room.
        room: RoomId,
        /// The time.
        before: TimeMs,
        /// Who waits.
        reply_to: ReplyTo,
    },
    /// Who has a room open. Answered with [`Answer::Active`].
    Active {
        /// The room.
        room: RoomId,
        /// Who asks, and must be a member.
        user: UserId,
        /// Who waits.
        reply_to: ReplyTo,
    },
}

/// Something that is said of a room and not numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Somebody writes, or has stopped.
    Typing(bool),
    /// Somebody has read up to here.
    Read(Seq),
    /// A session of theirs has opened the room; answered with [`Answer::Opened`].
    Open(GatewayId),
    /// It has closed it.
    Close(GatewayId),
}

/// What an owner answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The command is this entry, for good.
    Done {
        /// Its number.
        seq: Seq,
        /// When it was numbered; `None` if it was before, and that is not at hand.
        at: Option<TimeMs>,
    },
    /// It was done, and there is nothing to tell.
    Ok,
    /// Grants in the order asked for.
    Grants(Vec<Result<Grant, Refusal>>),
    /// The room was opened.
    Opened {
        /// How far others have read.
        reads: Vec<ReadMarker>,
        /// Who is writing.
        typing: Vec<UserId>,
        /// How many have it open.
        active: u64,
    },
    /// Who has the room open.
    Active(Vec<UserId>),
    /// No: nothing changed.
    Refused(Refusal),
    /// Not the owner any more, or not yet able: ask again, with the same nonce.
    Retry,
}

/// What is said to a gateway.
#[derive(Debug, Clone)]
pub enum ToGateway {
    /// From an owner, in order.
    Link(Envelope),
    /// To a request of the gateway's; in no order with the link.
    Answer {
        /// The gateway's number for the request.
        request: u64,
        /// The answer.
        answer: Answer,
    },
    /// Feeds have new versions.
    Feed(Vec<FeedChange>),
    /// People look different.
    Presence(Vec<Seen>),
    /// Shards have other owners now: tell them what you have.
    Moved(Vec<ShardId>),
    /// The configuration changed.
    Config(std::sync::Arc<RuntimeConfig>),
}

/// What an owner says to a gateway, in order.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The owner.
    pub owner: OwnerId,
    /// Counts what this owner said to this gateway: 1, 2, 3. A heartbeat repeats the last number.
    pub link_seq: u64,
    /// What it says; empty in a heartbeat.
    pub items: Vec<LinkItem>,
}

/// One thing that an owner says to a gateway.
#[derive(Debug, Clone)]
pub enum LinkItem {
    /// An entry of a room.
    Entry(Delivery),
    /// Something that is not numbered.
    Signal {
        /// The room.
        room: RoomId,
        /// Who hears it.
        audience: Audience,
        /// The frame.
        frame: Bytes,
    },
    /// The answer to `Attach`, for the rooms that were granted; others are refused.
    Attached {
        /// The gateway's number for the request.
        request: u64,
        /// The user.
        user: UserId,
        /// The rooms.
        rooms: Vec<Result<Attached, (RoomId, Refusal)>>,
    },
    /// The answer to `Snapshot` for a room: if something is missing, read the log up to `through`. Entries above it
    /// follow over the link.
    Standing {
        /// The room.
        room: RoomId,
        /// The owner's epoch.
        epoch: Epoch,
        /// The last entry that this owner will not deliver any more.
        through: Seq,
        /// Which epoch owns which numbers.
        epochs: EpochList,
    },
    /// The shard is no longer this owner's: say to whoever has it now what you have.
    Moved(ShardId),
    /// As the gateway wanted, nothing of this room follows any more.
    Detached(RoomId),
}

/// Who hears a signal, among the sessions that have the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Who has it open, but not this user.
    Opened {
        /// They know.
        except: UserId,
    },
    /// Who has it open and sees receipts, and every device of this user: a receipt of theirs.
    Receipt(UserId),
    /// Only this user's devices.
    Only(UserId),
}

/// An entry on its way to readers.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The room.
    pub room: RoomId,
    /// The epoch of the owner that says so.
    pub epoch: Epoch,
    /// The entry's number.
    pub seq: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
    /// What it does to who may read on.
    pub effect: Effect,
    /// The frame for clients, WebSocket header included.
    pub frame: Bytes,
}

/// What an entry does to who may read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// This user may not read anything above this entry.
    Gone {
        /// Who.
        user: UserId,
        /// Why.
        why: Why,
    },
    /// Nobody may.
    Deleted,
}

/// Why somebody may not read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// They left.
    Left,
    /// They were removed.
    Removed {
        /// By whom; `None` if the system did it.
        by: Option<UserId>,
        /// What the moderator wrote.
        reason: Option<String>,
    },
    /// They were banned.
    Banned {
        /// By whom; `None` if the system did it.
        by: Option<UserId>,
        /// Until when; for good if absent.
        until: BanUntil,
        /// What the moderator wrote.
        reason: Option<String>,
    },
}

/// A room that a session gets from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// What the user may read now; entries above `through` follow over the link.
    pub grant: Grant,
    /// The owner's epoch.
    pub epoch: Epoch,
}

/// Sends mail. Cheap to call, never blocks.
pub trait Bus: Send + Sync {
    /// To the owner of a shard. `false`: nobody there, so ask again later.
    fn to_owner(&self, shard: ShardId, mail: ToOwner) -> bool;
    /// Shards with the same number have the same owner now: what is for several rooms goes there as one.
    fn owner_of(&self, shard: ShardId) -> Option<u64>;
    /// To a gateway; lost if there is none.
    fn to_gateway(&self, gateway: GatewayId, mail: ToGateway);
    /// To a caller in this process.
    fn to_caller(&self, caller: u64, answer: Answer);
    /// To every gateway.
    fn to_all_gateways(&self, mail: ToGateway);
}
