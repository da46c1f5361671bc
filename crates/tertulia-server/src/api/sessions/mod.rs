//! `/sessions`: signing devices in and out.

pub mod log_in;
pub mod log_out;
pub mod rates;

use axum::http::{header, request::Parts};
use tertulia_ports::directory::{Device, User};
use tertulia_protocol::rest::Session;

use super::{Api, problem::Answer};
use crate::identity::{Claims, TOKEN_LIFETIME_MS};

/// Longest name of a client that is kept, in characters.
const CLIENT_CHARS_MAX: usize = 100;

/// What a client says that it is, for the list of devices.
pub struct Client(String);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let visible = agent.unwrap_or_default().chars().filter(|character| !character.is_control());
        Ok(Self(visible.take(CLIENT_CHARS_MAX).collect()))
    }
}

/// Signs a new device of somebody in.
pub async fn open(api: &Api, user: User, client: &Client) -> Answer<Session> {
    let now = api.clock.now();
    let device = Device {
        id: api.fresh_device(),
        user: user.id,
        client: client.0.clone(),
        created_at: now,
        last_seen_at: now,
        expires_at: now.plus(TOKEN_LIFETIME_MS),
    };
    api.directory.add_device(&device).await?;
    let claims = Claims { user: user.id, device: device.id, expires_at: device.expires_at };
    let feed = api.directory.feed_version(user.id).await?;
    Ok(Session { token: api.tokens.issue(&claims), device: device.id, user: api.me(&user, feed).await? })
}
