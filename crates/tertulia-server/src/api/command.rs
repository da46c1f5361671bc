//! What many endpoints do: command a room, see how somebody stands in one, show one.

use serde_json::json;
use tertulia_core::{
    Member, RoomId, UserId,
    permission::{Action, may},
    room::{Ask, Command, JoinPolicy, Refusal, SYSTEM},
};
use tertulia_ports::directory::{AuditRecord, RoomRecord};
use tertulia_protocol::{Code, rest};

use super::{
    Api,
    extract::{Caller, Key},
    people,
    problem::{Answer, Failure},
};
use crate::{
    room::{Done, RoomError},
    wire,
};

impl Api {
    /// Gives a room a command of the caller's.
    pub(super) async fn command(
        &self,
        actor: UserId,
        room: RoomId,
        key: Key,
        command: Command,
    ) -> Result<Done, RoomError> {
        self.rooms.ask(room, Ask { actor, nonce: key.nonce, since: key.since, command }).await
    }

    /// The same for commands that keep order: an administrator whose own standing does not allow them gives them in the
    /// server's name, which the audit tells.
    pub(super) async fn keep_order(
        &self,
        caller: &Caller,
        room: RoomId,
        key: Key,
        command: Command,
        action: &str,
    ) -> Result<Done, Failure> {
        let refused = match self.command(caller.id(), room, key, command.clone()).await {
            Ok(done) => return Ok(done),
            Err(RoomError::Refused(refused @ (Refusal::NotMember | Refusal::NotAllowed)))
                if caller.user.admin =>
            {
                refused
            }
            Err(error) => return Err(error.into()),
        };
        let done = match self.command(SYSTEM, room, key, command).await {
            Ok(done) => done,
            // What not even the server may, the caller may not for their own reason.
            Err(RoomError::Refused(Refusal::NotAllowed)) => return Err(wire::refusal(&refused).into()),
            Err(error) => return Err(error.into()),
        };
        self.audit(Some(caller.id()), action, room, json!({"seq": done.seq})).await?;
        Ok(done)
    }

    /// Writes down what an operator may want to know of later.
    pub(super) async fn audit(
        &self,
        actor: Option<UserId>,
        action: &str,
        subject: impl ToString,
        detail: serde_json::Value,
    ) -> Answer<()> {
        let record = AuditRecord {
            at: self.clock.now(),
            actor,
            action: action.to_owned(),
            subject: subject.to_string(),
            detail: detail.to_string(),
        };
        Ok(self.directory.record(&record).await?)
    }

    /// A room, and how the caller stands in it. It is not there for who may not know of it: strangers see open rooms.
    pub(super) async fn visible_room(&self, caller: &Caller, room: RoomId) -> Answer<(RoomRecord, Member)> {
        let absent = || Failure::from(wire::refusal(&Refusal::NotMember));
        let record = self.directory.room(room).await?.ok_or_else(absent)?;
        let member = self.directory.member(room, caller.id()).await?;
        self.refuse_banned(&member)?;
        let is_open = record.meta.settings.join == JoinPolicy::Open && record.pair.is_none();
        match member.role().is_some() || is_open || caller.user.admin {
            true => Ok((record, member)),
            false => Err(absent()),
        }
    }

    /// A room that the caller belongs to, and may do this in.
    pub(super) async fn allowed_room(
        &self,
        caller: &Caller,
        room: RoomId,
        action: Action,
    ) -> Answer<RoomRecord> {
        let (record, member) = self.member_room(caller, room).await?;
        match member.role().is_some_and(|role| may(record.meta.kind, role, action)) {
            true => Ok(record),
            false => Err(wire::refusal(&Refusal::NotAllowed).into()),
        }
    }

    /// A room that the caller belongs to, or administers.
    pub(super) async fn member_room(&self, caller: &Caller, room: RoomId) -> Answer<(RoomRecord, Member)> {
        let (record, member) = self.visible_room(caller, room).await?;
        match member.role().is_some() || caller.user.admin {
            true => Ok((record, member)),
            false => Err(wire::refusal(&Refusal::NotMember).into()),
        }
    }

    fn refuse_banned(&self, member: &Member) -> Answer<()> {
        match &member.standing {
            tertulia_core::Standing::Banned { until, reason } if member.is_banned(self.clock.now()) => {
                Err(wire::refusal(&Refusal::Banned { until: *until, reason: reason.clone() }).into())
            }
            _ => Ok(()),
        }
    }

    /// A room as the caller sees it now.
    pub(super) async fn room_for(&self, caller: &Caller, room: RoomId) -> Answer<rest::Room> {
        let (record, member) = self.visible_room(caller, room).await?;
        let peer = match peer_of(&record, caller.id()) {
            Some(peer) => self.directory.user(peer).await?.as_ref().map(people::user),
            None => None,
        };
        Ok(shown(&record, member.role(), peer))
    }

    /// Makes sure that somebody may enter one more room. `is_me` tells whom the answer is for.
    pub(super) async fn check_rooms_of(&self, user: UserId, is_me: bool) -> Answer<()> {
        let max = self.coordination.config().limits.rooms_per_user;
        if self.directory.count_rooms_of(user).await? < max {
            return Ok(());
        }
        let who = if is_me { "you are" } else { "they are" };
        Err(Failure::limit("rooms_per_user", max, format!("{who} in {max} rooms, and more is not allowed")))
    }
}

/// Whether a command was refused because everything is as it asks already.
pub fn is_so_already(error: &RoomError) -> bool {
    matches!(error, RoomError::Refused(Refusal::NothingToChange | Refusal::AlreadyMember))
}

/// The other one of a direct room.
pub fn peer_of(record: &RoomRecord, user: UserId) -> Option<UserId> {
    let (one, other) = record.pair?;
    Some(if one == user { other } else { one })
}

/// A room, outwards.
pub fn shown(record: &RoomRecord, role: Option<tertulia_core::Role>, peer: Option<rest::User>) -> rest::Room {
    rest::Room {
        id: record.id,
        kind: wire::room_kind(record.meta.kind),
        name: record.meta.name.clone(),
        topic: record.meta.topic.clone(),
        settings: wire::settings(&record.meta.settings),
        members: record.meta.members,
        created_at: record.created_at,
        my_role: role.map(wire::role),
        peer,
    }
}

/// A text that may not stand in a field, or nothing.
pub fn check_text(field: &str, text: &str, result: Result<(), tertulia_core::text::TextError>) -> Answer<()> {
    result.map_err(|error| wire::text_error(field, Some(text), &error).into())
}

/// Nobody may do that to this person: one of the two has blocked the other.
pub fn blocked() -> Failure {
    Failure::new(Code::Blocked, Refusal::Blocked.to_string())
}
