//! Error codes: the same on the socket and over REST. Whether to retry is a property of the code.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[doc = $about:literal])* $name:ident, $text:literal, $status:literal, $retry:ident;)*) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Code {
            $($(#[doc = $about])* #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Its status over HTTP.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What the client does next.
            pub fn retry(self) -> Retry {
                match self { $(Self::$name => Retry::$retry,)* }
            }

            /// One sentence about it.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => concat!($($about),*).trim_ascii(),)* }
            }
        }
    };
}

/// What a client does after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same request will fail again.
    Final,
    /// Try again with the same nonce, after `retry_after_ms` if it is given.
    Later,
    /// Bring yourself up to date first, then decide.
    Sync,
    /// Sign in again.
    SignIn,
}

codes! {
    /// The frame or body is not JSON of a known form.
    Malformed, "malformed", 400, Final;
    /// A field has a value that is not allowed: `field`, `value` and `bound` say which.
    Invalid, "invalid", 422, Final;
    /// The frame's type is not known to this server.
    UnknownFrame, "unknown_frame", 400, Final;
    /// The request is larger than the server reads.
    TooLarge, "too_large", 413, Final;
    /// There is no valid token.
    Unauthenticated, "unauthenticated", 401, SignIn;
    /// The token's time is over.
    TokenExpired, "token_expired", 401, SignIn;
    /// The device was signed out.
    TokenRevoked, "token_revoked", 401, SignIn;
    /// Name or password are wrong.
    WrongPassword, "wrong_password", 401, Final;
    /// You may not do that.
    NotAllowed, "not_allowed", 403, Final;
    /// There is no such thing, or you may not know of it.
    NotFound, "not_found", 404, Final;
    /// There is no such room, or you are not a member of it.
    NotMember, "not_member", 404, Final;
    /// You are banned from this room.
    Banned, "banned", 403, Final;
    /// One of you has blocked the other.
    Blocked, "blocked", 403, Final;
    /// Somebody or something with that name or state is there already.
    Conflict, "conflict", 409, Final;
    /// This nonce was used for something else.
    NonceReused, "nonce_reused", 409, Final;
    /// `since` is older than the room's memory of nonces: look whether it was sent, then decide.
    StaleSend, "stale_send", 409, Sync;
    /// The message was deleted.
    MessageDeleted, "message_deleted", 410, Final;
    /// An upload is not ready yet.
    UploadUnfinished, "upload_unfinished", 409, Later;
    /// The content of an upload is not taken.
    UploadRefused, "upload_refused", 422, Final;
    /// A limit of members, rooms, reactions or connections is reached: `bound` says which.
    LimitReached, "limit_reached", 409, Final;
    /// The last owner cannot go.
    LastOwner, "last_owner", 409, Final;
    /// The room is in slow mode.
    SlowMode, "slow_mode", 429, Later;
    /// Too many requests in a time.
    RateLimited, "rate_limited", 429, Later;
    /// The room is changing its owner, or its owner does not answer.
    Unavailable, "unavailable", 503, Later;
    /// The server is full or going down.
    Overloaded, "overloaded", 503, Later;
    /// The server failed; it has been logged.
    Internal, "internal", 500, Later;
}

/// An error as it travels: in `error` frames, and in problem+json with `type`, `title` and `status` added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// What went wrong.
    pub code: Code,
    /// The same in a sentence for people.
    pub detail: String,
    /// The field that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Its value, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub value: Option<serde_json::Value>,
    /// What it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub bound: Option<serde_json::Value>,
    /// When to try again, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ErrorDetail {
    /// An error that says only this.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None, value: None, bound: None, retry_after_ms: None }
    }

    /// An error about one field.
    pub fn invalid(
        field: &str,
        value: impl Into<serde_json::Value>,
        bound: impl Into<serde_json::Value>,
    ) -> Self {
        let (value, bound) = (shortened(value.into()), bound.into());
        let detail = format!(
            "{field} is {value}, and must be {}",
            bound.as_str().map_or(bound.to_string(), str::to_owned)
        );
        Self {
            field: Some(field.to_owned()),
            value: Some(value),
            bound: Some(bound),
            ..Self::new(Code::Invalid, detail)
        }
    }

    /// The same, to be tried again after a time.
    #[must_use]
    pub fn after_ms(self, retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..self }
    }
}

/// Longest text of a wrong value that is sent back, in characters.
const VALUE_CHARS_MAX: usize = 80;

fn shortened(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) if text.chars().count() > VALUE_CHARS_MAX => {
            format!("{}…", text.chars().take(VALUE_CHARS_MAX).collect::<String>()).into()
        }
        value => value,
    }
}
