//! Coordination on a single node whose run-time configuration outlives the process: `runtime.json` in the data folder.
//!
//! The file is replaced as a whole (written aside, synced, renamed), so that it is the old one or the new one after any
//! crash. It may be edited by hand while the server is stopped; what is wrong in it is named, and never guessed at.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tertulia_core::{Limits, TimeMs, limits::LimitInfo};
use tertulia_ports::{
    EngineError, EngineResult,
    coordination::{ConfigWatcher, Coordination, Node, RuntimeConfig, in_process::InProcessCoordination},
};

/// The file's name in the data folder.
pub const FILE: &str = "runtime.json";

/// Coordination of a single node.
pub struct EmbeddedCoordination {
    inner: InProcessCoordination,
    path: PathBuf,
}

/// The run-time configuration cannot be used as it stands.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// The system does not let us read it.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("{path} is not JSON: {source}", path = path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it stops being that.
        source: serde_json::Error,
    },
    /// A field is unknown, of the wrong kind, or out of its bounds.
    #[error("{path}: {reason}", path = path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field, its value and its bounds.
        reason: String,
    },
}

impl EmbeddedCoordination {
    /// Opens the configuration in this data folder; the default one if there is none.
    pub fn open(folder: &Path) -> Result<Self, ConfigFileError> {
        let path = folder.join(FILE);
        let config = match fs::read(&path) {
            Ok(bytes) => {
                let value = serde_json::from_slice(&bytes)
                    .map_err(|source| ConfigFileError::NotJson { path: path.clone(), source })?;
                parse(&value).map_err(|reason| ConfigFileError::Field { path: path.clone(), reason })?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => RuntimeConfig::default(),
            Err(source) => return Err(ConfigFileError::Read { path, source }),
        };
        Ok(Self { inner: InProcessCoordination::new(config), path })
    }
}

#[async_trait]
impl Coordination for EmbeddedCoordination {
    async fn announce(&self, node: &Node) -> EngineResult<()> {
        self.inner.announce(node).await
    }

    async fn nodes(&self) -> EngineResult<Vec<Node>> {
        self.inner.nodes().await
    }

    fn config(&self) -> Arc<RuntimeConfig> {
        self.inner.config()
    }

    /// Waits for the disk on the caller's thread: an administrator changes this now and then.
    async fn set_config(&self, config: RuntimeConfig) -> EngineResult<bool> {
        self.inner.change_config(config, |config| {
            replace(&self.path, config).map_err(|error| {
                EngineError::new("coordination", format!("{}: {error}", self.path.display()))
            })
        })
    }

    fn watch_config(&self, watcher: ConfigWatcher) {
        self.inner.watch_config(watcher);
    }

    async fn lease(&self, job: &str, holder: &str, now: TimeMs, ms: u64) -> EngineResult<bool> {
        self.inner.lease(job, holder, now, ms).await
    }
}

/// Puts the configuration in the file's place, durably.
fn replace(path: &Path, config: &RuntimeConfig) -> std::io::Result<()> {
    let aside = path.with_extension("json.new");
    let mut file = File::create(&aside)?;
    serde_json::to_writer_pretty(&mut file, config)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    // The new name is durable when the folder is.
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Reads field by field, so that an error can name the field, its value and its bounds. Absent ones have their default.
fn parse(value: &Value) -> Result<RuntimeConfig, String> {
    let (mut config, mut overridden) = (RuntimeConfig::default(), None);
    for (name, value) in object("the configuration", value)? {
        match name.as_str() {
            "version" => {
                let bad = || format!("version is {value}, and must be a whole number from 0");
                config.version = value.as_u64().filter(|version| *version < u64::MAX).ok_or_else(bad)?;
            }
            "limits" => parse_limits(object("limits", value)?, &mut config.limits)?,
            "overridden" => overridden = Some(parse_names(value)?),
            "broadcast" => {
                let bad = |_| format!("broadcast is {value}, and must be \"direct\", \"queued\" or null");
                config.broadcast = serde_json::from_value(value.clone()).map_err(bad)?;
            }
            _ => {
                return Err(format!(
                    "there is no field named {name}: known are version, limits, overridden and broadcast"
                ));
            }
        }
    }
    // A file of before there was the list keeps what it has.
    config.overridden = overridden.unwrap_or_else(|| differing(&config.limits));
    Ok(config)
}

fn parse_names(value: &Value) -> Result<BTreeSet<String>, String> {
    let bad = || format!("overridden is {value}, and must be a list of names of limits");
    let names: BTreeSet<String> = serde_json::from_value(value.clone()).map_err(|_| bad())?;
    let known = |name: &String| Limits::INFO.iter().any(|info| info.name == name);
    if names.iter().all(known) { Ok(names) } else { Err(bad()) }
}

/// The names of limits that are not at their defaults.
fn differing(limits: &Limits) -> BTreeSet<String> {
    let differs = |info: &&LimitInfo| limits.get(info.name) != Some(info.default);
    Limits::INFO.iter().filter(differs).map(|info| info.name.to_owned()).collect()
}

fn parse_limits(values: &Map<String, Value>, limits: &mut Limits) -> Result<(), String> {
    for (name, value) in values {
        let number = match (value.as_u64(), Limits::INFO.iter().find(|info| info.name == name)) {
            (Some(number), _) => number,
            (None, Some(info)) => {
                return Err(format!(
                    "limits.{name} is {value}, and must be from {} to {}",
                    info.min, info.max
                ));
            }
            (None, None) => 0,
        };
        limits.set(name, number).map_err(|error| format!("limits: {error}"))?;
    }
    Ok(())
}

fn object<'a>(name: &str, value: &'a Value) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{name} must be an object of named fields"))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tempfile::TempDir;
    use tertulia_core::room::Broadcast;
    use tertulia_ports::{contract::block_on, coordination::contract};

    use super::*;

    #[test]
    fn the_suite_passes() {
        let folders = RefCell::new(Vec::new());
        block_on(contract::check(|| {
            let folder = TempDir::new().unwrap();
            let coordination = EmbeddedCoordination::open(folder.path()).unwrap();
            folders.borrow_mut().push(folder);
            coordination
        }));
    }

    #[test]
    fn what_was_set_outlives_the_process() {
        let folder = TempDir::new().unwrap();
        let limits = Limits { text_bytes: 123, ..Limits::default() };
        let overridden = BTreeSet::from(["text_bytes".to_owned()]);
        let wanted = RuntimeConfig { version: 0, limits, overridden, broadcast: Some(Broadcast::Queued) };
        let coordination = EmbeddedCoordination::open(folder.path()).unwrap();
        assert!(block_on(coordination.set_config(wanted.clone())).unwrap());
        drop(coordination);
        // What a crash between writing and renaming leaves behind does no harm.
        fs::write(folder.path().join("runtime.json.new"), "{\"version\": 9").unwrap();
        let coordination = EmbeddedCoordination::open(folder.path()).unwrap();
        assert_eq!(*coordination.config(), RuntimeConfig { version: 1, ..wanted });
        assert!(block_on(coordination.set_config((*coordination.config()).clone())).unwrap());
        assert_eq!(EmbeddedCoordination::open(folder.path()).unwrap().config().version, 2);
    }

    #[test]
    fn what_cannot_be_stored_does_not_come_into_force() {
        let folder = TempDir::new().unwrap();
        let coordination = EmbeddedCoordination::open(folder.path()).unwrap();
        drop(folder);
        assert!(block_on(coordination.set_config(RuntimeConfig::default())).is_err());
        assert_eq!(*coordination.config(), RuntimeConfig::default());
    }

    #[test]
    fn a_bad_file_is_named_with_field_value_and_bounds() {
        for (text, error) in [
            ("{", "runtime.json is not JSON: EOF while parsing an object at line 1 column 1"),
            ("", "runtime.json is not JSON: EOF while parsing a value at line 1 column 0"),
            ("\0\0\0\0", "runtime.json is not JSON: expected value at line 1 column 1"),
            ("[]", "runtime.json: the configuration must be an object of named fields"),
            ("{\"limits\": 7}", "runtime.json: limits must be an object of named fields"),
            (
                "{\"limits\": {\"text_bytes\": 0}}",
                "runtime.json: limits: text_bytes must be from 1 to 65536, not 0",
            ),
            (
                "{\"limits\": {\"text_bytes\": -1}}",
                "runtime.json: limits.text_bytes is -1, and must be from 1 to 65536",
            ),
            (
                "{\"limits\": {\"text_bytes\": \"9\"}}",
                "runtime.json: limits.text_bytes is \"9\", and must be from 1 to 65536",
            ),
            ("{\"limits\": {\"text\": 1}}", "runtime.json: limits: there is no limit named text"),
            (
                "{\"overridden\": [\"text\"]}",
                "runtime.json: overridden is [\"text\"], and must be a list of names of limits",
            ),
            ("{\"version\": -1}", "runtime.json: version is -1, and must be a whole number from 0"),
            (
                "{\"broadcast\": \"loud\"}",
                "runtime.json: broadcast is \"loud\", and must be \"direct\", \"queued\" or null",
            ),
            (
                "{\"limit\": {}}",
                "runtime.json: there is no field named limit: known are version, limits, overridden and broadcast",
            ),
        ] {
            let folder = TempDir::new().unwrap();
            fs::write(folder.path().join(FILE), text).unwrap();
            let Err(said) = EmbeddedCoordination::open(folder.path()) else { panic!("accepted: {text}") };
            assert!(said.to_string().ends_with(error), "{text}: {said}");
        }
    }
}
