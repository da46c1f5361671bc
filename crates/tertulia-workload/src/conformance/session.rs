//! A whole session of two people, from signing up to the last goodbye: the transcript in `docs/protocol.md` is this.
//!
//! Every frame that comes is waited for, so that the transcript is complete. Frames that may come in either order
//! stand in the order in which they are waited for here.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tertulia_client::connection::Address;

use super::{
    person::{Person, text},
    transcript::Recorder,
};

/// Nonces, random as they should be. Each is used by one person in one room.
const NONCES: [&str; 7] = [
    "5c0f1f6f0a9c4f5e8d1b2a3c4d5e6f70",
    "91d3b7a2c4e84f0fb6a5d2c3e1f09a8b",
    "0e7d6c5b4a39482716f5e4d3c2b1a098",
    "c8a1f2e3d4b5468798a9bacbdcedfe0f",
    "37b6a5949382417f6e5d4c3b2a190817",
    "e2d1c0bfae9d4c8b7a69584736251403",
    "7a8b9cadbecf4d0e1f2031425364758a",
];

/// The two, and what they talk in.
struct Talk {
    recorder: Recorder,
    amaia: Person,
    bo: Person,
    room: String,
    head: u64,
    history: String,
}

/// Runs it; what was said is in the recorder.
pub async fn run(address: &Address, recorder: &Recorder) -> Result<()> {
    let mut talk = begin(address, recorder.clone()).await?;
    talk.greet().await?;
    talk.say_things().await?;
    talk.change_things().await?;
    talk.go_wrong().await?;
    talk.read_back().await?;
    talk.come_back().await?;
    talk.have_a_group().await?;
    talk.part().await
}

async fn begin(address: &Address, recorder: Recorder) -> Result<Talk> {
    recorder.call(address.authority(), "127.0.0.1:8080");
    recorder.step("Two people sign up. A token is a secret of its device.");
    let amaia = Person::sign_up(address, "Amaia", Some(recorder.clone())).await?;
    let bo = Person::sign_up(address, "Bo", Some(recorder.clone())).await?;
    for (person, user, device, token) in
        [(&amaia, "101", "901", "TOKEN-OF-AMAIA"), (&bo, "102", "902", "TOKEN-OF-BO")]
    {
        recorder.call(&person.token, token);
        recorder.call(&person.user, user);
        recorder.call(&person.device, device);
    }
    Ok(Talk { recorder, amaia, bo, room: String::new(), head: 0, history: String::new() })
}

impl Talk {
    /// Nothing else may have come.
    async fn settle(&mut self) -> Result<()> {
        for person in [&mut self.amaia, &mut self.bo] {
            if person.is_connected() {
                person.hears_nothing_else().await?;
            }
        }
        Ok(())
    }

    async fn greet(&mut self) -> Result<()> {
        self.recorder.step("Amaia connects. She belongs to the server's first room already.");
        self.amaia.open().await?;
        let hello = format!(r#"{{"t":"hello","token":"{}","client":"A client 1.0"}}"#, self.amaia.token);
        self.amaia.say(&hello).await?;
        let welcome = self.amaia.hear(json!({"t": "welcome"})).await?;
        self.history = text(&welcome["history"])?;
        self.recorder.call(&self.history, "H1");
        self.settle().await?;

        self.recorder
            .step("She looks for Bo, and opens the direct room with him. Both get a notice of their feed.");
        self.amaia.get("/v1/users?q=bo&limit=1").await?;
        let path = format!("/v1/direct/{}", self.bo.user);
        let room = self.amaia.rest("PUT", &path, None).await?.expect(200)?;
        self.room = text(&room["id"])?;
        self.recorder.call(&self.room, "7001");
        self.amaia.hear(json!({"t": "notice", "notice": "feed", "of": "rooms"})).await?;
        let joined = self.amaia.hear(json!({"t": "room", "change": "joined", "room": self.room})).await?;
        self.head = joined["head"].as_u64().context("head")?;
        self.settle().await?;

        self.recorder.step("Bo connects. His welcome tells the room.");
        self.bo.open().await?;
        self.bo.say(&format!(r#"{{"t":"hello","token":"{}"}}"#, self.bo.token)).await?;
        self.bo.hear(json!({"t": "welcome"})).await?;
        self.settle().await?;

        self.recorder.step("Both open the room: from now on they hear who types and reads there.");
        let subscribe = format!(r#"{{"t":"subscribe","id":1,"room":"{}"}}"#, self.room);
        for person in [&mut self.amaia, &mut self.bo] {
            person.say(&subscribe).await?;
            person.hear(json!({"t": "ack", "id": 1})).await?;
        }
        self.settle().await?;

        self.recorder.step("Amaia shows Bo's presence.");
        self.amaia
            .say(&format!(r#"{{"t":"presence","id":2,"users":["{}"],"mine":"here"}}"#, self.bo.user))
            .await?;
        self.amaia.hear(json!({"t": "ack", "id": 2})).await?;
        self.amaia.hear(json!({"t": "presence", "user": self.bo.user, "state": "here"})).await?;
        self.settle().await
    }

    async fn say_things(&mut self) -> Result<()> {
        self.recorder.step("Amaia types, and says something. Ack and entry come in either order.");
        self.amaia.say(&format!(r#"{{"t":"typing","room":"{}","on":true}}"#, self.room)).await?;
        self.bo.hear(json!({"t": "typing", "user": self.amaia.user, "on": true})).await?;
        let (room, head) = (&self.room, self.head);
        let nonce = NONCES[0];
        let send = format!(
            r#"{{"t":"send","id":3,"room":"{room}","nonce":"{nonce}","since":{head},"text":"Kaixo, Bo!"}}"#
        );
        self.amaia.say(&send).await?;
        let first = self.acked_and_heard(3).await?;
        ensure!(first == head + 1, "the first message is entry {first}, and should be {}", head + 1);
        self.settle().await?;

        self.recorder.step("Bo has read it. He answers, and reacts.");
        self.bo.say(&format!(r#"{{"t":"read","id":2,"room":"{}","seq":{first}}}"#, self.room)).await?;
        self.bo.hear(json!({"t": "ack", "id": 2})).await?;
        for person in [&mut self.amaia, &mut self.bo] {
            person.hear(json!({"t": "read", "seq": first})).await?;
        }
        let (room, nonce) = (&self.room, NONCES[1]);
        let send = format!(
            r#"{{"t":"send","id":3,"room":"{room}","nonce":"{nonce}","since":{first},"text":"Hi Amaia","reply_to":{first}}}"#
        );
        self.bo.say(&send).await?;
        let second = self.bo.hear(json!({"t": "ack", "id": 3})).await?["seq"].as_u64().context("seq")?;
        self.both_hear(second).await?;
        let (room, nonce) = (&self.room, NONCES[2]);
        let react = format!(
            r#"{{"t":"react","id":4,"room":"{room}","nonce":"{nonce}","since":{second},"of":{first},"emoji":"👋","on":true}}"#
        );
        self.bo.say(&react).await?;
        self.bo.hear(json!({"t": "ack", "id": 4, "seq": second + 1})).await?;
        self.both_hear(second + 1).await?;
        self.head = second + 1;
        self.settle().await
    }

    async fn change_things(&mut self) -> Result<()> {
        self.recorder.step("Bo edits his message, and deletes it.");
        let (room, head) = (self.room.clone(), self.head);
        let of = head - 1;
        let nonce = NONCES[3];
        let edit = format!(
            r#"{{"t":"edit","id":5,"room":"{room}","nonce":"{nonce}","since":{head},"of":{of},"text":"Hi, Amaia!"}}"#
        );
        self.bo.say(&edit).await?;
        self.bo.hear(json!({"t": "ack", "id": 5, "seq": head + 1})).await?;
        self.both_hear(head + 1).await?;
        let (since, nonce) = (head + 1, NONCES[4]);
        let delete =
            format!(r#"{{"t":"delete","id":6,"room":"{room}","nonce":"{nonce}","since":{since},"of":{of}}}"#);
        self.bo.say(&delete).await?;
        self.bo.hear(json!({"t": "ack", "id": 6, "seq": head + 2})).await?;
        self.both_hear(head + 2).await?;
        self.head += 2;
        self.settle().await
    }

    async fn go_wrong(&mut self) -> Result<()> {
        self.recorder
            .step("Amaia sends her first message again, as after a lost connection: it is the same entry.");
        let (room, nonce, head) = (self.room.clone(), NONCES[0], self.head);
        let since = head - 5;
        let again = format!(
            r#"{{"t":"send","id":4,"room":"{room}","nonce":"{nonce}","since":{since},"text":"Kaixo, Bo!"}}"#
        );
        self.amaia.say(&again).await?;
        self.amaia.hear(json!({"t": "ack", "id": 4, "seq": head - 4})).await?;
        self.settle().await?;

        self.recorder.step("What is wrong is answered with what and why, and changes nothing.");
        let nonce = NONCES[5];
        let empty =
            format!(r#"{{"t":"send","id":5,"room":"{room}","nonce":"{nonce}","since":{head},"text":""}}"#);
        self.amaia.say(&empty).await?;
        self.amaia.hear(json!({"t": "error", "id": 5, "code": "invalid", "field": "text"})).await?;
        self.amaia.say(&format!(r#"{{"t":"shout","id":6,"room":"{room}"}}"#)).await?;
        self.amaia.hear(json!({"t": "error", "id": 6, "code": "unknown_frame", "field": "t"})).await?;
        self.amaia.say(r#"{"t":"history","id":7,"room":"99"}"#).await?;
        self.amaia.hear(json!({"t": "error", "id": 7, "code": "not_member"})).await?;
        self.settle().await
    }

    async fn read_back(&mut self) -> Result<()> {
        self.recorder.step("The last messages with what became of them: to show.");
        let (room, through) = (self.room.clone(), self.head);
        self.amaia
            .say(&format!(
                r#"{{"t":"history","id":8,"room":"{room}","mode":"timeline","before":{},"limit":2}}"#,
                through + 1
            ))
            .await?;
        let page = self.amaia.hear(json!({"t": "page", "id": 8, "mode": "timeline"})).await?;
        ensure!(page["items"].as_array().is_some_and(|items| items.len() == 2), "{page} has two items");
        self.recorder.step("The first entries as they are in the log: to sync.");
        self.amaia
            .say(&format!(r#"{{"t":"history","id":9,"room":"{room}","mode":"entries","after":0,"limit":3}}"#))
            .await?;
        self.amaia.hear(json!({"t": "page", "id": 9, "mode": "entries", "from": 1, "to": 3})).await?;
        self.settle().await
    }

    async fn come_back(&mut self) -> Result<()> {
        self.recorder.step("Bo goes. Amaia says something meanwhile.");
        self.bo.close().await?;
        let (room, nonce, head) = (self.room.clone(), NONCES[6], self.head);
        let send = format!(
            r#"{{"t":"send","id":10,"room":"{room}","nonce":"{nonce}","since":{head},"text":"Are you there?"}}"#
        );
        self.amaia.say(&send).await?;
        self.amaia.hear(json!({"t": "ack", "id": 10, "seq": head + 1})).await?;
        self.amaia.hear(json!({"t": "entry", "room": room, "seq": head + 1})).await?;

        self.recorder.step("Bo comes back with what he has, and gets what he missed.");
        self.bo.open().await?;
        let hello = format!(
            r#"{{"t":"hello","token":"{}","history":"{}","feed":2,"cursors":{{"{room}":{head}}}}}"#,
            self.bo.token, self.history
        );
        self.bo.say(&hello).await?;
        self.bo.hear(json!({"t": "welcome"})).await?;
        self.bo.hear(json!({"t": "entry", "room": room, "seq": head + 1, "text": "Are you there?"})).await?;
        self.settle().await?;

        self.recorder.step("Which of the messages that he had are another since then?");
        let changes = format!(
            r#"{{"t":"changes","id":1,"room":"{room}","first":1,"last":{head},"after":{}}}"#,
            head - 4
        );
        self.bo.say(&changes).await?;
        self.bo.hear(json!({"t": "changed", "id": 1, "room": room})).await?;
        self.head += 1;
        self.settle().await
    }

    async fn have_a_group(&mut self) -> Result<()> {
        self.recorder.step("Amaia makes a group with Bo.");
        let wish = format!(r#"{{"kind":"group","name":"Tea","members":["{}"]}}"#, self.bo.user);
        let group = self.amaia.rest("POST", "/v1/rooms", Some(&wish)).await?.expect(201)?;
        let group = text(&group["id"])?;
        self.recorder.call(&group, "7002");
        for person in [&mut self.amaia, &mut self.bo] {
            person.hear(json!({"t": "notice", "notice": "feed", "of": "rooms"})).await?;
            person.hear(json!({"t": "room", "change": "joined", "room": group})).await?;
        }
        self.settle().await?;

        self.recorder.step("She takes him out again: nothing more of the group reaches him.");
        let path = format!("/v1/rooms/{group}/members/{}?reason=a%20mistake", self.bo.user);
        self.amaia.rest("DELETE", &path, None).await?.expect(204)?;
        self.amaia.hear(json!({"t": "entry", "room": group, "kind": "removed"})).await?;
        self.bo.hear(json!({"t": "room", "change": "gone", "room": group, "why": "removed"})).await?;
        self.bo.hear(json!({"t": "notice", "notice": "feed", "of": "rooms"})).await?;
        self.settle().await?;

        self.recorder.step("She deletes the group, with all that was said in it.");
        self.amaia.rest("DELETE", &format!("/v1/rooms/{group}"), None).await?.expect(204)?;
        self.amaia.hear(json!({"t": "room", "change": "gone", "room": group, "why": "deleted"})).await?;
        self.amaia.hear(json!({"t": "notice", "notice": "feed", "of": "rooms"})).await?;
        self.settle().await
    }

    async fn part(&mut self) -> Result<()> {
        self.recorder.step("Amaia closes the room, asks whether the server still lives, and goes.");
        self.amaia.say(&format!(r#"{{"t":"unsubscribe","id":11,"room":"{}"}}"#, self.room)).await?;
        self.amaia.hear(json!({"t": "ack", "id": 11})).await?;
        self.amaia.say(r#"{"t":"ping","id":12}"#).await?;
        self.amaia.hear(json!({"t": "pong", "id": 12})).await?;
        self.settle().await?;
        self.amaia.close().await?;

        self.recorder.step(
            "Bo signs his device out: its token is worth nothing from now on, and its socket is closed.",
        );
        self.bo.rest("DELETE", "/v1/sessions/current", None).await?.expect(204)?;
        self.bo.hear(json!({"t": "notice", "notice": "feed", "of": "devices"})).await?;
        self.bo.closed(4002).await
    }

    /// Amaia's request was done, and both hear its entry: its number.
    async fn acked_and_heard(&mut self, id: u64) -> Result<u64> {
        let ack = self.amaia.hear(json!({"t": "ack", "id": id})).await?;
        let seq = ack["seq"].as_u64().with_context(|| format!("{ack} has no seq"))?;
        self.both_hear(seq).await?;
        Ok(seq)
    }

    async fn both_hear(&mut self, seq: u64) -> Result<Value> {
        let wanted = json!({"t": "entry", "room": self.room, "seq": seq});
        self.amaia.hear(wanted.clone()).await?;
        self.bo.hear(wanted).await
    }
}
