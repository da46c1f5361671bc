//! What a server says of itself.

use serde::{Deserialize, Serialize};
use tertulia_core::Limits;
use utoipa::ToSchema;

/// Who may sign up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignUpPolicy {
    /// Everybody.
    #[default]
    Open,
    /// Who has an invite.
    Invite,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerInfo {
    /// Its name.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// The id of its history, renewed by a restore.
    pub history: String,
    /// Who may sign up.
    pub sign_up: SignUpPolicy,
    /// Whether who signs up must choose a password.
    pub password_required: bool,
    /// The limits in force, by name.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    pub limits: Limits,
    /// Addresses where it can be reached.
    pub urls: Vec<String>,
}

/// Where to connect, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recommended {
    /// The servers.
    pub servers: Vec<RecommendedServer>,
}

/// A server that takes connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecommendedServer {
    /// Its address.
    pub url: String,
    /// Where it stands; may be empty.
    pub place: String,
    /// How many more connections it takes.
    pub free: u64,
}

/// Whether a server is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`, or what is wrong.
    pub status: String,
}
