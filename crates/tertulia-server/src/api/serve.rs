//! HTTP on connections that the acceptor hands over, the bytes that it has read first.

mod replay;
mod upgrade;

use std::{
    net::{Shutdown, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpStream,
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tower::ServiceExt as _;

use self::{replay::Replay, upgrade::Upgrades};
use super::{Api, extract::PeerAddress, router};
use crate::gateway::transport::{Guest, HttpSink, ListenerSettings, Placement, Refusal};

/// How HTTP connections are served.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// How many connections there may be: each costs some 20 KiB while it talks.
    pub connections_max: u32,
    /// How long a connection may take for a request's head, and be silent between two requests.
    pub silence_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { connections_max: 4_096, silence_timeout: Duration::from_secs(60) }
    }
}

/// Serves HTTP. Cheap to clone.
#[derive(Clone)]
pub struct HttpServer(Arc<Server>);

struct Server {
    router: Router,
    settings: HttpSettings,
    upgrades: Upgrades,
    runtime: Handle,
    places: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl HttpServer {
    /// Serves the API on this runtime. WebSockets that are asked for on a connection that HTTP holds already are granted
    /// by the same rules as the acceptor's, and placed with them.
    pub fn new<M: Send + 'static>(
        api: Api,
        runtime: Handle,
        settings: HttpSettings,
        listening: &ListenerSettings,
        placement: Placement<M>,
    ) -> Self {
        let upgrades = Upgrades::new(listening, placement);
        let places = Arc::new(Semaphore::new(settings.connections_max as usize));
        let stop = watch::Sender::new(false);
        Self(Arc::new(Server { router: router(api), settings, upgrades, runtime, places, stop }))
    }

    /// Serves requests under way to their end, takes no more, and waits until all are done or time is over.
    pub async fn stop(&self, grace: Duration) {
        self.0.stop.send_replace(true);
        let all = self.0.places.acquire_many(self.0.settings.connections_max);
        if timeout(grace, all).await.is_err() {
            tracing::warn!("connections were cut that had requests under way");
        }
    }

    async fn serve(
        self,
        stream: std::net::TcpStream,
        head: Vec<u8>,
        (peer, guest): (SocketAddr, Guest),
        _place: OwnedSemaphorePermit,
    ) {
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!(%peer, %error, "a connection could not be served"),
        };
        let server = self.0;
        let mut stop = server.stop.subscribe();
        let io = TokioIo::new(Replay::new(head, stream));
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let (server, guest) = (server.clone(), guest.clone());
            async move {
                let mut request: Request = request.map(Body::new);
                request.extensions_mut().insert(PeerAddress(peer));
                if server.upgrades.is_wanted(&request) {
                    return Ok(server.upgrades.answer(request, peer, guest));
                }
                server.router.clone().oneshot(request).await
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(server.settings.silence_timeout)
            .serve_connection(io, service)
            .with_upgrades();
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "an HTTP connection broke");
        }
    }
}

/// Resolves when the server stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending().await
    }
}

impl HttpSink for HttpServer {
    fn accept(&self, stream: std::net::TcpStream, head: Vec<u8>, peer: SocketAddr, guest: Guest) {
        match self.0.places.clone().try_acquire_owned() {
            Ok(place) => drop(self.0.runtime.spawn(self.clone().serve(stream, head, (peer, guest), place))),
            Err(_) => {
                tracing::warn!(%peer, "an HTTP connection was turned away: there are too many");
                // The stream does not block: what does not fit is not sent.
                let _ = std::io::Write::write(&mut &stream, &Refusal::FULL.response());
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}
