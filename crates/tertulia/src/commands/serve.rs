//! `tertulia serve`: runs a server until it is told to stop.

use std::{io, net::SocketAddr, panic, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use tertulia_adapters::time::system::OsEntropy;
use tertulia_ports::coordination::RuntimeConfig;
use tertulia_protocol::rest::SignUpPolicy;
use tertulia_server::{
    api::{self, HttpSettings},
    identity::{Key, Tickets, Tokens, open_key},
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
        end_on_panic();
        start_runtime()?.block_on(async {
            let signals = Signals::listen()?;
            let started = Started::start(&loaded).await?;
            println!("listening on {}", started.url);
            if let Some(link) = &started.administrator_link {
                println!("open this to become the administrator, once, within 15 minutes:\n  {link}");
            }
            signals.wait().await;
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
        let server = Server::start(&ports, settings).map_err(|error| cannot_listen(config.listen, error))?;
        let url = match config.listen.ip().is_unspecified() {
            true => format!("http://localhost:{}", server.address().port()),
            false => format!("http://{}", server.address()),
        };
        std::fs::write(config.data.join(ADDRESS_FILE), &url).context("the address file")?;
        let administrator_link = ticket.map(|ticket| format!("{url}/#ticket={ticket}"));
        Ok(Self { server, url, administrator_link })
    }
}

/// The key of all tokens, made at the first start.
pub fn read_key(path: &Path) -> Result<Key> {
    open_key(path, &OsEntropy).with_context(|| {
        format!(
            "cannot use the key {}: give this process access to it, or put it back from a copy (without it, everybody \
             must sign in again)",
            path.display()
        )
    })
}

fn settings(config: &Config, loaded: &Loaded, ports: &Ports, tickets: Arc<Tickets>) -> Result<Settings> {
    let key = read_key(&config.data.join(KEY_FILE))?;
    Ok(Settings {
        listen: config.listen,
        node: format!("{}-{:08x}", config.name, ports.entropy.u64() as u32),
        place: config.place.clone(),
        gateways: config.gateways(),
        owners: config.room_threads,
        allowed_origins: config.allowed_origins.clone(),
        schedule: config.jobs.schedule(),
        http: HttpSettings {
            silence_timeout: Duration::from_millis(config.http_idle_ms),
            ..HttpSettings::default()
        },
        grace: Duration::from_millis(config.grace_ms),
        drain: Duration::from_millis(config.drain_ms),
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
            proxies: config.trusted_proxies.clone(),
            metrics_token: config.metrics.token.clone(),
            configured_limits: loaded.configured_limits(),
            ..api::Settings::default()
        },
    })
}

/// Why there is no server on an address, and what helps.
fn cannot_listen(listen: SocketAddr, error: io::Error) -> anyhow::Error {
    let help = match error.kind() {
        io::ErrorKind::AddrInUse => "another process has that port: stop it, or choose another with --listen",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address: choose another with --listen",
        io::ErrorKind::PermissionDenied => {
            "this process may not use that port: choose one above 1023 with --listen"
        }
        _ => "the system refuses",
    };
    anyhow::Error::new(error).context(format!("cannot serve on {listen}: {help}"))
}

/// Limits that no administrator has set are as the configuration says.
async fn take_configured_limits(ports: &Ports, loaded: &Loaded) -> Result<()> {
    loop {
        let present = ports.coordination.config();
        let mut limits = loaded.config.limits;
        for name in &present.overridden {
            let value = present.limits.get(name).context("a limit that is not known")?;
            limits.set(name, value)?;
        }
        if limits == present.limits
            || ports.coordination.set_config(RuntimeConfig { limits, ..(*present).clone() }).await?
        {
            return Ok(());
        }
    }
}

/// Starts the log, on standard error.
pub fn start_log(filter: &str) -> Result<()> {
    let filter =
        tracing_subscriber::EnvFilter::try_new(filter).with_context(|| format!("log = {filter:?}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // A log that cannot be written, on a full disk, must not end the thread that has something to say.
        .log_internal_errors(false)
        .init();
    Ok(())
}

/// The name of the runtime's threads.
const RUNTIME_THREAD: &str = "runtime";

/// A panic on a thread of the message path ends the process: without it nobody would be served again, and a start finds
/// everything that was acknowledged. One within a request costs that request.
fn end_on_panic() {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        told(panic);
        if ends_the_process(std::thread::current().name()) {
            std::process::abort();
        }
    }));
}

fn ends_the_process(thread: Option<&str>) -> bool {
    thread != Some(RUNTIME_THREAD)
}

/// The runtime for everything that is not hot.
pub fn start_runtime() -> Result<runtime::Runtime> {
    runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .enable_all()
        .thread_name(RUNTIME_THREAD)
        .build()
        .context("the runtime")
}

/// Hears when the process is told to stop.
pub struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    /// Listens from now on: before anybody is told that the server runs. Call it within a runtime.
    pub fn listen() -> Result<Self> {
        let listen = |kind| unix::signal(kind).context("cannot listen for signals");
        let terminate = listen(unix::SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: listen(unix::SignalKind::interrupt())? })
    }

    /// Waits until one comes.
    pub async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{env, os::unix::process::ExitStatusExt, process::Command, thread};

    use super::*;

    /// Set in a copy of the test's own process: the thread on which it is to panic.
    const PANIC_ON: &str = "TERTULIA_TEST_PANIC_ON";

    #[test]
    fn a_panic_on_the_message_path_ends_the_process() {
        if let Ok(name) = env::var(PANIC_ON) {
            end_on_panic();
            let thread = thread::Builder::new().name(name).spawn(|| panic!("on purpose")).unwrap();
            assert!(thread.join().is_err());
            return;
        }
        let panicking_on = |thread: &str| {
            let name = "commands::serve::tests::a_panic_on_the_message_path_ends_the_process";
            let mut copy = Command::new(env::current_exe().unwrap());
            copy.args([name, "--exact"]).env(PANIC_ON, thread).output().unwrap().status
        };
        assert_eq!(panicking_on("owner").signal(), Some(6), "aborted");
        assert!(panicking_on(RUNTIME_THREAD).success());
    }
}
