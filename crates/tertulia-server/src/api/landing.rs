//! The first room: where people land who sign up without an invite.
//!
//! It is an open group with an id of its own, made when the first person comes, who owns it; the first administrator
//! becomes an owner, too. Once deleted it stays deleted.

use tertulia_core::{
    Nonce, Role, RoomId, UserId,
    permission::RoomKind,
    room::{Command, JoinPolicy, Refusal, RoomSettings, SYSTEM},
};
use tertulia_ports::directory::User;

use super::{Api, extract::Key};
use crate::room::RoomError;

/// The first room's id. Others are random numbers of 62 bits.
pub const FIRST_ROOM: RoomId = RoomId::new(1);

impl Api {
    /// Lets somebody land in the first room, if the server has one. Who cannot has signed up all the same.
    pub(super) async fn land(&self, user: &User) {
        let Some(name) = self.settings.first_room.clone() else { return };
        let mut entered = self.enter(user.id, FIRST_ROOM, false).await;
        if matches!(entered, Err(RoomError::Refused(Refusal::NotMember))) && self.never_was(FIRST_ROOM).await
        {
            let settings = RoomSettings { join: JoinPolicy::Open, ..RoomSettings::default() };
            let create = Command::Create { kind: RoomKind::Group, name, settings, members: Vec::new() };
            entered = self.command(user.id, FIRST_ROOM, self.fresh_key(), create).await.map(|_| ());
            if matches!(entered, Err(RoomError::Refused(Refusal::RoomExists))) {
                entered = self.enter(user.id, FIRST_ROOM, false).await;
            }
        }
        if let Err(error) = &entered {
            tracing::info!(user = %user.id, %error, "somebody signed up and did not get into the first room");
        }
        if entered.is_ok() && user.admin {
            let own = Command::SetRole { user: user.id, role: Role::Owner };
            match self.command(SYSTEM, FIRST_ROOM, self.fresh_key(), own).await {
                Ok(_) | Err(RoomError::Refused(Refusal::NothingToChange)) => {}
                Err(error) => tracing::info!(%error, "the administrator does not own the first room"),
            }
        }
    }

    /// Lets somebody into a room.
    pub(super) async fn enter(&self, user: UserId, room: RoomId, invited: bool) -> Result<(), RoomError> {
        self.command(user, room, self.fresh_key(), Command::Join { invited }).await.map(|_| ())
    }

    /// The key of a command that nobody repeats.
    pub(super) fn fresh_key(&self) -> Key {
        let nonce = u128::from(self.entropy.u64()) << 64 | u128::from(self.entropy.u64());
        Key { nonce: Nonce(nonce.max(1)), since: None }
    }

    async fn never_was(&self, room: RoomId) -> bool {
        self.messages.heads(&[room]).await.is_ok_and(|heads| heads.is_empty())
    }
}
