//! A run: what some segments of the log held, sorted by key in a file that never changes.
//!
//! | part | what |
//! | --- | --- |
//! | blocks | items; between them, pages of the index: blocks of (first key of a block, its offset and length) |
//! | top | a block of (first key of a page, its offset and length), and the last key of all: stays in memory |
//! | filter | which keys that are looked up by themselves it may have |
//! | foot | below |
//!
//! | bytes | of the foot |
//! | --- | --- |
//! | 8 + 4 | offset and length of the top |
//! | 8 + 8 | offset and length of the filter |
//! | 8 | how many items there are |
//! | 8 | how many of them the filter knows |
//! | 8 | the last turn of its segments |
//! | 8 | XXH3 of the above |
//! | 8 | `TERTRUN1` |

use std::{
    fs::{self, File},
    io::{self, Write},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Direction, Item, Key, KeyRange,
    block::{Block, BlockBuilder, put_number, take_number},
    disk::Disk,
    fault::{Fault, Outcome, Try},
    filter::{self, FilterBuilder},
    folder::Folder,
};

/// Bytes of items in a block: one read of a cold disk.
const BLOCK_BYTES: usize = 4_096;
/// Bytes of items in a page of the index. Smaller pages are quicker to search, and cost memory for the top.
const PAGE_BYTES: usize = 1_024;
/// Bytes that a writer collects before it writes.
const WRITE_BYTES: usize = 64 * 1_024;
const FOOT_BYTES: usize = 68;
/// Bytes of the foot before its checksum.
const TOLD_BYTES: usize = 52;
const MAGIC: &[u8; 8] = b"TERTRUN1";

/// Where a block lies: offset and length.
type Place = (u64, usize);

/// A sorted file.
#[derive(Debug)]
pub struct Run {
    first_segment: u64,
    last_segment: u64,
    path: PathBuf,
    file: File,
    bytes: u64,
    items: usize,
    filtered: usize,
    turn: u64,
    filter: (u64, usize),
    /// First keys of the index's pages and where those lie.
    top: Vec<(Key, Place)>,
    last: Key,
}

impl Run {
    /// Opens the run that holds these segments.
    pub fn open(folder: &Folder, first_segment: u64, last_segment: u64) -> Outcome<Self> {
        let path = folder.run(first_segment, last_segment);
        let file = File::open(&path).when("open", &path)?;
        let bytes = file.metadata().when("look at", &path)?.len();
        let mut foot = [0; FOOT_BYTES];
        let foot_at = bytes.saturating_sub(FOOT_BYTES as u64);
        read(&file, &path, &mut foot, foot_at)?;
        let (told, rest) = foot.split_at(TOLD_BYTES);
        if rest[8..] != *MAGIC || rest[..8] != xxh3_64(told).to_be_bytes() {
            return Err(Fault::damaged(&path, foot_at, "its foot does not read"));
        }
        let word = |at: usize| u64::from_be_bytes(told[at..at + 8].try_into().expect("eight bytes"));
        let top_place = (word(0), u32::from_be_bytes(told[8..12].try_into().expect("four bytes")) as usize);
        let mut run = Self {
            first_segment,
            last_segment,
            file,
            bytes,
            filter: (word(12), word(20) as usize),
            items: word(28) as usize,
            filtered: word(36) as usize,
            turn: word(44),
            top: Vec::new(),
            last: Key::new(),
            path,
        };
        let top = run.block(top_place)?;
        let mut items = top.items();
        while let Some((key, value)) = items.next() {
            match value.and_then(|value| place(top.value(&value))) {
                Some(place) => run.top.push((key.clone(), place)),
                None => run.last = key.clone(),
            }
        }
        run.top.shrink_to_fit();
        Ok(run)
    }

    /// The segments whose writes it holds.
    pub fn segments(&self) -> (u64, u64) {
        (self.first_segment, self.last_segment)
    }

    /// The last turn of its segments.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many items it has, and how many of them its filter knows.
    pub fn counts(&self) -> (usize, usize) {
        (self.items, self.filtered)
    }

    /// Removes its file. Who reads it still can.
    pub fn remove(&self) -> Outcome<()> {
        fs::remove_file(&self.path).when("remove", &self.path)
    }

    /// A key's value: `None` if the run knows nothing, `Some(None)` if it was deleted. `filtered`: the filter knows keys
    /// of this kind.
    pub fn get(&self, key: &[u8], filtered: bool) -> Outcome<Option<Option<Vec<u8>>>> {
        if !self.overlaps(key, key) || (filtered && !self.may_have(key)?) {
            return Ok(None);
        }
        let Some(page) = self.page_of(key) else { return Ok(None) };
        let page = self.block(self.top[page].1)?;
        let mut blocks = page.items();
        let mut found = None;
        while let Some((first, value)) = blocks.next() {
            if &**first > key {
                break;
            }
            found = value;
        }
        let Some(found) = found.and_then(|value| place(page.value(&value))) else { return Ok(None) };
        let block = self.block(found)?;
        let mut items = block.items();
        while let Some((candidate, value)) = items.next() {
            if &**candidate >= key {
                return Ok((&**candidate == key).then(|| value.map(|value| block.value(&value).to_vec())));
            }
        }
        Ok(None)
    }

    fn may_have(&self, key: &[u8]) -> Outcome<bool> {
        let (offset, length) = self.filter;
        let at = offset + filter::block_of(key, length) as u64;
        let mut block = [0; filter::BLOCK_BYTES];
        read(&self.file, &self.path, &mut block, at)?;
        filter::may_have(key, &block)
            .ok_or_else(|| Fault::damaged(&self.path, at, "its filter's checksum is wrong"))
    }

    /// Whether some key between these, both included, may be in the run.
    fn overlaps(&self, first: &[u8], last: &[u8]) -> bool {
        self.top.first().is_some_and(|(key, _)| &**key <= last) && first <= &*self.last
    }

    /// The page that would have a key.
    fn page_of(&self, key: &[u8]) -> Option<usize> {
        self.top.partition_point(|(first, _)| &**first <= key).checked_sub(1)
    }

    fn block(&self, (offset, length): Place) -> Outcome<Block> {
        let mut bytes = vec![0; length];
        read(&self.file, &self.path, &mut bytes, offset)?;
        Block::check(bytes).ok_or_else(|| Fault::damaged(&self.path, offset, "a block's checksum is wrong"))
    }
}

fn read(file: &File, path: &Path, bytes: &mut [u8], offset: u64) -> Outcome<()> {
    match file.read_exact_at(bytes, offset) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(Fault::damaged(path, offset, "the file is too short"))
        }
        outcome => outcome.when("read", path),
    }
}

fn place(mut value: &[u8]) -> Option<Place> {
    Some((take_number(&mut value)?, take_number(&mut value)? as usize))
}

/// Reads a range of a run.
#[derive(Debug)]
pub struct RunCursor {
    run: Arc<Run>,
    range: KeyRange,
    direction: Direction,
    /// The page that is read next, if any is left.
    page: Option<usize>,
    /// Blocks of the page that are still to be read: first key and place, in the order of reading.
    blocks: std::vec::IntoIter<(Key, Place)>,
    block: Option<Block>,
    /// Items of the block that are still to be given, in the order of reading.
    items: std::vec::IntoIter<(Key, Option<Range<usize>>)>,
}

impl RunCursor {
    /// Reads the range.
    pub fn new(run: Arc<Run>, range: KeyRange, direction: Direction) -> Self {
        let overlaps = range.first < range.end && run.overlaps(&range.first, &range.end);
        let page = match direction {
            Direction::Up => Some(run.page_of(&range.first).unwrap_or(0)),
            Direction::Down => run.page_of(&range.end),
        };
        Self {
            run,
            range,
            direction,
            page: page.filter(|_| overlaps),
            blocks: Vec::new().into_iter(),
            block: None,
            items: Vec::new().into_iter(),
        }
    }

    /// Reads the whole run, ascending.
    pub fn all(run: Arc<Run>) -> Self {
        let mut end = run.last.clone();
        end.push(0);
        Self::new(run, KeyRange { first: Key::new(), end }, Direction::Up)
    }

    /// The next item, deleted ones too.
    pub fn next(&mut self) -> Outcome<Option<Item>> {
        loop {
            if let Some((key, value)) = self.items.next() {
                let block = self.block.as_ref().expect("items have a block");
                return Ok(Some((key, value.map(|value| block.value(&value).to_vec()))));
            }
            let Some((_, place)) = self.blocks.next() else {
                if !self.next_page()? {
                    return Ok(None);
                }
                continue;
            };
            self.read_block(place)?;
        }
    }

    fn read_block(&mut self, place: Place) -> Outcome<()> {
        let block = self.run.block(place)?;
        let mut items = Vec::new();
        let mut all = block.items();
        while let Some((key, value)) = all.next() {
            if *key >= self.range.end {
                break;
            }
            if *key >= self.range.first {
                items.push((Key::from_slice(key), value));
            }
        }
        if self.direction == Direction::Down {
            items.reverse();
        }
        self.block = Some(block);
        self.items = items.into_iter();
        Ok(())
    }

    /// Takes the next page's blocks that may have keys of the range. `false` if there is no further page.
    fn next_page(&mut self) -> Outcome<bool> {
        let Some(number) = self.page else { return Ok(false) };
        let (first, place_of_page) = &self.run.top[number];
        if *first >= self.range.end && self.direction == Direction::Up {
            self.page = None;
            return Ok(false);
        }
        let page = self.run.block(*place_of_page)?;
        let mut blocks: Vec<(Key, Place)> = Vec::new();
        let mut all = page.items();
        while let Some((key, value)) = all.next() {
            if *key >= self.range.end {
                break;
            }
            if *key <= self.range.first {
                // The range begins in this block or behind it.
                blocks.clear();
            }
            blocks.extend(
                value.and_then(|value| place(page.value(&value))).map(|place| (Key::from_slice(key), place)),
            );
        }
        self.page = match self.direction {
            Direction::Up => Some(number + 1).filter(|next| *next < self.run.top.len()),
            Direction::Down => number.checked_sub(1).filter(|_| *first > self.range.first),
        };
        if self.direction == Direction::Down {
            blocks.reverse();
        }
        self.blocks = blocks.into_iter();
        Ok(true)
    }
}

/// Writes a run, in order.
#[derive(Debug)]
pub struct RunWriter<'a> {
    folder: &'a Folder,
    segments: (u64, u64),
    turn: u64,
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    offset: u64,
    block: BlockBuilder,
    page: BlockBuilder,
    top: BlockBuilder,
    filter: FilterBuilder,
    items: usize,
    filtered: usize,
    last: Key,
}

impl<'a> RunWriter<'a> {
    /// Begins the run of these segments, whose last turn is given, with at most so many keys for its filter.
    pub fn create(folder: &'a Folder, segments: (u64, u64), turn: u64, filtered_max: usize) -> Outcome<Self> {
        let path = folder.run(segments.0, segments.1).with_extension("tmp");
        let file = File::create(&path).when("create", &path)?;
        Ok(Self {
            folder,
            segments,
            turn,
            path,
            file,
            buffer: Vec::with_capacity(WRITE_BYTES + 2 * BLOCK_BYTES),
            offset: 0,
            block: BlockBuilder::default(),
            page: BlockBuilder::default(),
            top: BlockBuilder::default(),
            filter: FilterBuilder::new(filtered_max),
            items: 0,
            filtered: 0,
            last: Key::new(),
        })
    }

    /// Adds an item behind all others.
    pub fn add(&mut self, key: &[u8], value: Option<&[u8]>, filtered: bool) -> Outcome<()> {
        if filtered {
            self.filter.add(key);
            self.filtered += 1;
        }
        self.items += 1;
        self.block.add(key, value);
        if self.block.len() >= BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(())
    }

    /// Whether the last item ended a block.
    pub fn begins_block(&self) -> bool {
        self.block.is_empty()
    }

    fn end_block(&mut self) -> Outcome<()> {
        self.last.clone_from(self.block.last());
        finish(&mut self.block, &mut self.page, &mut self.buffer, &mut self.offset);
        if self.page.len() >= PAGE_BYTES {
            finish(&mut self.page, &mut self.top, &mut self.buffer, &mut self.offset);
        }
        if self.buffer.len() >= WRITE_BYTES { self.write_buffer() } else { Ok(()) }
    }

    fn write_buffer(&mut self) -> Outcome<()> {
        let at = self.offset - self.buffer.len() as u64;
        self.disk().write(&self.file, &self.buffer, at).when("write", &self.path)?;
        self.buffer.clear();
        Ok(())
    }

    fn disk(&self) -> &Disk {
        self.folder.disk()
    }

    /// Ends the run, makes it durable, gives it its name, and opens it.
    pub fn finish(mut self) -> Outcome<Run> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        if !self.page.is_empty() {
            finish(&mut self.page, &mut self.top, &mut self.buffer, &mut self.offset);
        }
        self.top.add(&self.last, None);
        let mut foot = Vec::with_capacity(FOOT_BYTES);
        let top_at = self.offset;
        let (buffer, offset) = (&mut self.buffer, &mut self.offset);
        self.top.finish(|_, bytes| {
            buffer.extend(bytes);
            *offset += bytes.len() as u64;
        });
        foot.extend(top_at.to_be_bytes());
        foot.extend(((self.offset - top_at) as u32).to_be_bytes());
        let filter = std::mem::replace(&mut self.filter, FilterBuilder::new(0)).finish();
        foot.extend(self.offset.to_be_bytes());
        foot.extend((filter.len() as u64).to_be_bytes());
        foot.extend((self.items as u64).to_be_bytes());
        foot.extend((self.filtered as u64).to_be_bytes());
        foot.extend(self.turn.to_be_bytes());
        foot.extend(xxh3_64(&foot).to_be_bytes());
        foot.extend(MAGIC);
        self.buffer.extend(&filter);
        self.buffer.extend(&foot);
        self.offset += (filter.len() + foot.len()) as u64;
        self.write_buffer()?;
        self.file.flush().when("write", &self.path)?;
        self.disk().sync(&self.file).when("sync", &self.path)?;
        let path = self.folder.run(self.segments.0, self.segments.1);
        fs::rename(&self.path, &path).when("rename a run to", &path)?;
        self.folder.sync_directory(self.folder.runs())?;
        Run::open(self.folder, self.segments.0, self.segments.1)
    }
}

/// Ends a block and notes it in the index above.
fn finish(block: &mut BlockBuilder, index: &mut BlockBuilder, buffer: &mut Vec<u8>, offset: &mut u64) {
    block.finish(|first, bytes| {
        let mut place = Vec::with_capacity(16);
        put_number(&mut place, *offset);
        put_number(&mut place, bytes.len() as u64);
        index.add(first, Some(&place));
        buffer.extend(bytes);
        *offset += bytes.len() as u64;
    });
}
