//! What can be read at one moment: tables and runs, the newest first. The newest that knows a key decides.

use std::sync::Arc;

use super::{
    Direction, Item, Key, KeyRange,
    fault::Outcome,
    run::{Run, RunCursor},
    table::{Table, TableCursor},
};

/// What can be read. Commits that come later may be seen too.
#[derive(Debug, Clone)]
pub struct View {
    tables: Vec<Arc<Table>>,
    runs: Arc<[Arc<Run>]>,
    is_filtered: fn(&[u8]) -> bool,
}

impl View {
    pub(super) fn new(
        tables: Vec<Arc<Table>>,
        runs: Arc<[Arc<Run>]>,
        is_filtered: fn(&[u8]) -> bool,
    ) -> Self {
        Self { tables, runs, is_filtered }
    }

    /// A key's value.
    pub fn get(&self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        if let Some(found) = self.tables.iter().find_map(|table| table.get(key)) {
            return Ok(found);
        }
        let filtered = (self.is_filtered)(key);
        for run in self.runs.iter() {
            if let Some(found) = run.get(key, filtered)? {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Reads a range.
    pub fn range(&self, range: &KeyRange, direction: Direction) -> Cursor {
        let tables = self
            .tables
            .iter()
            .map(|table| Source::Table(TableCursor::new(table.clone(), range.clone(), direction)));
        let runs =
            self.runs.iter().map(|run| Source::Run(RunCursor::new(run.clone(), range.clone(), direction)));
        Cursor(Merge::new(tables.chain(runs).collect(), direction))
    }
}

/// Reads a range, without what was deleted.
#[derive(Debug)]
pub struct Cursor(Merge);

impl Cursor {
    /// The next key with its value.
    pub fn next(&mut self) -> Outcome<Option<(Key, Vec<u8>)>> {
        while let Some((key, value)) = self.0.next()? {
            if let Some(value) = value {
                return Ok(Some((key, value)));
            }
        }
        Ok(None)
    }
}

/// One of the things that are merged.
#[derive(Debug)]
pub enum Source {
    /// A table in memory.
    Table(TableCursor),
    /// A run on the disk.
    Run(RunCursor),
}

impl Source {
    fn next(&mut self) -> Outcome<Option<Item>> {
        match self {
            Self::Table(cursor) => Ok(cursor.next()),
            Self::Run(cursor) => cursor.next(),
        }
    }
}

/// Merges sources, the newest first: of each key, the item of the newest.
#[derive(Debug)]
pub struct Merge {
    sources: Vec<Source>,
    /// The next item of each source.
    heads: Vec<Option<Item>>,
    direction: Direction,
    is_begun: bool,
}

impl Merge {
    /// Merges sources that are read in this direction.
    pub fn new(sources: Vec<Source>, direction: Direction) -> Self {
        let heads = sources.iter().map(|_| None).collect();
        Self { sources, heads, direction, is_begun: false }
    }

    /// The next item, deleted ones too.
    pub fn next(&mut self) -> Outcome<Option<Item>> {
        if !self.is_begun {
            self.is_begun = true;
            for at in 0..self.sources.len() {
                self.heads[at] = self.sources[at].next()?;
            }
        }
        let mut best: Option<usize> = None;
        for (at, head) in self.heads.iter().enumerate() {
            let Some((key, _)) = head else { continue };
            let is_better =
                best.and_then(|best| self.heads[best].as_ref()).is_none_or(|(best, _)| {
                    match self.direction {
                        Direction::Up => key < best,
                        Direction::Down => key > best,
                    }
                });
            if is_better {
                best = Some(at);
            }
        }
        let Some(best) = best else { return Ok(None) };
        let item = std::mem::replace(&mut self.heads[best], self.sources[best].next()?);
        if let Some((key, _)) = &item {
            for at in best + 1..self.sources.len() {
                if self.heads[at].as_ref().is_some_and(|(other, _)| other == key) {
                    self.heads[at] = self.sources[at].next()?;
                }
            }
        }
        Ok(item)
    }
}
