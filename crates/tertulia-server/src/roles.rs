//! What each role starts, in one process: from ports to a running server, and back down in order.
//!
//! The binary picks the adapters behind the ports (`wiring.rs`) and calls [`Server::start`]. A laptop and a fleet differ
//! in the ports alone.

use std::{io, net::SocketAddr, sync::Arc, thread::JoinHandle, time::Duration};

use tertulia_core::{RoomId, ShardId};
use tertulia_ports::{
    blobs::Blobs,
    bus::{Bus, GatewayId, InProcessBus, OwnerId, ToGateway},
    coordination::{Coordination, Node},
    directory::Directory,
    messages::Messages,
    presence::PresenceStore,
    time::{Clock, Entropy},
};
use tertulia_protocol::socket::{SUBPROTOCOL, close};
use tokio::runtime;

use crate::{
    api::{Api, HttpServer, HttpSettings, Parts},
    attachments::Processor,
    gateway::{
        errands::Desk,
        machine,
        transport::{
            CloseCode, FORWARDED_FOR, Listener, ListenerSettings, MessageLimits, OriginPolicy, Placement,
            Transport, Worker, WorkerHandle, WorkerSettings,
        },
        worker::{GatewayWorker, Mail},
    },
    history::Reader,
    identity::{Buckets, Passwords, Rates, Tickets, Tokens},
    jobs,
    metrics::{Counter, Kind, Metrics},
    room::{
        Handle,
        handle::Callers,
        shard_loop::{OwnerHandle, ShardLoop},
        work::Places,
    },
};

/// The largest message of a client, in bytes: the longest text with room to spare.
const MESSAGE_BYTES_MAX: usize = 128 * 1024;

/// How often a node says what it has.
const ANNOUNCE: Duration = Duration::from_secs(5);

/// What the roles stand on.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the port of its name")]
pub struct Ports {
    pub directory: Arc<dyn Directory>,
    pub messages: Arc<dyn Messages>,
    pub coordination: Arc<dyn Coordination>,
    pub presence: Arc<dyn PresenceStore>,
    pub blobs: Arc<dyn Blobs>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// How a server is started.
pub struct Settings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its name among nodes.
    pub node: String,
    /// Where it stands; may be empty.
    pub place: String,
    /// Threads that hold connections, each a gateway.
    pub gateways: usize,
    /// Threads that own rooms.
    pub owners: usize,
    /// Pages of these origins may connect, besides those of the server itself.
    pub allowed_origins: Vec<String>,
    /// How often jobs run.
    pub schedule: jobs::Schedule,
    /// How HTTP connections are served.
    pub http: HttpSettings,
    /// How long connections may take to go when the server stops.
    pub grace: Duration,
    /// The longest time over which their clients are told to come back: it is shorter for fewer of them.
    pub drain: Duration,
    /// Checks and makes tokens.
    pub tokens: Tokens,
    /// The administrator's one-time link.
    pub tickets: Arc<Tickets>,
    /// What the operator has set for the API. Its `urls` may name port 0: it is replaced by the real one.
    pub api: crate::api::Settings,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    api: Api,
    rooms: Handle,
    grace: Duration,
    listener: Listener,
    http: HttpServer,
    workers: Vec<Worker<Mail>>,
    owners: Vec<(OwnerHandle, JoinHandle<()>)>,
    background: Vec<tokio::task::JoinHandle<()>>,
}

impl Server {
    /// Starts every role. Call it within a runtime; the server's rare work runs there.
    pub fn start(ports: &Ports, mut settings: Settings) -> io::Result<Self> {
        let runtime = runtime::Handle::current();
        let socket = Listener::bind(settings.listen)?;
        let address = socket.local_addr()?;
        let bus = Arc::new(InProcessBus::default());
        let callers = Arc::new(Callers::default());
        let answered = callers.clone();
        bus.set_callers(move |caller, answer| answered.answer(caller, answer));
        let rooms = Handle::new(bus.clone(), callers);
        let metrics = Arc::new(Metrics::default());
        let emptied = jobs::on_emptied(&runtime, rooms.clone(), ports, metrics.clone());
        let committed = metrics.counter("tertulia_entries_total", "Entries that were stored.", &[]);
        let owners = start_owners(ports, &settings, &bus, &runtime, &emptied, &committed)?;

        let reader = Reader::new(ports.messages.clone(), rooms.clone());
        let limits = ports.coordination.config().limits;
        let transport = Arc::new(Transport::new(as_count(limits.connections_per_gateway)));
        transport.set_address_limit(as_count(limits.connections_per_address));
        let workers = start_workers(ports, &settings, &bus, &runtime, &transport, &reader)?;
        watch_config(ports, &bus, &transport, &owners);

        watch_transport(&metrics, &transport);

        for url in &mut settings.api.urls {
            if let Some(host) = url.strip_suffix(":0") {
                *url = format!("{host}:{}", address.port());
            }
        }
        let api = Api::new(parts(ports, &settings, &bus, &rooms, reader, &metrics, (&transport, committed)));
        let placement =
            Placement::new(transport.clone(), workers.iter().map(|worker| worker.handle().clone()).collect());
        let mut listening = ListenerSettings::default();
        listening.policy.subprotocols = vec![SUBPROTOCOL.to_owned()];
        listening.policy.kept_headers = vec![FORWARDED_FOR.to_owned()];
        listening.proxies = settings.api.proxies.clone();
        listening.policy.origins = OriginPolicy::same_host_and(&settings.allowed_origins);
        let http =
            HttpServer::new(api.clone(), runtime, settings.http.clone(), &listening, placement.clone());
        let listener = Listener::start(socket, listening, placement, http.clone())?;

        let runner = jobs::Runner::new(
            ports.clone(),
            rooms.clone(),
            settings.node.clone(),
            metrics,
            settings.schedule,
        );
        let background = vec![
            tokio::spawn(announce(ports.clone(), node(&settings, address), transport)),
            tokio::spawn(runner.run()),
            tokio::spawn(api.files.clone().go_on()),
        ];
        Ok(Self { address, api, rooms, grace: settings.grace, listener, http, workers, owners, background })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way to its rooms.
    pub fn rooms(&self) -> &Handle {
        &self.rooms
    }

    /// Drains: no new connections, clients told to come back, what is under way finished and stored.
    pub async fn stop(self) {
        self.api.drain();
        for task in self.background {
            task.abort();
        }
        let (listener, workers, owners, grace) = (self.listener, self.workers, self.owners, self.grace);
        let sockets = tokio::task::spawn_blocking(move || {
            listener.stop();
            for worker in &workers {
                worker.handle().shutdown(grace);
            }
            for worker in workers {
                // One that panicked has said so.
                worker.join();
            }
        });
        let (sockets, ()) = tokio::join!(sockets, self.http.stop(grace));
        // Nobody asks owners any more: they finish what they were asked.
        let owning = tokio::task::spawn_blocking(move || {
            owners.iter().for_each(|(owner, _)| owner.stop());
            owners.into_iter().for_each(|(_, thread)| drop(thread.join()));
        });
        if let Err(error) = sockets.and(owning.await) {
            tracing::error!(%error, "the server did not stop in order");
        }
    }
}

fn start_owners(
    ports: &Ports,
    settings: &Settings,
    bus: &Arc<InProcessBus>,
    runtime: &runtime::Handle,
    emptied: &Arc<dyn Fn(RoomId) + Send + Sync>,
    committed: &Counter,
) -> io::Result<Vec<(OwnerHandle, JoinHandle<()>)>> {
    let count = settings.owners.max(1);
    let mut owners = Vec::with_capacity(count);
    for index in 0..count {
        let owner = ShardLoop {
            id: OwnerId(ports.entropy.u64()),
            places: Places {
                messages: ports.messages.clone(),
                directory: ports.directory.clone(),
                presence: ports.presence.clone(),
            },
            bus: bus.clone(),
            clock: ports.clock.clone(),
            entropy: ports.entropy.clone(),
            runtime: runtime.clone(),
            emptied: emptied.clone(),
            committed: committed.clone(),
        };
        let (handle, thread) = owner.start()?;
        handle.config(ports.coordination.config());
        let shards = ShardId::all().filter(|shard| InProcessBus::owner_index(*shard, count) == index);
        handle.assign(shards.collect());
        let mailbox = handle.clone();
        bus.add_owner(move |mail| mailbox.mail(mail));
        owners.push((handle, thread));
    }
    Ok(owners)
}

fn start_workers(
    ports: &Ports,
    settings: &Settings,
    bus: &Arc<InProcessBus>,
    runtime: &runtime::Handle,
    transport: &Arc<Transport>,
    reader: &Reader,
) -> io::Result<Vec<Worker<Mail>>> {
    let desk = Desk {
        directory: ports.directory.clone(),
        messages: ports.messages.clone(),
        presence: ports.presence.clone(),
        reader: reader.clone(),
        bus: bus.clone(),
    };
    let mut workers = Vec::with_capacity(settings.gateways);
    for index in 0..settings.gateways.max(1) {
        let id = GatewayId(ports.entropy.u64());
        let routes = bus.clone();
        let gateway = machine::Settings {
            id,
            tokens: settings.tokens.clone(),
            history: ports.messages.history(),
            entropy: ports.entropy.clone(),
            owner_of: Box::new(move |shard| routes.owner_of(shard)),
            hold_on_hole: true,
        };
        let (desk, mail_bus, clock, runtime) =
            (desk.clone(), bus.clone(), ports.clock.clone(), runtime.clone());
        let spread = settings.drain;
        let make = move |own: WorkerHandle<Mail>| {
            GatewayWorker::new(gateway, desk, mail_bus, clock, runtime, (own, spread))
        };
        let limits = WorkerSettings {
            messages: MessageLimits { message_max_bytes: MESSAGE_BYTES_MAX, fragments_max_count: 128 },
            silent_code: CloseCode::new(close::SILENT).expect("4009 is a code that may be sent"),
            ..WorkerSettings::default()
        };
        let worker = Worker::start(&format!("gateway {index}"), limits, transport, make)?;
        let mailbox = worker.handle().clone();
        bus.add_gateway(id, move |mail| {
            // A worker that does not keep up loses mail, and sees by its links that it has.
            let _ = mailbox.post(Mail::Bus(mail));
        });
        bus.to_gateway(id, ToGateway::Config(ports.coordination.config()));
        workers.push(worker);
    }
    Ok(workers)
}

/// Tells everybody of each new configuration, from now on.
fn watch_config(
    ports: &Ports,
    bus: &Arc<InProcessBus>,
    transport: &Arc<Transport>,
    owners: &[(OwnerHandle, JoinHandle<()>)],
) {
    let owners: Vec<_> = owners.iter().map(|(owner, _)| owner.clone()).collect();
    let owners = std::sync::Mutex::new(owners);
    let (bus, transport) = (bus.clone(), transport.clone());
    ports.coordination.watch_config(Box::new(move |config| {
        transport.set_connection_limit(as_count(config.limits.connections_per_gateway));
        transport.set_address_limit(as_count(config.limits.connections_per_address));
        for owner in owners.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
            owner.config(config.clone());
        }
        bus.to_all_gateways(ToGateway::Config(config.clone()));
    }));
}

/// Shows at `/metrics` what the transport counts.
fn watch_transport(metrics: &Metrics, transport: &Arc<Transport>) {
    let name = "tertulia_transport_total";
    for (what, _) in transport.counters.values().pairs() {
        let watched = transport.clone();
        let value = move || {
            let values = watched.counters.values();
            values.pairs().find(|(name, _)| *name == what).map_or(0, |(_, value)| value)
        };
        metrics.watch((name, "What happened on sockets.", Kind::Counter), &[("what", what)], value);
    }
    let open = transport.clone();
    let about = ("tertulia_connections", "Open WebSockets.", Kind::Gauge);
    metrics.watch(about, &[], move || open.connections() as u64);
}

fn parts(
    ports: &Ports,
    settings: &Settings,
    bus: &Arc<InProcessBus>,
    rooms: &Handle,
    history: Reader,
    metrics: &Arc<Metrics>,
    (transport, committed): (&Arc<Transport>, Counter),
) -> Parts {
    let transport = transport.clone();
    Parts {
        directory: ports.directory.clone(),
        rooms: rooms.clone(),
        history,
        messages: ports.messages.clone(),
        files: Processor::new(ports.blobs.clone(), ports.directory.clone(), ports.entropy.clone()),
        coordination: ports.coordination.clone(),
        presence: ports.presence.clone(),
        bus: bus.clone(),
        clock: ports.clock.clone(),
        entropy: ports.entropy.clone(),
        tokens: settings.tokens.clone(),
        passwords: Passwords::new(ports.entropy.clone()),
        tickets: settings.tickets.clone(),
        rates: Rates::default(),
        requests: Buckets::default(),
        seen: Buckets::default(),
        settings: settings.api.clone(),
        metrics: metrics.clone(),
        usage: Box::new(move |name| match name {
            "connections" | "connections_per_gateway" => Some(transport.connections() as u64),
            "entries" => Some(committed.value()),
            _ => None,
        }),
    }
}

fn node(settings: &Settings, address: SocketAddr) -> Node {
    Node {
        name: settings.node.clone(),
        url: settings.api.urls.first().cloned().unwrap_or_else(|| format!("http://{address}")),
        place: settings.place.clone(),
        capacity: 0,
        load: 0,
        draining: false,
    }
}

/// Says again and again what this node has.
async fn announce(ports: Ports, node: Node, transport: Arc<Transport>) {
    loop {
        let node = Node {
            capacity: transport.connection_limit() as u64,
            load: transport.connections() as u64,
            ..node.clone()
        };
        if let Err(error) = ports.coordination.announce(&node).await {
            tracing::warn!(%error, "this node could not say what it has");
        }
        tokio::time::sleep(ANNOUNCE).await;
    }
}

fn as_count(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
