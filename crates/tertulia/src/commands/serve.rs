//! `tertulia serve`: runs a server until it is told to stop.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use tertulia_protocol::rest::SignUpPolicy;
use tertulia_server::{
    api,
    identity::{Tickets, Tokens, open_key},
    roles::{Ports, Server, Settings},
};
use tokio::{runtime, signal::unix};

use crate::{
    config::{Config, Flags, Loaded, SignUp, make_data_folder},
    wiring,
};

/// The file in the data folder that holds the key of all tokens.
pub const KEY_FILE: &str = "token.key";

/// The file in the data folder that says where the server is reached, for commands on the same machine.
pub const ADDRESS_FILE: &str = "address";

/// Threads for everything that is not hot: REST, look-ups, jobs.
const RUNTIME_THREADS: usize = 2;

/// Run a server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    flags: Flags,
}

impl Serve {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        let loaded = Loaded::read(&self.flags)?;
        start_log(&loaded.config.log)?;
        start_runtime()?.block_on(async {
            let started = Started::start(&loaded).await?;
            println!("listening on {}", started.url);
            if let Some(link) = &started.administrator_link {
                println!("open this to become the administrator, once, within 15 minutes:\n  {link}");
            }
            wait_for_signal().await?;
            started.server.stop().await;
            Ok(())
        })
    }
}

/// A server that runs.
pub struct Started {
    /// The server.
    pub server: Server,
    /// Where it is reached.
    pub url: String,
    /// The link that signs the first administrator in, if there is none yet.
    pub administrator_link: Option<String>,
}

impl Started {
    /// Starts a server on embedded engines.
    pub async fn start(loaded: &Loaded) -> Result<Self> {
        let config = &loaded.config;
        make_data_folder(&config.data)?;
        let ports = wiring::embedded(&config.data)?;
        take_configured_limits(&ports, loaded).await?;
        let tickets = Arc::new(Tickets::default());
        let has_administrator = ports.directory.has_admin().await.context("the directory")?;
        let ticket = (!has_administrator).then(|| tickets.issue(ports.clock.now(), &*ports.entropy));
        let settings = settings(config, loaded, &ports, tickets)?;
        let server =
            Server::start(&ports, settings).with_context(|| format!("cannot serve on {}", config.listen))?;
        let url = match config.listen.ip().is_unspecified() {
            true => format!("http://localhost:{}", server.address().port()),
            false => format!("http://{}", server.address()),
        };
        std::fs::write(config.data.join(ADDRESS_FILE), &url).context("the address file")?;
        let administrator_link = ticket.map(|ticket| format!("{url}/#ticket={ticket}"));
        Ok(Self { server, url, administrator_link })
    }
}

fn settings(config: &Config, loaded: &Loaded, ports: &Ports, tickets: Arc<Tickets>) -> Result<Settings> {
    let key = open_key(&config.data.join(KEY_FILE), &*ports.entropy).context("the key of tokens")?;
    Ok(Settings {
        listen: config.listen,
        node: format!("{}-{:08x}", config.name, ports.entropy.u64() as u32),
        place: config.place.clone(),
        gateways: config.gateways(),
        owners: config.room_threads,
        allowed_origins: config.allowed_origins.clone(),
        grace: Duration::from_millis(config.grace_ms),
        tokens: Tokens::new(&key),
        tickets,
        api: api::Settings {
            name: config.name.clone(),
            urls: config.urls(),
            sign_up: match config.sign_up {
                SignUp::Open => SignUpPolicy::Open,
                SignUp::Invite => SignUpPolicy::Invite,
            },
            password_required: config.password_required,
            cors_origins: config.allowed_origins.clone(),
            configured_limits: loaded.configured_limits(),
            ..api::Settings::default()
        },
    })
}

/// A fresh server takes its limits from the configuration; one that was changed while it ran keeps what it was given.
async fn take_configured_limits(ports: &Ports, loaded: &Loaded) -> Result<()> {
    let present = ports.coordination.config();
    if present.version == 0 && present.limits != loaded.config.limits {
        let config = tertulia_ports::coordination::RuntimeConfig {
            limits: loaded.config.limits,
            ..(*present).clone()
        };
        ports.coordination.set_config(config).await.context("the run-time configuration")?;
    }
    Ok(())
}

/// Starts the log, on standard error.
pub fn start_log(filter: &str) -> Result<()> {
    let filter =
        tracing_subscriber::EnvFilter::try_new(filter).with_context(|| format!("log = {filter:?}"))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    Ok(())
}

/// The runtime for everything that is not hot.
pub fn start_runtime() -> Result<runtime::Runtime> {
    runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .enable_all()
        .thread_name("runtime")
        .build()
        .context("the runtime")
}

/// Waits until the process is told to stop.
pub async fn wait_for_signal() -> Result<()> {
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    let mut interrupt = unix::signal(unix::SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
