//! One WebSocket to a server: frames in, frames out. What they mean is the [`session`](crate::session)'s.

use std::{fmt, str::FromStr};

use futures::{SinkExt, StreamExt};
use tertulia_protocol::socket::{client::ClientFrame, server::ServerFrame};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Limits, Message, WebSocketStream};

/// Largest frame that a client reads, in bytes: a page of the longest messages has less.
const FRAME_BYTES_MAX: usize = 32 << 20;

/// Where a server is: `http://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    authority: String,
}

/// The text is not `http://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address of the form http://HOST:PORT")]
pub struct BadAddress(String);

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let authority = text.strip_prefix("http://").map(|rest| rest.split('/').next().unwrap_or(rest));
        let port =
            authority.and_then(|authority| authority.rsplit_once(':')).map(|(_, port)| port.parse::<u16>());
        match (authority, port) {
            (Some(authority), Some(Ok(_))) => Ok(Self { authority: authority.to_owned() }),
            (Some(authority), None) if !authority.is_empty() => {
                Ok(Self { authority: format!("{authority}:80") })
            }
            _ => Err(BadAddress(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

impl Address {
    /// `HOST:PORT`.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server cannot be reached.
    #[error("cannot reach the server")]
    Io(#[from] std::io::Error),
    /// It does not speak WebSocket there.
    #[error("the server did not open a WebSocket")]
    WebSocket(#[from] tokio_websockets::Error),
    /// The address cannot be written as one.
    #[error("the address is not valid")]
    Address,
}

/// What comes from a connection.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly always it is a frame")]
pub enum Heard {
    /// A frame.
    Frame(ServerFrame),
    /// Something that this client does not know, with what was wrong about it: to be ignored.
    Unknown {
        /// What came.
        text: String,
        /// What was wrong.
        error: serde_json::Error,
    },
    /// The end, with the code of a close frame if there was one.
    Closed(Option<u16>),
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Connection {
    stream: WebSocketStream<TcpStream>,
}

impl Connection {
    /// Opens one.
    pub async fn open(address: &Address) -> Result<Self, ConnectError> {
        let stream = TcpStream::connect(address.authority()).await?;
        stream.set_nodelay(true)?;
        let builder = ClientBuilder::new()
            .uri(&format!("ws://{}/v1/connect", address.authority()))
            .map_err(|_| ConnectError::Address)?
            .limits(Limits::default().max_payload_len(Some(FRAME_BYTES_MAX)));
        let (stream, _) = builder.connect_on(stream).await?;
        Ok(Self { stream })
    }

    /// The next frame. May be dropped and called again without losing any.
    pub async fn next(&mut self) -> Heard {
        while let Some(Ok(message)) = self.stream.next().await {
            if let Some(text) = message.as_text() {
                return match serde_json::from_str(text) {
                    Ok(frame) => Heard::Frame(frame),
                    Err(error) => Heard::Unknown { text: text.to_owned(), error },
                };
            }
            if let Some((code, _)) = message.as_close() {
                return Heard::Closed(Some(u16::from(code)));
            }
        }
        Heard::Closed(None)
    }

    /// Writes frames.
    pub async fn write(&mut self, frames: &[ClientFrame]) -> Result<(), tokio_websockets::Error> {
        for frame in frames {
            let text = serde_json::to_string(frame).expect("frames of the protocol have string keys");
            self.stream.feed(Message::text(text)).await?;
        }
        self.stream.flush().await
    }

    /// Says goodbye, without waiting for the answer.
    pub async fn close(mut self) {
        // The connection is given up whether or not the other side hears it.
        let _ = self.stream.send(Message::close(None, "")).await;
    }
}
