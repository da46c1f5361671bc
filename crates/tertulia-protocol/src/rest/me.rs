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

/// One's settings: the server keeps to `privacy`, and keeps whatever else clients put there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// What others see of you; absent fields are shown.
    #[serde(default)]
    pub privacy: Privacy,
    /// What clients keep for themselves.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub others: serde_json::Map<String, serde_json::Value>,
}

/// What others see of you.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Privacy {
    /// Whether you are here. Without it you are `off` for everybody, without when you were last seen.
    pub presence: bool,
    /// When you were last here.
    pub last_seen: Circle,
    /// How far you have read. Without it, you do not see it of others.
    pub receipts: bool,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { presence: true, last_seen: Circle::Everybody, receipts: true }
    }
}

/// Whom something is shown to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Circle {
    /// Everybody.
    #[default]
    Everybody,
    /// Friends.
    Friends,
    /// Nobody.
    Nobody,
}
