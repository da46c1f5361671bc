//! People, their credentials, devices and settings; their feeds; the audit trail.

use async_trait::async_trait;
use tertulia_core::{DeviceId, TimeMs, UserId};

use super::{FeedChange, FeedKind};
use crate::EngineResult;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their unique name for sign-in and mentions.
    pub handle: String,
    /// Their shown name.
    pub name: String,
    /// What they say of themselves; may be empty.
    pub about: String,
    /// Whether they administer this server.
    pub admin: bool,
    /// When they signed up.
    pub created_at: TimeMs,
}

/// Whom something of a person is shown to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Circle {
    /// Everybody.
    #[default]
    Everybody,
    /// Friends, and nobody else.
    Friends,
    /// Nobody.
    Nobody,
}

/// What a person lets others see of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Privacy {
    /// Whether they are here. Without it, nobody sees when they last were, either.
    pub presence: bool,
    /// When they were last here.
    pub last_seen: Circle,
    /// How far they have read. Who does not show it does not see it of others.
    pub receipts: bool,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { presence: true, last_seen: Circle::Everybody, receipts: true }
    }
}

/// Somebody has that handle already, or the server keeps it for itself ([`super::is_reserved_handle`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the handle is taken")]
pub struct HandleTaken;

/// What to change of a profile; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in User")]
pub struct ProfileChange {
    pub handle: Option<String>,
    pub name: Option<String>,
    pub about: Option<String>,
}

/// People and their credentials.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds a person.
    async fn add_user(&self, user: &User) -> EngineResult<Result<(), HandleTaken>>;
    /// The person of this id.
    async fn user(&self, id: UserId) -> EngineResult<Option<User>>;
    /// The person of this handle, in whatever case it is written.
    async fn user_by_handle(&self, handle: &str) -> EngineResult<Option<User>>;
    /// The people of these ids that exist, in any order.
    async fn users(&self, ids: &[UserId]) -> EngineResult<Vec<User>>;
    /// People whose name or handle (or a word of the name) starts with the text, ignoring case, width and marks, by name.
    /// With an empty text, everybody.
    async fn find_users(&self, text: &str, limit: usize) -> EngineResult<Vec<User>>;
    /// How many there are.
    async fn count_users(&self) -> EngineResult<u64>;
    /// Changes a profile. Nothing happens if there is no such person, or if everything is so already.
    async fn change_profile(
        &self,
        id: UserId,
        change: &ProfileChange,
    ) -> EngineResult<Result<Vec<FeedChange>, HandleTaken>>;
    /// Makes somebody an administrator, or not any more. Nothing happens if there is no such person, or if it is so
    /// already.
    async fn set_admin(&self, id: UserId, admin: bool) -> EngineResult<Vec<FeedChange>>;
    /// Whether there is an administrator.
    async fn has_admin(&self) -> EngineResult<bool>;
    /// Stores a password's hash in PHC form.
    async fn set_password(&self, id: UserId, hash: &str) -> EngineResult<()>;
    /// A person's password hash.
    async fn password(&self, id: UserId) -> EngineResult<Option<String>>;
    /// A person's settings: the client's JSON, not looked into.
    async fn settings(&self, id: UserId) -> EngineResult<Option<String>>;
    /// Stores a person's settings, and what of them others feel.
    async fn set_settings(&self, id: UserId, json: &str, privacy: Privacy) -> EngineResult<Vec<FeedChange>>;
    /// Which of these people keep to themselves how far they have read, in the order asked for.
    async fn without_receipts(&self, users: &[UserId]) -> EngineResult<Vec<UserId>>;
}

/// A signed-in client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id: part of its token.
    pub id: DeviceId,
    /// Whose it is.
    pub user: UserId,
    /// What the client called itself.
    pub client: String,
    /// When it signed in.
    pub created_at: TimeMs,
    /// When it was last seen.
    pub last_seen_at: TimeMs,
    /// When its token ends.
    pub expires_at: TimeMs,
}

/// What a gateway must know when a device says hello: one look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// Whose device it is.
    pub user: User,
    /// When its token ends.
    pub expires_at: TimeMs,
    /// The version of the user's feed.
    pub feed: u64,
    /// Whether the user shows how far they have read, and sees it of others.
    pub receipts: bool,
}

/// Signed-in clients.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Adds a device.
    async fn add_device(&self, device: &Device) -> EngineResult<()>;
    /// The device's user and feed; `None` if it was signed out or never was.
    async fn resume(&self, device: DeviceId) -> EngineResult<Option<Resumed>>;
    /// Which of these are signed out or expired by now.
    async fn revoked(&self, devices: &[DeviceId], now: TimeMs) -> EngineResult<Vec<DeviceId>>;
    /// A user's devices, last used first.
    async fn devices(&self, user: UserId) -> EngineResult<Vec<Device>>;
    /// Remembers when devices were seen, and what they call themselves if told.
    async fn touch_devices(&self, seen: &[(DeviceId, TimeMs, Option<String>)]) -> EngineResult<()>;
    /// Signs a device of this user out; `None` if there is none.
    async fn revoke_device(&self, user: UserId, device: DeviceId) -> EngineResult<Option<Vec<FeedChange>>>;
    /// Removes devices that expired before a time, at most `limit`: how many.
    async fn drop_expired_devices(&self, before: TimeMs, limit: usize) -> EngineResult<u64>;
}

/// Feeds.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The version of a user's feed.
    async fn feed_version(&self, user: UserId) -> EngineResult<u64>;
    /// What changed after a version, ascending, at most `limit`.
    async fn feed_after(
        &self,
        user: UserId,
        version: u64,
        limit: usize,
    ) -> EngineResult<Vec<(u64, FeedKind)>>;
    /// Removes changes older than the newest `keep` of each user, at most `limit`: how many.
    async fn trim_feeds(&self, keep: u64, limit: usize) -> EngineResult<u64>;
}

/// Something that an operator may want to know of later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: TimeMs,
    /// Who; `None` for the system.
    pub actor: Option<UserId>,
    /// What, as `noun.verb`: `room.deleted`, `limits.changed`.
    pub action: String,
    /// Upon what: an id or name; may be empty.
    pub subject: String,
    /// More, as JSON; may be empty.
    pub detail: String,
}

/// The audit trail.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds a record.
    async fn record(&self, record: &AuditRecord) -> EngineResult<()>;
    /// Records with numbers below `before`, newest first.
    async fn audit(&self, before: Option<u64>, limit: usize) -> EngineResult<Vec<(u64, AuditRecord)>>;
}
