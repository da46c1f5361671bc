//! How often somebody may ask at all, try to sign in or up, and say something. Headers tell what is left.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use tertulia_core::{DeviceId, UserId, text::check_handle};
use tertulia_protocol::{Code, ErrorDetail};

use super::super::{
    Api,
    extract::{From, bearer},
    problem::{Answer, Failure},
};
use crate::{
    attachments::link::Link,
    gateway::transport::household,
    identity::{Rate, Remaining},
};

const MINUTE_MS: u64 = 60 * 1_000;
/// The limits `messages_per_10s` and `requests_per_10s` are named after it.
const WINDOW_MS: u64 = 10_000;

/// Tries at one handle from one address: a person who has forgotten theirs, not a program.
const LOG_IN: Rate = Rate { name: "log_in", count: 10, window_ms: 15 * MINUTE_MS };
/// Tries from one address at all handles: an office behind one address, not a list of passwords.
const LOG_IN_ADDRESS: Rate = Rate { name: "log_in_address", count: 100, window_ms: 15 * MINUTE_MS };
/// Tries at one handle from everywhere: so many that nobody is kept out lightly.
const LOG_IN_HANDLE: Rate = Rate { name: "log_in_handle", count: 300, window_ms: 15 * MINUTE_MS };
/// Sign-ups from one address: a class that starts together.
const SIGN_UP: Rate = Rate { name: "sign_up", count: 60, window_ms: 60 * MINUTE_MS };

/// Who asks, as far as requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A person, on all their devices.
    Person(UserId),
    /// Somebody who is not signed in.
    Stranger(IpAddr),
}

/// Counts a request of any kind. The operator, and programs on this machine that are nobody, ask without bound.
pub fn request(api: &Api, request: &Request) -> Answer<HeaderMap> {
    let now = api.clock.now();
    let claims = bearer(request.headers()).and_then(|token| api.tokens.verify(token, now).ok());
    // A link tells who made it: many behind one address do not keep each other from their pictures.
    let link = request.uri().path().strip_prefix("/v1/files/");
    let link = link.and_then(|link| Link::read(link, &api.tokens, now).ok());
    let asker = match (claims, link) {
        (Some(claims), _) if claims.is_operator() => return Ok(HeaderMap::new()),
        (Some(claims), _) => Asker::Person(claims.user),
        (None, Some(link)) => Asker::Person(link.user),
        (None, None) => match From::of(request.extensions(), request.headers(), api).0 {
            address if address.is_loopback() => return Ok(HeaderMap::new()),
            address => Asker::Stranger(household(address)),
        },
    };
    let max = api.coordination.config().limits.requests_per_10s;
    let rate = Rate { name: "requests", count: max, window_ms: WINDOW_MS };
    match api.requests.take(rate, asker, now) {
        Ok(remaining) => Ok(headers(remaining)),
        Err(remaining) => Err(too_many("requests", max, remaining)),
    }
}

/// Counts a sign-up. Programs on this machine (a demo, an import) sign people up without bound.
pub fn sign_up(api: &Api, from: &From) -> Answer<HeaderMap> {
    match from.0.is_loopback() {
        true => Ok(HeaderMap::new()),
        false => counted(api.rates.count(SIGN_UP, &household(from.0).to_string(), api.clock.now())),
    }
}

/// Counts a try to log in. What is refused to one address does not count against the handle.
pub fn log_in(api: &Api, from: &From, handle: &str) -> Answer<HeaderMap> {
    let (now, address) = (api.clock.now(), household(from.0).to_string());
    counted(api.rates.count(LOG_IN_ADDRESS, &address, now))?;
    let headers = counted(api.rates.count(LOG_IN, &own_key(from, handle), now))?;
    counted(api.rates.count(LOG_IN_HANDLE, counted_handle(handle), now))?;
    Ok(headers)
}

/// Counts a try to sign in by a link: nobody guesses one, and nobody keeps others from using theirs.
pub fn ticket(api: &Api, from: &From) -> Answer<HeaderMap> {
    let (now, address) = (api.clock.now(), household(from.0).to_string());
    counted(api.rates.count(LOG_IN_ADDRESS, &address, now))?;
    counted(api.rates.count(LOG_IN, &address, now))
}

/// What nobody can be called counts as one, however long it is.
fn counted_handle(handle: &str) -> &str {
    if check_handle(handle).is_ok() { handle } else { "" }
}

/// The key of tries at one handle from one address.
fn own_key(from: &From, handle: &str) -> String {
    format!("{} {}", household(from.0), counted_handle(handle))
}

/// The password was right: what was tried before does not count.
pub fn logged_in(api: &Api, from: &From, handle: &str) {
    api.rates.forgive(LOG_IN, &own_key(from, handle));
}

/// Counts a message, by the limit that holds on the socket too.
pub fn message(api: &Api, device: DeviceId) -> Answer<()> {
    let max = api.coordination.config().limits.messages_per_10s;
    let rate = Rate { name: "messages", count: max, window_ms: WINDOW_MS };
    match api.rates.count(rate, &device.to_string(), api.clock.now()) {
        Ok(_) => Ok(()),
        Err(remaining) => Err(too_many("messages", max, remaining)),
    }
}

/// More than a limit `<what>_per_10s` allows.
fn too_many(what: &str, max: u64, remaining: Remaining) -> Failure {
    let error = ErrorDetail::new(Code::RateLimited, format!("more than {max} {what} in 10 s"));
    let error = ErrorDetail {
        field: Some(format!("{what}_per_10s")),
        bound: Some(max.into()),
        ..error.after_ms(remaining.reset_ms)
    };
    Failure::from(error).with_headers(headers(remaining))
}

fn counted(result: Result<Remaining, Remaining>) -> Answer<HeaderMap> {
    match result {
        Ok(remaining) => Ok(headers(remaining)),
        Err(remaining) => {
            let minutes = remaining.rate.window_ms / MINUTE_MS;
            let detail = format!("at most {} tries in {minutes} minutes", remaining.rate.count);
            let error = ErrorDetail::new(Code::RateLimited, detail).after_ms(remaining.reset_ms);
            let error = ErrorDetail { bound: Some(remaining.rate.count.into()), ..error };
            Err(Failure::from(error).with_headers(headers(remaining)))
        }
    }
}

/// `RateLimit-Policy` and `RateLimit`, as the IETF drafts them.
fn headers(Remaining { rate, left, reset_ms }: Remaining) -> HeaderMap {
    let policy = format!("\"{}\";q={};w={}", rate.name, rate.count, rate.window_ms / 1_000);
    let state = format!("\"{}\";r={left};t={}", rate.name, reset_ms.div_ceil(1_000));
    let header = |name, text: &str| Some((HeaderName::from_static(name), HeaderValue::from_str(text).ok()?));
    [header("ratelimit-policy", &policy), header("ratelimit", &state)].into_iter().flatten().collect()
}
