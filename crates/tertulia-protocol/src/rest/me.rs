//! One's own profile, devices and preferences.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::User;
use crate::ids::{DeviceId, TimeMs};

/// Who you are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// As others see you.
    #[serde(flatten)]
    pub user: User,
    /// Whether you administer this server.
    pub admin: bool,
    /// Whether you have a password.
    pub has_password: bool,
    /// The version of your feed.
    pub feed: u64,
}

/// What to change of one's profile; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProfileChange {
    /// The shown name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The unique name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// What you say of yourself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// Another password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasswordChange {
    /// The present one, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new one, from 8 to 256 characters.
    pub new: String,
}

/// A signed-in client of yours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DeviceId,
    /// What it calls itself; may be empty.
    pub client: String,
    /// When it signed in, in ms.
    #[schema(value_type = u64)]
    pub created_at: TimeMs,
    /// When it was last seen, in ms.
    #[schema(value_type = u64)]
    pub last_seen_at: TimeMs,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// How a room stands in your list; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomPreferences {
    /// No notifications from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// On top of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
}
