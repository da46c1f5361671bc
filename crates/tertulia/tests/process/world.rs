//! A server as a process, its commands, and a client that hears all.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tertulia_client::{
    connection::{Address, Connection, Heard},
    rest::Rest,
};
use tertulia_protocol::{
    rest::Session,
    socket::{
        client::{ClientFrame, Hello},
        server::{ServerFrame, Welcome},
    },
};
use tokio::time::timeout;

/// Longer than anything here takes, so that a failure is an error and not a hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// The binary, away from files and variables that would configure it.
pub fn tertulia(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tertulia"));
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TERTULIA_") {
            command.env_remove(name);
        }
    }
    command
}

/// A running server.
pub struct Process {
    child: Child,
    pub address: Address,
    /// The ticket of the administrator's link.
    pub ticket: Option<String>,
}

impl Process {
    /// Starts it on a folder, on a free port, and waits until it is ready.
    pub fn start(folder: &Path) -> Self {
        let log = File::options().create(true).append(true).open(folder.join("server.log")).unwrap();
        Self::start_as(tertulia(folder), log)
    }

    /// The same by this command, which takes the binary's arguments, with this log.
    pub fn start_as(mut serve: Command, log: File) -> Self {
        serve.args(["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody listens any more once the server is ready.
                let _ = sender.send(line);
            }
        });
        let first = lines.recv_timeout(PATIENCE).expect("the server says that it listens");
        let address = first.strip_prefix("listening on ").unwrap().parse().unwrap();
        let mut more = std::iter::from_fn(|| lines.recv_timeout(Duration::from_millis(200)).ok());
        let ticket = more.find_map(|line| Some(line.split_once("#ticket=")?.1.to_owned()));
        Self { child, address, ticket }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended is only waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server with its folder.
pub struct World {
    pub folder: TempDir,
    pub server: Process,
}

impl World {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Process::start(folder.path());
        Self { folder, server }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs a command beside the server.
    pub fn run(&self, arguments: &[&str]) -> Output {
        tertulia(self.folder.path()).args(arguments).output().unwrap()
    }

    /// What a command writes that works.
    #[track_caller]
    pub fn admin(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["admin"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command says that does not: one line, and exit code 1.
    #[track_caller]
    pub fn admin_fails(&self, arguments: &[&str]) -> String {
        failure(&self.run(&[&["admin"], arguments].concat()))
    }

    pub fn stranger(&self) -> Rest {
        Rest::new(self.server.address.clone())
    }

    pub fn rest(&self, session: &Session) -> Rest {
        Rest::signed_in(self.server.address.clone(), &session.token)
    }

    pub async fn sign_up(&self, name: &str) -> Session {
        self.stranger().sign_up(name).await.unwrap()
    }
}

/// The one line that a command that fails writes to standard error.
#[track_caller]
pub fn failure(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1, "{text}");
    lines[0].strip_prefix("tertulia: ").unwrap().to_owned()
}

/// A live session.
pub struct Live {
    connection: Connection,
    pub welcome: Box<Welcome>,
}

impl Live {
    pub async fn open(address: &Address, token: &str) -> Self {
        let mut connection = Connection::open(address).await.unwrap();
        let hello = Hello {
            token: token.to_owned(),
            history: None,
            feed: 0,
            cursors: Default::default(),
            client: None,
        };
        connection.write(&[ClientFrame::Hello(hello)]).await.unwrap();
        match timeout(PATIENCE, connection.next()).await.unwrap() {
            Heard::Frame(ServerFrame::Welcome(welcome)) => Self { connection, welcome },
            other => panic!("{other:?} came instead of a welcome"),
        }
    }

    pub async fn write(&mut self, frames: &[ClientFrame]) {
        self.connection.write(frames).await.unwrap();
    }

    /// The next frame, or the code of the end.
    pub async fn next(&mut self) -> Result<ServerFrame, Option<u16>> {
        match timeout(PATIENCE, self.connection.next()).await.expect("something comes") {
            Heard::Frame(frame) => Ok(frame),
            Heard::Closed(code) => Err(code),
            Heard::Unknown { text, error } => panic!("{text}: {error}"),
        }
    }

    /// Waits for a frame of which something can be taken.
    pub async fn wait_for<T>(&mut self, take: impl Fn(ServerFrame) -> Option<T>) -> T {
        loop {
            if let Some(taken) = take(self.next().await.unwrap()) {
                return taken;
            }
        }
    }
}
