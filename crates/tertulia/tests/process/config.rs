//! `tertulia config check|explain`, and what is set holds.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::world::{Process, failure, tertulia};

#[test]
fn a_right_configuration_is_called_right_and_a_wrong_one_explained() {
    let folder = tempfile::tempdir().unwrap();
    let check = || tertulia(folder.path()).args(["config", "check"]).output().unwrap();
    assert_eq!(check().stdout, b"the configuration is right\n");
    for (toml, words) in [
        ("nonsense = 1", "nonsense"),
        ("listen = \"here\"", "listen"),
        ("[limits]\ntext_bytes = 0", "text_bytes must be from 1 to 65536, not 0"),
        ("name = ", "tertulia.toml"),
    ] {
        std::fs::write(folder.path().join("tertulia.toml"), toml).unwrap();
        let error = failure(&check());
        assert!(error.contains(words), "{toml}: {error}");
    }
    let missing =
        tertulia(folder.path()).args(["config", "check", "--config", "other.toml"]).output().unwrap();
    assert_eq!(failure(&missing), "there is no file other.toml");
}

#[test]
fn each_value_is_explained_with_its_source() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tertulia.toml"), "name = \"Casa\"\n[limits]\ntext_bytes = 100\n")
        .unwrap();
    let mut command = tertulia(folder.path());
    command.env("TERTULIA_LIMITS__ROOMS_PER_USER", "9").env("TERTULIA_NOTHING", "ignored");
    let output = command.args(["config", "explain", "--json", "--listen", "127.0.0.1:9"]).output().unwrap();
    let explained: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for (name, value, source) in [
        ("name", Value::from("Casa"), "file"),
        ("limits.text_bytes", 100.into(), "file"),
        ("limits.rooms_per_user", 9.into(), "environment TERTULIA_LIMITS__ROOMS_PER_USER"),
        ("listen", "127.0.0.1:9".into(), "flag"),
        ("grace_ms", 2_000.into(), "default"),
    ] {
        let setting = explained.iter().find(|setting| setting["name"] == name).unwrap();
        assert_eq!(setting["value"], value, "{name}");
        assert!(setting["source"].as_str().unwrap().starts_with(source), "{setting}");
    }
}

/// What the server answers to whoever asks for its metrics with this token.
fn metrics(server: &Process, token: &str) -> String {
    let mut stream = TcpStream::connect(server.address.authority()).unwrap();
    let head = format!("GET /metrics HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn jobs_and_metrics_are_as_configured() {
    /// Longer than two turns of the job take: ten seconds to the first, ten more to the second.
    const PATIENCE: Duration = Duration::from_secs(40);
    let folder = tempfile::tempdir().unwrap();
    let toml = "[jobs]\nempty_rooms_s = 10\n[metrics]\ntoken = \"a-token-of-an-operator\"\n";
    std::fs::write(folder.path().join("tertulia.toml"), toml).unwrap();
    let server = Process::start(folder.path());
    let began = Instant::now();
    assert!(metrics(&server, "another").starts_with("HTTP/1.0 401 "));
    let runs = |text: &str, job: &str, count: u32| {
        text.contains(&format!("tertulia_job_runs_total{{job=\"{job}\",outcome=\"done\"}} {count}\n"))
    };
    let text = loop {
        let text = metrics(&server, "a-token-of-an-operator");
        if runs(&text, "empty_rooms", 2) {
            break text;
        }
        assert!(began.elapsed() < PATIENCE, "{text}");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(runs(&text, "retention", 1), "once an hour: {text}");
    assert!(began.elapsed() > Duration::from_secs(15), "{:?}", began.elapsed());
}
