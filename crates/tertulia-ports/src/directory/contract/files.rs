//! Uploads, blobs, and their uses by messages.

use tertulia_core::{
    Attachment, AttachmentKind, ContentHash, EntryBody, RoomId, TimeMs, UploadId, permission::RoomKind,
    room::RoomSettings,
};

use super::{super::*, add_users, entry, id, room_id};

const EPOCH: u32 = 3;

pub async fn check<D: Directory>(fresh: &impl Fn() -> D) {
    an_upload_goes_its_way(&fresh()).await;
    uploads_are_counted_until_a_message_has_them(&fresh()).await;
    content_is_stored_once_and_stays_while_something_has_it(&fresh()).await;
    uses_follow_the_log(&fresh()).await;
    keys_that_nobody_knows_are_told(&fresh()).await;
}

fn upload(number: u64, user: u64) -> Upload {
    Upload {
        id: UploadId::new(number),
        user: id(user),
        name: format!("{number}.png"),
        size: 1_000 + number,
        voice: Some(VoiceNote { duration_ms: 5, wave: "AAE=".into() }),
        created_at: TimeMs(number),
        expires_at: TimeMs(100),
        state: UploadState::Receiving,
    }
}

/// A file whose content is this byte.
fn attachment(content: u8) -> Attachment {
    Attachment {
        name: "x.png".into(),
        media_type: "image/png".into(),
        size: 5,
        hash: ContentHash([content; 32]),
        kind: AttachmentKind::Image,
        pixels: Some((4, 3)),
        blur: Some("abc".into()),
        thumb: None,
        duration_ms: None,
        wave: None,
    }
}

fn blob(key: &str) -> Blob {
    Blob { key: key.into(), thumb: Some(format!("{key}-small")) }
}

/// Somebody's upload with this content, ready.
async fn make_ready(directory: &impl Directory, number: u64, user: u64, content: u8, key: &str) -> Blob {
    assert!(directory.add_upload(&upload(number, user), 100).await.unwrap());
    let number = UploadId::new(number);
    assert!(directory.upload_received(number).await.unwrap());
    directory.upload_ready(number, &attachment(content), &blob(key)).await.unwrap().unwrap()
}

async fn make_room(directory: &impl Directory, room: RoomId) {
    let created = EntryBody::Created {
        room_kind: RoomKind::Group,
        name: "Photos".into(),
        settings: RoomSettings::default(),
    };
    directory.apply(room, EPOCH, &[entry(1, created)]).await.unwrap();
}

fn message(contents: &[u8]) -> EntryBody {
    let attachments = contents.iter().map(|content| attachment(*content)).collect();
    EntryBody::Message { text: String::new(), reply_to: None, attachments }
}

async fn an_upload_goes_its_way(directory: &impl Directory) {
    add_users(directory, 1..=2).await;
    let (mine, number) = (upload(7, 1), UploadId::new(7));
    assert_eq!(directory.upload(number).await.unwrap(), None);
    assert!(directory.add_upload(&mine, 5).await.unwrap());
    assert_eq!(directory.upload(number).await.unwrap(), Some(mine.clone()));
    let hold = async |user: u64| directory.hold_uploads(id(user), &[number], TimeMs(200)).await.unwrap();
    assert_eq!(hold(1).await, Err(NotHeld::Unfinished { upload: number }));
    assert_eq!(
        directory.upload_ready(number, &attachment(1), &blob("a")).await.unwrap(),
        None,
        "not all came"
    );
    assert!(directory.upload_received(number).await.unwrap());
    assert!(!directory.upload_received(number).await.unwrap(), "once");
    assert_eq!(hold(1).await, Err(NotHeld::Unfinished { upload: number }));
    assert_eq!(directory.unprocessed_uploads(9).await.unwrap().len(), 1);
    assert_eq!(directory.upload_ready(number, &attachment(1), &blob("a")).await.unwrap(), Some(blob("a")));
    assert_eq!(directory.unprocessed_uploads(9).await.unwrap(), []);
    assert!(!directory.refuse_upload(number, "late").await.unwrap());
    let state = UploadState::Ready(Box::new(attachment(1)));
    assert_eq!(directory.upload(number).await.unwrap(), Some(Upload { state, ..mine }));
    assert_eq!(hold(2).await, Err(NotHeld::Unknown { upload: number }), "somebody else's");
    assert_eq!(directory.expired_uploads(TimeMs(100), 9).await.unwrap(), [number]);
    assert_eq!(hold(1).await, Ok(vec![attachment(1)]));
    assert_eq!(directory.expired_uploads(TimeMs(199), 9).await.unwrap(), []);
    assert_eq!(directory.expired_uploads(TimeMs(200), 9).await.unwrap(), [number]);

    let bad = upload(8, 1);
    directory.add_upload(&bad, 5).await.unwrap();
    assert!(directory.refuse_upload(bad.id, "a virus").await.unwrap());
    let held = directory.hold_uploads(id(1), &[number, bad.id], TimeMs(300)).await.unwrap();
    assert_eq!(held, Err(NotHeld::Refused { upload: bad.id, reason: "a virus".into() }));
    assert_eq!(directory.expired_uploads(TimeMs(200), 9).await.unwrap().len(), 2, "all or nothing is held");
    assert!(directory.drop_upload(bad.id).await.unwrap());
    assert!(!directory.drop_upload(bad.id).await.unwrap());
}

async fn uploads_are_counted_until_a_message_has_them(directory: &impl Directory) {
    add_users(directory, 1..=2).await;
    make_ready(directory, 1, 1, 1, "a").await;
    assert!(directory.add_upload(&upload(2, 1), 2).await.unwrap());
    assert!(!directory.add_upload(&upload(3, 1), 2).await.unwrap());
    assert!(directory.add_upload(&upload(3, 2), 2).await.unwrap(), "each has their own");
    directory.hold_uploads(id(1), &[UploadId::new(1)], TimeMs(200)).await.unwrap().unwrap();
    assert!(directory.add_upload(&upload(4, 1), 2).await.unwrap());
}

async fn content_is_stored_once_and_stays_while_something_has_it(directory: &impl Directory) {
    add_users(directory, 1..=2).await;
    assert_eq!(make_ready(directory, 1, 1, 1, "a").await, blob("a"));
    assert_eq!(make_ready(directory, 2, 2, 1, "b").await, blob("a"), "the same content");
    assert_eq!(make_ready(directory, 3, 2, 2, "c").await, blob("c"));
    assert_eq!(directory.retire_blobs(9).await.unwrap(), []);
    directory.drop_upload(UploadId::new(1)).await.unwrap();
    assert_eq!(directory.retire_blobs(9).await.unwrap(), [], "the other one has it");
    directory.drop_upload(UploadId::new(2)).await.unwrap();
    assert_eq!(directory.retire_blobs(9).await.unwrap(), [blob("a")]);
    assert_eq!(directory.retire_blobs(9).await.unwrap(), [blob("a")], "until it is forgotten");
    assert_eq!(make_ready(directory, 4, 1, 1, "d").await, blob("d"), "what is retired is not used again");
    directory.forget_blobs(&["a".into(), "d".into()]).await.unwrap();
    assert_eq!(directory.retire_blobs(9).await.unwrap(), []);
    assert_eq!(make_ready(directory, 5, 1, 1, "e").await, blob("d"), "only what was retired is forgotten");
}

async fn uses_follow_the_log(directory: &impl Directory) {
    add_users(directory, 1..=1).await;
    let (room, other) = (room_id(5), room_id(6));
    make_room(directory, room).await;
    make_room(directory, other).await;
    for (number, key) in [(1, "a"), (2, "b"), (3, "c")] {
        make_ready(directory, number, 1, number as u8, key).await;
    }
    let said = [entry(2, message(&[1, 2])), entry(3, message(&[2])), entry(4, message(&[3]))];
    for _ in 0..2 {
        directory.apply(room, EPOCH, &said).await.unwrap();
    }
    directory.apply(other, EPOCH, &[entry(2, message(&[1]))]).await.unwrap();
    for number in 1..=3 {
        directory.drop_upload(UploadId::new(number)).await.unwrap();
    }
    let file = async |room, seq, place| {
        directory.file_of(room, seq, place).await.unwrap().map(|blob| blob.key).unwrap_or_default()
    };
    let retired = async || {
        let retired = directory.retire_blobs(9).await.unwrap();
        retired.into_iter().map(|blob| blob.key).collect::<Vec<_>>()
    };
    assert_eq!([file(room, 2, 0).await, file(room, 2, 1).await, file(room, 4, 0).await], ["a", "b", "c"]);
    assert_eq!([file(room, 2, 2).await, file(room, 9, 0).await, file(room_id(9), 2, 0).await], ["", "", ""]);
    assert!(retired().await.is_empty());

    directory.apply(room, EPOCH - 1, &[entry(5, EntryBody::Delete { of: 2, reason: None })]).await.unwrap();
    assert_eq!(file(room, 2, 0).await, "a", "nobody deletes who does not own the room");
    directory.apply(room, EPOCH, &[entry(5, EntryBody::Delete { of: 2, reason: None })]).await.unwrap();
    assert_eq!([file(room, 2, 0).await, file(room, 3, 0).await], ["", "b"]);
    assert!(retired().await.is_empty(), "another room and another message have them");
    directory.expire_files(room, 4).await.unwrap();
    assert_eq!([file(room, 3, 0).await, file(room, 4, 0).await], ["", "c"]);
    assert_eq!(retired().await, ["b"]);
    for gone in [room, other] {
        directory.apply(gone, EPOCH, &[entry(6, EntryBody::RoomDeleted)]).await.unwrap();
    }
    assert_eq!(retired().await, ["a", "b", "c"]);
}

async fn keys_that_nobody_knows_are_told(directory: &impl Directory) {
    add_users(directory, 1..=1).await;
    make_ready(directory, 1, 1, 1, "a").await;
    let keys = ["a", "a-small", "b"].map(String::from);
    assert_eq!(directory.unknown_keys(&keys).await.unwrap(), ["b"]);
}
