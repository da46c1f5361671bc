//! People as others see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::FriendState;
use crate::ids::{TimeMs, UserId};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Their id.
    #[schema(value_type = String)]
    pub id: UserId,
    /// Their unique name, for sign-in and mentions.
    pub handle: String,
    /// Their shown name.
    pub name: String,
    /// What they say of themselves; may be empty.
    pub about: String,
    /// When they signed up, in ms.
    #[schema(value_type = u64)]
    pub created_at: TimeMs,
}

/// A person, and how they stand with who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// Their friendship with who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friend: Option<FriendState>,
    /// Whether who asks has blocked them.
    pub blocked: bool,
}

/// Whom to look up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lookup {
    /// At most 200; those that do not exist are left out of the answer.
    #[schema(value_type = Vec<String>)]
    pub ids: Vec<UserId>,
}
