//! What is measured: Tertulia or the floor, started on a folder of its own, with people and rooms in it.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tempfile::TempDir;
use tertulia_client::{connection::Address, rest::Rest};
use tertulia_protocol::{
    ids::{Nonce, RoomId, UserId},
    rest::{NewRoom, NewRoomKind},
    room::RoomSettings,
};

use crate::{
    load::Load,
    server::{Ground, Kind, Server, Setup},
};

/// Requests at once while people and rooms are made.
const AT_ONCE: usize = 32;
/// Members that are named when a room is made: all fit into one command.
const NAMED_MEMBERS_MAX: usize = 50;

/// Where the nonces begin that rooms are made with: those of messages begin at 1.
const MAKING: u128 = 1 << 100;

/// Which one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Tertulia.
    Ours,
    /// The floor.
    Floor,
    /// The floor that only sends.
    RawFloor,
}

/// Where programs are and how they are run.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub server: PathBuf,
    /// The core that servers are pinned to, if they are.
    pub core: Option<usize>,
}

/// A server that runs, and who can connect to it.
pub(super) struct Target {
    pub server: Server,
    /// What each connection says first.
    pub hellos: Vec<Vec<u8>>,
    /// The rooms, by number.
    pub rooms: Vec<u64>,
    _folder: TempDir,
}

/// Who is in which rooms: numbers of rooms by number of person.
pub(super) type Plan = Vec<Vec<usize>>;

/// Heads of rooms; the floor does not tell them.
pub(super) type Heads = HashMap<u64, u64>;

impl Target {
    /// Starts a server, makes the plan's people and rooms, and starts it again, so that only their rows are there.
    pub fn start(programs: &Programs, side: Side, plan: &Plan) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the server")?;
        let kind = match side {
            Side::Ours => Kind::Tertulia,
            Side::Floor => Kind::Floor { is_raw: false },
            Side::RawFloor => Kind::Floor { is_raw: true },
        };
        let program = if side == Side::Ours { programs.server.clone() } else { std::env::current_exe()? };
        let setup = Setup {
            kind,
            program,
            data: folder.path().to_owned(),
            core: programs.core,
            ground: Ground::default(),
        };
        let mut server = Server::start(setup)?;
        let (tokens, rooms) = match side {
            Side::Ours => {
                let ticket =
                    server.ticket.clone().context("the server printed no link for its administrator")?;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let made = runtime.block_on(make(&server.address, &ticket, plan))?;
                server.end_and_start(Duration::ZERO)?;
                made
            }
            Side::Floor | Side::RawFloor => {
                let rooms = 1 + plan.iter().flatten().max().copied().unwrap_or(0) as u64;
                (vec![String::new(); plan.len()], (1..=rooms).collect())
            }
        };
        let hello = |(token, places): (&String, &Vec<usize>)| {
            let places: Vec<String> = places.iter().map(|place| rooms[*place].to_string()).collect();
            // Tertulia knows who is where and ignores the last field; the floor knows nobody.
            let [token, places] = [json!(token), json!(places)];
            format!(r#"{{"t":"hello","token":{token},"bench_rooms":{places}}}"#).into_bytes()
        };
        let hellos = tokens.iter().zip(plan).map(hello).collect();
        Ok(Self { server, hellos, rooms, _folder: folder })
    }

    /// Opens a connection for everybody: how far each room was when somebody was welcome.
    pub fn open(&self, load: &mut Load) -> Result<Heads> {
        let mut heads = Heads::new();
        load.open(&self.hellos, &mut |_, welcome| {
            let welcome: Value = serde_json::from_slice(welcome).unwrap_or_default();
            for room in welcome["rooms"].as_array().into_iter().flatten() {
                let number = room["room"].as_str().and_then(|number| number.parse().ok());
                if let (Some(number), Some(head)) = (number, room["head"].as_u64()) {
                    heads.insert(number, head);
                }
            }
        })?;
        Ok(heads)
    }

    /// The server's address.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.server.address.authority().parse()?)
    }
}

/// Signs everybody up and makes the rooms.
async fn make(address: &Address, ticket: &str, plan: &Plan) -> Result<(Vec<String>, Vec<u64>)> {
    let stranger = Rest::new(address.clone());
    let admin = stranger.sign_in_with_ticket(ticket).await.context("the administrator cannot sign in")?;
    let admin = Rest::signed_in(address.clone(), &admin.token);
    let limits = [
        ("messages_per_10s", 100_000),
        ("requests_per_10s", 1_000_000),
        ("members_per_room", 20_000),
        ("connections_per_gateway", 20_000),
        ("connections_per_address", 0),
    ];
    admin.set_limits(&limits).await.context("limits cannot be changed")?;
    let people = stream::iter(0..plan.len()).map(async |number| {
        let session = Rest::new(address.clone()).sign_up(&format!("Person {number}")).await?;
        anyhow::Ok((session.user.user.id, session.token))
    });
    let people: Vec<(UserId, String)> =
        people.buffered(AT_ONCE).try_collect().await.context("nobody can sign up")?;
    let rooms = 1 + plan.iter().flatten().max().copied().unwrap_or(0);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); rooms];
    for (person, places) in plan.iter().enumerate() {
        places.iter().for_each(|place| members[*place].push(person));
    }
    let made = stream::iter(members.iter().enumerate())
        .map(|(number, members)| room(address, number, members, &people));
    let made: Vec<RoomId> = made.buffered(AT_ONCE).try_collect().await.context("no room can be made")?;
    let tokens = people.into_iter().map(|(_, token)| token).collect();
    Ok((tokens, made.into_iter().map(RoomId::get).collect()))
}

async fn room(
    address: &Address,
    number: usize,
    members: &[usize],
    people: &[(UserId, String)],
) -> Result<RoomId> {
    let rest = Rest::signed_in(address.clone(), &people[members[0]].1);
    let others: Vec<UserId> = members[1..].iter().map(|member| people[*member].0).collect();
    let (named, added) = others.split_at(others.len().min(NAMED_MEMBERS_MAX));
    let (name, settings) = (format!("Room {number}"), RoomSettings::default());
    let new = NewRoom { kind: NewRoomKind::Group, name, topic: None, settings, members: named.to_vec() };
    let room = rest.make_room(&new, Nonce(MAKING + number as u128)).await?.id;
    let lanes = added.chunks(added.len().div_ceil(AT_ONCE).max(1)).map(async |users| {
        let rest = Rest::signed_in(address.clone(), &people[members[0]].1);
        for user in users {
            rest.put_member(room, *user, None, Nonce(MAKING + u128::from(user.get()))).await?;
        }
        anyhow::Ok(())
    });
    stream::iter(lanes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(room)
}
