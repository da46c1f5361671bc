//! The acceptor's loop.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::half_open::{Dropped, HalfOpen, HalfOpens};
use super::route::{Route, route};
use super::{HttpSink, ListenerSettings};
use crate::gateway::transport::addresses::Guest;
use crate::gateway::transport::application::Peer;
use crate::gateway::transport::counters::Counters;
use crate::gateway::transport::placement::{Arrival, Placement};
use crate::gateway::transport::proxies::FORWARDED_FOR;
use crate::gateway::transport::refusal::Refusal;

/// The poll's token of the stop signal.
pub(super) const WAKER: Token = Token(usize::MAX);

/// The poll's token of the listening socket.
const LISTENER: Token = Token(usize::MAX - 1);

const EVENTS_MAX_COUNT: usize = 1_024;

/// Connections accepted before the waiting ones are looked at again.
const ACCEPT_TURN_MAX_COUNT: usize = 256;

/// How long to wait when the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a refused peer may take to read why.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads thrown away from a refused peer.
const DISCARDED_READS_MAX_COUNT: usize = 64;

/// Bytes read at once.
const READ_MAX_BYTES: usize = 16 * 1024;

pub(super) struct Acceptor<M, S> {
    poll: Poll,
    socket: TcpListener,
    settings: ListenerSettings,
    placement: Placement<M>,
    http: S,
    half_opens: HalfOpens,
    buffer: Box<[u8]>,
    /// The listening socket may have more; not before this time.
    accept_at: Option<Instant>,
    /// No connection could be accepted since this was last logged.
    is_exhausted: bool,
}

impl<M: Send + 'static, S: HttpSink> Acceptor<M, S> {
    pub(super) fn new(
        poll: Poll,
        socket: std::net::TcpListener,
        settings: ListenerSettings,
        placement: Placement<M>,
        http: S,
    ) -> io::Result<Self> {
        let mut socket = TcpListener::from_std(socket);
        poll.registry().register(&mut socket, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            socket,
            settings,
            placement,
            http,
            half_opens: HalfOpens::default(),
            buffer: vec![0; READ_MAX_BYTES].into(),
            accept_at: None,
            is_exhausted: false,
        })
    }

    pub(super) fn run(mut self, is_stopping: &AtomicBool) {
        let mut events = Events::with_capacity(EVENTS_MAX_COUNT);
        while !is_stopping.load(Ordering::Acquire) {
            let next = [self.half_opens.next_deadline(), self.accept_at].into_iter().flatten().min();
            let sleep = next.map(|at| at.saturating_duration_since(Instant::now()));
            if let Err(error) = self.poll.poll(&mut events, sleep)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the acceptor cannot poll its sockets and ends");
                return;
            }
            let now = Instant::now();
            for event in &events {
                match event.token() {
                    WAKER => {}
                    LISTENER => self.accept_at = Some(now),
                    Token(place) => self.progress(place, now),
                }
            }
            self.expire(now);
            if self.accept_at.is_some_and(|at| at <= now) {
                self.accept(now);
            }
        }
    }

    fn count(&self, counter: impl Fn(&Counters) -> &AtomicU64) {
        counter(&self.placement.transport().counters).fetch_add(1, Ordering::Relaxed);
    }

    fn accept(&mut self, now: Instant) {
        for _ in 0..ACCEPT_TURN_MAX_COUNT {
            match self.socket.accept() {
                Ok((stream, peer)) => {
                    self.is_exhausted = false;
                    self.count(|counters| &counters.accepted);
                    self.begin(stream, peer, now);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.accept_at = None;
                    return;
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    self.count(|counters| &counters.accept_failures);
                    // No descriptor or no memory: connections that wait for their head are the least loss.
                    if !self.drop_half_open() {
                        if !self.is_exhausted {
                            tracing::warn!(%error, "cannot accept connections");
                        }
                        self.is_exhausted = true;
                        self.accept_at = Some(now + ACCEPT_PAUSE);
                        return;
                    }
                }
            }
        }
        self.accept_at = Some(now);
    }

    /// Looks at a new connection; its head has often come with it, and then it never waits.
    fn begin(&mut self, mut stream: TcpStream, peer: SocketAddr, now: Instant) {
        let guest = match self.settings.proxies.trusts(peer.ip().to_canonical()) {
            true => Guest::default(),
            false => match self.placement.transport().enter(peer.ip()) {
                Ok(guest) => guest,
                Err(refusal) => return self.refuse(stream, peer, refusal, now),
            },
        };
        let mut head = Vec::new();
        match read_head(&mut stream, &mut head, &mut self.buffer, &self.settings) {
            HeadRead::Gone => {}
            HeadRead::Partial => {
                let deadline = now + self.settings.head_timeout;
                self.keep(HalfOpen { stream, peer, guest, head, is_refused: false }, deadline);
            }
            HeadRead::Complete(route) => self.send_on((stream, peer, guest), head, route, now),
        }
    }

    /// Reads on a connection that waits.
    fn progress(&mut self, place: usize, now: Instant) {
        let Some(half_open) = self.half_opens.get_mut(place) else {
            return;
        };
        if half_open.is_refused {
            if discard(&mut half_open.stream, &mut self.buffer) == HeadRead::Gone {
                self.half_opens.remove(place);
            }
            return;
        }
        match read_head(&mut half_open.stream, &mut half_open.head, &mut self.buffer, &self.settings) {
            HeadRead::Partial => {}
            HeadRead::Gone => drop(self.half_opens.remove(place)),
            HeadRead::Complete(route) => {
                if let Some(HalfOpen { stream, peer, guest, head, .. }) = self.release(place) {
                    self.send_on((stream, peer, guest), head, route, now);
                }
            }
        }
    }

    /// Sends a connection where it belongs.
    fn send_on(
        &mut self,
        (stream, peer, mut guest): (TcpStream, SocketAddr, Guest),
        head: Vec<u8>,
        route: Route,
        now: Instant,
    ) {
        match route {
            Route::Http => {
                self.count(|counters| &counters.http);
                self.http.accept(stream.into(), head, peer, guest);
            }
            Route::WebSocket(granted, head_bytes) => {
                let response = granted.response();
                if !guest.is_counted() {
                    let forwarded = granted.request.values(FORWARDED_FOR);
                    match self.placement.admit(&self.settings.proxies, peer.ip(), forwarded) {
                        Ok(client) => guest = client,
                        Err(refusal) => return self.refuse(stream, peer, refusal, now),
                    }
                }
                let arrival = Box::new(Arrival {
                    stream: stream.into(),
                    peer: Peer { address: peer, request: granted.request },
                    response: Some(response),
                    guest,
                    received: head[head_bytes..].to_vec(),
                });
                if let Err((arrival, refusal)) = self.placement.place(arrival) {
                    self.refuse(TcpStream::from_std(arrival.stream), peer, refusal, now);
                }
            }
            Route::Refused(refusal) => self.refuse(stream, peer, refusal, now),
        }
    }

    /// Answers, and leaves the connection open for a moment: closing it with bytes unread would reset it, and
    /// the answer with it.
    fn refuse(&mut self, mut stream: TcpStream, peer: SocketAddr, refusal: Refusal, now: Instant) {
        match refusal.status {
            403 => self.count(|counters| &counters.refused_origin),
            408 => self.count(|counters| &counters.refused_timeout),
            // Counted where it was decided.
            429 | 503 => {}
            _ => self.count(|counters| &counters.refused_request),
        }
        let response = refusal.response();
        let is_sent = stream.write(&response).is_ok_and(|bytes| bytes == response.len());
        if is_sent && stream.shutdown(Shutdown::Write).is_ok() {
            let half_open =
                HalfOpen { stream, peer, guest: Guest::default(), head: Vec::new(), is_refused: true };
            self.keep(half_open, now + REFUSED_TIMEOUT);
        }
    }

    /// Keeps a connection that has to wait, in place of the oldest one when there are too many.
    fn keep(&mut self, mut half_open: HalfOpen, deadline: Instant) {
        while self.half_opens.len() >= self.settings.half_open_max_count && self.drop_half_open() {}
        let token = Token(self.half_opens.next_place());
        match self.poll.registry().register(&mut half_open.stream, token, Interest::READABLE) {
            Ok(()) => self.half_opens.insert(half_open, deadline),
            Err(error) => tracing::warn!(%error, "cannot wait for a connection's request"),
        }
    }

    /// Takes out a connection that goes elsewhere.
    fn release(&mut self, place: usize) -> Option<HalfOpen> {
        let mut half_open = self.half_opens.remove(place)?;
        self.poll.registry().deregister(&mut half_open.stream).ok()?;
        Some(half_open)
    }

    fn drop_half_open(&mut self) -> bool {
        let dropped = self.half_opens.drop_oldest();
        if dropped == Some(Dropped::Waiting) {
            self.count(|counters| &counters.refused_half_open);
        }
        dropped.is_some()
    }

    fn expire(&mut self, now: Instant) {
        self.half_opens.drop_refused(now);
        while let Some(place) = self.half_opens.overdue(now) {
            let Some(HalfOpen { stream, peer, head, .. }) = self.release(place) else {
                continue;
            };
            if head.is_empty() {
                // Browsers open connections that they may never use: no answer to no question.
                self.count(|counters| &counters.refused_timeout);
            } else {
                self.refuse(stream, peer, Refusal::TIMEOUT, now);
            }
        }
    }
}

#[derive(PartialEq, Eq, Debug)]
enum HeadRead {
    Partial,
    Complete(Route),
    Gone,
}

/// Reads until the socket is empty or the head complete.
fn read_head(
    stream: &mut TcpStream,
    head: &mut Vec<u8>,
    buffer: &mut [u8],
    settings: &ListenerSettings,
) -> HeadRead {
    loop {
        match stream.read(buffer) {
            Ok(0) => return HeadRead::Gone,
            Ok(bytes) => {
                let seen = head.len();
                head.extend_from_slice(&buffer[..bytes]);
                if let Some(route) = route(head, seen, settings) {
                    return HeadRead::Complete(route);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return HeadRead::Partial,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return HeadRead::Gone,
        }
    }
}

/// Throws away what a refused peer still sends, within bounds.
fn discard(stream: &mut TcpStream, buffer: &mut [u8]) -> HeadRead {
    for _ in 0..DISCARDED_READS_MAX_COUNT {
        match stream.read(buffer) {
            Ok(0) => return HeadRead::Gone,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return HeadRead::Partial,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return HeadRead::Gone,
        }
    }
    HeadRead::Gone
}

/// Whether `accept` failed for the one connection only, which was reset while it waited.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
