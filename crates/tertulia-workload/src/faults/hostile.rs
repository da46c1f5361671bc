//! Clients that behave badly: some never read what they are sent, others send what no client should. They record nothing:
//! what they do must not be felt by anybody else.

use std::{sync::Arc, time::Duration};

use rand::{Rng, RngCore, rngs::StdRng};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use super::world::{Phase, World};
use crate::wire::{handshake, opcode, put_client_frame};

/// What a client that never reads lets the kernel keep, in bytes: the smallest there is.
const RECEIVE_BYTES: u32 = 2_304;
/// How long one that sends garbage waits for an answer.
const ANSWER_PATIENCE: Duration = Duration::from_millis(200);

/// Signs in and never reads; now and then it writes a byte, to look alive.
pub(super) async fn never_read(world: Arc<World>, account: usize, mut random: StdRng) {
    let mut phase = world.phase.clone();
    while *phase.borrow_and_update() == Phase::Chaos {
        // Whatever the server does to it, it comes again.
        let _ = deaf(&world, account, &mut random).await;
        sleep(Duration::from_millis(random.random_range(100..500))).await;
    }
}

async fn deaf(world: &World, account: usize, random: &mut StdRng) -> std::io::Result<()> {
    let address = world.address.authority().parse().map_err(std::io::Error::other)?;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    let mut stream = socket.connect(address).await?;
    let hello = json!({"t": "hello", "token": world.accounts[account].tokens[0], "cursors": {}});
    let mut bytes = handshake(world.address.authority());
    put_client_frame(&mut bytes, opcode::TEXT, hello.to_string().as_bytes());
    stream.write_all(&bytes).await?;
    let mut phase = world.phase.clone();
    for id in 0.. {
        tokio::select! {
            () = sleep(Duration::from_millis(random.random_range(300..900))) => {}
            _ = phase.changed() => return Ok(()),
        }
        let mut bytes = Vec::new();
        let history = json!({"t": "history", "id": id, "room": world.places[0].id, "after": 0, "limit": 200});
        put_client_frame(&mut bytes, opcode::TEXT, history.to_string().as_bytes());
        timeout(ANSWER_PATIENCE, stream.write_all(&bytes)).await.map_err(std::io::Error::from)??;
    }
    Ok(())
}

/// Sends garbage of every kind, on one connection after the other.
pub(super) async fn garbage(world: Arc<World>, account: usize, mut random: StdRng) {
    let mut phase = world.phase.clone();
    while *phase.borrow_and_update() == Phase::Chaos {
        let bytes = nonsense(&world, account, &mut random);
        if let Ok(mut stream) = TcpStream::connect(world.address.authority()).await {
            // The server may close at any byte.
            let _ = timeout(ANSWER_PATIENCE, stream.write_all(&bytes)).await;
            let mut answer = [0; 4096];
            let _ = timeout(ANSWER_PATIENCE, stream.read(&mut answer)).await;
        }
        sleep(Duration::from_millis(random.random_range(20..150))).await;
    }
}

fn nonsense(world: &World, account: usize, random: &mut StdRng) -> Vec<u8> {
    let mut bytes = handshake(world.address.authority());
    let hello = json!({"t": "hello", "token": world.accounts[account].tokens[0], "cursors": {}}).to_string();
    let signed_in = random.random_bool(0.5);
    if signed_in {
        put_client_frame(&mut bytes, opcode::TEXT, hello.as_bytes());
    }
    let room = world.places[random.random_range(0..world.places.len())].id;
    match random.random_range(0..12) {
        0 => {
            let mut noise = vec![0; random.random_range(1..4_000)];
            random.fill_bytes(&mut noise);
            return noise;
        }
        1 => bytes.truncate(random.random_range(1..bytes.len())),
        2 => put_client_frame(&mut bytes, opcode::TEXT, &[0xff, 0xfe, b'{']),
        // A frame that announces 100 MB.
        3 => bytes.extend_from_slice(&[0x81, 0xff, 0, 0, 0, 0, 0x06, 0x40, 0, 0, 0, 0, 0, 0]),
        4 => (0..2_000).for_each(|_| bytes.extend_from_slice(&[0x00, 0x80, 0, 0, 0, 0])),
        5 => put_client_frame(&mut bytes, opcode::TEXT, br#"{"t":"no such frame","id":1}"#),
        6 => put_client_frame(&mut bytes, opcode::TEXT, hello.as_bytes()),
        7 => put_client_frame(
            &mut bytes,
            opcode::TEXT,
            br#"{"t":"hello","token":"wrong","cursors":{"1":99999999}}"#,
        ),
        8 => {
            let send =
                json!({"t": "send", "id": 1, "room": room, "nonce": "short", "since": -1, "text": "x"});
            put_client_frame(&mut bytes, opcode::TEXT, send.to_string().as_bytes());
        }
        9 => {
            let page = json!({"t": "history", "id": 1, "room": room, "after": u64::MAX, "limit": i64::MIN});
            put_client_frame(&mut bytes, opcode::TEXT, page.to_string().as_bytes());
        }
        10 => put_client_frame(&mut bytes, opcode::TEXT, "[".repeat(60_000).as_bytes()),
        _ => {
            let mut noise = vec![0; 512];
            random.fill_bytes(&mut noise);
            bytes.extend_from_slice(&noise);
        }
    }
    bytes
}
