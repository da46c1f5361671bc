//! `tertulia admin …`: administers a running server on this machine.
//!
//! Whoever can read the data folder's key may do everything anyway, so the command signs a short token with it and
//! speaks REST like everybody else. The server takes that token for administration, and the audit names nobody for it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tertulia_adapters::time::system::{OsEntropy, SystemClock};
use tertulia_client::{
    connection::Address,
    rest::{Rest, RestError},
};
use tertulia_core::{Nonce, RoomId, TimeMs, text};
use tertulia_ports::time::{Clock, Entropy};
use tertulia_server::identity::{Claims, Tokens};

use super::serve::{ADDRESS_FILE, KEY_FILE, read_key, start_runtime};

/// How long the command's token holds, in ms.
const TOKEN_MS: u64 = 60_000;

/// Administer a running server on this machine.
#[derive(Debug, Args)]
pub struct Admin {
    /// The server's data folder
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    data: PathBuf,
    /// Print JSON as the server gives it
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Look at limits, or change them at once
    Limits {
        /// Changes: text_bytes=4000 …; all or none. NAME=configured gives one back to the configuration. Without, they
        /// are listed
        #[arg(value_name = "NAME=VALUE")]
        changes: Vec<String>,
    },
    /// Make somebody an administrator, or not any more
    User {
        /// `promote` or `demote`
        #[arg(value_parser = ["promote", "demote"])]
        how: String,
        /// Their handle
        handle: String,
    },
    /// Delete a room and all that was said in it
    Room {
        /// `delete`
        #[arg(value_parser = ["delete"])]
        how: String,
        /// Its id
        room: RoomId,
    },
    /// Make a new link that signs an administrator in, once
    Link {
        /// The administrator's handle. Without, opening the link makes one more administrator
        handle: Option<String>,
    },
    /// Count people, rooms, connections, messages
    Stats,
    /// Look at what was done, newest first
    Audit,
}

impl Admin {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        let (rest, address) = connect(&self.data)?;
        let answer = start_runtime()?.block_on(ask(&rest, &self.what)).map_err(|error| {
            let is_lost = error.downcast_ref().is_some_and(|error| matches!(error, RestError::Lost(_)));
            match is_lost {
                true => {
                    error.context(format!("no server answers at {address}: start it, or name its --data"))
                }
                false => error,
            }
        })?;
        match (self.json, answer) {
            (_, Value::Null) => println!("done"),
            (true, answer) => println!("{}", serde_json::to_string_pretty(&answer)?),
            (false, answer) => print_answer(&self.what, &answer),
        }
        Ok(())
    }
}

async fn ask(rest: &Rest, what: &What) -> Result<Value> {
    Ok(match what {
        What::Limits { changes } if changes.is_empty() => {
            rest.call("GET", "/v1/admin/limits", None, None).await?
        }
        What::Limits { changes } => {
            rest.call("PATCH", "/v1/admin/limits", Some(parse_changes(changes)?), None).await?
        }
        What::User { how, handle } => {
            let path = format!("/v1/admin/users/{}", id_of(rest, handle).await?);
            rest.do_it("PATCH", &path, Some(json!({"admin": how == "promote"})), None).await?;
            Value::Null
        }
        What::Room { room, .. } => {
            let mut nonce = [0; 16];
            OsEntropy.fill(&mut nonce);
            let key = Some(Nonce(u128::from_be_bytes(nonce)));
            rest.do_it("DELETE", &format!("/v1/admin/rooms/{room}"), None, key).await?;
            Value::Null
        }
        What::Link { handle } => {
            let wish = match handle {
                Some(handle) => json!({"user": id_of(rest, handle).await?}),
                None => json!({}),
            };
            rest.call("POST", "/v1/admin/links", Some(wish), None).await?
        }
        What::Stats => rest.call("GET", "/v1/admin/stats", None, None).await?,
        What::Audit => rest.call("GET", "/v1/admin/audit", None, None).await?,
    })
}

/// The id of whom a handle names.
async fn id_of(rest: &Rest, handle: &str) -> Result<String> {
    let handle = handle.strip_prefix('@').unwrap_or(handle).to_lowercase();
    text::check_handle(&handle).map_err(|error| anyhow!("the handle {handle:?} {error}"))?;
    let user: Value = rest
        .call("GET", &format!("/v1/users/by-handle/{handle}"), None, None)
        .await
        .with_context(|| format!("@{handle}"))?;
    Ok(user["id"].as_str().context("the server's answer has no id")?.to_owned())
}

fn parse_changes(changes: &[String]) -> Result<Value> {
    let mut limits = serde_json::Map::new();
    for change in changes {
        let Some((name, value)) = change.split_once('=') else { bail!("{change:?} is not NAME=VALUE") };
        let number =
            || value.parse::<u64>().with_context(|| format!("{name} must be a number, not {value:?}"));
        let value = if value == "configured" { Value::Null } else { number()?.into() };
        limits.insert(name.to_owned(), value);
    }
    Ok(limits.into())
}

fn print_answer(what: &What, answer: &Value) {
    match what {
        What::Limits { .. } => {
            for item in answer["items"].as_array().into_iter().flatten() {
                let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
                let number = |field: &str| item[field].as_u64().unwrap_or_default();
                println!(
                    "{:<26} {:>9} {:<12} {}–{}, {} ({})",
                    text("name"),
                    number("value"),
                    text("unit"),
                    number("min"),
                    number("max"),
                    text("about"),
                    text("source"),
                );
            }
        }
        What::Audit => {
            for item in answer["items"].as_array().into_iter().flatten() {
                let text = |field: &str| item[field].as_str().unwrap_or_default();
                let who =
                    item["actor_name"].as_str().or(item["actor"].as_str()).unwrap_or("the operator or a job");
                println!(
                    "{:>6} {} {:<16} {} by {who} {}",
                    item["id"],
                    item["at"],
                    text("action"),
                    text("subject"),
                    item["detail"],
                );
            }
        }
        What::Link { .. } => println!("{}", answer["url"].as_str().unwrap_or_default()),
        _ => {
            for (name, value) in answer.as_object().into_iter().flatten() {
                println!("{name:<16} {value}");
            }
        }
    }
}

/// The way to the server that runs on this data folder, with the rights of who owns the folder; and its address.
fn connect(data: &Path) -> Result<(Rest, Address)> {
    let file = data.join(ADDRESS_FILE);
    let url = std::fs::read_to_string(&file).with_context(|| {
        format!(
            "no server has run on {}: name its folder with --data; cannot read {}",
            data.display(),
            file.display()
        )
    })?;
    let address: Address = url.trim().parse().with_context(|| format!("{}", file.display()))?;
    let key = read_key(&data.join(KEY_FILE))?;
    let claims = Claims::operator(TimeMs(SystemClock.now().0 + TOKEN_MS));
    Ok((Rest::signed_in(address.clone(), &Tokens::new(&key).issue(&claims)), address))
}
