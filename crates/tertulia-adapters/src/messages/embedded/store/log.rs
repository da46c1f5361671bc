//! The log: what was committed and does not stand in a run yet, in segments of a fixed size.
//!
//! A segment's space is written before it is used, and files are used again, so that a commit overwrites bytes that
//! the file system has already placed: one `fdatasync`, no metadata. One record holds one turn.
//!
//! | bytes | of a segment |
//! | --- | --- |
//! | 8 | `TERTLOG1` |
//! | 8 | its number |
//! | ... | records, each from a multiple of 8 bytes |
//!
//! | bytes | of a record |
//! | --- | --- |
//! | 4 | mark |
//! | 4 | length of the payload |
//! | 8 | the segment's number: tells records from those of the file's former life |
//! | 8 | the turn: one more than that of the record before |
//! | 8 | XXH3 of the above and the payload |
//! | ... | payload: writes as `table.rs` has them, then zeros up to a multiple of 8 |
//!
//! A record is written only when the one before it is durable. So a record that does not read may be torn only if none
//! follows it: then it is cut. If one follows, acknowledged bytes were damaged, and opening is refused.

use std::{
    fs::{File, OpenOptions},
    ops::Range,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::Xxh3;

use super::{
    fault::{Fault, Outcome, Try},
    folder::Folder,
};

/// Bytes of a segment, and about those of a table in memory: what a restart reads again at most twice.
pub const SEGMENT_BYTES: usize = 2 << 20;
/// Bytes before a record's payload.
pub const RECORD_HEADER_BYTES: usize = 32;

const SEGMENT_HEADER_BYTES: usize = 16;
const SEGMENT_MAGIC: &[u8; 8] = b"TERTLOG1";
const RECORD_MARK: u32 = 0x7e27_10c5;

/// The segment that commits go to, or will go to.
#[derive(Debug)]
pub struct Segment {
    number: u64,
    file: File,
    path: PathBuf,
    /// Where the next record goes.
    end: u64,
    /// Bytes that are placed on the disk.
    size: u64,
}

impl Segment {
    /// Makes an empty segment, out of a retired one if given.
    pub fn prepare(folder: &Folder, number: u64, retired: Option<PathBuf>) -> Outcome<Self> {
        let path = folder.segment(number);
        if let Some(retired) = retired.as_ref() {
            std::fs::rename(retired, &path).when("rename a log segment to", &path)?;
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.when("create", &path)?;
        if retired.is_none() {
            folder.disk().write(&file, &vec![0; SEGMENT_BYTES], 0).when("write", &path)?;
        }
        let mut header = [0; SEGMENT_HEADER_BYTES];
        header[..8].copy_from_slice(SEGMENT_MAGIC);
        header[8..].copy_from_slice(&number.to_be_bytes());
        folder.disk().write(&file, &header, 0).when("write", &path)?;
        folder.disk().sync(&file).when("sync", &path)?;
        folder.sync_directory(folder.log())?;
        Ok(Self { number, file, path, end: SEGMENT_HEADER_BYTES as u64, size: SEGMENT_BYTES as u64 })
    }

    /// Opens the segment of this number, to go on at an offset.
    pub fn resume_at(folder: &Folder, number: u64, end: usize) -> Outcome<Self> {
        let path = folder.segment(number);
        let file = OpenOptions::new().read(true).write(true).open(&path).when("open", &path)?;
        let end = end as u64;
        Ok(Self { number, file, path, end, size: end.max(SEGMENT_BYTES as u64) })
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether a record of so many bytes has room. An empty segment takes any.
    pub fn fits(&self, bytes: usize) -> bool {
        self.is_empty() || self.end + bytes as u64 <= self.size
    }

    /// Whether nothing was written to it.
    pub fn is_empty(&self) -> bool {
        self.end == SEGMENT_HEADER_BYTES as u64
    }

    /// Fills in the record's header, writes it, and makes it durable.
    pub fn append(&mut self, folder: &Folder, record: &mut Vec<u8>, turn: u64) -> Outcome<()> {
        seal(record, self.number, turn);
        folder.disk().write(&self.file, record, self.end).when("write", &self.path)?;
        folder.disk().sync(&self.file).when("sync", &self.path)?;
        self.end += record.len() as u64;
        Ok(())
    }
}

/// Starts a record: its header is filled in when it is written.
pub fn begin(record: &mut Vec<u8>) {
    record.clear();
    record.resize(RECORD_HEADER_BYTES, 0);
}

fn seal(record: &mut Vec<u8>, segment: u64, turn: u64) {
    let payload = record.len() - RECORD_HEADER_BYTES;
    let length = u32::try_from(payload).expect("a turn is far smaller than 4 GB");
    record[..4].copy_from_slice(&RECORD_MARK.to_be_bytes());
    record[4..8].copy_from_slice(&length.to_be_bytes());
    record[8..16].copy_from_slice(&segment.to_be_bytes());
    record[16..24].copy_from_slice(&turn.to_be_bytes());
    let sum = checksum(&record[..24], &record[RECORD_HEADER_BYTES..]);
    record[24..32].copy_from_slice(&sum.to_be_bytes());
    record.resize(record.len().next_multiple_of(8), 0);
}

fn checksum(header: &[u8], payload: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(header);
    hash.update(payload);
    hash.digest()
}

/// A segment as it was found.
#[derive(Debug)]
pub struct Replayed {
    /// Its number.
    pub number: u64,
    /// Its file.
    pub path: PathBuf,
    /// Its bytes up to the end of the last record.
    pub image: Vec<u8>,
    /// Its turns with the ranges of their payloads in the image, ascending.
    pub turns: Vec<(u64, Range<usize>)>,
}

impl Replayed {
    /// Reads a segment. `None`: its header was not written yet, so nothing else was.
    pub fn read(path: &Path, number: u64) -> Outcome<Option<Self>> {
        let mut image = std::fs::read(path).when("read", path)?;
        let is_headed = image.len() >= SEGMENT_HEADER_BYTES
            && image[..8] == *SEGMENT_MAGIC
            && image[8..16] == number.to_be_bytes();
        if !is_headed {
            return match find_record(&image, 0, number, 0) {
                Some(offset) => {
                    Err(Fault::damaged(path, 0, format!("no header, but a record at byte {offset}")))
                }
                None => Ok(None),
            };
        }
        let mut turns: Vec<(u64, Range<usize>)> = Vec::new();
        let mut end = SEGMENT_HEADER_BYTES;
        while let Some((turn, payload)) = record_at(&image, end, number) {
            if let Some((last, _)) = turns.last()
                && turn != last + 1
            {
                return Err(Fault::damaged(path, end as u64, format!("turn {turn} follows {last}")));
            }
            end = payload.end.next_multiple_of(8);
            turns.push((turn, payload));
        }
        let next = turns.last().map_or(0, |(turn, _)| turn + 1);
        if let Some(offset) = find_record(&image, end, number, next) {
            let what = format!("a record does not read, and a whole one follows at byte {offset}");
            return Err(Fault::damaged(path, end as u64, what));
        }
        image.truncate(end);
        Ok(Some(Self { number, path: path.to_owned(), image, turns }))
    }
}

/// The record at an offset: its turn and where its payload lies.
fn record_at(image: &[u8], at: usize, segment: u64) -> Option<(u64, Range<usize>)> {
    let header = image.get(at..at + RECORD_HEADER_BYTES)?;
    let word = |from: usize| u64::from_be_bytes(header[from..from + 8].try_into().expect("eight bytes"));
    if header[..4] != RECORD_MARK.to_be_bytes() || word(8) != segment {
        return None;
    }
    let length = (word(0) & u64::from(u32::MAX)) as usize;
    let payload = at + RECORD_HEADER_BYTES..(at + RECORD_HEADER_BYTES).checked_add(length)?;
    let bytes = image.get(payload.clone())?;
    (image.len() >= payload.end.next_multiple_of(8) && checksum(&header[..24], bytes) == word(24))
        .then(|| (word(16), payload))
}

/// Looks for a whole record of this segment from an offset on, of turn `from` or later.
fn find_record(image: &[u8], mut at: usize, segment: u64, from: u64) -> Option<usize> {
    while at + RECORD_HEADER_BYTES <= image.len() {
        if record_at(image, at, segment).is_some_and(|(turn, _)| turn >= from) {
            return Some(at);
        }
        at += 8;
    }
    None
}
