//! One WebSocket, byte by byte, so that everything can be tried on it that a client should not do.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tertulia_client::connection::Address;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::wire::{self, opcode};

/// How long something that must come may take: longer than any deadline of the protocol.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What comes on a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// A text frame.
    Text(String),
    /// A close frame with its code.
    Close(u16),
    /// The end, without a close frame.
    End,
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Socket {
    /// Opens one, asking for the subprotocol, which the server must choose.
    pub async fn open(address: &Address) -> Result<Self> {
        let (socket, head) = Self::try_open(address, "Sec-WebSocket-Protocol: tertulia.v1.json\r\n").await?;
        let socket = socket.with_context(|| format!("no WebSocket was opened: {head}"))?;
        let chosen = head.to_lowercase().contains("\r\nsec-websocket-protocol: tertulia.v1.json\r\n");
        ensure!(chosen, "the server has not chosen the subprotocol: {head}");
        Ok(socket)
    }

    /// Asks for one with more headers: it, if it was granted, and the head of the answer.
    pub async fn try_open(address: &Address, headers: &str) -> Result<(Option<Self>, String)> {
        let stream = TcpStream::connect(address.authority()).await.context("cannot reach the server")?;
        let mut socket = Self { stream, received: Vec::new() };
        let request = String::from_utf8(wire::handshake(address.authority()))?;
        let request = request.strip_suffix("\r\n").unwrap_or(&request);
        socket.write(format!("{request}{headers}\r\n").as_bytes()).await?;
        let end = loop {
            if let Some(at) = socket.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(socket.more().await?, "the connection ended before the answer's head");
        };
        let head = String::from_utf8(socket.received.drain(..end).collect())?;
        let is_open = head.starts_with("HTTP/1.1 101 ");
        Ok((is_open.then_some(socket), head))
    }

    /// Writes bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.context("the server does not read")??;
        Ok(())
    }

    /// Sends a frame of a kind.
    pub async fn send(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        let mut bytes = Vec::with_capacity(payload.len() + 14);
        wire::put_client_frame(&mut bytes, kind, payload);
        self.write(&bytes).await
    }

    /// What comes next. Pings are answered.
    pub async fn next(&mut self) -> Result<Came> {
        loop {
            while let Some(frame) = wire::parse(&self.received) {
                let payload = self.received[frame.payload.clone()].to_vec();
                self.received.drain(..frame.payload.end);
                match frame.opcode {
                    opcode::TEXT => return Ok(Came::Text(String::from_utf8(payload)?)),
                    opcode::CLOSE => {
                        let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                        return Ok(Came::Close(code));
                    }
                    opcode::PING => self.send(opcode::PONG, &payload).await?,
                    opcode::PONG => {}
                    other => bail!("a frame came with the opcode {other}"),
                }
            }
            match self.more().await {
                Ok(true) => {}
                Ok(false) => return Ok(Came::End),
                Err(error) if error.downcast_ref::<std::io::Error>().is_some() => return Ok(Came::End),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for the end, and checks its code. Text before it is thrown away.
    pub async fn expect_close(&mut self, code: u16) -> Result<()> {
        loop {
            match self.next().await? {
                Came::Text(_) => {}
                Came::Close(came) if came == code => return Ok(()),
                other => bail!("{other:?} came, and should have been a close frame with {code}"),
            }
        }
    }

    async fn more(&mut self) -> Result<bool> {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.received)).await;
        Ok(read.context("nothing came")?? > 0)
    }
}
