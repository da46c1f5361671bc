//! Between the core's types and the wire's: the one place where both are seen.
//!
//! The wire does not change because the rules do, so every conversion is written out. [`json`] and [`entry_json`] encode
//! frames; WebSocket headers are the transport's business.

use tertulia_core::{
    self as core, RoomId,
    message::MessageState,
    room::{self, Refusal, SYSTEM},
    text::TextError,
};
use tertulia_ports::{EngineError, bus::Why, messages::StateOf, presence::Presence};
use tertulia_protocol::{
    Code, ErrorDetail, attachment as files, entry, rest, room as wire,
    socket::server::{RoomEntry, ServerFrame},
};

use crate::room::RoomError;

/// When to ask again for a room whose owner does not answer.
const UNAVAILABLE_RETRY_MS: u64 = 1_000;
/// When to ask again for an upload that is not ready.
const UPLOAD_RETRY_MS: u64 = 500;
/// When to ask again after an engine failed.
const INTERNAL_RETRY_MS: u64 = 5_000;

/// A frame as JSON.
pub fn json(frame: &ServerFrame) -> Vec<u8> {
    match frame {
        ServerFrame::Entry(RoomEntry { room, entry }) if entry.state.is_none() => {
            let by = entry.by.unwrap_or(SYSTEM);
            let mut json = entry_head(*room, entry.seq, entry.posts, by, entry.at, entry.nonce);
            append_fields(&mut json, &entry.body);
            json
        }
        _ => serde_json::to_vec(frame).expect("a frame is plain data"),
    }
}

/// The `entry` frame of a room's entry as JSON. Without a reader it is the same for all: what every message is encoded by,
/// once.
pub fn entry_json(room: RoomId, entry: &core::Entry, reader: Option<core::UserId>) -> Vec<u8> {
    let nonce = reader.and_then(|reader| nonce_for(entry, reader));
    let mut json = entry_head(room, entry.seq, entry.posts, entry.sender, entry.at, nonce);
    match &entry.body {
        Some(core::EntryBody::Message { text, reply_to, attachments }) if attachments.is_empty() => {
            json.extend(br#""kind":"message","text":"#);
            serde_json::to_writer(&mut json, text).expect("text is JSON");
            if let Some(seq) = reply_to {
                json.extend(format!(r#","reply_to":{seq}"#).into_bytes());
            }
            json.push(b'}');
        }
        _ => append_fields(&mut json, &entry_body(entry)),
    }
    json
}

/// Everything of an `entry` frame before its body's fields.
fn entry_head(
    room: RoomId,
    seq: u64,
    posts: u64,
    by: core::UserId,
    at: core::TimeMs,
    nonce: Option<core::Nonce>,
) -> Vec<u8> {
    use std::io::Write as _;

    let mut json = Vec::with_capacity(192);
    let written =
        write!(json, r#"{{"t":"entry","room":"{room}","seq":{seq},"posts":{posts},"#).and_then(|()| {
            match by == SYSTEM {
                true => write!(json, r#""at":{},"#, at.0),
                false => write!(json, r#""by":"{by}","at":{},"#, at.0),
            }
        });
    let written = written.and_then(|()| match nonce {
        Some(nonce) => write!(json, r#""nonce":"{nonce}","#),
        None => Ok(()),
    });
    written.expect("a vector takes every byte");
    json
}

/// Appends an object's fields to an open object, and closes it.
fn append_fields(json: &mut Vec<u8>, body: &entry::EntryBody) {
    let open = json.len();
    serde_json::to_writer(&mut *json, body).expect("a body is plain data");
    json.remove(open);
}

/// An entry as it travels.
pub fn entry(entry: &core::Entry) -> entry::Entry {
    entry::Entry {
        seq: entry.seq,
        posts: entry.posts,
        by: (entry.sender != SYSTEM).then_some(entry.sender),
        at: entry.at,
        nonce: None,
        body: entry_body(entry),
        state: None,
    }
}

/// An entry for one reader: their own have the nonces by which their clients know them.
pub fn entry_for(core: &core::Entry, reader: core::UserId) -> entry::Entry {
    entry::Entry { nonce: nonce_for(core, reader), ..entry(core) }
}

/// An entry with what became of it, for a timeline.
pub fn entry_with_state(core: &core::Entry, state: Option<&StateOf>, reader: core::UserId) -> entry::Entry {
    entry::Entry { state: state.map(message_state), ..entry_for(core, reader) }
}

/// Entries that a command made besides its first have none.
fn nonce_for(entry: &core::Entry, reader: core::UserId) -> Option<core::Nonce> {
    (entry.sender == reader && entry.nonce != core::Nonce::default()).then_some(entry.nonce)
}

fn entry_body(entry: &core::Entry) -> entry::EntryBody {
    use core::EntryBody as Core;
    use entry::EntryBody as Wire;

    let Some(body) = entry.body.clone() else {
        return Wire::Erased { was: kind_name(entry.kind).to_owned() };
    };
    match body {
        Core::Message { text, reply_to, attachments } => {
            Wire::Message { text, reply_to, attachments: attachments.into_iter().map(attachment).collect() }
        }
        Core::Edit { of, text } => Wire::Edit { of, text },
        Core::Delete { of, reason } => Wire::Delete { of, reason },
        Core::Reaction { of, emoji, on } => Wire::Reaction { of, emoji, on },
        Core::Created { room_kind: kind, name, settings: set } => {
            Wire::Created { room_kind: room_kind(kind), name, settings: settings(&set) }
        }
        Core::Entered { user, role: entered } => Wire::Entered { user, role: role(entered) },
        Core::Left { user } => Wire::Left { user },
        Core::Removed { user, reason } => Wire::Removed { user, reason },
        Core::Banned { user, until, reason } => Wire::Banned { user, until, reason },
        Core::Unbanned { user } => Wire::Unbanned { user },
        Core::RoleChanged { user, role: now } => Wire::RoleChanged { user, role: role(now) },
        Core::Changed { name, topic, settings: set } => {
            Wire::Changed { name, topic, settings: set.as_ref().map(settings) }
        }
        Core::RoomDeleted => Wire::RoomDeleted,
    }
}

/// An attachment as it travels.
pub fn attachment(attachment: core::Attachment) -> files::Attachment {
    let core::Attachment { name, media_type, size, hash, kind, pixels, blur, thumb, duration_ms, wave } =
        attachment;
    let (width, height) = pixels.unzip();
    let kind = match kind {
        core::AttachmentKind::Image => files::AttachmentKind::Image,
        core::AttachmentKind::Video => files::AttachmentKind::Video,
        core::AttachmentKind::Audio => files::AttachmentKind::Audio,
        core::AttachmentKind::Voice => files::AttachmentKind::Voice,
        core::AttachmentKind::File => files::AttachmentKind::File,
    };
    let thumb = thumb.map(|core::attachment::Thumb { pixels: (width, height), media_type, size }| {
        files::Thumb { width, height, media_type, size }
    });
    files::Attachment { name, media_type, size, hash, kind, width, height, blur, thumb, duration_ms, wave }
}

/// A kind's name on the wire.
pub fn kind_name(kind: core::EntryKind) -> &'static str {
    use core::EntryKind::*;

    match kind {
        Message => "message",
        Edit => "edit",
        Delete => "delete",
        Reaction => "reaction",
        Created => "created",
        Entered => "entered",
        Left => "left",
        Removed => "removed",
        Banned => "banned",
        Unbanned => "unbanned",
        RoleChanged => "role_changed",
        Changed => "changed",
        RoomDeleted => "room_deleted",
    }
}

/// What became of a message, for one reader.
pub fn message_state(StateOf { state, mine }: &StateOf) -> entry::MessageState {
    let MessageState { changed_seq, text, edited_at, deleted, reactions, .. } = state;
    let reaction = |kind: &core::message::Reactions| entry::Reactions {
        emoji: kind.emoji.clone(),
        count: kind.count,
        mine: mine.contains(&kind.emoji),
    };
    entry::MessageState {
        changed_seq: *changed_seq,
        text: text.clone(),
        edited_at: *edited_at,
        deleted: deleted.as_ref().map(|deleted| entry::Deleted {
            by: deleted.by,
            at: deleted.at,
            reason: deleted.reason.clone(),
        }),
        reactions: reactions.iter().map(reaction).collect(),
    }
}

/// A changed message, in the answer to `changes`.
pub fn changed_message(state: &StateOf) -> entry::ChangedMessage {
    entry::ChangedMessage { seq: state.state.seq, state: message_state(state) }
}

/// A room's kind.
pub fn room_kind(kind: core::permission::RoomKind) -> wire::RoomKind {
    match kind {
        core::permission::RoomKind::Direct => wire::RoomKind::Direct,
        core::permission::RoomKind::Group => wire::RoomKind::Group,
        core::permission::RoomKind::Channel => wire::RoomKind::Channel,
    }
}

/// A role, outwards.
pub fn role(role: core::Role) -> wire::Role {
    match role {
        core::Role::Member => wire::Role::Member,
        core::Role::Moderator => wire::Role::Moderator,
        core::Role::Owner => wire::Role::Owner,
    }
}

/// A role, inwards.
pub fn core_role(role: wire::Role) -> core::Role {
    match role {
        wire::Role::Member => core::Role::Member,
        wire::Role::Moderator => core::Role::Moderator,
        wire::Role::Owner => core::Role::Owner,
    }
}

/// A room's settings, outwards.
pub fn settings(settings: &room::RoomSettings) -> wire::RoomSettings {
    wire::RoomSettings {
        join: match settings.join {
            room::JoinPolicy::Invite => wire::JoinPolicy::Invite,
            room::JoinPolicy::Open => wire::JoinPolicy::Open,
        },
        history: match settings.history {
            room::HistoryPolicy::All => wire::HistoryPolicy::All,
            room::HistoryPolicy::SinceJoin => wire::HistoryPolicy::SinceJoin,
        },
        slow_mode_s: settings.slow_mode_s,
        retention_days: settings.retention_days,
        broadcast: settings.broadcast.map(broadcast),
    }
}

/// A room's settings, inwards.
pub fn core_settings(settings: &wire::RoomSettings) -> room::RoomSettings {
    room::RoomSettings {
        join: core_join(settings.join),
        history: core_history(settings.history),
        slow_mode_s: settings.slow_mode_s,
        retention_days: settings.retention_days,
        broadcast: settings.broadcast.map(core_broadcast),
    }
}

/// Changes of a room's settings, inwards.
pub fn core_settings_change(change: &rest::SettingsChange) -> room::SettingsChange {
    room::SettingsChange {
        join: change.join.map(core_join),
        history: change.history.map(core_history),
        slow_mode_s: change.slow_mode_s,
        retention_days: change.retention_days,
        broadcast: change.broadcast.map(|broadcast| broadcast.map(core_broadcast)),
    }
}

fn core_join(join: wire::JoinPolicy) -> room::JoinPolicy {
    match join {
        wire::JoinPolicy::Invite => room::JoinPolicy::Invite,
        wire::JoinPolicy::Open => room::JoinPolicy::Open,
    }
}

fn core_history(history: wire::HistoryPolicy) -> room::HistoryPolicy {
    match history {
        wire::HistoryPolicy::All => room::HistoryPolicy::All,
        wire::HistoryPolicy::SinceJoin => room::HistoryPolicy::SinceJoin,
    }
}

/// How a room broadcasts, outwards.
pub fn broadcast(broadcast: room::Broadcast) -> wire::Broadcast {
    match broadcast {
        room::Broadcast::Direct => wire::Broadcast::Direct,
        room::Broadcast::Queued => wire::Broadcast::Queued,
    }
}

/// How a room broadcasts, inwards.
pub fn core_broadcast(broadcast: wire::Broadcast) -> room::Broadcast {
    match broadcast {
        wire::Broadcast::Direct => room::Broadcast::Direct,
        wire::Broadcast::Queued => room::Broadcast::Queued,
    }
}

/// Presence, outwards.
pub fn presence(presence: Presence) -> wire::PresenceState {
    match presence {
        Presence::Off => wire::PresenceState::Off,
        Presence::Away => wire::PresenceState::Away,
        Presence::Busy => wire::PresenceState::Busy,
        Presence::Here => wire::PresenceState::Here,
    }
}

/// Presence, inwards.
pub fn core_presence(presence: wire::PresenceState) -> Presence {
    match presence {
        wire::PresenceState::Off => Presence::Off,
        wire::PresenceState::Away => Presence::Away,
        wire::PresenceState::Busy => Presence::Busy,
        wire::PresenceState::Here => Presence::Here,
    }
}

/// Why somebody may not read on, without its details.
pub fn departure(why: &Why) -> wire::Departure {
    match why {
        Why::Left => wire::Departure::Left,
        Why::Removed { .. } => wire::Departure::Removed,
        Why::Banned { .. } => wire::Departure::Banned,
    }
}

/// A room's refusal as an error.
pub fn refusal(refusal: &Refusal) -> ErrorDetail {
    let about = |code| ErrorDetail::new(code, refusal.to_string());
    let limit = |field: &str, max: u64| ErrorDetail {
        field: Some(field.to_owned()),
        bound: Some(max.into()),
        ..about(Code::LimitReached)
    };
    let message = |code, seq: u64| ErrorDetail {
        field: Some("message".to_owned()),
        value: Some(seq.into()),
        ..about(code)
    };
    match refusal {
        Refusal::NotMember => about(Code::NotMember),
        Refusal::Banned { until, reason } => banned(about(Code::Banned), *until, reason.as_deref()),
        Refusal::Blocked => about(Code::Blocked),
        Refusal::NotAllowed => about(Code::NotAllowed),
        Refusal::Text { field, error } => text_error(field, None, error),
        Refusal::TooLarge { field, value, max } => ErrorDetail {
            field: Some((*field).to_owned()),
            value: Some((*value).into()),
            bound: Some((*max).into()),
            ..about(Code::Invalid)
        },
        Refusal::RoomFull { max } => limit("members_per_room", *max),
        Refusal::SlowMode { retry_after_ms } => about(Code::SlowMode).after_ms(*retry_after_ms),
        Refusal::StaleSend { since, oldest } => ErrorDetail {
            field: Some("since".to_owned()),
            value: Some((*since).into()),
            bound: Some((*oldest).into()),
            ..about(Code::StaleSend)
        },
        Refusal::NonceReused { .. } => {
            ErrorDetail { field: Some("nonce".to_owned()), ..about(Code::NonceReused) }
        }
        Refusal::NoSuchUpload { upload } => of_upload(about(Code::NotFound), *upload),
        Refusal::UploadUnfinished { upload } => {
            of_upload(about(Code::UploadUnfinished), *upload).after_ms(UPLOAD_RETRY_MS)
        }
        Refusal::UploadRefused { upload, .. } => of_upload(about(Code::UploadRefused), *upload),
        Refusal::NoSuchMessage { seq } => message(Code::NotFound, *seq),
        Refusal::MessageDeleted { seq } => message(Code::MessageDeleted, *seq),
        Refusal::TooManyReactions { max } => limit("reaction_kinds", *max),
        Refusal::NoSuchMember | Refusal::NotBanned => about(Code::NotFound),
        Refusal::RoomExists
        | Refusal::AlreadyMember
        | Refusal::TargetBanned
        | Refusal::NotEmpty
        | Refusal::NothingToChange => about(Code::Conflict),
        Refusal::LastOwner => about(Code::LastOwner),
        Refusal::TooManyEdits { max } => limit("edits", *max),
        Refusal::NotAPair => ErrorDetail { field: Some("members".to_owned()), ..about(Code::Invalid) },
        Refusal::NoNonce => ErrorDetail { field: Some("nonce".to_owned()), ..about(Code::Invalid) },
        Refusal::Busy => about(Code::Unavailable).after_ms(UNAVAILABLE_RETRY_MS),
    }
}

fn of_upload(error: ErrorDetail, upload: core::UploadId) -> ErrorDetail {
    ErrorDetail { field: Some("attachments".to_owned()), value: Some(upload.to_string().into()), ..error }
}

/// A ban tells until when, and why, so that the banned need not ask.
fn banned(error: ErrorDetail, until: core::BanUntil, reason: Option<&str>) -> ErrorDetail {
    let detail = reason.map_or(error.detail.clone(), |reason| format!("{}: {reason}", error.detail));
    let field = until.map(|_| "until".to_owned());
    ErrorDetail { detail, field, value: until.map(|until| until.0.into()), ..error }
}

/// A text that may not stand in a field. `text` is the text itself, where it is not too long to tell.
pub fn text_error(field: &str, text: Option<&str>, error: &TextError) -> ErrorDetail {
    let (value, bound): (serde_json::Value, serde_json::Value) = match error {
        TextError::Empty => (text.unwrap_or_default().into(), "not empty".into()),
        TextError::TooLong { length, max, .. } => ((*length).into(), (*max).into()),
        TextError::TooShort { length, min } => ((*length).into(), (*min).into()),
        TextError::Character(character) => (
            format!("U+{character:04X}").into(),
            "without control characters, invisible ones and look-alike spaces".into(),
        ),
        TextError::NotEmoji => (text.unwrap_or_default().into(), "one emoji".into()),
    };
    ErrorDetail { detail: format!("{field} {error}"), ..ErrorDetail::invalid(field, value, bound) }
}

/// What a room answered instead of doing it, as an error.
pub fn room_error(error: &RoomError) -> ErrorDetail {
    match error {
        RoomError::Refused(no) => refusal(no),
        RoomError::Unavailable => {
            ErrorDetail::new(Code::Unavailable, error.to_string()).after_ms(UNAVAILABLE_RETRY_MS)
        }
    }
}

/// An engine's failure as an error: what the engine said stays in the server's log.
pub fn engine_error(error: &EngineError) -> ErrorDetail {
    tracing::error!(engine = error.engine, reason = %error.reason, "an engine failed");
    ErrorDetail::new(Code::Internal, "the server failed, and has logged why").after_ms(INTERNAL_RETRY_MS)
}

#[cfg(test)]
mod tests;
