//! How the store is found again: which runs count, and what the log holds beyond them.

use std::{path::PathBuf, sync::Arc};

use super::{
    background::RETIRED_MAX,
    fault::{Fault, Outcome, Try},
    folder::Folder,
    log::{self, Replayed, Segment},
    run::Run,
    table::Table,
};

/// What was found.
pub struct Recovered {
    /// The newest first.
    pub runs: Vec<Arc<Run>>,
    /// Tables that are still to be written out, the oldest first.
    pub sealed: Vec<(u64, Arc<Table>)>,
    /// The table of the segment that goes on.
    pub active: Table,
    /// The segment that goes on.
    pub segment: Segment,
    /// The one after it, if it was prepared.
    pub prepared: Option<Segment>,
    /// Files of segments that nobody needs any more.
    pub retired: Vec<PathBuf>,
    /// The last durable turn; 0 if the log is empty.
    pub turn: u64,
}

/// Reads the folder.
pub fn recover(folder: &Folder) -> Outcome<Recovered> {
    let mut runs = open_runs(folder)?;
    let written_out = runs.last().map_or(0, |run| run.segments().1);
    let mut retired = Vec::new();
    let mut segments = Vec::new();
    let found = folder.list_segments()?;
    let last_number = found.last().map_or(0, |(number, _)| *number);
    for (number, path) in found {
        if number <= written_out {
            match retired.len() < RETIRED_MAX {
                true => retired.push(path),
                false => std::fs::remove_file(&path).when("remove", &path)?,
            }
            continue;
        }
        let expected = written_out + 1 + segments.len() as u64;
        if number != expected {
            return Err(Fault::damaged(
                &folder.segment(expected),
                0,
                "the file is missing, and later ones are there",
            ));
        }
        match Replayed::read(&path, number)? {
            Some(replayed) => segments.push(replayed),
            // It was being prepared.
            None if number == last_number => std::fs::remove_file(&path).when("remove", &path)?,
            None => return Err(Fault::damaged(&path, 0, "it has no header, and later segments are there")),
        }
    }
    join_turns(&mut segments)?;
    let turn = segments.iter().rev().find_map(|segment| segment.turns.last()).map_or(0, |(turn, _)| *turn);
    let empty = segments.pop_if(|last| last.turns.is_empty());
    let prepared = empty.map(|last| Segment::resume_at(folder, last.number, last.image.len())).transpose()?;
    let mut tables = Vec::new();
    for replayed in segments {
        let (number, end) = (replayed.number, replayed.image.len());
        let table = Table::replay(replayed);
        let damaged = || Fault::damaged(&folder.segment(number), 0, "a record does not hold writes");
        let table = table.ok_or_else(damaged)?;
        tables.push((number, end, table));
    }
    runs.reverse();
    let runs = runs.into_iter().map(Arc::new).collect();
    let (segment, active, prepared) = match (tables.pop(), prepared) {
        (Some((number, end, table)), prepared) => (Segment::resume_at(folder, number, end)?, table, prepared),
        (None, Some(prepared)) => (prepared, Table::with_capacity(log::SEGMENT_BYTES), None),
        (None, None) => {
            let segment = Segment::prepare(folder, written_out + 1, retired.pop())?;
            (segment, Table::with_capacity(log::SEGMENT_BYTES), None)
        }
    };
    let sealed = tables.into_iter().map(|(number, _, table)| (number, Arc::new(table))).collect();
    Ok(Recovered { runs, sealed, active, segment, prepared, retired, turn })
}

/// Opens the runs that count, the oldest first, and removes those that a merge has replaced.
fn open_runs(folder: &Folder) -> Outcome<Vec<Run>> {
    let names = folder.list_runs()?;
    let mut runs: Vec<Run> = Vec::new();
    for (first, last) in &names {
        let is_replaced = |(other_first, other_last): &(u64, u64)| {
            other_first <= first && last <= other_last && (other_first, other_last) != (first, last)
        };
        if names.iter().any(is_replaced) {
            let path = folder.run(*first, *last);
            std::fs::remove_file(&path).when("remove", &path)?;
            continue;
        }
        let expected = runs.last().map_or(1, |run| run.segments().1 + 1);
        if *first != expected {
            let what =
                format!("there is no run that begins with segment {expected}, and later ones are there");
            return Err(Fault::damaged(&folder.run(*first, *last), 0, what));
        }
        runs.push(Run::open(folder, *first, *last)?);
    }
    Ok(runs)
}

/// Turns count on from segment to segment. A record that could not be made durable may stand at a segment's end: the
/// next segment begins with the same turn again, which counts.
fn join_turns(segments: &mut [Replayed]) -> Outcome<()> {
    let mut next: Option<u64> = None;
    for replayed in segments.iter_mut().rev() {
        if let Some(next) = next {
            let kept = replayed.turns.partition_point(|(turn, _)| *turn < next);
            replayed.turns.truncate(kept);
            let end = replayed.turns.last().map_or(0, |(_, payload)| payload.end);
            if replayed.turns.last().map(|(turn, _)| turn + 1) != Some(next) {
                let what = format!("turns up to {} are missing", next - 1);
                return Err(Fault::damaged(&replayed.path, end as u64, what));
            }
        }
        next = replayed.turns.first().map(|(turn, _)| *turn).or(next);
    }
    Ok(())
}
