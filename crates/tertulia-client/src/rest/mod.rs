//! The part of REST `/v1` that a client without a screen needs: signing up, rooms, members, bans, invites, pages of the
//! log. The bodies are the protocol's own.

mod http;
mod rooms;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tertulia_protocol::{Code, ErrorDetail, ids::Nonce, rest::Session};
use tokio::{net::TcpStream, sync::Mutex, time::timeout};

use crate::connection::Address;

/// How long an answer may take.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// Why a request did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// The server said no.
    #[error("the server answered {status}: {}", error.detail)]
    Refused {
        /// The status.
        status: u16,
        /// Why.
        error: ErrorDetail,
    },
    /// There was no answer: whether it was done is not known.
    #[error("no answer from the server: {0}")]
    Lost(#[from] std::io::Error),
    /// The answer is not what the manual says.
    #[error("{method} {path} answered {status} with {body:?}")]
    Unreadable {
        /// The request's method.
        method: String,
        /// Its path.
        path: String,
        /// The answer's status.
        status: u16,
        /// The start of its body.
        body: String,
    },
}

impl RestError {
    /// The code, if the server gave one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { error, .. } => Some(error.code),
            _ => None,
        }
    }
}

/// A person's way to a server over REST.
#[derive(Debug)]
pub struct Rest {
    address: Address,
    token: Option<String>,
    /// A connection that is not in use.
    kept: Mutex<Option<TcpStream>>,
}

impl Rest {
    /// A way for somebody who is not signed in.
    pub fn new(address: Address) -> Self {
        Self { address, token: None, kept: Mutex::new(None) }
    }

    /// A way for the owner of a token.
    pub fn signed_in(address: Address, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::new(address) }
    }

    /// Makes an account without a password.
    pub async fn sign_up(&self, name: &str) -> Result<Session, RestError> {
        self.call("POST", "/v1/users", Some(json!({"name": name})), None).await
    }

    /// Makes an account with a handle and a password.
    pub async fn sign_up_as(&self, name: &str, handle: &str, password: &str) -> Result<Session, RestError> {
        let body = json!({"name": name, "handle": handle, "password": password});
        self.call("POST", "/v1/users", Some(body), None).await
    }

    /// Signs in with handle and password.
    pub async fn sign_in(&self, handle: &str, password: &str) -> Result<Session, RestError> {
        self.call("POST", "/v1/sessions", Some(json!({"handle": handle, "password": password})), None).await
    }

    /// Signs in with the ticket of the administrator's link.
    pub async fn sign_in_with_ticket(&self, ticket: &str) -> Result<Session, RestError> {
        self.call("POST", "/v1/sessions", Some(json!({"ticket": ticket})), None).await
    }

    /// Changes limits of the server, all or none: administrators only.
    pub async fn set_limits(&self, limits: &[(&str, u64)]) -> Result<(), RestError> {
        let body: serde_json::Map<String, Value> =
            limits.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        self.do_it("PATCH", "/v1/admin/limits", Some(body.into()), None).await
    }

    /// A request whose answer is read.
    pub async fn call<A: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        key: Option<Nonce>,
    ) -> Result<A, RestError> {
        let (status, body) = self.exchange(method, path, body, key).await?;
        serde_json::from_slice(&body).map_err(|_| unreadable(method, path, status, &body))
    }

    /// A page of text.
    pub async fn text(&self, path: &str) -> Result<String, RestError> {
        let (_, body) = self.exchange("GET", path, None, None).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// A request whose answer does not matter, as long as it is yes.
    pub async fn do_it(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        key: Option<Nonce>,
    ) -> Result<(), RestError> {
        self.exchange(method, path, body, key).await.map(|_| ())
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        key: Option<Nonce>,
    ) -> Result<(u16, Vec<u8>), RestError> {
        let request = http::Request {
            method,
            path,
            authority: self.address.authority(),
            token: self.token.as_deref(),
            key: key.map(|key| key.to_string()),
            body: body.map(|body| body.to_string().into_bytes()),
        };
        // The server may have closed a kept connection: only what may be done twice goes there.
        let may_repeat = method != "POST" || key.is_some();
        let kept = if may_repeat { self.kept.lock().await.take() } else { None };
        let answer = match kept {
            Some(mut stream) => match self.try_on(&request, &mut stream).await {
                Ok(answer) => (answer, stream),
                Err(_) => self.try_anew(&request).await?,
            },
            None => self.try_anew(&request).await?,
        };
        let (answer, stream) = answer;
        if answer.keep {
            *self.kept.lock().await = Some(stream);
        }
        match answer.status {
            200..=299 => Ok((answer.status, answer.body)),
            status => match serde_json::from_slice(&answer.body) {
                Ok(error) => Err(RestError::Refused { status, error }),
                Err(_) => Err(unreadable(method, path, status, &answer.body)),
            },
        }
    }

    async fn try_anew(&self, request: &http::Request<'_>) -> Result<(http::Answer, TcpStream), RestError> {
        let mut stream = TcpStream::connect(self.address.authority()).await?;
        stream.set_nodelay(true)?;
        Ok((self.try_on(request, &mut stream).await?, stream))
    }

    async fn try_on(
        &self,
        request: &http::Request<'_>,
        stream: &mut TcpStream,
    ) -> std::io::Result<http::Answer> {
        timeout(ANSWER_PATIENCE, request.exchange(stream)).await.map_err(std::io::Error::from)?
    }
}

fn unreadable(method: &str, path: &str, status: u16, body: &[u8]) -> RestError {
    let body = String::from_utf8_lossy(body).chars().take(200).collect();
    RestError::Unreadable { method: method.to_owned(), path: path.to_owned(), status, body }
}
