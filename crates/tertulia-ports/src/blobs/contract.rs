//! The suite that every blob store passes on its real engine.

#![expect(clippy::unwrap_used, reason = "a suite of tests")]

use std::{io, ops::Range};

use bytes::Bytes;
use futures::{StreamExt, stream};
use tertulia_core::{ContentHash, UploadId};

use super::{Appended, Blobs, ByteStream, blob_key};

/// Larger than any piece in which an engine moves bytes, and no multiple of one.
const LARGE: usize = 9 * 1024 * 1024 + 17;

/// Checks everything, on a fresh store each time.
pub async fn check<B: Blobs>(fresh: impl AsyncFn() -> B) {
    an_upload_grows_and_is_kept(&fresh().await).await;
    what_came_before_a_cut_counts(&fresh().await).await;
    nothing_is_written_elsewhere_or_too_much(&fresh().await).await;
    large_content_comes_back_whole_and_in_parts(&fresh().await).await;
    blobs_come_and_go(&fresh().await).await;
    what_is_there_is_listed(&fresh().await).await;
}

fn upload(number: u64) -> UploadId {
    UploadId::new(number)
}

fn key(number: u8) -> String {
    blob_key(&ContentHash([number; 32]), 7)
}

/// The bytes in pieces of that size.
fn pieces(bytes: &[u8], size: usize) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Box::pin(stream::iter(pieces))
}

/// The bytes, and then the line breaks.
fn broken(bytes: &[u8]) -> ByteStream {
    let lost = stream::iter([Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    Box::pin(pieces(bytes, 3).chain(lost))
}

async fn all(stream: Option<ByteStream>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut stream = stream?;
    while let Some(piece) = stream.next().await {
        bytes.extend(piece.unwrap());
    }
    Some(bytes)
}

async fn append(blobs: &impl Blobs, number: u64, offset: u64, bytes: &[u8]) -> Appended {
    blobs.append(upload(number), offset, u64::MAX, pieces(bytes, 4)).await.unwrap()
}

async fn an_upload_grows_and_is_kept(blobs: &impl Blobs) {
    assert_eq!(blobs.staged(upload(1)).await.unwrap(), None);
    assert_eq!(all(blobs.read_staged(upload(1), 0..9).await.unwrap()).await, None);
    for _ in 0..2 {
        blobs.stage(upload(1)).await.unwrap();
    }
    assert_eq!(blobs.staged(upload(1)).await.unwrap(), Some(0));
    assert_eq!(append(blobs, 1, 0, b"hello ").await, Appended::Length(6));
    blobs.stage(upload(1)).await.unwrap();
    assert_eq!(append(blobs, 1, 6, b"world").await, Appended::Length(11));
    assert_eq!(blobs.staged(upload(1)).await.unwrap(), Some(11));
    assert_eq!(all(blobs.read_staged(upload(1), 4..8).await.unwrap()).await.unwrap(), b"o wo");
    blobs.keep(upload(1), &key(1)).await.unwrap();
    assert_eq!(blobs.staged(upload(1)).await.unwrap(), None);
    assert_eq!(all(blobs.read(&key(1), 0..11).await.unwrap()).await.unwrap(), b"hello world");
    blobs.keep(upload(1), &key(1)).await.unwrap();
    assert_eq!(blobs.size(&key(1)).await.unwrap(), Some(11), "again, it does nothing");
}

async fn what_came_before_a_cut_counts(blobs: &impl Blobs) {
    blobs.stage(upload(1)).await.unwrap();
    let appended = blobs.append(upload(1), 0, u64::MAX, broken(b"hello wo")).await.unwrap();
    assert_eq!(appended, Appended::Length(8));
    assert_eq!(append(blobs, 1, 8, b"rld").await, Appended::Length(11));
    blobs.cut(upload(1), 5).await.unwrap();
    assert_eq!(blobs.staged(upload(1)).await.unwrap(), Some(5));
    assert_eq!(append(blobs, 1, 5, b", you").await, Appended::Length(10));
    assert_eq!(all(blobs.read_staged(upload(1), 0..10).await.unwrap()).await.unwrap(), b"hello, you");
    blobs.drop_staged(upload(1)).await.unwrap();
    blobs.drop_staged(upload(1)).await.unwrap();
    assert_eq!(blobs.staged(upload(1)).await.unwrap(), None);
}

async fn nothing_is_written_elsewhere_or_too_much(blobs: &impl Blobs) {
    blobs.stage(upload(1)).await.unwrap();
    append(blobs, 1, 0, b"hello").await;
    for offset in [0, 4, 6, u64::MAX] {
        assert_eq!(append(blobs, 1, offset, b"x").await, Appended::Elsewhere { length: 5 });
    }
    let appended = blobs.append(upload(1), 5, 3, pieces(b"abcdef", 2)).await.unwrap();
    assert_eq!(appended, Appended::Length(8));
    assert_eq!(all(blobs.read_staged(upload(1), 0..99).await.unwrap()).await.unwrap(), b"helloabc");
}

async fn large_content_comes_back_whole_and_in_parts(blobs: &impl Blobs) {
    let content: Vec<u8> = (0..LARGE).map(|at| (at % 251) as u8).collect();
    blobs.stage(upload(1)).await.unwrap();
    let half = LARGE / 2 + 5;
    for (offset, part) in [(0, &content[..half]), (half, &content[half..])] {
        let stream = pieces(part, 100_003);
        let length = Appended::Length((offset + part.len()) as u64);
        assert_eq!(blobs.append(upload(1), offset as u64, u64::MAX, stream).await.unwrap(), length);
    }
    let ranges: [Range<usize>; 4] = [0..LARGE, 0..1, LARGE - 1..LARGE, half - 3..half + 3];
    for range in ranges.clone() {
        let bytes = range.start as u64..range.end as u64;
        let read = all(blobs.read_staged(upload(1), bytes).await.unwrap()).await.unwrap();
        assert!(read == content[range.clone()], "staged {range:?}");
    }
    blobs.keep(upload(1), &key(1)).await.unwrap();
    assert_eq!(blobs.size(&key(1)).await.unwrap(), Some(LARGE as u64));
    for range in ranges {
        let bytes = range.start as u64..range.end as u64;
        let read = all(blobs.read(&key(1), bytes).await.unwrap()).await.unwrap();
        assert!(read == content[range.clone()], "{range:?}");
    }
    let beyond = all(blobs.read(&key(1), LARGE as u64 - 2..u64::MAX).await.unwrap()).await.unwrap();
    assert_eq!(beyond, content[LARGE - 2..]);
}

async fn blobs_come_and_go(blobs: &impl Blobs) {
    assert_eq!(
        (blobs.size(&key(1)).await.unwrap(), all(blobs.read(&key(1), 0..1).await.unwrap()).await),
        (None, None)
    );
    for _ in 0..2 {
        blobs.put(&key(1), Bytes::from_static(b"small")).await.unwrap();
    }
    blobs.put(&key(2), Bytes::new()).await.unwrap();
    assert_eq!(all(blobs.read(&key(1), 1..3).await.unwrap()).await.unwrap(), b"ma");
    assert_eq!(blobs.size(&key(2)).await.unwrap(), Some(0));
    for _ in 0..2 {
        blobs.delete(&key(1)).await.unwrap();
    }
    assert_eq!((blobs.size(&key(1)).await.unwrap(), blobs.size(&key(2)).await.unwrap()), (None, Some(0)));
}

async fn what_is_there_is_listed(blobs: &impl Blobs) {
    assert!(blobs.keys_after(None, 9).await.unwrap().is_empty());
    assert!(blobs.staged_after(None, 9).await.unwrap().is_empty());
    for number in [3, 1, 2] {
        blobs.put(&key(number), Bytes::from_static(b"x")).await.unwrap();
        blobs.stage(upload(u64::from(number) * 1_000_000_007)).await.unwrap();
    }
    assert_eq!(blobs.keys_after(None, 2).await.unwrap(), [key(1), key(2)]);
    assert_eq!(blobs.keys_after(Some(&key(2)), 2).await.unwrap(), [key(3)]);
    let staged = |number: u64| upload(number * 1_000_000_007);
    assert_eq!(blobs.staged_after(None, 2).await.unwrap(), [staged(1), staged(2)]);
    assert_eq!(blobs.staged_after(Some(staged(2)), 2).await.unwrap(), [staged(3)]);
}
