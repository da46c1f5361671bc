//! Requests taken apart. What is wrong with one is told by the name of the field, its value and what it may be.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, RawPathParams, Request,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{Extensions, HeaderMap, header, request::Parts},
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, value::MapDeserializer},
};
use serde_json::Value;
use tertulia_core::{DeviceId, Nonce, RoomId, Seq, UserId};
use tertulia_ports::directory::User;
use tertulia_protocol::{
    Code, ErrorDetail,
    rest::{IDEMPOTENCY_KEY, IDEMPOTENCY_SINCE},
};
use utoipa::IntoParams;

use super::{Api, problem::Failure};
use crate::{
    gateway::transport::FORWARDED_FOR,
    history::{PAGE_ITEMS_DEFAULT, page_limit},
    identity::TokenError,
};

/// Largest body of a request, in bytes: as large as a frame of the socket, twice the longest text there may be.
pub const BODY_BYTES_MAX: usize = 128 * 1024;

/// The address of who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// A JSON body. One that is absent is an empty object.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        // What announces too much is refused before it comes.
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|bytes: u64| bytes > BODY_BYTES_MAX as u64) {
            return Err(too_large());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        parse(if bytes.is_empty() { b"{}" } else { &bytes }).map(Self)
    }
}

fn unread(rejection: BytesRejection) -> Failure {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => too_large(),
        _ => Failure::new(Code::Malformed, "the body did not arrive"),
    }
}

fn too_large() -> Failure {
    let error = ErrorDetail::new(Code::TooLarge, format!("the body is larger than {BODY_BYTES_MAX} bytes"));
    ErrorDetail { field: Some("body".to_owned()), bound: Some(BODY_BYTES_MAX.into()), ..error }.into()
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Failure::new(Code::Malformed, format!("the body is not JSON: {error}")))?;
    // A list would be taken for the fields in their order.
    if !value.is_object() {
        return Err(Failure::new(Code::Invalid, "the body is no JSON object"));
    }
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let field = error.path().to_string();
        let wrong = field.split('.').try_fold(&value, |value, name| value.get(name)).cloned();
        mismatch(&field, wrong, &error.into_inner().to_string())
    })
}

/// A value that does not fit its field.
fn mismatch(field: &str, value: Option<Value>, what: &str) -> Failure {
    let missing = what.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let named = match (field, missing) {
        (".", missing) => missing.map(str::to_owned),
        (field, Some(missing)) => Some(format!("{field}.{missing}")),
        (field, None) => Some(field.to_owned()),
    };
    let value = value.filter(|value| missing.is_none() && !value.is_object() && !value.is_array());
    let invalid = ErrorDetail::invalid(field, value.clone().unwrap_or_default(), what);
    let detail = named.as_ref().map_or(what.to_owned(), |field| format!("{field}: {what}"));
    ErrorDetail { detail, field: named, value: invalid.value.filter(|_| value.is_some()), ..invalid }.into()
}

/// The path's variables.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let raw = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Failure::new(Code::Malformed, rejection.to_string()))?;
        let fields = MapDeserializer::<_, serde::de::value::Error>::new(raw.iter());
        serde_path_to_error::deserialize(fields).map(Self).map_err(|error| {
            let field = error.path().to_string();
            let value = raw.iter().find(|(name, _)| *name == field).map(|(_, value)| value.into());
            mismatch(&field, value, &error.into_inner().to_string())
        })
    }
}

/// The query's fields.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let fields = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query));
        serde_path_to_error::deserialize(fields).map(Self).map_err(|error| {
            let field = error.path().to_string();
            let value = form_urlencoded::parse(query).find(|(name, _)| *name == field);
            let value = value.map(|(_, value)| value.into_owned().into());
            mismatch(&field, value, &error.into_inner().to_string())
        })
    }
}

/// A room in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RoomPath {
    /// The room's id.
    #[param(value_type = String)]
    pub room: RoomId,
}

/// A person in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UserPath {
    /// The person's id.
    #[param(value_type = String)]
    pub user: UserId,
}

/// A room and a person in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RoomUserPath {
    /// The room's id.
    #[param(value_type = String)]
    pub room: RoomId,
    /// The person's id.
    #[param(value_type = String)]
    pub user: UserId,
}

/// A page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Most items, from 1 to 200; 50 if absent.
    #[param(value_type = Option<i64>)]
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
}

impl ListQuery {
    /// How many items.
    pub fn limit(&self) -> Result<usize, Failure> {
        limit_of(self.limit.as_deref())
    }

    /// Where the page before ended: an id or number that was given as `next`.
    pub fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, Failure> {
        let parse = |text: &String| {
            text.parse().map_err(|_| Failure::invalid("after", text.as_str(), "`next` of the page before"))
        };
        self.after.as_ref().map(parse).transpose()
    }
}

/// The size of a page, whatever was written there.
pub fn limit_of(text: Option<&str>) -> Result<usize, Failure> {
    let Some(text) = text else { return Ok(PAGE_ITEMS_DEFAULT) };
    let too_much = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    let is_number =
        text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let limit = text.parse().unwrap_or(if is_number { too_much } else { 0 });
    page_limit(Some(limit)).map_err(|error| {
        let detail = format!("limit is {text:.40}, and must be from 1 to 200");
        ErrorDetail { detail, value: Some(text.chars().take(40).collect::<String>().into()), ..*error }.into()
    })
}

/// A number in a query or header that counts entries.
pub fn seq_of(field: &str, text: Option<&str>) -> Result<Option<Seq>, Failure> {
    let parse = |text: &str| {
        text.parse().map_err(|_| Failure::invalid(field, text, "the number of an entry, from 0"))
    };
    text.map(parse).transpose()
}

/// Who asks, as the directory has them now.
pub struct Caller {
    /// The person.
    pub user: User,
    /// Their device.
    pub device: DeviceId,
    /// The version of their feed.
    pub feed: u64,
}

impl Caller {
    /// Their id.
    pub fn id(&self) -> UserId {
        self.user.id
    }
}

/// Whose token came with a request.
pub enum Asking {
    /// A person's.
    Person(Box<Caller>),
    /// One that was made on the server's machine with its key, for nobody: whoever can read the key may administer.
    Operator,
}

impl Asking {
    /// The person, if it is one.
    pub fn person(&self) -> Option<&Caller> {
        match self {
            Self::Person(caller) => Some(caller),
            Self::Operator => None,
        }
    }
}

/// The token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<Api> for Asking {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let absent =
            || Failure::new(Code::Unauthenticated, "the header `Authorization: Bearer TOKEN` is missing");
        let now = api.clock.now();
        let claims = api.tokens.verify(bearer(&parts.headers).ok_or_else(absent)?, now).map_err(|error| {
            let code = match error {
                TokenError::Invalid => Code::Unauthenticated,
                TokenError::Expired => Code::TokenExpired,
            };
            Failure::new(code, error.to_string())
        })?;
        if claims.is_operator() {
            return Ok(Self::Operator);
        }
        match api.directory.resume(claims.device).await? {
            Some(resumed) if resumed.user.id == claims.user && now < resumed.expires_at => {
                let caller = Caller { user: resumed.user, device: claims.device, feed: resumed.feed };
                api.saw(caller.device);
                Ok(Self::Person(Box::new(caller)))
            }
            Some(resumed) if resumed.user.id == claims.user => {
                Err(Failure::new(Code::TokenExpired, "the token's time is over"))
            }
            _ => Err(Failure::new(Code::TokenRevoked, "the device was signed out")),
        }
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        match Asking::from_request_parts(parts, api).await? {
            Asking::Person(caller) => Ok(*caller),
            Asking::Operator => {
                Err(Failure::new(Code::NotAllowed, "that is for people, not for the operator"))
            }
        }
    }
}

/// An administrator who asks, or the operator.
pub struct Administrator(pub Asking);

impl Administrator {
    /// Their id for the audit; none for the operator.
    pub fn id(&self) -> Option<UserId> {
        self.0.person().map(Caller::id)
    }
}

impl FromRequestParts<Api> for Administrator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let asking = Asking::from_request_parts(parts, api).await?;
        match asking.person().is_none_or(|caller| caller.user.admin) {
            true => Ok(Self(asking)),
            false => Err(Failure::new(Code::NotAllowed, "that is for administrators")),
        }
    }
}

/// What the client calls its command, on every retry: the header `Idempotency-Key`, or a nonce that nobody repeats.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Key {
    /// What the client calls this command, the same on every retry: 32 random hexadecimal digits.
    #[param(rename = "Idempotency-Key", value_type = Option<String>)]
    pub nonce: Nonce,
    /// The room's head as the client knew it at the first try, the same on every retry. A retry that comes when the room
    /// may have forgotten the key is refused with `stale_send`, so that it is never done twice.
    #[param(rename = "Idempotency-Since", value_type = Option<u64>)]
    pub since: Option<Seq>,
}

impl Key {
    /// For the second of two commands that one request gives.
    pub fn besides(self) -> Self {
        Self { nonce: Nonce(self.nonce.0 ^ 1), ..self }
    }
}

impl FromRequestParts<Api> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let text = |name| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let since = seq_of("Idempotency-Since", text(IDEMPOTENCY_SINCE))?;
        let Some(text) = text(IDEMPOTENCY_KEY) else {
            return Ok(Self { since, ..api.fresh_key() });
        };
        match text.parse() {
            Ok(nonce) if nonce != Nonce(0) => Ok(Self { nonce, since }),
            _ => Err(Failure::invalid("Idempotency-Key", text, "32 random hexadecimal digits")),
        }
    }
}

/// Where a request comes from. Trusted proxies are believed what they say of their clients.
pub struct From(pub IpAddr);

impl From {
    /// Where this request comes from.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, api: &Api) -> Self {
        let peer = extensions.get::<PeerAddress>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
        let forwarded = headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default());
        Self(api.settings.proxies.client(peer, forwarded))
    }
}

impl FromRequestParts<Api> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions, &parts.headers, api))
    }
}

#[cfg(test)]
mod tests {
    use tertulia_protocol::rest;

    use super::*;

    #[test]
    fn wrong_bodies_name_the_field() {
        for (body, code, field, value) in [
            ("{", Code::Malformed, None, None),
            ("[1]", Code::Invalid, None, None),
            (r#"{"name": 5}"#, Code::Invalid, Some("name"), Some(Value::from(5))),
            (r#"{"name": "a", "handle": true}"#, Code::Invalid, Some("handle"), Some(Value::from(true))),
            ("{}", Code::Invalid, Some("name"), None),
        ] {
            let failure = parse::<rest::SignUp>(body.as_bytes()).err().unwrap();
            assert_eq!(failure.code(), code, "{body}");
            assert_eq!(
                (failure.detail.field.as_deref(), failure.detail.value.clone()),
                (field, value),
                "{body}"
            );
        }
        let nested = parse::<rest::NewRoom>(br#"{"kind": "group", "name": "a", "settings": {"join": "x"}}"#);
        assert_eq!(nested.err().unwrap().detail.field.as_deref(), Some("settings.join"));
    }

    #[test]
    fn page_sizes_are_numbers_from_1_to_200() {
        assert_eq!(limit_of(None).unwrap(), 50);
        assert_eq!(limit_of(Some("200")).unwrap(), 200);
        for bad in ["0", "-1", "201", "99999999999999999999999", "-99999999999999999999999", "ten", "", "1.5"]
        {
            let detail = limit_of(Some(bad)).unwrap_err().detail;
            assert_eq!((detail.field.as_deref(), detail.value), (Some("limit"), Some(bad.into())));
            assert_eq!(detail.bound, Some(200.into()));
        }
    }
}
