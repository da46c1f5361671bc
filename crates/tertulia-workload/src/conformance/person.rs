//! Somebody with one device: what they ask, what they hear, and what should have come.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tertulia_client::connection::Address;
use tokio::time::timeout;

use super::{
    http::{self, Reply},
    socket::{Came, PATIENCE, Socket},
    transcript::Recorder,
};
use crate::wire::opcode;

/// How long nothing may come until it counts as nothing.
const QUIET: Duration = Duration::from_millis(150);

/// Somebody.
#[derive(Debug)]
pub struct Person {
    address: Address,
    /// Their shown name.
    pub name: String,
    /// Their id.
    pub user: String,
    /// Their device's id.
    pub device: String,
    /// Their token.
    pub token: String,
    socket: Option<Socket>,
    /// Frames that came and were not asked for yet, with their text.
    early: VecDeque<(Value, String)>,
    next_id: u64,
    next_nonce: u64,
    recorder: Option<Recorder>,
}

impl Person {
    /// Signs up.
    pub async fn sign_up(address: &Address, name: &str, recorder: Option<Recorder>) -> Result<Self> {
        let mut person = Self { recorder, ..Self::nobody(address, name) };
        let wish = json!({"name": name}).to_string();
        let session = person.rest("POST", "/v1/users", Some(&wish)).await?.expect(201)?;
        person.signed_in(&session)?;
        Ok(person)
    }

    /// Somebody who has not signed in.
    pub fn nobody(address: &Address, name: &str) -> Self {
        Self {
            address: address.clone(),
            name: name.to_owned(),
            user: String::new(),
            device: String::new(),
            token: String::new(),
            socket: None,
            early: VecDeque::new(),
            next_id: 0,
            next_nonce: 0,
            recorder: None,
        }
    }

    /// Has signed in, with this session.
    pub fn signed_in(&mut self, session: &Value) -> Result<()> {
        self.user = text(&session["user"]["id"])?;
        self.device = text(&session["device"])?;
        self.token = text(&session["token"])?;
        Ok(())
    }

    /// Asks over REST.
    pub async fn rest(&mut self, method: &str, path: &str, body: Option<&str>) -> Result<Reply> {
        let token = Some(self.token.as_str()).filter(|token| !token.is_empty());
        let reply = http::ask(&self.address, (method, path), token, None, body).await?;
        if let Some(recorder) = &self.recorder {
            recorder.said(&self.name, &format!("{method} {path} {}", body.unwrap_or_default()));
            recorder.heard(&self.name, &format!("{} {}", reply.status, reply.text));
        }
        Ok(reply)
    }

    /// Asks over REST for something that is given: its body.
    pub async fn get(&mut self, path: &str) -> Result<Value> {
        self.rest("GET", path, None).await?.expect(200)
    }

    /// Opens a socket, without a word on it.
    pub async fn open(&mut self) -> Result<()> {
        self.early.clear();
        self.socket = Some(Socket::open(&self.address).await?);
        if let Some(recorder) = &self.recorder {
            recorder.said(&self.name, "GET /v1/connect, with Sec-WebSocket-Protocol: tertulia.v1.json");
            recorder.heard(&self.name, "101 Switching Protocols");
        }
        Ok(())
    }

    /// Opens a socket and says hello: the welcome.
    pub async fn connect(&mut self) -> Result<Value> {
        self.connect_with(json!({})).await
    }

    /// The same with more fields of `hello`.
    pub async fn connect_with(&mut self, fields: Value) -> Result<Value> {
        self.open().await?;
        let mut hello = json!({"t": "hello", "token": self.token});
        merge(&mut hello, fields);
        self.say(&hello.to_string()).await?;
        self.hear(json!({"t": "welcome", "user": self.user, "device": self.device})).await
    }

    /// Whether there is a socket.
    pub fn is_connected(&self) -> bool {
        self.socket.is_some()
    }

    /// The socket.
    pub fn socket(&mut self) -> Result<&mut Socket> {
        self.socket.as_mut().context("there is no socket")
    }

    /// Sends a frame as it is written.
    pub async fn say(&mut self, frame: &str) -> Result<()> {
        if let Some(recorder) = &self.recorder {
            recorder.said(&self.name, frame);
        }
        self.socket()?.send(opcode::TEXT, frame.as_bytes()).await
    }

    /// Asks with a number of its own: the answer with that number. Where that is to come again later, it does.
    pub async fn ask(&mut self, mut frame: Value) -> Result<Value> {
        self.next_id += 1;
        let id = self.next_id;
        merge(&mut frame, json!({"id": id}));
        loop {
            self.say(&frame.to_string()).await?;
            let answer = self.hear(json!({"id": id})).await?;
            match answer["retry_after_ms"].as_u64().filter(|_| answer["code"] == "rate_limited") {
                Some(after_ms) => tokio::time::sleep(Duration::from_millis(after_ms)).await,
                None => return Ok(answer),
            }
        }
    }

    /// Asks for something that must be done: its ack.
    pub async fn done(&mut self, frame: Value) -> Result<Value> {
        let answer = self.ask(frame.clone()).await?;
        ensure!(answer["t"] == "ack", "{frame} was answered with {answer}");
        Ok(answer)
    }

    /// Asks for something that must be refused with this code: the error.
    pub async fn refused(&mut self, frame: Value, code: &str) -> Result<Value> {
        let answer = self.ask(frame.clone()).await?;
        let is_right = answer["t"] == "error" && answer["code"] == code && answer["detail"].is_string();
        ensure!(is_right, "{frame} was answered with {answer}, and should be refused with {code}");
        Ok(answer)
    }

    /// A nonce that was not used before.
    pub fn nonce(&mut self) -> String {
        self.next_nonce += 1;
        // The device makes it unique to this run.
        let device: u64 = self.device.parse().unwrap_or_default();
        format!("{device:016x}{:016x}", self.next_nonce)
    }

    /// Says something in a room: the entry's number.
    pub async fn post(&mut self, room: &str, since: u64, said: &str) -> Result<u64> {
        let nonce = self.nonce();
        let send = json!({"t": "send", "room": room, "nonce": nonce, "since": since, "text": said});
        self.done(send).await?["seq"].as_u64().context("the ack has no seq")
    }

    /// Waits for a frame that has these fields. Others that come meanwhile are kept.
    pub async fn hear(&mut self, wanted: Value) -> Result<Value> {
        let found = self.early.iter().position(|(frame, _)| has(frame, &wanted));
        let (frame, text) = match found.and_then(|at| self.early.remove(at)) {
            Some(found) => found,
            None => loop {
                let (frame, text) =
                    self.next().await.with_context(|| format!("{} waits for {wanted}", self.name))?;
                if has(&frame, &wanted) {
                    break (frame, text);
                }
                self.early.push_back((frame, text));
            },
        };
        if let Some(recorder) = &self.recorder {
            recorder.heard(&self.name, &text);
        }
        Ok(frame)
    }

    /// Checks that nothing with these fields has come, nor comes in a moment.
    pub async fn hears_nothing_of(&mut self, unwanted: Value) -> Result<()> {
        self.gather().await?;
        match self.early.iter().find(|(frame, _)| has(frame, &unwanted)) {
            Some((_, text)) => bail!("{} hears {text}", self.name),
            None => Ok(()),
        }
    }

    /// Checks that nothing has come that was not waited for.
    pub async fn hears_nothing_else(&mut self) -> Result<()> {
        self.hears_nothing_of(json!({})).await
    }

    async fn gather(&mut self) -> Result<()> {
        while let Ok(came) = timeout(QUIET, self.next()).await {
            self.early.push_back(came?);
        }
        Ok(())
    }

    /// Waits for the end, and checks its code.
    pub async fn closed(&mut self, code: u16) -> Result<()> {
        self.socket()?.expect_close(code).await?;
        self.socket = None;
        if let Some(recorder) = &self.recorder {
            recorder.heard(&self.name, &format!("close {code}"));
        }
        Ok(())
    }

    /// Ends the connection.
    pub async fn close(&mut self) -> Result<()> {
        if let Some(recorder) = &self.recorder {
            recorder.said(&self.name, "close 1000");
        }
        self.socket()?.send(opcode::CLOSE, &1_000_u16.to_be_bytes()).await?;
        self.closed(1_000).await
    }

    /// Is there, and has heard nothing yet that it did not wait for.
    pub async fn begin(&mut self) -> Result<()> {
        if self.socket.is_none() {
            self.connect().await?;
        }
        self.gather().await?;
        self.early.clear();
        Ok(())
    }

    async fn next(&mut self) -> Result<(Value, String)> {
        let socket = self.socket.as_mut().context("there is no socket")?;
        match timeout(PATIENCE, socket.next()).await.context("nothing came")?? {
            Came::Text(text) => {
                let frame: Value =
                    serde_json::from_str(&text).with_context(|| format!("{text} is not JSON"))?;
                ensure!(frame["t"].is_string(), "{text} has no t");
                Ok((frame, text))
            }
            end => bail!("the connection ended: {end:?}"),
        }
    }
}

/// A text in JSON.
pub fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} should be a text"))?.to_owned())
}

/// Whether a value has the fields of another; `null` stands for a field that is absent.
pub fn has(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| match value.get(name) {
                Some(value) => has(value, wanted),
                None => wanted.is_null(),
            })
        }
        _ => value == wanted,
    }
}

fn merge(value: &mut Value, fields: Value) {
    if let (Value::Object(value), Value::Object(fields)) = (value, fields) {
        value.extend(fields);
    }
}
