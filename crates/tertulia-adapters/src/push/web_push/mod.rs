//! Web Push: RFC 8030, to browsers, over the services that their makers run.
//!
//! `encrypt.rs` makes what only the browser can read, `vapid.rs` says who sends it.

mod encrypt;
#[cfg(test)]
mod tests;
mod vapid;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE},
};
use tertulia_ports::{
    EngineError, EngineResult,
    push::{ADDRESS_BYTES_MAX, Delivery, Notification, Push, Subscription, Urgency, WebSubscription},
    time::Clock,
};

use self::{encrypt::AUTH_BYTES, encrypt::POINT_BYTES, vapid::Vapid};
use super::http::{Answer, Http, NoAnswer, Reach, may_be_asked};

/// The name in errors.
const ENGINE: &str = "web push";

/// Web Push.
pub struct WebPush {
    http: Http,
    reach: Reach,
    vapid: Vapid,
    clock: Arc<dyn Clock>,
}

impl WebPush {
    /// Web Push with the key in this folder, which is made if there is none. `contact` is a `mailto:` or `https:` address
    /// by which a push service reaches the operator.
    pub fn open(folder: &Path, contact: &str, reach: Reach, clock: Arc<dyn Clock>) -> EngineResult<Self> {
        Ok(Self { http: Http::new(reach, ENGINE)?, reach, vapid: Vapid::open(folder, contact)?, clock })
    }

    /// The public key that browsers subscribe with, in base64url.
    pub fn public_key(&self) -> &str {
        self.vapid.public_key()
    }

    fn endpoint(&self, target: &WebSubscription) -> Result<Uri, &'static str> {
        if target.endpoint.len() > ADDRESS_BYTES_MAX {
            return Err("the endpoint is too long");
        }
        let uri: Uri = target.endpoint.parse().map_err(|_| "the endpoint is no address")?;
        if !may_be_asked(&uri, self.reach) {
            return Err("the endpoint is not a public address by https");
        }
        if target.p256dh.len() != POINT_BYTES || target.auth.len() != AUTH_BYTES {
            return Err("the keys have the wrong length");
        }
        Ok(uri)
    }

    fn request(&self, uri: Uri, note: &Notification, body: Vec<u8>) -> EngineResult<Request<Full<Bytes>>> {
        let origin = origin(&uri);
        let urgency = match note.urgency() {
            Urgency::Low => "low",
            Urgency::Normal => "normal",
            Urgency::High => "high",
        };
        let mut request = Request::post(uri)
            .header(AUTHORIZATION, self.vapid.authorization(&origin, self.clock.now())?)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header("ttl", note.ttl().as_secs())
            .header("urgency", urgency);
        if let Some(topic) = note.topic() {
            request = request.header("topic", topic.as_str());
        }
        request.body(Full::from(body)).map_err(|error| EngineError::new(ENGINE, error))
    }
}

#[async_trait]
impl Push for WebPush {
    async fn send(&self, target: &Subscription, notification: &Notification) -> EngineResult<Delivery> {
        let Subscription::Web(target) = target else { return Ok(refused("not a browser's subscription")) };
        let uri = match self.endpoint(target) {
            Ok(uri) => uri,
            Err(reason) => return Ok(refused(reason)),
        };
        let Ok(body) = encrypt::encrypt(target, notification.payload()) else {
            return Ok(refused("the public key is no point on P-256"));
        };
        let request = self.request(uri, notification, body)?;
        match self.http.ask(request, self.clock.now()).await {
            Ok(answer) => delivery(&answer),
            Err(NoAnswer::Unreachable) => Ok(Delivery::Later { after: None }),
            Err(error @ NoAnswer::Forbidden) => Ok(refused(error)),
        }
    }
}

/// Scheme, host and port as browsers write them: small letters, and no port that goes without saying.
fn origin(uri: &Uri) -> String {
    let [scheme, host] =
        [uri.scheme_str(), uri.host()].map(|part| part.unwrap_or_default().to_ascii_lowercase());
    match (scheme.as_str(), uri.port_u16()) {
        (_, None) | ("https", Some(443)) | ("http", Some(80)) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    }
}

fn delivery(answer: &Answer) -> EngineResult<Delivery> {
    Ok(match answer.status {
        status if status.is_success() => Delivery::Delivered,
        StatusCode::NOT_FOUND | StatusCode::GONE => Delivery::Gone,
        StatusCode::UNAUTHORIZED => {
            return Err(EngineError::new(
                ENGINE,
                "the service does not take this server's signature (401): check the clock and the key",
            ));
        }
        StatusCode::FORBIDDEN => refused("the subscription was made for another key (403)"),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Delivery::Later { after: answer.retry_after }
        }
        status if status.is_server_error() => Delivery::Later { after: answer.retry_after },
        status => refused(format_args!("the service answered {}", status.as_u16())),
    })
}

fn refused(reason: impl std::fmt::Display) -> Delivery {
    Delivery::Refused { reason: reason.to_string() }
}
