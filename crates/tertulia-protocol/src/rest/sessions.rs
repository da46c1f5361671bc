//! Signing up and in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Me;
use crate::ids::DeviceId;

/// Becoming somebody on this server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignUp {
    /// The shown name.
    pub name: String,
    /// The unique name; made from the shown one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// A password, from 8 to 256 characters; without one, only this device is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// An invite's token: leads into its room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
}

/// Signing in: `handle` and `password`, or a one-time `ticket`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`handle` and `password`, or `ticket`, must be there as texts")]
pub enum LogIn {
    /// With a one-time ticket, such as the administrator's link has.
    Ticket {
        /// The ticket.
        ticket: String,
    },
    /// With a password.
    Password {
        /// The unique name.
        handle: String,
        /// The password.
        password: String,
    },
}

/// A signed-in device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// What says who you are, in `Authorization: Bearer` and in `hello`. A secret.
    pub token: String,
    /// The device.
    #[schema(value_type = String)]
    pub device: DeviceId,
    /// Who you are.
    pub user: Me,
}
