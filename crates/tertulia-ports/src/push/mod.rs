//! Push: a few words to a device whose app is closed, over the service that its maker runs.
//!
//! One message to one device, once. When to push, to whom, what it may say and when to try again are the sender's
//! business: nothing here repeats a send, and nothing here stores.
//!
//! [`in_process`] is the reference; the suite stands in `contract.rs`.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod in_process;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::EngineResult;

/// Longest payload in bytes: what Web Push leaves of its 4,096 after its header, padding and tag, and less than FCM takes.
pub const PAYLOAD_BYTES_MAX: usize = 3_993;
/// Longest topic in characters, RFC 8030's.
pub const TOPIC_CHARS_MAX: usize = 32;
/// Longest address of a device in bytes, an endpoint or a token: services use some hundreds.
pub const ADDRESS_BYTES_MAX: usize = 2_048;
/// Longest time that a service is asked to keep a notification: four weeks, FCM's.
pub const TTL_MAX: Duration = Duration::from_secs(28 * 24 * 60 * 60);
/// Longest that an adapter lets its service keep it waiting.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Where a device is reached. Whoever has one can push to the device, so its `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subscription {
    /// A browser, by Web Push.
    Web(WebSubscription),
    /// An app that was built with Firebase.
    Fcm {
        /// Its registration token.
        token: String,
    },
}

/// What a browser's `PushSubscription` says.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WebSubscription {
    /// Where its push service takes messages for it.
    pub endpoint: String,
    /// Its public key: a point on P-256, uncompressed.
    pub p256dh: Vec<u8>,
    /// Its authentication secret.
    pub auth: Vec<u8>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Web(_) => "Web(..)",
            Self::Fcm { .. } => "Fcm(..)",
        })
    }
}

impl fmt::Debug for WebSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSubscription(..)")
    }
}

/// What is sent: made by [`Notification::new`], so always within its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    payload: Bytes,
    topic: Option<Topic>,
    ttl: Duration,
    urgency: Urgency,
}

/// A payload is longer than [`PAYLOAD_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a notification has at most {PAYLOAD_BYTES_MAX} bytes, this one {bytes}")]
pub struct PayloadTooLong {
    /// How long it is.
    pub bytes: usize,
}

impl Notification {
    /// A notification that is kept as long as services keep one, replaces none, and is of normal urgency.
    pub fn new(payload: impl Into<Bytes>) -> Result<Self, PayloadTooLong> {
        let payload = payload.into();
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(PayloadTooLong { bytes: payload.len() });
        }
        Ok(Self { payload, topic: None, ttl: TTL_MAX, urgency: Urgency::Normal })
    }

    /// The same, in place of those with this topic that the device has not got yet.
    #[must_use]
    pub fn with_topic(self, topic: Topic) -> Self {
        Self { topic: Some(topic), ..self }
    }

    /// The same, kept for the device this long, in whole seconds and at most [`TTL_MAX`]; zero is "now or never".
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl: Duration::from_secs(ttl.min(TTL_MAX).as_secs()), ..self }
    }

    /// The same, with this urgency.
    #[must_use]
    pub fn with_urgency(self, urgency: Urgency) -> Self {
        Self { urgency, ..self }
    }

    /// What the app gets.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// What it replaces.
    pub fn topic(&self) -> Option<&Topic> {
        self.topic.as_ref()
    }

    /// How long it is kept for a device that is away.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Whether it may wake a device.
    pub fn urgency(&self) -> Urgency {
        self.urgency
    }
}

/// What later notifications replace earlier ones by: letters, digits, `-` and `_`. The service sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic(String);

impl Topic {
    /// A topic; `None` when it is empty, longer than [`TOPIC_CHARS_MAX`] or of other characters.
    pub fn new(topic: impl Into<String>) -> Option<Self> {
        let topic = topic.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=TOPIC_CHARS_MAX).contains(&topic.len()) && topic.bytes().all(plain);
        fits.then_some(Self(topic))
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a notification may wake a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// It can wait until the device is in use.
    Low,
    /// It can wait for a device that saves power.
    Normal,
    /// Now: a mention, a direct message.
    High,
}

/// What came of a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The service has taken it.
    Delivered,
    /// The subscription has ended, and the service will take nothing for it again.
    Gone,
    /// The service cannot take it now.
    Later {
        /// When it wants to be asked again, if it said so.
        after: Option<Duration>,
    },
    /// The service will not take this notification, however often it is asked.
    Refused {
        /// Why, for an operator. Tells neither the address nor the payload.
        reason: String,
    },
}

/// A push service.
///
/// `send` answers within twice [`PATIENCE`] whatever the service does; a service that is silent, unreachable or in
/// trouble is [`Delivery::Later`]. An error says that the service does not take *this server* (a wrong key, a project
/// that does not exist): nothing will arrive until an operator acts, and nothing is wrong with the device. A
/// subscription of another kind is refused. Nobody waits for a send but its caller.
#[async_trait]
pub trait Push: Send + Sync {
    /// Hands one notification for one device to the service, once.
    async fn send(&self, target: &Subscription, notification: &Notification) -> EngineResult<Delivery>;
}
