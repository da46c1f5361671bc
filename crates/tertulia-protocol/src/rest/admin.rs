//! For administrators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{TimeMs, UserId};

/// A limit that may change while the server runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitItem {
    /// Its name.
    pub name: String,
    /// The value in force.
    pub value: u64,
    /// The number's unit.
    pub unit: String,
    /// The value of a fresh server.
    pub default: u64,
    /// The smallest value that it takes.
    pub min: u64,
    /// The largest one.
    pub max: u64,
    /// What it does.
    pub about: String,
    /// How much of it is used now, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_use: Option<u64>,
    /// Where the value comes from: `default`, `file`, `environment`, `flag` or `admin`.
    pub source: String,
}

/// Limits to change, by name: all of them or none.
pub type LimitChanges = BTreeMap<String, serde_json::Value>;

/// How much there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// People.
    pub users: u64,
    /// Rooms.
    pub rooms: u64,
    /// People who are connected.
    pub online: u64,
    /// Open WebSockets of this process.
    pub connections: u64,
    /// Entries that this process has stored since its start.
    pub entries: u64,
}

/// What somebody may do on this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserRights {
    /// Whether they administer it.
    pub admin: bool,
}

/// A one-time link to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewSignInLink {
    /// The administrator whom it signs in. One more administrator is made if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub user: Option<UserId>,
}

/// A link that signs an administrator in, once. A secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInLink {
    /// The link.
    pub url: String,
    /// When it ends, in ms.
    #[schema(value_type = u64)]
    pub expires_at: TimeMs,
}

/// Something that happened, for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditItem {
    /// Its number.
    pub id: u64,
    /// When, in ms.
    #[schema(value_type = u64)]
    pub at: TimeMs,
    /// Who; absent if it was the system, or the operator on its machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub actor: Option<UserId>,
    /// Their shown name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// What, as `noun.verb`.
    pub action: String,
    /// Upon what; may be empty.
    pub subject: String,
    /// More.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub detail: Option<serde_json::Value>,
}
