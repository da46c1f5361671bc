//! People as the API shows them.

use std::collections::HashMap;

use tertulia_core::UserId;
use tertulia_ports::directory::{Friendship, User};
use tertulia_protocol::rest::{self, FriendState};

use super::{
    Api,
    extract::Caller,
    problem::{Answer, Failure},
};

/// A person, outwards.
pub fn user(user: &User) -> rest::User {
    rest::User {
        id: user.id,
        handle: user.handle.clone(),
        name: user.name.clone(),
        about: user.about.clone(),
        created_at: user.created_at,
    }
}

/// A friendship, outwards.
pub fn friend_state(friendship: Friendship) -> FriendState {
    match friendship {
        Friendship::Friends => FriendState::Friends,
        Friendship::Asked => FriendState::Asked,
        Friendship::Asks => FriendState::Asks,
    }
}

impl Api {
    /// People by their ids; who does not exist is left out.
    pub(super) async fn people(&self, ids: &[UserId]) -> Answer<HashMap<UserId, rest::User>> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let users = self.directory.users(&ids).await?;
        Ok(users.iter().map(|of| (of.id, user(of))).collect())
    }

    /// Somebody who must exist, and not be the caller.
    pub(super) async fn other(&self, caller: &Caller, id: UserId) -> Answer<User> {
        if id == caller.id() {
            return Err(Failure::invalid("user", id.to_string(), "somebody else"));
        }
        self.directory.user(id).await?.ok_or_else(|| Failure::not_found("person"))
    }

    /// The caller, as they see themselves.
    pub(super) async fn me(&self, user_now: &User, feed: u64) -> Answer<rest::Me> {
        let has_password = self.directory.password(user_now.id).await?.is_some();
        Ok(rest::Me { user: user(user_now), admin: user_now.admin, has_password, feed })
    }
}
