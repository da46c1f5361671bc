//! The directory with faults: SQLite in memory, with calls that take their time and fail.

use async_trait::async_trait;
use tertulia_adapters::directory::sqlite::SqliteDirectory;
use tertulia_core::{Attachment, DeviceId, Entry, Epoch, Member, RoomId, Seq, TimeMs, UploadId, UserId};
use tertulia_ports::{
    EngineResult,
    directory::{
        Audit, AuditRecord, Blob, Device, Devices, Feed, FeedChange, FeedKind, Files, Friends, Friendship,
        HandleTaken, Invite, Invites, NotHeld, Privacy, ProfileChange, Resumed, RoomBan, RoomMember,
        RoomRecord, Rooms, Sight, Upload, User, UserRoom, Users,
    },
};

use crate::trouble::Trouble;

/// The directory.
pub struct FaultyDirectory {
    inner: SqliteDirectory,
    trouble: Trouble,
}

impl FaultyDirectory {
    /// An empty directory with this trouble.
    pub fn new(trouble: Trouble) -> Self {
        let inner = SqliteDirectory::in_memory().expect("memory can be opened");
        Self { inner, trouble }
    }

    /// The directory itself, where nothing goes wrong.
    pub fn inner(&self) -> &SqliteDirectory {
        &self.inner
    }
}

/// A noun whose verbs all pass through trouble, before and after.
macro_rules! troubled {
    ($noun:ident { $(fn $verb:ident($($name:ident: $kind:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $noun for FaultyDirectory {
            $(async fn $verb(&self, $($name: $kind),*) -> EngineResult<$answer> {
                self.trouble.pass().await?;
                let answer = self.inner.$verb($($name),*).await?;
                self.trouble.pass().await?;
                Ok(answer)
            })*
        }
    };
}

troubled!(Users {
    fn add_user(user: &User) -> Result<(), HandleTaken>;
    fn user(id: UserId) -> Option<User>;
    fn user_by_handle(handle: &str) -> Option<User>;
    fn users(ids: &[UserId]) -> Vec<User>;
    fn find_users(text: &str, limit: usize) -> Vec<User>;
    fn count_users() -> u64;
    fn change_profile(id: UserId, change: &ProfileChange) -> Result<Vec<FeedChange>, HandleTaken>;
    fn set_admin(id: UserId, admin: bool) -> Vec<FeedChange>;
    fn has_admin() -> bool;
    fn set_password(id: UserId, hash: &str) -> ();
    fn password(id: UserId) -> Option<String>;
    fn settings(id: UserId) -> Option<String>;
    fn set_settings(id: UserId, json: &str, privacy: Privacy) -> Vec<FeedChange>;
    fn without_receipts(users: &[UserId]) -> Vec<UserId>;
});

troubled!(Devices {
    fn add_device(device: &Device) -> ();
    fn resume(device: DeviceId) -> Option<Resumed>;
    fn revoked(devices: &[DeviceId], now: TimeMs) -> Vec<DeviceId>;
    fn devices(user: UserId) -> Vec<Device>;
    fn touch_devices(seen: &[(DeviceId, TimeMs, Option<String>)]) -> ();
    fn revoke_device(user: UserId, device: DeviceId) -> Option<Vec<FeedChange>>;
    fn drop_expired_devices(before: TimeMs, limit: usize) -> u64;
});

troubled!(Files {
    fn add_upload(upload: &Upload, max: u64) -> bool;
    fn upload(id: UploadId) -> Option<Upload>;
    fn upload_received(id: UploadId) -> bool;
    fn upload_ready(id: UploadId, attachment: &Attachment, blob: &Blob) -> Option<Blob>;
    fn refuse_upload(id: UploadId, reason: &str) -> bool;
    fn drop_upload(id: UploadId) -> bool;
    fn unprocessed_uploads(limit: usize) -> Vec<Upload>;
    fn expired_uploads(now: TimeMs, limit: usize) -> Vec<UploadId>;
    fn hold_uploads(user: UserId, uploads: &[UploadId], until: TimeMs) -> Result<Vec<Attachment>, NotHeld>;
    fn file_of(room: RoomId, seq: Seq, place: usize) -> Option<Blob>;
    fn expire_files(room: RoomId, first: Seq) -> ();
    fn retire_blobs(limit: usize) -> Vec<Blob>;
    fn forget_blobs(keys: &[String]) -> ();
    fn unknown_keys(keys: &[String]) -> Vec<String>;
});

troubled!(Feed {
    fn feed_version(user: UserId) -> u64;
    fn feed_after(user: UserId, version: u64, limit: usize) -> Vec<(u64, FeedKind)>;
    fn trim_feeds(keep: u64, limit: usize) -> u64;
});

troubled!(Audit {
    fn record(record: &AuditRecord) -> ();
    fn audit(before: Option<u64>, limit: usize) -> Vec<(u64, AuditRecord)>;
});

troubled!(Rooms {
    fn apply(room: RoomId, epoch: Epoch, entries: &[Entry]) -> Vec<FeedChange>;
    fn room(room: RoomId) -> Option<RoomRecord>;
    fn direct_room(one: UserId, other: UserId) -> Option<RoomId>;
    fn member(room: RoomId, user: UserId) -> Member;
    fn standings(user: UserId, rooms: &[RoomId]) -> Vec<Member>;
    fn rooms_of(user: UserId) -> Vec<UserRoom>;
    fn room_ids_of(user: UserId) -> Vec<RoomId>;
    fn count_rooms_of(user: UserId) -> u64;
    fn members(room: RoomId, after: Option<UserId>, text: &str, limit: usize) -> Vec<RoomMember>;
    fn bans_of(user: UserId, rooms: &[RoomId]) -> Vec<RoomBan>;
    fn bans(room: RoomId, after: Option<UserId>, limit: usize) -> Vec<RoomBan>;
    fn set_room_preferences(room: RoomId, user: UserId, muted: Option<bool>, pinned: Option<bool>)
        -> Vec<FeedChange>;
    fn empty_rooms(limit: usize) -> Vec<RoomId>;
    fn rooms_after(after: Option<RoomId>, limit: usize) -> Vec<RoomRecord>;
    fn count_rooms() -> u64;
});

troubled!(Friends {
    fn befriend(user: UserId, other: UserId, now: TimeMs) -> Option<(Friendship, Vec<FeedChange>)>;
    fn unfriend(user: UserId, other: UserId) -> Vec<FeedChange>;
    fn friends(user: UserId) -> Vec<(UserId, Friendship)>;
    fn friendship(user: UserId, other: UserId) -> Option<Friendship>;
    fn set_block(user: UserId, other: UserId, blocked: bool) -> Vec<FeedChange>;
    fn blocks(user: UserId) -> Vec<UserId>;
    fn sights(viewer: UserId, users: &[UserId]) -> Vec<Sight>;
    fn is_blocked(one: UserId, other: UserId) -> bool;
});

troubled!(Invites {
    fn add_invite(invite: &Invite) -> ();
    fn invite(token: &str, now: TimeMs) -> Option<Invite>;
    fn use_invite(token: &str, now: TimeMs) -> bool;
    fn invites(room: RoomId) -> Vec<Invite>;
    fn revoke_invite(room: RoomId, token: &str) -> bool;
    fn drop_expired_invites(now: TimeMs, limit: usize) -> u64;
});
