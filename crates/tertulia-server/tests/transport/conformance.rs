//! The Autobahn cases, run by `kosoku` against an application that only echoes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tertulia_server::gateway::transport::{
    Application, CloseReason, ConnectionId, Enqueued, Frame, Io, Listener, ListenerSettings, MessageLimits,
    Peer, Placement, Transport, Worker, WorkerSettings,
};

use crate::probe::Quiet;

/// The runner, pinned: it is one author's port of the original suite.
const RUNNER: &str = "kosoku==0.1.0";

/// All of its cases but those for compression, which is not offered.
const CASES: usize = 301;

/// Bytes of the largest message in the cases.
const MESSAGE_MAX_BYTES: usize = 64 * 1024 * 1024;

struct Echo;

impl Application for Echo {
    type Mail = ();

    fn opened(&mut self, _: ConnectionId, _: &Peer, _: &mut Io<'_>) {}

    fn text(&mut self, connection: ConnectionId, text: &str, io: &mut Io<'_>) {
        assert_eq!(io.send(connection, Frame::text(text)), Enqueued::Accepted);
    }

    fn binary(&mut self, connection: ConnectionId, data: &[u8], io: &mut Io<'_>) {
        assert_eq!(io.send(connection, Frame::binary(data)), Enqueued::Accepted);
    }

    fn closed(&mut self, _: ConnectionId, _: CloseReason, _: &mut Io<'_>) {}

    fn mail(&mut self, (): (), _: &mut Io<'_>) {}
}

#[test]
fn the_autobahn_cases_pass() {
    let settings = WorkerSettings {
        messages: MessageLimits { message_max_bytes: MESSAGE_MAX_BYTES, fragments_max_count: 1_000_000 },
        queue_max_bytes: 4 * MESSAGE_MAX_BYTES,
        ..WorkerSettings::default()
    };
    let transport = Arc::new(Transport::new(1_000));
    let worker = Worker::start("echo", settings, &transport, |_| Echo).unwrap();
    let placement = Placement::new(transport, vec![worker.handle().clone()]);
    let socket = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = Listener::start(socket, ListenerSettings::default(), placement, Quiet).unwrap();

    let report = target().join("conformance");
    let output = Command::new(runner())
        .args(["-p", "8", "-x", "12.*", "-x", "13.*", "-o"])
        .arg(&report)
        .arg(format!("ws://{}/v1/connect", listener.address()))
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    check_report(&report.join("index.json"), &said);
}

/// Counts the verdicts itself, so that a runner that ran nothing does not pass.
fn check_report(index: &Path, said: &str) {
    let json = std::fs::read_to_string(index).unwrap_or_else(|error| panic!("no report: {error}\n{said}"));
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for part in json.split(r#""behavior":"#).skip(1) {
        let verdict = part.split('"').nth(1).unwrap_or("missing").to_owned();
        *verdicts.entry(verdict).or_default() += 1;
    }
    let passed = ["OK", "NON-STRICT", "INFORMATIONAL"]
        .iter()
        .filter_map(|verdict| verdicts.get(*verdict))
        .sum::<usize>();
    assert_eq!((passed, verdicts.values().sum()), (CASES, CASES), "{verdicts:?}\n{said}");
}

/// The build's target folder, wherever it is.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).expect("target/PROFILE/deps/TEST").to_owned()
}

/// The runner's path; installs it if this machine has not got it yet.
fn runner() -> PathBuf {
    let folder = target().join("tools/kosoku");
    let marker = folder.join("installed");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == RUNNER) {
        return folder.join("bin/kosoku");
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    run(Command::new(folder.join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        RUNNER,
    ]));
    std::fs::write(&marker, RUNNER).unwrap();
    folder.join("bin/kosoku")
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
