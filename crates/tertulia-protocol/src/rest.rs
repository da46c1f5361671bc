//! Bodies of REST `/v1`, one module a noun. Errors are [`Problem`]s.
//!
//! What each path takes and gives is in the manual's table and, made from the code, at `/v1/openapi.json`. Optional
//! fields are absent, never `null`.

mod admin;
mod friends;
mod history;
mod invites;
mod me;
mod members;
mod problem;
mod rooms;
mod server;
mod sessions;
mod uploads;
mod users;

pub use admin::{AuditItem, LimitChanges, LimitItem, NewSignInLink, SignInLink, Stats, UserRights};
pub use friends::{Friend, FriendAnswer, FriendState};
pub use history::{HistoryPage, MessageForm, NewMessage};
pub use invites::{Invite, InvitePreview, InvitedBy, InvitedTo, NewInvite};
pub use me::{Circle, Device, Me, PasswordChange, Privacy, ProfileChange, RoomPreferences, Settings};
pub use members::{Ban, Member, NewBan, NewMember};
pub use problem::Problem;
pub use rooms::{
    Join, LastMessage, NewRoom, NewRoomKind, Room, RoomActive, RoomChange, RoomItem, RoomList, SettingsChange,
};
pub use server::{Health, Recommended, RecommendedServer, ServerInfo, SignUpPolicy};
pub use sessions::{LogIn, Session, SignUp};
pub use uploads::{FileLink, FileOf, Links, NewLinks, Upload, UploadState};
pub use users::{Lookup, Profile, User};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most items that one page of a list has.
pub const LIST_LIMIT_MAX: u64 = 200;
/// How many items a page has if nobody says.
pub const LIST_LIMIT_DEFAULT: u64 = 50;
/// The header that names a command to a room: a nonce, the same on every retry.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The header that tells the room's head as the client knew it when it first gave the command, the same on every retry.
pub const IDEMPOTENCY_SINCE: &str = "idempotency-since";

/// A list, or one page of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A list that is whole.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
