//! The floor under the load generator: both as the benchmark uses them.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as expected")]

use std::time::{Duration, Instant};

use tertulia_workload::{
    load::{Load, is_entry, number_after},
    server::{Ground, Kind, Server, Setup},
};

const PEOPLE: usize = 60;

fn server(is_raw: bool) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_tertulia-workload").into();
    let (kind, data) = (Kind::Floor { is_raw }, folder.path().to_owned());
    (Server::start(Setup { kind, program, data, core: None, ground: Ground::default() }).unwrap(), folder)
}

/// Each of two rooms has half of the people; everybody says something. How often each was heard, and the acks.
fn talk(server: &Server) -> (Vec<usize>, usize, u64) {
    let mut load = Load::new(server.address.authority().parse().unwrap()).unwrap();
    let hello = |person: usize| format!(r#"{{"t":"hello","token":"","bench_rooms":["{}"]}}"#, 1 + person % 2);
    let hellos: Vec<Vec<u8>> = (0..PEOPLE).map(|person| hello(person).into_bytes()).collect();
    let mut welcome = 0;
    load.open(&hellos, &mut |_, _| welcome += 1).unwrap();
    assert_eq!(welcome, PEOPLE);
    assert_eq!(load.len(), PEOPLE);
    for person in 0..PEOPLE {
        let (id, room) = (person + 1, 1 + person % 2);
        let send = format!(
            r#"{{"t":"send","id":{id},"room":"{room}","nonce":"{id:032x}","since":0,"text":"hola"}}"#
        );
        load.connections().send(person, send.as_bytes());
    }
    let (mut heard, mut acked, mut head, began) = (vec![0; PEOPLE], 0, 0, Instant::now());
    while heard.iter().any(|heard| *heard < PEOPLE / 2) {
        load.turn(Duration::from_millis(10), &mut |_, at, payload| {
            if is_entry(payload) {
                heard[at] += 1;
                head = head.max(number_after(payload, b"\"seq\":").unwrap());
            } else {
                assert!(payload.starts_with(br#"{"t":"ack""#));
                acked += 1;
            }
        })
        .unwrap();
        assert!(began.elapsed() < Duration::from_secs(20), "{heard:?}");
    }
    (heard, acked, head)
}

#[test]
fn it_numbers_acks_and_fans_out() {
    let (server, folder) = server(false);
    let (heard, acked, head) = talk(&server);
    assert_eq!(heard, vec![PEOPLE / 2; PEOPLE]);
    assert_eq!((acked, head), (PEOPLE, PEOPLE as u64 / 2));
    let log = std::fs::read(folder.path().join("server/floor.log")).unwrap();
    assert_eq!(log.windows(4).filter(|window| *window == b"hola").count(), PEOPLE);
}

#[test]
fn raw_it_only_sends() {
    let (server, folder) = server(true);
    let (heard, acked, _) = talk(&server);
    assert_eq!((heard, acked), (vec![PEOPLE / 2; PEOPLE], 0));
    assert_eq!(std::fs::metadata(folder.path().join("server/floor.log")).unwrap().len(), 0);
}

#[test]
fn a_stopped_floor_starts_again_at_its_address() {
    let (mut server, _folder) = server(false);
    let address = server.address.clone();
    server.kill_and_start(Duration::ZERO).unwrap();
    server.end_and_start(Duration::ZERO).unwrap();
    assert_eq!(server.address, address);
    assert!(!server.has_ended());
    talk(&server);
}
