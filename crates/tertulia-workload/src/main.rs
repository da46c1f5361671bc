//! The program: reads the flags and starts a command.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Result, bail};
use pico_args::Arguments;
use tertulia_workload::{bench, conformance, faults, floor};

const USAGE: &str = "\
tertulia-workload: load, faults and history checking, over the wire

  faults --server PROGRAM [--runs N] [--seed S] [--people N] [--rooms N] [--chaos-ms MS] [--calm-server] [--traces DIR] [--keep DIR]
      people in rooms on real servers that are killed, stopped and disturbed; what they saw is checked, and the last
      data folder is left in DIR

  bench [ROW…] --server PROGRAM [--pairs N] [--json FILE] [--plot FILE] [--quick]
      the rows of docs/performance.md: ours and the floor in turn, medians of the pairs' ratios

  conformance --server http://HOST:PORT [--ticket TICKET] [--transcript FILE]
      every frame and error of docs/protocol.md on a server that runs; the ticket of an administrator's link checks limits too

  floor --data DIR --listen ADDRESS:PORT [--raw]
      the floor of a benchmark: numbers, syncs and sends, and nothing else
";

fn main() -> Result<ExitCode> {
    let mut arguments = Arguments::from_env();
    match arguments.subcommand()?.as_deref() {
        Some("faults") => faults::main(&faults_settings(arguments)?),
        Some("bench") => bench::main(&bench_settings(arguments)?),
        Some("conformance") => conformance::main(&conformance_settings(arguments)?),
        Some("floor") => {
            floor::main(&floor_settings(arguments)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => bail!("there is no command {other:?}\n\n{USAGE}"),
        None => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn faults_settings(mut arguments: Arguments) -> Result<faults::Settings> {
    let settings = faults::Settings {
        server: arguments.value_from_str("--server")?,
        runs: arguments.opt_value_from_str("--runs")?.unwrap_or(1),
        seed: arguments.opt_value_from_str("--seed")?.unwrap_or(1),
        people: arguments.opt_value_from_str("--people")?.unwrap_or(200),
        rooms: arguments.opt_value_from_str("--rooms")?.unwrap_or(50),
        chaos: Duration::from_millis(arguments.opt_value_from_str("--chaos-ms")?.unwrap_or(12_000)),
        disturb: !arguments.contains("--calm-server"),
        traces: arguments.opt_value_from_str("--traces")?.unwrap_or_else(|| PathBuf::from("target/faults")),
        keep: arguments.opt_value_from_str("--keep")?,
    };
    nothing_left(arguments)?;
    Ok(settings)
}

fn bench_settings(mut arguments: Arguments) -> Result<bench::Settings> {
    let is_quick = arguments.contains("--quick");
    let mut settings = bench::Settings {
        server: arguments.value_from_str("--server")?,
        rows: Vec::new(),
        pairs: arguments.opt_value_from_str("--pairs")?.unwrap_or(if is_quick { 1 } else { 5 }),
        json: arguments.opt_value_from_str("--json")?,
        plot: arguments.opt_value_from_str("--plot")?,
        is_quick,
    };
    while let Some(row) = arguments.opt_free_from_str()? {
        settings.rows.push(row);
    }
    nothing_left(arguments)?;
    Ok(settings)
}

fn conformance_settings(mut arguments: Arguments) -> Result<conformance::Settings> {
    let settings = conformance::Settings {
        server: arguments.value_from_str("--server")?,
        ticket: arguments.opt_value_from_str("--ticket")?,
        transcript: arguments.opt_value_from_str("--transcript")?,
    };
    nothing_left(arguments)?;
    Ok(settings)
}

fn floor_settings(mut arguments: Arguments) -> Result<floor::Settings> {
    let settings = floor::Settings {
        data: arguments.value_from_str("--data")?,
        listen: arguments.value_from_str("--listen")?,
        is_raw: arguments.contains("--raw"),
    };
    nothing_left(arguments)?;
    Ok(settings)
}

fn nothing_left(arguments: Arguments) -> Result<()> {
    match arguments.finish().as_slice() {
        [] => Ok(()),
        left => bail!("what is {left:?}?\n\n{USAGE}"),
    }
}
