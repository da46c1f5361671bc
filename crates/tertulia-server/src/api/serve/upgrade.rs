//! WebSockets on connections that HTTP holds already: browsers and proxies use theirs again. The acceptor takes all
//! others.

use std::{
    io::Write as _,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;

use super::replay::Replay;
use crate::gateway::transport::{
    Arrival, CloseCode, FORWARDED_FOR, Frame, Guest, ListenerSettings, Peer, Place, Placement, Proxies,
    Refusal,
    handshake::{Granted, HandshakePolicy, RequestHead, negotiate},
};

/// Most headers of an answer that is made from bytes.
const ANSWER_HEADERS_MAX: usize = 16;

/// Who grants upgrades, and where the connections go.
pub struct Upgrades {
    path: String,
    policy: HandshakePolicy,
    proxies: Proxies,
    placement: Arc<dyn Places>,
}

/// The gateway's places, whatever mail its workers read.
trait Places: Send + Sync {
    fn reserve(&self) -> Result<Place, Refusal>;
    fn admit(&self, proxies: &Proxies, peer: IpAddr, forwarded: Vec<&str>) -> Result<Guest, Refusal>;
    fn settle(&self, arrival: Arrival, place: Place);
}

impl<M: Send + 'static> Places for Placement<M> {
    fn reserve(&self) -> Result<Place, Refusal> {
        Self::reserve(self)
    }

    fn admit(&self, proxies: &Proxies, peer: IpAddr, forwarded: Vec<&str>) -> Result<Guest, Refusal> {
        Self::admit(self, proxies, peer, forwarded.into_iter())
    }

    fn settle(&self, arrival: Arrival, place: Place) {
        if let Err((arrival, refusal)) = Self::settle(self, Box::new(arrival), place) {
            // It is a WebSocket already, so it ends as one. The stream does not block: what does not fit is not sent.
            let close = Frame::close(Some(CloseCode::GOING_AWAY), refusal.detail);
            let _ = (&arrival.stream).write(close.bytes());
        }
    }
}

impl Upgrades {
    /// Upgrades by the acceptor's rules.
    pub fn new<M: Send + 'static>(listening: &ListenerSettings, placement: Placement<M>) -> Self {
        Self {
            path: listening.connect_path.clone(),
            policy: listening.policy.clone(),
            proxies: listening.proxies.clone(),
            placement: Arc::new(placement),
        }
    }

    /// Whether a request asks for a WebSocket.
    pub fn is_wanted(&self, request: &Request) -> bool {
        request.uri().path() == self.path
    }

    /// Answers a request for a WebSocket; a granted one leaves HTTP for good. Its place is taken before it hears so.
    pub fn answer(&self, request: Request, peer: SocketAddr, guest: Guest) -> Response {
        let granted = self.negotiated(&request).and_then(|granted| {
            let guest = match guest.is_counted() {
                true => guest,
                false => {
                    let forwarded = granted.request.values(FORWARDED_FOR).collect();
                    self.placement.admit(&self.proxies, peer.ip(), forwarded)?
                }
            };
            Ok((granted, guest, self.placement.reserve()?))
        });
        match granted {
            Ok((granted, guest, place)) => {
                let response = response(&granted.response());
                let peer = Peer { address: peer, request: granted.request };
                tokio::spawn(hand_over(request, (peer, guest), self.placement.clone(), place));
                response
            }
            Err(refusal) => response(&refusal.response()),
        }
    }

    fn negotiated(&self, request: &Request) -> Result<Granted, Refusal> {
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| httparse::Header { name: name.as_str(), value: value.as_bytes() })
            .collect();
        let minor_version = u8::from(request.version() != axum::http::Version::HTTP_10);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let head =
            RequestHead { method: request.method().as_str(), target, minor_version, headers: &headers };
        negotiate(&head, &self.policy)
    }
}

/// Takes the connection out of HTTP once its answer is sent.
async fn hand_over(request: Request, (peer, guest): (Peer, Guest), placement: Arc<dyn Places>, place: Place) {
    let address = peer.address;
    let upgraded: Upgraded = match hyper::upgrade::on(request).await {
        Ok(upgraded) => upgraded,
        Err(error) => return tracing::debug!(%address, %error, "an upgrade broke off"),
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<Replay>>() else {
        return tracing::error!(%address, "an upgraded connection is of another kind");
    };
    let (mut received, stream) = parts.io.into_inner().into_parts();
    received.splice(0..0, parts.read_buf.iter().copied());
    match stream.into_std() {
        Ok(stream) => {
            placement.settle(Arrival { stream, peer, response: None, guest, received }, place);
        }
        Err(error) => tracing::debug!(%address, %error, "an upgraded connection could not be taken"),
    }
}

/// An answer that the transport has written, for HTTP to send.
fn response(bytes: &[u8]) -> Response {
    let mut headers = [httparse::EMPTY_HEADER; ANSWER_HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(head_bytes)) = parsed.parse(bytes) else {
        return Response::new(Body::empty());
    };
    let mut response = Response::new(Body::from(bytes[head_bytes..].to_vec()));
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for given in parsed.headers.iter() {
        let name = HeaderName::from_bytes(given.name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(given.value))
            && name != header::CONTENT_LENGTH
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
