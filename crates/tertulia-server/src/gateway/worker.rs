//! A gateway on its worker thread: the state machine between the transport, the owners and the runtime.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tertulia_core::{ShardId, TimeMs};
use tertulia_ports::{
    bus::{Bus, ToGateway, ToOwner},
    time::Clock,
};
use tokio::runtime;

use super::{
    errands::{self, Desk, Errand, Returned},
    machine::{Gateway, Outlet, Settings},
    transport::{Application, CloseCode, CloseReason, ConnectionId, Enqueued, Frame, Io, Peer, WorkerHandle},
};

/// How often the gateway looks at the clock.
const TICK: Duration = Duration::from_millis(100);

/// Bytes that a connection may have queued and still get live entries: what it misses beyond it reads from the log,
/// and answers to its own requests find room above.
const LIVE_BYTES_MAX: usize = 128 * 1024;

/// How many clients come back in a millisecond after the server went down: what a server takes with ease.
const COME_BACK_PER_MS: u64 = 2;

/// What comes to a worker.
pub enum Mail {
    /// From owners and others, over the bus.
    Bus(ToGateway),
    /// An errand is done.
    Returned(Returned),
}

/// A gateway on its worker thread.
pub struct GatewayWorker {
    gateway: Gateway,
    desk: Desk,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    runtime: runtime::Handle,
    own: WorkerHandle<Mail>,
    /// The longest time over which clients are told to come back.
    spread_max: Duration,
    start: Option<Instant>,
    is_ticking: bool,
}

impl GatewayWorker {
    /// A gateway that speaks over this bus, and runs errands at this desk.
    pub fn new(
        settings: Settings,
        desk: Desk,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        runtime: runtime::Handle,
        (own, spread_max): (WorkerHandle<Mail>, Duration),
    ) -> Self {
        let gateway = Gateway::new(settings);
        Self { gateway, desk, bus, clock, runtime, own, spread_max, start: None, is_ticking: false }
    }

    /// Tells the machine the time, and hands it out with the way to the sockets.
    fn now<'io, 'a>(&mut self, io: &'io mut Io<'a>) -> (&mut Gateway, Sockets<'io, 'a>) {
        let now = io.now();
        let start = *self.start.get_or_insert(now);
        let elapsed = TimeMs(now.duration_since(start).as_millis() as u64);
        self.gateway.at(self.clock.now(), elapsed);
        (&mut self.gateway, Sockets(io))
    }

    fn run(&self, errand: Errand) {
        let (desk, gateway, now) = (self.desk.clone(), self.gateway.id(), self.clock.now());
        let own = self.own.clone();
        self.runtime.spawn(async move {
            let returned = errands::run(&desk, gateway, errand, now).await;
            if let Some(returned) = returned {
                // A worker that has shut down has nobody to tell.
                let _ = own.post(Mail::Returned(returned));
            }
        });
    }

    fn to_owner(&self, shard: ShardId, mail: ToOwner) {
        // Nobody there: what waits for an answer is asked again.
        let _ = self.bus.to_owner(shard, mail);
    }
}

impl Application for GatewayWorker {
    type Mail = Mail;

    fn opened(&mut self, connection: ConnectionId, _peer: &Peer, io: &mut Io<'_>) {
        if !std::mem::replace(&mut self.is_ticking, true) {
            io.request_tick(io.now() + TICK);
        }
        let (gateway, _) = self.now(io);
        gateway.opened(connection);
    }

    fn text(&mut self, connection: ConnectionId, text: &str, io: &mut Io<'_>) {
        let (gateway, mut sockets) = self.now(io);
        gateway.text(connection, text, &mut sockets);
    }

    fn binary(&mut self, connection: ConnectionId, _data: &[u8], io: &mut Io<'_>) {
        let (gateway, mut sockets) = self.now(io);
        gateway.binary(connection, &mut sockets);
    }

    fn drained(&mut self, connection: ConnectionId, io: &mut Io<'_>) {
        let (gateway, mut sockets) = self.now(io);
        gateway.drained(connection, &mut sockets);
    }

    fn closed(&mut self, connection: ConnectionId, _reason: CloseReason, io: &mut Io<'_>) {
        let (gateway, _) = self.now(io);
        gateway.closed(connection);
    }

    fn mail(&mut self, mail: Mail, io: &mut Io<'_>) {
        match mail {
            Mail::Bus(mail) => {
                let (gateway, mut sockets) = self.now(io);
                gateway.mail(mail, &mut sockets);
            }
            Mail::Returned(returned) => {
                let (gateway, mut sockets) = self.now(io);
                gateway.returned(returned, &mut sockets);
            }
        }
    }

    fn tick(&mut self, io: &mut Io<'_>) {
        let (gateway, mut sockets) = self.now(io);
        gateway.tick(&mut sockets);
        io.request_tick(io.now() + TICK);
    }

    fn draining(&mut self, _grace: Duration, _deadline: Instant, io: &mut Io<'_>) {
        let within_ms = spread_ms(io.all_connections(), self.spread_max);
        let (gateway, mut sockets) = self.now(io);
        gateway.drain(within_ms, &mut sockets);
    }

    fn turn_ended(&mut self, _io: &mut Io<'_>) {
        for (shard, mail) in self.gateway.take_mail() {
            self.to_owner(shard, mail);
        }
        for errand in self.gateway.take_errands() {
            self.run(errand);
        }
    }
}

/// Over how long so many clients come back: at once if they are few.
fn spread_ms(clients: usize, max: Duration) -> u64 {
    let max_ms = max.as_millis().try_into().unwrap_or(u64::MAX);
    (clients as u64 / COME_BACK_PER_MS).min(max_ms)
}

/// The machine's way to the sockets.
struct Sockets<'io, 'a>(&'io mut Io<'a>);

impl Outlet for Sockets<'_, '_> {
    fn send(&mut self, connection: ConnectionId, frame: Bytes) -> bool {
        !matches!(self.0.send(connection, Frame::from_encoded(frame)), Enqueued::Full)
    }

    fn send_live(&mut self, connection: ConnectionId, frame: &Bytes) -> bool {
        if self.0.queued_bytes(connection) > LIVE_BYTES_MAX {
            self.0.notify_when_drained(connection);
            return false;
        }
        matches!(self.0.send(connection, Frame::from_encoded(frame.clone())), Enqueued::Accepted)
    }

    fn close(&mut self, connection: ConnectionId, code: u16, reason: &str) {
        let code = CloseCode::new(code).unwrap_or(CloseCode::POLICY);
        self.0.close(connection, code, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_come_back_over_a_time_that_grows_with_their_number() {
        let max = Duration::from_secs(5);
        for (clients, ms) in [(0, 0), (1, 0), (200, 100), (4_000, 2_000), (10_000, 5_000), (18_000, 5_000)] {
            assert_eq!(spread_ms(clients, max), ms, "{clients}");
        }
        assert_eq!(spread_ms(18_000, Duration::ZERO), 0);
    }
}
