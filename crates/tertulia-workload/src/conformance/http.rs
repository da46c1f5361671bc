//! One request over HTTP, and its answer as it came.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tertulia_client::connection::Address;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body as it came.
    pub text: String,
}

impl Reply {
    /// Its body, if that is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Its body, if the status is this one.
    pub fn expect(&self, status: u16) -> Result<Value> {
        match self.status == status {
            true => Ok(self.json()),
            false => bail!("the answer is {} {}, and should be {status}", self.status, self.text),
        }
    }

    /// Checks that it is a problem with this status and code.
    pub fn expect_problem(&self, status: u16, code: &str) -> Result<Value> {
        let problem = self.expect(status)?;
        match problem["code"] == code && problem["status"] == status && problem["detail"].is_string() {
            true => Ok(problem),
            false => bail!("the problem is {}, and should have the code {code}", self.text),
        }
    }
}

/// Asks, on a connection of its own that ends with the answer. A key comes with the room's head that was known when the
/// command was first given, if it is known.
pub async fn ask(
    address: &Address,
    (method, path): (&str, &str),
    token: Option<&str>,
    key: Option<(&str, Option<u64>)>,
    body: Option<&str>,
) -> Result<Reply> {
    // Of 1.0, so that no server and no proxy answers in chunks.
    let mut request = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", address.authority());
    if let Some(token) = token {
        request.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    if let Some((key, since)) = key {
        request.push_str(&format!("Idempotency-Key: {key}\r\n"));
        if let Some(since) = since {
            request.push_str(&format!("Idempotency-Since: {since}\r\n"));
        }
    }
    let body = body.unwrap_or_default();
    request
        .push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    let exchange = async {
        let mut stream = TcpStream::connect(address.authority()).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = timeout(PATIENCE, exchange).await.context("no answer over HTTP")??;
    let answer = String::from_utf8(answer).context("the answer is not text")?;
    let (head, text) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
    let status =
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("the answer has no status")?;
    Ok(Reply { status, text: text.to_owned() })
}
