//! What `tertulia serve` says when it cannot start: one line that tells what to do, and exit code 1.

use std::{fs::File, net::TcpListener, path::Path, process::Command};

use serde_json::{Value, json};
use tertulia_client::rest::Rest;
use tertulia_protocol::{
    Code,
    ids::Nonce,
    rest::{NewRoom, NewRoomKind},
    room::RoomSettings,
};

use crate::world::{Process, World, failure, tertulia};

/// What a start on this folder fails with.
#[track_caller]
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let serve = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--log", "off"];
    failure(&tertulia(folder).args([&serve, arguments].concat()).output().unwrap())
}

/// A data folder that a server has used.
fn used_folder() -> tempfile::TempDir {
    let mut world = World::start();
    world.server.terminate();
    assert!(world.server.wait().success());
    let World { folder, server } = world;
    drop(server);
    folder
}

#[test]
fn a_folder_in_use_says_by_whom() {
    let world = World::start();
    let error = fails(world.folder.path(), &[]);
    let by = format!("data/messages is in use by process {}", world.server.id());
    assert!(error.contains(&by) && error.contains("name another folder with --data"), "{error}");
}

#[test]
fn a_port_that_is_taken_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{port}");
    let serve = ["serve", "--data", "data", "--log", "off", "--listen", &listen];
    let error = failure(&tertulia(folder.path()).args(serve).output().unwrap());
    let words = format!(
        "cannot serve on {listen}: another process has that port: stop it, or choose another with --listen"
    );
    assert!(error.contains(&words), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "a file").unwrap();
    let error = fails(folder.path(), &[]);
    assert!(error.starts_with("cannot make the data folder data"), "{error}");
}

#[test]
fn what_is_damaged_is_named_and_left_as_it_is() {
    let folder = used_folder();
    let data = folder.path().join("data");
    for (file, bytes, words) in [
        ("runtime.json", "{\"limits", "delete it to start with the configured limits"),
        ("token.key", "too short", "cannot use the key data/token.key"),
        ("directory.sqlite", "no database", "data/directory.sqlite is damaged"),
        ("messages/log/0000000001.log", "no log", "data/messages/log/0000000001.log is damaged at byte 0"),
        ("messages/FORMAT", "another format", "use the version that wrote it, or another folder"),
    ] {
        let path = data.join(file);
        let before = std::fs::read(&path).ok();
        let mut damaged = before.clone().unwrap_or_default();
        damaged.splice(..bytes.len().min(damaged.len()), bytes.bytes());
        if file == "token.key" {
            damaged.truncate(bytes.len());
        }
        std::fs::write(&path, &damaged).unwrap();
        let error = fails(folder.path(), &[]);
        assert!(error.contains(words), "{file}: {error}");
        assert_eq!(std::fs::read(&path).unwrap(), damaged, "{file}");
        match before {
            Some(before) => std::fs::write(&path, before).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
    }
    let server = Process::start(folder.path());
    drop(server);
}

#[test]
fn a_wrong_configuration_is_not_started_with() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tertulia.toml"), "[limits]\ntext_bytes = 0\n").unwrap();
    let error = fails(folder.path(), &[]);
    assert!(error.contains("text_bytes must be from 1 to 65536, not 0"), "{error}");
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

/// On a full disk the log is full, too: a thread that has something to say must not end of it.
#[tokio::test]
async fn neither_the_disk_nor_the_log_can_be_written_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    // Who writes beyond a limit gets an error, not a signal.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#, env!("CARGO_BIN_EXE_tertulia")]);
    shell.current_dir(folder.path());
    let server = Process::start_as(shell, File::options().write(true).open("/dev/full").unwrap());
    let limit = |bytes: &str| {
        let limit = format!("--fsize={bytes}:");
        let status = Command::new("prlimit").args(["--pid", &server.id().to_string(), &limit]).status();
        assert!(status.unwrap().success());
    };
    let person = Rest::new(server.address.clone()).sign_up("Amaia").await.unwrap();
    let rest = Rest::signed_in(server.address.clone(), &person.token);
    let (kind, name) = (NewRoomKind::Group, "tea".to_owned());
    let new = NewRoom { kind, name, topic: None, settings: RoomSettings::default(), members: Vec::new() };
    let room = rest.make_room(&new, Nonce(1)).await.unwrap();
    let path = format!("/v1/rooms/{}/messages", room.id);
    let say = |nonce| rest.call::<Value>("POST", &path, Some(json!({"text": "hola"})), Some(Nonce(nonce)));
    limit("0");
    assert_eq!(say(2).await.unwrap_err().code(), Some(Code::Unavailable));
    limit("unlimited");
    let said = say(2).await.unwrap();
    assert!(said["msg_id"].as_u64().is_some(), "{said}");
}
