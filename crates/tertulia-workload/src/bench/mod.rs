//! The performance figures: ours and the floor in turn, in one run, with the same load; what counts is the median of the
//! pairs' ratios. One file a row; [`target`] starts and fills a server, `report` prints and keeps what came of it.
//!
//! Rows are those of docs/performance.md. The server has one core for itself, the load the other.

mod fan_out;
mod footprint;
mod idle;
mod plot;
mod process;
mod report;
mod small_rooms;
mod target;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};

use self::{
    report::{Figure, Report},
    target::Programs,
};

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's program.
    pub server: PathBuf,
    /// Numbers of rows; all if empty.
    pub rows: Vec<u32>,
    /// Pairs of ours and the floor.
    pub pairs: usize,
    /// Where the figures go as JSON.
    pub json: Option<PathBuf>,
    /// Where the figures go as a picture.
    pub plot: Option<PathBuf>,
    /// Small sizes and short times: only shows that it works.
    pub is_quick: bool,
}

/// How large a measurement is.
#[derive(Debug, Clone, Copy)]
struct Size {
    is_quick: bool,
}

impl Size {
    fn of<T>(self, full: T, quick: T) -> T {
        if self.is_quick { quick } else { full }
    }
}

/// A row: its number, and what measures one pair of it.
struct Row {
    number: u32,
    measure: fn(&Programs, Size) -> Result<Vec<Figure>>,
}

const ROWS: [Row; 4] = [
    Row { number: 1, measure: idle::measure },
    Row { number: 4, measure: fan_out::measure },
    Row { number: 8, measure: small_rooms::measure },
    Row { number: 17, measure: footprint::measure },
];

/// Measures, prints and keeps.
pub fn main(settings: &Settings) -> Result<ExitCode> {
    let rows: Vec<&Row> = match settings.rows.as_slice() {
        [] => ROWS.iter().collect(),
        numbers => {
            let row = |number: &u32| ROWS.iter().find(|row| row.number == *number);
            let found: Option<Vec<&Row>> = numbers.iter().map(row).collect();
            found
                .with_context(|| format!("rows are {}", ROWS.map(|row| row.number.to_string()).join(", ")))?
        }
    };
    if settings.pairs == 0 {
        bail!("--pairs is 0, and must be at least 1");
    }
    raise_file_limit()?;
    let cores = std::thread::available_parallelism()?.get();
    if cores > 1 {
        process::pin_self(1)?;
    }
    let programs = Programs { server: settings.server.clone(), core: (cores > 1).then_some(0) };
    let size = Size { is_quick: settings.is_quick };
    let mut report = Report::new(cores, settings.is_quick);
    for row in rows {
        for pair in 1..=settings.pairs {
            eprintln!("row {}, pair {pair} of {}", row.number, settings.pairs);
            let figures = (row.measure)(&programs, size).with_context(|| format!("row {}", row.number))?;
            report.add(row.number, figures);
        }
    }
    print!("{}", report.table());
    if let Some(path) = &settings.json {
        report.write_json(path)?;
    }
    if let Some(path) = &settings.plot {
        std::fs::write(path, plot::svg(&report))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// As many files as this process may have: each connection is one.
fn raise_file_limit() -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX).context("cannot raise the limit of open files")?;
    Ok(())
}
