//! What can be set before the start: flags over environment over file over defaults.
//!
//! Limits that are changed while the server runs are kept in the data folder and win over what is set here.

mod sections;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use figment::{
    Figment, Metadata,
    providers::{Env, Format, Serialized, Toml},
    value::Value,
};
use serde::{Deserialize, Serialize};
use tertulia_core::{Limits, limits::LimitInfo};
use tertulia_server::gateway::transport::Proxies;

pub use self::sections::{Jobs, Metrics};

/// The file that is read if no other is named, when it is there.
pub const FILE: &str = "tertulia.toml";

/// What environment variables begin with: `TERTULIA_LISTEN`, `TERTULIA_LIMITS__TEXT_BYTES`.
const ENVIRONMENT: &str = "TERTULIA_";

/// What nobody is shown.
const SECRETS: [&str; 1] = ["metrics.token"];

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    /// Everybody who reaches the server.
    Open,
    /// Who has an invite to a room.
    Invite,
}

/// The parts that one process may play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Holds connections.
    Gateway,
    /// Owns rooms.
    Room,
    /// Serves REST and the web client.
    Api,
    /// Runs jobs.
    Worker,
}

impl Role {
    const ALL: [Self; 4] = [Self::Gateway, Self::Room, Self::Api, Self::Worker];
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The server's name, as people see it.
    pub name: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it keeps everything.
    pub data: PathBuf,
    /// What it does.
    pub role: Vec<Role>,
    /// Where people reach it, without a slash at the end: for invite links.
    pub public_url: Option<String>,
    /// Where it stands, for clients that look for the nearest server.
    pub place: String,
    /// Who may sign up.
    pub sign_up: SignUp,
    /// Whether who signs up must choose a password.
    pub password_required: bool,
    /// Pages of these origins may connect, besides the server's own.
    pub allowed_origins: Vec<String>,
    /// Proxies that are believed when they say, in `X-Forwarded-For`, whom a request comes from.
    pub trusted_proxies: Proxies,
    /// How long a connection of HTTP may be idle before it is closed, in ms.
    pub http_idle_ms: u64,
    /// Threads that hold connections; 0 for one a core, at most four.
    pub gateway_threads: usize,
    /// Threads that own rooms.
    pub room_threads: usize,
    /// How long clients may take to go when the server stops, in ms.
    pub grace_ms: u64,
    /// The longest time over which their clients are told to come back, in ms.
    pub drain_ms: u64,
    /// What is logged: `info`, `tertulia_server=debug`.
    pub log: String,
    /// How often jobs run.
    pub jobs: Jobs,
    /// Who may read what the server counts.
    pub metrics: Metrics,
    /// The limits of a fresh server.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "Tertulia".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("data"),
            role: Role::ALL.to_vec(),
            public_url: None,
            place: String::new(),
            sign_up: SignUp::Open,
            password_required: false,
            allowed_origins: Vec::new(),
            trusted_proxies: Proxies::default(),
            http_idle_ms: 60_000,
            gateway_threads: 0,
            room_threads: 1,
            grace_ms: 2_000,
            drain_ms: 5_000,
            log: "info".to_owned(),
            jobs: Jobs::default(),
            metrics: Metrics::default(),
            limits: Limits::default(),
        }
    }
}

/// The flags that set what the file and the environment set, too.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct Flags {
    /// File to read the configuration from [default: tertulia.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Folder that everything is kept in [default: data]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// What this process does, of gateway, room, api and worker [default: all of it]
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub role: Vec<Role>,
    /// Where people reach the server, for invite links
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// What is logged [default: info]
    #[arg(long, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// A configuration and where each value came from.
pub struct Loaded {
    /// The values.
    pub config: Config,
    figment: Figment,
}

/// One setting, as `config explain` tells it.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// Its name in the file.
    pub name: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Where that stood.
    pub source: String,
}

impl Loaded {
    /// Reads file and environment, and lays the flags over them.
    pub fn read(flags: &Flags) -> Result<Self> {
        let file = match &flags.config {
            Some(file) if !file.is_file() => bail!("there is no file {}", file.display()),
            Some(file) => Some(file.clone()),
            None => Some(PathBuf::from(FILE)).filter(|file| file.is_file()),
        };
        let mut figment = Figment::from(Serialized::defaults(Config::default()));
        if let Some(file) = &file {
            figment = figment.merge(Toml::file_exact(file));
        }
        let flags = Serialized::defaults(flags);
        let figment = figment.merge(environment()).merge(flags);
        let config: Config = figment.extract().map_err(|error| explain_error(&error))?;
        check_names_of_limits(&figment)?;
        config.limits.check().map_err(|error| anyhow!("limits: {error}"))?;
        config.check()?;
        Ok(Self { config, figment })
    }

    /// Every setting with its value and source.
    pub fn explain(&self) -> Result<Vec<Explained>> {
        let explain = |(name, value): (String, serde_json::Value)| {
            let is_secret = SECRETS.contains(&name.as_str()) && !value.is_null();
            let value = if is_secret { "(secret)".into() } else { value };
            Explained { source: self.source(&name), name, value }
        };
        Ok(flat(serde_json::to_value(&self.config)?).into_iter().map(explain).collect())
    }

    /// The limits that were set, and where.
    pub fn configured_limits(&self) -> BTreeMap<String, (u64, &'static str)> {
        let set = |info: &LimitInfo| {
            let source = self.figment.find_metadata(&format!("limits.{}", info.name)).map(kind_of_source)?;
            (source != "default").then(|| {
                let value = self.config.limits.get(info.name).unwrap_or(info.default);
                (info.name.to_owned(), (value, source))
            })
        };
        Limits::INFO.iter().filter_map(set).collect()
    }

    fn source(&self, name: &str) -> String {
        let Some(metadata) = self.figment.find_metadata(name) else { return "default".to_owned() };
        match kind_of_source(metadata) {
            "file" => match metadata.source.as_ref().and_then(|source| source.file_path()) {
                Some(path) => format!("file {}", path.display()),
                None => "file".to_owned(),
            },
            "environment" => format!("environment {}", variable(name)),
            kind => kind.to_owned(),
        }
    }
}

impl Config {
    fn check(&self) -> Result<()> {
        if self.room_threads == 0 || self.room_threads > 64 {
            bail!("room_threads must be from 1 to 64, not {}", self.room_threads);
        }
        if self.gateway_threads > 64 {
            bail!("gateway_threads must be from 0 to 64, not {}", self.gateway_threads);
        }
        within("grace_ms", self.grace_ms, 0..=600_000)?;
        within("drain_ms", self.drain_ms, 0..=600_000)?;
        within("http_idle_ms", self.http_idle_ms, 1_000..=3_600_000)?;
        self.jobs.check()?;
        self.metrics.check()?;
        if let Some(missing) = Role::ALL.into_iter().find(|role| !self.role.contains(role)) {
            bail!(
                "role lacks {}: with embedded engines one process does everything, so leave role out",
                serde_json::to_string(&missing)?
            );
        }
        if let Some(url) =
            self.public_url.as_deref().filter(|url| !url.starts_with("http") || url.ends_with('/'))
        {
            bail!("public_url must be http://… or https://… without a slash at the end, not {url}");
        }
        Ok(())
    }

    /// How many gateways run in this process.
    pub fn gateways(&self) -> usize {
        match self.gateway_threads {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
            threads => threads,
        }
    }

    /// The addresses at which people may reach the server, the one for invite links first. Port 0 stands for the one
    /// that is taken.
    pub fn urls(&self) -> Vec<String> {
        let local = match self.listen.ip().is_unspecified() {
            true => format!("http://localhost:{}", self.listen.port()),
            false => format!("http://{}", self.listen),
        };
        let on_the_network = self.listen.ip().is_unspecified().then(network_address).flatten();
        let on_the_network = on_the_network.map(|address| format!("http://{address}:{}", self.listen.port()));
        self.public_url.iter().cloned().chain(on_the_network).chain([local]).collect()
    }
}

fn within(name: &str, value: u64, bounds: RangeInclusive<u64>) -> Result<()> {
    match bounds.contains(&value) {
        true => Ok(()),
        false => bail!("{name} must be from {} to {}, not {value}", bounds.start(), bounds.end()),
    }
}

/// The address by which others on the network reach this machine. Nothing is sent: choosing a route is enough.
fn network_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_unspecified())
}

/// The environment's settings: only those that exist, since tools may set others.
fn environment() -> Env {
    let known = settings();
    Env::prefixed(ENVIRONMENT).split("__").filter(move |key| known.iter().any(|name| key == name.as_str()))
}

/// The name of every setting.
fn settings() -> Vec<String> {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    flat(defaults).into_iter().map(|(name, _)| name).collect()
}

/// The values of a configuration by their whole names: `limits.text_bytes`.
fn flat(config: serde_json::Value) -> Vec<(String, serde_json::Value)> {
    let serde_json::Value::Object(values) = config else { return Vec::new() };
    let values = values.into_iter().flat_map(|(name, value)| match value {
        serde_json::Value::Object(section) => {
            section.into_iter().map(|(inner, value)| (format!("{name}.{inner}"), value)).collect()
        }
        value => vec![(name, value)],
    });
    values.collect()
}

fn variable(name: &str) -> String {
    format!("{ENVIRONMENT}{}", name.to_uppercase().replace('.', "__"))
}

fn kind_of_source(metadata: &Metadata) -> &'static str {
    match metadata.name.as_ref() {
        name if name.contains("TOML") => "file",
        name if name.contains("environment") => "environment",
        name if name.contains("Flags") => "flag",
        _ => "default",
    }
}

fn explain_error(error: &figment::Error) -> anyhow::Error {
    let place = error.path.join(".");
    let place = if place.is_empty() { "configuration" } else { &place };
    let metadata = error.metadata.as_ref();
    let file = metadata.and_then(|metadata| metadata.source.as_ref()?.file_path());
    let source = match (file, metadata) {
        (Some(file), _) => file.display().to_string(),
        (None, Some(metadata)) if kind_of_source(metadata) == "environment" => variable(place),
        (None, metadata) => metadata.map_or("default", kind_of_source).to_owned(),
    };
    // A parser of files draws a picture of the place, too.
    let is_picture = |line: &str| {
        line.split_once('|')
            .is_some_and(|(before, _)| before.trim().parse::<u32>().is_ok() || before.trim().is_empty())
    };
    let what = error.kind.to_string();
    let what: Vec<&str> =
        what.lines().map(str::trim).filter(|line| !line.is_empty() && !is_picture(line)).collect();
    anyhow!("{place}: {} (from {source})", what.join(", "))
}

/// Limits travel to clients that know fewer of them, so their type takes any name; a configuration does not.
fn check_names_of_limits(figment: &Figment) -> Result<()> {
    let Ok(Value::Dict(_, limits)) = figment.find_value("limits") else { return Ok(()) };
    match limits.keys().find(|name| Limits::INFO.iter().all(|info| info.name != **name)) {
        Some(unknown) => bail!("limits.{unknown}: there is no limit of that name"),
        None => Ok(()),
    }
}

/// Makes the data folder, for nobody else on the machine.
pub fn make_data_folder(data: &Path) -> Result<()> {
    let mut folders = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    let made = folders.recursive(true).create(data);
    made.with_context(|| format!("cannot make the data folder {}", data.display()))
}

#[cfg(test)]
mod tests {
    use tertulia_server::jobs::Schedule;

    use super::*;

    fn read(toml: &str) -> Result<Loaded> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        std::fs::write(&file, toml).unwrap();
        Loaded::read(&Flags { config: Some(file), ..Flags::default() })
    }

    #[test]
    fn the_file_wins_over_defaults_and_says_so() {
        let loaded = read("name = \"Casa\"\n[limits]\ntext_bytes = 100\n").unwrap();
        assert_eq!(loaded.config.name, "Casa");
        assert_eq!(loaded.config.limits.text_bytes, 100);
        assert_eq!(loaded.configured_limits()["text_bytes"], (100, "file"));
        let explained = loaded.explain().unwrap();
        let source =
            |name: &str| explained.iter().find(|setting| setting.name == name).unwrap().source.clone();
        assert!(source("name").starts_with("file "), "{}", source("name"));
        assert_eq!(source("listen"), "default");
    }

    #[cfg(unix)]
    #[test]
    fn the_data_folder_is_nobody_elses() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("data");
        make_data_folder(&data).unwrap();
        assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        make_data_folder(&data).unwrap();
    }

    #[test]
    fn the_example_is_the_default() {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tertulia.example.toml");
        let loaded = Loaded::read(&Flags { config: Some(example.into()), ..Flags::default() }).unwrap();
        assert_eq!(loaded.config, Config::default());
    }

    #[test]
    fn jobs_run_as_often_as_is_set() {
        assert_eq!(read("").unwrap().config.jobs.schedule(), Schedule::default());
        let schedule = read("[jobs]\nretention_s = 60\n").unwrap().config.jobs.schedule();
        let retention = std::time::Duration::from_secs(60);
        assert_eq!(schedule, Schedule { retention, ..Schedule::default() });
    }

    #[test]
    fn secrets_are_not_explained() {
        let loaded = read("[metrics]\ntoken = \"0123456789abcdef\"\n").unwrap();
        assert_eq!(loaded.config.metrics.token.as_deref(), Some("0123456789abcdef"));
        let explained = loaded.explain().unwrap();
        let token = explained.iter().find(|setting| setting.name == "metrics.token").unwrap();
        assert_eq!(token.value, "(secret)");
        assert!(token.source.starts_with("file "), "{}", token.source);
        let explained = read("").unwrap().explain().unwrap();
        let unset = explained.iter().find(|setting| setting.name == "metrics.token").unwrap();
        assert!(unset.value.is_null());
    }

    #[test]
    fn flags_win_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"").unwrap();
        let listen = Some(SocketAddr::from(([127, 0, 0, 1], 2)));
        let loaded = Loaded::read(&Flags { config: Some(file), listen, ..Flags::default() }).unwrap();
        assert_eq!(loaded.config.listen.port(), 2);
        let explained = loaded.explain().unwrap();
        assert_eq!(explained.iter().find(|setting| setting.name == "listen").unwrap().source, "flag");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (toml, word) in [
            ("nonsense = 1", "nonsense"),
            ("listen = \"here\"", "listen"),
            ("[limits]\ntext_bytes = 0", "text_bytes must be from 1 to 65536, not 0"),
            ("[limits]\nnonsense = 0", "nonsense"),
            ("room_threads = 0", "room_threads"),
            ("[jobs]\nretention_s = 0", "jobs.retention_s must be from 1 to 604800, not 0"),
            ("[jobs]\nfeeds_s = 604801", "jobs.feeds_s"),
            ("[jobs]\nnonsense = 60", "nonsense"),
            ("[metrics]\ntoken = \"short\"", "metrics.token must have at least 16 bytes"),
            ("[metrics]\nnonsense = 1", "nonsense"),
            ("trusted_proxies = [\"here\"]", "trusted_proxies"),
            ("drain_ms = 600001", "drain_ms must be from 0 to 600000, not 600001"),
            ("http_idle_ms = 10", "http_idle_ms must be from 1000 to 3600000, not 10"),
            ("public_url = \"https://x/\"", "public_url"),
            ("role = [\"gateway\"]", "role"),
        ] {
            let error = read(toml).err().map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(error.contains(word), "{toml}: {error}");
        }
    }
}
