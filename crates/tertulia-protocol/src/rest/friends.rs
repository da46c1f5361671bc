//! Friends.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::User;

/// How somebody stands with you.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FriendState {
    /// You are friends.
    Friends,
    /// You asked them.
    Asked,
    /// They ask you.
    Asks,
}

/// Somebody who is a friend, or may become one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Friend {
    /// Who.
    pub user: User,
    /// How they stand with you.
    pub state: FriendState,
}

/// What became of asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FriendAnswer {
    /// How they stand with you now.
    pub state: FriendState,
}
