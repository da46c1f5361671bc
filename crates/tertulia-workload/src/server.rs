//! A server under test, as a process: started on a folder, known by what it prints, stopped in every way there is.

use std::{
    ffi::OsString,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tertulia_client::connection::Address;

/// How long a server may take to say that it listens.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// How long a server may take to end after SIGTERM.
const END_PATIENCE: Duration = Duration::from_secs(20);

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tertulia.
    Tertulia,
    /// The floor of a benchmark, in this program.
    Floor {
        /// Whether it only sends.
        is_raw: bool,
    },
}

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Which server it is.
    pub kind: Kind,
    /// The program.
    pub program: PathBuf,
    /// Its folder.
    pub data: PathBuf,
    /// The core that it is pinned to, if it is.
    pub core: Option<usize>,
    /// What it stands on.
    pub ground: Ground,
}

/// What a server stands on, besides its folder.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// Words before its command line: programs that start it where it is to live.
    pub prefix: Vec<OsString>,
    /// Variables of its environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    setup: Setup,
    child: Child,
    /// Where it listens.
    pub address: Address,
    /// The ticket of the administrator's link, if it printed one.
    pub ticket: Option<String>,
    /// From the start of the process to the line that says that it is ready.
    pub ready_after: Duration,
}

/// A signal by its name for `kill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named by what they are")]
pub enum Signal {
    Term,
    Stop,
    Continue,
}

impl Server {
    /// Starts it on a port of its choice, and waits until it is ready.
    pub fn start(setup: Setup) -> Result<Self> {
        Self::start_at(setup, "127.0.0.1:0")
    }

    fn start_at(setup: Setup, listen: &str) -> Result<Self> {
        let began = Instant::now();
        let mut child = command(&setup, listen)?.spawn().context("cannot start the server")?;
        let stdout = child.stdout.take().context("the server has no standard output")?;
        let (lines, said) = mpsc::channel();
        // Reads to the end, so that the server never waits for a reader.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody listens any more once the server is ready.
                let _ = lines.send(line);
            }
        });
        let mut ticket = None;
        let address = loop {
            let left = START_PATIENCE.saturating_sub(began.elapsed());
            let Ok(line) = said.recv_timeout(left) else {
                // It may have ended by itself.
                let _ = child.kill();
                child.wait()?;
                let log = std::fs::read_to_string(log_path(&setup.data)).unwrap_or_default();
                bail!("the server did not say that it listens; it wrote: {log}");
            };
            ticket = ticket.or_else(|| ticket_in(&line));
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.trim().parse()?;
            }
        };
        // The administrator's line may come before or after the one that says it listens.
        let ready_after = began.elapsed();
        while let Ok(line) = said.recv_timeout(Duration::from_millis(if ticket.is_none() { 20 } else { 0 })) {
            ticket = ticket.or_else(|| ticket_in(&line));
        }
        Ok(Self { setup, child, address, ticket, ready_after })
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with -9.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().context("cannot kill the server")?;
        self.child.wait()?;
        Ok(())
    }

    /// Kills it with -9, and starts it again on the same folder and port after a while.
    pub fn kill_and_start(&mut self, pause: Duration) -> Result<()> {
        self.kill()?;
        self.start_again(pause)
    }

    /// Asks it to end, waits until it did, and starts it again.
    pub fn end_and_start(&mut self, pause: Duration) -> Result<()> {
        self.end()?;
        self.start_again(pause)
    }

    /// Asks it to end, and waits until it did.
    pub fn end(&mut self) -> Result<()> {
        self.signal(Signal::Term)?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > END_PATIENCE {
                bail!("the server did not end within {} s of SIGTERM", END_PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Starts it again, once it has ended, on the same folder and port after a while. If that fails, it has ended still.
    pub fn start_again(&mut self, pause: Duration) -> Result<()> {
        self.child.wait()?;
        std::thread::sleep(pause);
        let again = Self::start_at(self.setup.clone(), self.address.authority())?;
        let ticket = self.ticket.take();
        *self = again;
        self.ticket = ticket;
        Ok(())
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let name = match signal {
            Signal::Term => "-TERM",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        match status.context("cannot run kill")?.success() {
            true => Ok(()),
            false => bail!("kill {name} failed: the server has ended by itself"),
        }
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// What it wrote to standard error since its last start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(log_path(&self.setup.data)).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A stopped process dies of this, too; an ended one is only waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(setup: &Setup, listen: &str) -> Result<Command> {
    let mut words = setup.ground.prefix.clone();
    if let Some(core) = setup.core {
        words.extend(["taskset", "-c", &core.to_string()].map(OsString::from));
    }
    words.push(setup.program.clone().into());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).envs(setup.ground.environment.iter().cloned());
    std::fs::create_dir_all(&setup.data)?;
    let log = File::options().create(true).append(true).open(log_path(&setup.data))?;
    match setup.kind {
        Kind::Tertulia => drop(command.arg("serve")),
        Kind::Floor { is_raw } => {
            command.arg("floor").args(is_raw.then_some("--raw"));
        }
    }
    command.arg("--data").arg(setup.data.join("server")).args(["--listen", listen]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    Ok(command)
}

fn log_path(data: &Path) -> PathBuf {
    data.join("server.log")
}

fn ticket_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("ticket=")?;
    let ticket: String =
        rest.chars().take_while(|letter| !letter.is_whitespace() && *letter != '&').collect();
    (!ticket.is_empty()).then_some(ticket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ticket_is_found_in_the_link() {
        let link = "admin: http://127.0.0.1:8080/#ticket=abc-DEF_1 (once)";
        assert_eq!(ticket_in(link).as_deref(), Some("abc-DEF_1"));
        assert_eq!(ticket_in("listening on http://127.0.0.1:8080"), None);
    }
}
