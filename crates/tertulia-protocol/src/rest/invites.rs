//! Invites by link.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{RoomId, TimeMs};

/// An invite to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewInvite {
    /// How long it holds, in ms, at most a year; until it is revoked if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
    /// How many may use it, at most 100,000; any number if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u64>,
}

/// An invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invite {
    /// The secret in the link.
    pub token: String,
    /// The link.
    pub url: String,
    /// When it ends, in ms; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub expires_at: Option<TimeMs>,
    /// How many may still use it; any number if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u64>,
}

/// Where an invite leads, for who has not signed up yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitePreview {
    /// The room.
    pub room: InvitedTo,
    /// Who made it; absent if they are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<InvitedBy>,
}

/// A room, as far as an invite tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitedTo {
    /// Its id.
    #[schema(value_type = String)]
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// How many belong to it.
    pub members: u64,
}

/// Who made an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitedBy {
    /// Their shown name.
    pub name: String,
}
