//! How the store is found again: which runs count, and what the log holds beyond them.

use std::{path::PathBuf, sync::Arc};

use super::{
    Sealed,
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
    pub sealed: Vec<Sealed>,
    /// The table of the segment that goes on.
    pub active: Arc<Table>,
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
    let turn = join_turns(&mut segments, runs.last().map_or(0, Run::turn))?;
    let empty = segments.pop_if(|last| last.turns.is_empty());
    let prepared = empty.map(|last| Segment::resume_at(folder, last.number, last.image.len())).transpose()?;
    let mut tables = Vec::new();
    let mut last_turn = runs.last().map_or(0, Run::turn);
    for replayed in segments {
        let (number, end) = (replayed.number, replayed.image.len());
        last_turn = replayed.turns.last().map_or(last_turn, |(turn, _)| *turn);
        let table = Table::replay(replayed);
        let damaged = || Fault::damaged(&folder.segment(number), 0, "a record does not hold writes");
        let table = table.ok_or_else(damaged)?;
        tables.push((end, Sealed { number, turn: last_turn, table: Arc::new(table) }));
    }
    runs.reverse();
    let runs = runs.into_iter().map(Arc::new).collect();
    let (segment, active, prepared) = match (tables.pop(), prepared) {
        (Some((end, last)), prepared) => {
            (Segment::resume_at(folder, last.number, end)?, last.table, prepared)
        }
        (None, Some(prepared)) => (prepared, empty_table(), None),
        (None, None) => {
            let segment = Segment::prepare(folder, written_out + 1, retired.pop())?;
            (segment, empty_table(), None)
        }
    };
    let sealed = tables.into_iter().map(|(_, sealed)| sealed).collect();
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

fn empty_table() -> Arc<Table> {
    Arc::new(Table::with_capacity(log::SEGMENT_BYTES))
}

/// Turns count on from segment to segment, and from the runs, which go up to `written_out`. A record that could not be
/// made durable may stand at a segment's end: a later segment begins with the same turn again, and that one counts.
/// Returns the last turn.
fn join_turns(segments: &mut [Replayed], written_out: u64) -> Outcome<u64> {
    let mut next: Option<u64> = None;
    for replayed in segments.iter_mut().rev() {
        if let Some(next) = next {
            let kept = replayed.turns.partition_point(|(turn, _)| *turn < next);
            replayed.turns.truncate(kept);
        }
        next = replayed.turns.first().map(|(turn, _)| *turn).or(next);
    }
    let mut last = written_out;
    for replayed in segments {
        let Some((first, _)) = replayed.turns.first() else { continue };
        if *first != last + 1 {
            let what = format!("it begins with turn {first}, and the records before it end with turn {last}");
            return Err(Fault::damaged(&replayed.path, 0, what));
        }
        last = replayed.turns.last().map_or(last, |(turn, _)| *turn);
    }
    Ok(last)
}
