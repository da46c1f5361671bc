//! A WebSocket client that does what it is told, right or wrong.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than anything here takes, so that a failure is an error and not a hang.
const PATIENCE: Duration = Duration::from_secs(20);

pub const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

pub struct Client {
    pub stream: TcpStream,
    received: Vec<u8>,
}

#[derive(PartialEq, Eq, Debug)]
pub struct ServerFrame {
    pub first: u8,
    pub payload: Vec<u8>,
}

impl ServerFrame {
    pub fn text(&self) -> &str {
        assert_eq!(self.first, 0x81, "a text frame: {self:?}");
        std::str::from_utf8(&self.payload).unwrap()
    }

    pub fn close_code(&self) -> u16 {
        assert_eq!(self.first, 0x88, "a close frame: {self:?}");
        u16::from_be_bytes([self.payload[0], self.payload[1]])
    }
}

pub fn upgrade_request(extra: &str) -> String {
    format!(
        "GET /v1/connect?v=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
    )
}

/// A client's frame; `first` is its first byte.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ MASK[i % 4]));
    bytes
}

impl Client {
    /// A TCP connection that has said nothing.
    pub fn dial(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// An open WebSocket.
    pub fn open(address: SocketAddr) -> Self {
        let mut client = Self::dial(address);
        client.write(upgrade_request("").as_bytes());
        let head = client.read_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
        client
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn send(&mut self, first: u8, payload: &[u8]) {
        self.write(&frame(first, payload));
    }

    /// The response's head.
    pub fn read_head(&mut self) -> String {
        loop {
            if let Some(at) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                let rest = self.received.split_off(at + 4);
                return String::from_utf8(std::mem::replace(&mut self.received, rest)).unwrap();
            }
            assert!(self.fill() > 0, "ended inside a head");
        }
    }

    /// The next frame, or `None` at the end of the stream.
    pub fn read_frame(&mut self) -> Option<ServerFrame> {
        loop {
            if let Some((frame, bytes)) = parse(&self.received) {
                self.received.drain(..bytes);
                return Some(frame);
            }
            if self.fill() == 0 {
                assert!(self.received.is_empty(), "ended inside a frame");
                return None;
            }
        }
    }

    pub fn read_text(&mut self) -> String {
        self.read_frame().expect("a frame").text().to_owned()
    }

    /// Reads a close frame and then the end of the stream; says its code.
    pub fn read_close(&mut self) -> u16 {
        let code = self.read_frame().expect("a close frame").close_code();
        assert_eq!(self.read_frame(), None, "nothing follows a close frame");
        code
    }

    /// Everything until the end.
    pub fn read_rest(&mut self) -> Vec<u8> {
        while self.fill() > 0 {}
        std::mem::take(&mut self.received)
    }

    /// Reads until the other side is gone, by an end or a reset.
    pub fn wait_for_end(&mut self) {
        let mut buffer = [0; 65_536];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
                Err(error) => panic!("no end came: {error}"),
            }
        }
    }

    fn fill(&mut self) -> usize {
        let mut buffer = [0; 65_536];
        let bytes = self.stream.read(&mut buffer).unwrap();
        self.received.extend_from_slice(&buffer[..bytes]);
        bytes
    }
}

fn parse(bytes: &[u8]) -> Option<(ServerFrame, usize)> {
    let (&first, &short) = (bytes.first()?, bytes.get(1)?);
    let (length, header) = match short {
        126 => (u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into(), 4),
        127 => (u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?), 10),
        short => (short.into(), 2),
    };
    let end = header + length as usize;
    let payload = bytes.get(header..end)?.to_vec();
    Some((ServerFrame { first, payload }, end))
}
