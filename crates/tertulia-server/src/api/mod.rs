//! REST `/v1`, the web client, and what operators look at: everything of the one port that is no WebSocket.
//!
//! One file an endpoint: `<noun>/<verb>.rs`, or `<noun>.rs` where verbs are a few lines. Every membership change goes
//! through [`Handle`] to the room's owner, every look into a log through its grant (`history/`), and who somebody is
//! and may do is read from the directory for each request: there is no cache here.
//!
//! `extract.rs` takes requests apart, `problem.rs` is how every error leaves, `guard.rs` stands around all of it,
//! `serve.rs` speaks HTTP on connections that the acceptor hands over, `docs/` describes it all.

mod admin;
mod attachments;
mod bans;
mod blocks;
mod command;
mod docs;
mod entries;
mod extract;
mod friends;
mod guard;
mod health;
mod invites;
mod landing;
mod me;
mod members;
mod people;
mod problem;
mod rooms;
mod serve;
mod server;
mod sessions;
mod uploads;
mod users;
mod web;

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tertulia_core::DeviceId;
use tertulia_ports::{
    bus::{Bus, ToGateway},
    coordination::Coordination,
    directory::{Directory, FeedChange},
    messages::Messages,
    presence::PresenceStore,
    time::{Clock, Entropy},
};
use tertulia_protocol::rest::SignUpPolicy;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::landing::FIRST_ROOM;
pub use self::serve::{HttpServer, HttpSettings};
pub use self::sessions::rates::Asker;
use crate::{
    attachments::Processor,
    gateway::transport::Proxies,
    history::Reader,
    identity::{Buckets, Passwords, Rate, Rates, Tickets, Tokens},
    metrics::Metrics,
    room::Handle,
};

/// How often it is written down that a device was seen.
const SEEN: Rate = Rate { name: "seen", count: 1, window_ms: 60 * 1_000 };

/// What the operator has set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's name.
    pub name: String,
    /// Addresses where it can be reached, the one for invite links first, without a slash at the end.
    pub urls: Vec<String>,
    /// Who may sign up.
    pub sign_up: SignUpPolicy,
    /// Whether who signs up must choose a password.
    pub password_required: bool,
    /// The name of the first room, where people land who sign up without an invite: see [`FIRST_ROOM`]. None if there
    /// is to be no such room.
    pub first_room: Option<String>,
    /// Pages of these origins may use REST, besides the server's own.
    pub cors_origins: Vec<String>,
    /// Proxies that are believed whom a request comes from.
    pub proxies: Proxies,
    /// What opens `/metrics`; without, it is open to programs on this machine only.
    pub metrics_token: Option<String>,
    /// Limits that were configured before the start: value and where it stood.
    pub configured_limits: BTreeMap<String, (u64, &'static str)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "Tertulia".to_owned(),
            urls: Vec::new(),
            sign_up: SignUpPolicy::Open,
            password_required: false,
            first_room: Some("Lounge".to_owned()),
            cors_origins: Vec::new(),
            proxies: Proxies::default(),
            metrics_token: None,
            configured_limits: BTreeMap::new(),
        }
    }
}

/// Tells how much of a limit, or of `connections` and `entries`, there is, where it is known.
pub type Usage = Box<dyn Fn(&str) -> Option<u64> + Send + Sync>;

/// What the API works with.
pub struct Parts {
    /// People, rooms, who belongs to them.
    pub directory: Arc<dyn Directory>,
    /// The way to rooms' owners.
    pub rooms: Handle,
    /// Reads history.
    pub history: Reader,
    /// The message store.
    pub messages: Arc<dyn Messages>,
    /// Files of messages.
    pub files: Processor,
    /// Nodes and run-time configuration.
    pub coordination: Arc<dyn Coordination>,
    /// Who is online.
    pub presence: Arc<dyn PresenceStore>,
    /// Tells gateways that feeds changed.
    pub bus: Arc<dyn Bus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Makes and checks tokens.
    pub tokens: Tokens,
    /// Makes and checks passwords.
    pub passwords: Passwords,
    /// Administrators' one-time links.
    pub tickets: Arc<Tickets>,
    /// How often somebody may try to sign in or up.
    pub rates: Rates,
    /// How often somebody may ask at all.
    pub requests: Buckets<Asker>,
    /// Which devices were written down lately as seen.
    pub seen: Buckets<DeviceId>,
    /// What the operator has set.
    pub settings: Settings,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How much is in use.
    pub usage: Usage,
}

/// The API. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    parts: Parts,
    is_draining: AtomicBool,
}

impl Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Api {
    /// An API that works with these.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared { parts, is_draining: AtomicBool::new(false) }))
    }

    /// From now on it says at `/readyz` that it should get no more requests; those that come are served.
    pub fn drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Relaxed)
    }

    /// Tells gateways that feeds have new versions.
    fn tell(&self, changes: Vec<FeedChange>) {
        if !changes.is_empty() {
            self.bus.to_all_gateways(ToGateway::Feed(changes));
        }
    }

    /// Remembers that a device was here, now and then: a minute more or less matters to nobody, a write for each request
    /// does.
    fn saw(&self, device: DeviceId) {
        let now = self.clock.now();
        if self.seen.take(SEEN, device, now).is_ok() {
            let api = self.clone();
            tokio::spawn(async move {
                if let Err(error) = api.directory.touch_devices(&[(device, now, None)]).await {
                    tracing::debug!(%device, %error, "a device was seen, and it is not written down");
                }
            });
        }
    }

    /// An id that nobody has.
    fn fresh_id(&self) -> u64 {
        // The lower 63 bits count, and 0 is nobody.
        (self.entropy.u64() & (u64::MAX >> 1)).max(1)
    }

    fn fresh_device(&self) -> DeviceId {
        DeviceId::new(self.fresh_id())
    }
}

/// Everything that is served over HTTP.
pub fn router(api: Api) -> axum::Router {
    let (router, _) = endpoints().split_for_parts();
    let router = router.merge(docs::router()).merge(health::router());
    guard::around(router.fallback(web::serve), &api).with_state(api)
}

/// The endpoints with their descriptions.
fn endpoints() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(docs::base())
        .routes(routes!(users::find::find, users::sign_up::sign_up))
        .routes(routes!(users::show::by_id))
        .routes(routes!(users::show::by_handle))
        .routes(routes!(users::lookup::lookup))
        .routes(routes!(sessions::log_in::log_in))
        .routes(routes!(sessions::log_out::log_out))
        .routes(routes!(me::profile::show, me::profile::change))
        .routes(routes!(me::password::set))
        .routes(routes!(me::settings::show, me::settings::store))
        .routes(routes!(me::devices::list))
        .routes(routes!(me::devices::revoke))
        .routes(routes!(me::rooms::list))
        .routes(routes!(me::rooms::prefer))
        .routes(routes!(friends::list))
        .routes(routes!(friends::befriend, friends::unfriend))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::block, blocks::unblock))
        .routes(routes!(rooms::direct::open))
        .routes(routes!(rooms::create::create))
        .routes(routes!(rooms::show::show, rooms::change::change, rooms::delete::delete))
        .routes(routes!(rooms::join::join))
        .routes(routes!(rooms::active::active))
        .routes(routes!(members::list::list))
        .routes(routes!(members::put::put, members::remove::remove))
        .routes(routes!(bans::list))
        .routes(routes!(bans::ban, bans::unban))
        .routes(routes!(invites::list, invites::create))
        .routes(routes!(invites::revoke))
        .routes(routes!(invites::preview))
        .routes(routes!(entries::pages::entries))
        .routes(routes!(entries::pages::timeline))
        .routes(routes!(entries::messages::sent_by, entries::messages::say))
        .routes(routes!(entries::events::events))
        .routes(routes!(uploads::create::options, uploads::create::create))
        .routes(routes!(uploads::show::show, uploads::append::patch, uploads::drop::cancel))
        .routes(routes!(attachments::read::whole))
        .routes(routes!(attachments::read::thumb))
        .routes(routes!(attachments::links::create))
        .routes(routes!(attachments::links::follow))
        .routes(routes!(server::info))
        .routes(routes!(server::recommended))
        .routes(routes!(admin::limits::list, admin::limits::change))
        .routes(routes!(admin::users::change))
        .routes(routes!(admin::rooms::delete))
        .routes(routes!(admin::links::create))
        .routes(routes!(admin::stats::show))
        .routes(routes!(admin::audit::list))
}
