//! The steps: each checks one thing, by people who share a stage, in rooms of its own.

mod connecting;
mod limits;
mod mistakes;
mod reading;
mod rest;
mod rooms;
mod talking;
mod together;

use std::pin::Pin;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tertulia_client::connection::Address;

use super::person::{Person, text};

/// A step that is under way.
type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// What a step is about, and the step.
pub type Step = (&'static str, for<'a> fn(&'a mut Stage) -> Running<'a>);

macro_rules! steps {
    ($($about:literal: $step:path,)*) => { vec![$(($about, |stage| Box::pin($step(stage)))),*] };
}

/// What everybody can check.
pub fn all() -> Vec<Step> {
    steps! {
        "welcome tells all that it should": connecting::welcome,
        "the first frame is hello, and it comes once: 4003": connecting::hello_first,
        "a wrong token: unauthenticated, 4001": connecting::wrong_token,
        "a device that is signed out: token_revoked, 4002": connecting::signed_out,
        "no hello within 10 s: 4000": connecting::no_hello,
        "upgrades: pages of other origins, and what asks for none": connecting::upgrades,
        "what is no WebSocket: 1002, 1007, 1008, 1009": connecting::broken_frames,
        "frames that are not understood: malformed, unknown_frame, invalid": mistakes::not_understood,
        "send: ack, entries in order for everybody, the same nonce is the same entry": talking::send,
        "text that may not be: invalid with its bound": talking::wrong_text,
        "edit: one's own; not_allowed, not_found": talking::edit,
        "delete: one's own, a moderator any; erased for all, message_deleted": talking::delete,
        "react: on and off, counted once": talking::react,
        "rate_limited: with bound and retry_after_ms": mistakes::too_fast,
        "history: pages both ways, and their bounds": reading::pages,
        "history: a timeline has what became of messages": reading::timeline,
        "changes: which of the cached messages are another": reading::changes,
        "read: markers go forward only, and others hear": reading::markers,
        "hello with cursors: exactly what was missed, in order": reading::catch_up,
        "hello with another history, or with cursors that cannot be": reading::wrong_cursors,
        "subscribe, typing, unsubscribe": together::typing,
        "presence: here, away, off, and its bounds": together::presence,
        "not_member: nothing of a room for who does not belong to it": rooms::strangers,
        "members: added, given roles, removed": rooms::members,
        "a ban closes the room at once, and nothing later comes": rooms::bans,
        "leaving; last_owner; deleting a room": rooms::leaving,
        "an invite leads into its room": rooms::invites,
        "blocked: nothing is said in a direct room with a block": rooms::blocks,
        "slow_mode: with retry_after_ms": rooms::slow_mode,
        "REST: problems name code, field, value and bound": rest::problems,
        "REST: names, passwords, devices": rest::accounts,
        "REST: lists and their pages": rest::lists,
        "REST: the same Idempotency-Key is the same entry": rest::idempotency,
    }
}

/// What only administrators can.
pub fn of_administrators() -> Vec<Step> {
    steps! {
        "limits: changed for all at once, refused with their bounds": limits::change,
        "limit_reached: with its bound": limits::reached,
        "more than 1,000 entries behind: skip": limits::skip,
        "a nonce that the room has forgotten: stale_send": limits::stale,
    }
}

/// Where steps happen.
#[derive(Debug)]
pub struct Stage {
    /// The server.
    pub address: Address,
    /// Owns the rooms.
    pub amaia: Person,
    /// Belongs to them.
    pub bo: Person,
    /// Does not, at first.
    pub cleo: Person,
    administrator: Option<Person>,
    /// Rooms that were made.
    made: Vec<String>,
}

/// A room of a step.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its last entry when it was made.
    pub head: u64,
}

impl Stage {
    /// Makes one. `ticket` signs an administrator in.
    pub async fn make(address: &Address, ticket: Option<&str>) -> Result<Self> {
        let person = |name| Person::sign_up(address, name, None);
        let (amaia, bo, cleo) = (person("Amaia").await?, person("Bo").await?, person("Cleo").await?);
        let mut administrator = None;
        if let Some(ticket) = ticket {
            let mut person = Person::nobody(address, "Administrator");
            let wish = json!({"ticket": ticket}).to_string();
            let session = person.rest("POST", "/v1/sessions", Some(&wish)).await?.expect(201)?;
            person.signed_in(&session)?;
            administrator = Some(person);
        }
        Ok(Self { address: address.clone(), amaia, bo, cleo, administrator, made: Vec::new() })
    }

    /// Whether somebody may change limits.
    pub fn has_administrator(&self) -> bool {
        self.administrator.is_some()
    }

    /// Who may change limits.
    fn administrator(&mut self) -> Result<&mut Person> {
        self.administrator.as_mut().context("there is no administrator")
    }

    /// A group of Amaia's with Bo; all three are connected and have heard nothing else yet.
    async fn group(&mut self) -> Result<Group> {
        for person in [&mut self.amaia, &mut self.bo, &mut self.cleo] {
            person.begin().await?;
        }
        let wish = json!({"kind": "group", "name": "Tea", "members": [self.bo.user]}).to_string();
        let group = self.amaia.rest("POST", "/v1/rooms", Some(&wish)).await?.expect(201)?;
        let id = text(&group["id"])?;
        self.made.push(id.clone());
        let joined = json!({"t": "room", "change": "joined", "room": id});
        let head = self.amaia.hear(joined.clone()).await?["head"].as_u64().context("joined has no head")?;
        self.bo.hear(joined).await?;
        Ok(Group { id, head })
    }
}

/// Deletes the rooms that were made, so that a server which is used has only the people left.
pub async fn clean(stage: &mut Stage) -> Result<()> {
    for room in std::mem::take(&mut stage.made) {
        let reply = stage.amaia.rest("DELETE", &format!("/v1/rooms/{room}"), None).await?;
        // Some were deleted by their own step.
        if reply.status != 404 {
            reply.expect(204)?;
        }
    }
    Ok(())
}

/// A message as a frame.
fn send(room: &str, nonce: &str, since: u64, said: &str) -> Value {
    json!({"t": "send", "room": room, "nonce": nonce, "since": since, "text": said})
}

/// An entry of a room.
fn entry(room: &str, seq: u64) -> Value {
    json!({"t": "entry", "room": room, "seq": seq})
}
