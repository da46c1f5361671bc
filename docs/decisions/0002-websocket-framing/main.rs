//! A server that sends each text message to all its connections, once for each WebSocket library: the other
//! side of the table in `../0002-websocket-framing.md`. One thread, one task per connection, as these libraries are made for.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

type Members = Rc<RefCell<Vec<UnboundedSender<Bytes>>>>;

fn main() {
    let library = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let socket = TcpListener::bind("0.0.0.0:0").await.expect("a port");
        println!("{}", socket.local_addr().expect("its address").port());
        let members = Members::default();
        while let Ok((stream, _)) = socket.accept().await {
            tokio::task::spawn_local(open(stream, members.clone(), library.clone()));
        }
    });
}

async fn open(mut stream: TcpStream, members: Members, library: String) {
    upgrade(&mut stream).await;
    let (sender, receiver) = unbounded_channel();
    members.borrow_mut().push(sender);
    // A task of its own for each, so that none carries the state of the largest.
    match library.as_str() {
        "tokio-websockets" => drop(tokio::task::spawn_local(tokio_websockets(stream, members, receiver))),
        "fastwebsockets" => drop(tokio::task::spawn_local(fastwebsockets(stream, members, receiver))),
        "yawc" => drop(tokio::task::spawn_local(yawc(stream, members, receiver))),
        "tungstenite" => drop(tokio::task::spawn_local(tungstenite(stream, members, receiver, None))),
        "tungstenite-1k" => {
            drop(tokio::task::spawn_local(tungstenite(stream, members, receiver, Some(1_024))))
        }
        unknown => panic!("no library {unknown:?}"),
    }
}

async fn upgrade(stream: &mut TcpStream) {
    stream.set_nodelay(true).expect("no delay");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.expect("a request"), 0, "a request");
    }
    let head = String::from_utf8(head).expect("text");
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(response.as_bytes()).await.expect("a response");
}

fn fan_out(members: &Members, text: &Bytes) {
    members.borrow_mut().retain(|member| member.send(text.clone()).is_ok());
}

async fn tokio_websockets(stream: TcpStream, members: Members, mut receiver: UnboundedReceiver<Bytes>) {
    use tokio_websockets::{Message, Payload, ServerBuilder};
    let mut socket = ServerBuilder::new().serve(stream);
    loop {
        tokio::select! {
            got = socket.next() => match got {
                Some(Ok(message)) if message.is_text() => fan_out(&members, &message.into_payload().into()),
                Some(Ok(_)) => {}
                _ => return,
            },
            Some(text) = receiver.recv() => {
                let mut next = Some(text);
                while let Some(text) = next {
                    if socket.feed(Message::text(Payload::from(text))).await.is_err() {
                        return;
                    }
                    next = receiver.try_recv().ok();
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn fastwebsockets(stream: TcpStream, members: Members, mut receiver: UnboundedReceiver<Bytes>) {
    use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
    let mut socket = WebSocket::after_handshake(stream, Role::Server);
    loop {
        tokio::select! {
            got = socket.read_frame() => match got {
                Ok(frame) if frame.opcode == OpCode::Text => {
                    fan_out(&members, &Bytes::copy_from_slice(&frame.payload));
                }
                Ok(_) => {}
                Err(_) => return,
            },
            // It has no way to hand over several frames for one write.
            Some(text) = receiver.recv() => {
                if socket.write_frame(Frame::text(Payload::Borrowed(&text))).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn yawc(stream: TcpStream, members: Members, mut receiver: UnboundedReceiver<Bytes>) {
    use yawc::frame::{Frame, OpCode};
    use yawc::{Options, Role, WebSocket};
    let mut socket = WebSocket::from_stream(stream, Role::Server, Options::default()).expect("a WebSocket");
    loop {
        tokio::select! {
            got = socket.next() => match got {
                Some(frame) if frame.opcode() == OpCode::Text => fan_out(&members, &frame.into_payload()),
                Some(_) => {}
                None => return,
            },
            Some(text) = receiver.recv() => {
                let mut next = Some(text);
                while let Some(text) = next {
                    if socket.feed(Frame::text(text)).await.is_err() {
                        return;
                    }
                    next = receiver.try_recv().ok();
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn tungstenite(
    stream: TcpStream,
    members: Members,
    mut receiver: UnboundedReceiver<Bytes>,
    read_buffer_bytes: Option<usize>,
) {
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
    use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
    let config = read_buffer_bytes
        .map(|bytes| WebSocketConfig::default().read_buffer_size(bytes).write_buffer_size(0));
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, config).await;
    loop {
        tokio::select! {
            got = socket.next() => match got {
                Some(Ok(Message::Text(text))) => fan_out(&members, &text.into()),
                Some(Ok(_)) => {}
                _ => return,
            },
            Some(text) = receiver.recv() => {
                let mut next = Some(text);
                while let Some(text) = next {
                    let text = Utf8Bytes::try_from(text).expect("text that came as text");
                    if socket.feed(Message::Text(text)).await.is_err() {
                        return;
                    }
                    next = receiver.try_recv().ok();
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}
