//! Running other programs: loudly, quietly with a log and a time limit, or in place of this one.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// How often a quiet program that is still running says so.
const STILL_RUNNING_AFTER: Duration = Duration::from_secs(60);
/// How often a quiet program is looked at: short, so that quick stages stay quick.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a quiet program did.
pub struct Captured {
    /// It ended by itself with exit code 0.
    pub success: bool,
    /// Standard output and error, in the order in which they came.
    pub output: String,
}

/// A program that runs in the project's root, without what cargo told this one about itself: packages that watch those
/// variables would be built anew by every other command.
pub fn command(workspace: &Workspace, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&workspace.root);
    for (name, _) in std::env::vars_os() {
        let told_by_cargo = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|start| name.starts_with(start))
        });
        if told_by_cargo {
            command.env_remove(name);
        }
    }
    command
}

/// Cargo itself, the one that started this program.
pub fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = command(workspace, &std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.args(arguments);
    command
}

/// Runs the program with this one's own output; an error when it fails.
pub fn loud(mut command: Command) -> Result<()> {
    let status = status(&mut command)?;
    if !status.success() {
        bail!("`{}` failed: {status}", shown(&command));
    }
    Ok(())
}

/// Runs the program with this one's own output and answers with its exit code.
pub fn passed_on(mut command: Command) -> Result<ExitCode> {
    let code = status(&mut command)?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Becomes the program, so that signals, the terminal and the exit code are its own. Returns only on failure.
#[cfg(unix)]
pub fn become_it(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", shown(&command)))
}

/// Where a program cannot become another one, it waits for it.
#[cfg(not(unix))]
pub fn become_it(command: Command) -> Result<ExitCode> {
    passed_on(command)
}

/// Runs the program with its output in `log`, for at most `limit`; now and then says that it is still running.
pub fn quiet(mut command: Command, log: &Path, limit: Duration) -> Result<Captured> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stderr(file.try_clone()?).stdout(file);
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", shown(&command)))?;
    let status = wait(&mut child, log, limit)?;
    let mut output = String::from_utf8_lossy(&std::fs::read(log)?).into_owned();
    if status.is_none() {
        output.push_str(&format!("\nstopped: still running after {} s\n", limit.as_secs()));
    }
    Ok(Captured { success: status.is_some_and(|status| status.success()), output })
}

/// Whether the program is on the search path.
pub fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot start `{}`", shown(command)))
}

/// The exit status, or `None` when the limit came first and the program and all that it started were killed.
fn wait(child: &mut Child, log: &Path, limit: Duration) -> Result<Option<ExitStatus>> {
    let began = Instant::now();
    let mut said = 1;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let spent = began.elapsed();
        if spent >= limit {
            kill_with_children(child.id());
            child.wait()?;
            return Ok(None);
        }
        if spent >= STILL_RUNNING_AFTER * said {
            said += 1;
            println!("    still running after {} s: {}", spent.as_secs(), last_line(log));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn last_line(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim().chars().take(120).collect()
}

/// Children first found, then killed, so that none is adopted by another process in between.
fn kill_with_children(id: u32) {
    let mut ids = vec![id];
    let mut next = 0;
    while let Some(parent) = ids.get(next) {
        let children =
            std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        ids.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        next += 1;
    }
    let killed =
        Command::new("kill").arg("-KILL").args(ids.iter().map(u32::to_string)).stderr(Stdio::null()).status();
    if let Err(error) = killed {
        eprintln!("cannot kill process {id}: {error}");
    }
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, name: &str, limit: Duration) -> Captured {
        let log = std::env::temp_dir().join(format!("xtask-{}-{name}.log", std::process::id()));
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        let captured = quiet(shell, &log, limit).expect("a shell can be started");
        std::fs::remove_file(&log).expect("the log was written");
        captured
    }

    #[test]
    fn what_a_quiet_program_says_and_how_it_ends_is_kept() {
        let good = run("echo one; echo two >&2", "good", Duration::from_secs(10));
        assert!(good.success);
        assert_eq!(good.output, "one\ntwo\n");
        assert!(!run("exit 3", "bad", Duration::from_secs(10)).success);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_past_its_limit_is_stopped_with_all_that_it_started() {
        let slow = run("sleep 60 & echo $!; wait", "slow", Duration::from_millis(300));
        assert!(!slow.success && slow.output.contains("stopped: still running"));
        let sleeper = slow.output.lines().next().expect("the shell named its child");
        let is_gone = || {
            let state = std::fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap_or_default();
            state.is_empty() || state.contains(") Z ")
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        while !is_gone() {
            assert!(Instant::now() < deadline, "process {sleeper} is still there");
            std::thread::sleep(LOOK_EVERY);
        }
    }
}
