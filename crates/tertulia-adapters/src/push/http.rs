//! The HTTP client of push: one request, one answer, bounded in time and size. Follows no redirect.

use std::{
    fmt,
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, Request, StatusCode, Uri,
    header::{HeaderValue, RETRY_AFTER},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use tertulia_core::TimeMs;
use tertulia_ports::{EngineError, EngineResult, push::PATIENCE};

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 16 * 1_024;
/// Longest pause that a service may ask for: more is a mistake of its own.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a connection waits for its next use.
const IDLE: Duration = Duration::from_secs(60);

/// Which addresses may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public internet by https: what users name must not lead into the operator's network.
    Public,
    /// Anything, by http too: for tests.
    Anywhere,
}

/// The client.
pub struct Http {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    reach: Reach,
}

/// What was answered.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// When it wants to be asked again.
    pub retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The address is none that may be asked.
    #[error("the address is not a public one by https")]
    Forbidden,
    /// Silent, not there, or not understood.
    #[error("no answer")]
    Unreachable,
}

impl Http {
    /// A client that trusts the authorities that this machine trusts.
    pub fn new(reach: Reach, engine: &'static str) -> EngineResult<Self> {
        let mut connector = HttpConnector::new_with_resolver(Resolver { reach });
        connector.enforce_http(false);
        connector.set_nodelay(true);
        let builder = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| EngineError::new(engine, format_args!("certificates of the system: {error}")))?;
        let builder = match reach {
            Reach::Public => builder.https_only(),
            Reach::Anywhere => builder.https_or_http(),
        };
        let connector = builder.enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
        Ok(Self { client, reach })
    }

    /// Asks once, and waits no longer than [`PATIENCE`].
    pub async fn ask(&self, request: Request<Full<Bytes>>, now: TimeMs) -> Result<Answer, NoAnswer> {
        if !may_be_asked(request.uri(), self.reach) {
            return Err(NoAnswer::Forbidden);
        }
        let asked = async {
            let answer = self.client.request(request).await.map_err(|error| why(&error))?;
            let (head, body) = answer.into_parts();
            // Read to its end, so that the connection can be used again.
            let _ = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            Ok(Answer { status: head.status, retry_after: retry_after(&head.headers, now) })
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(NoAnswer::Unreachable))
    }
}

/// Whether an address may be asked, as far as it shows before its name is looked up.
pub fn may_be_asked(uri: &Uri, reach: Reach) -> bool {
    let Some((authority, host)) = uri.authority().zip(uri.host()) else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    match reach {
        Reach::Anywhere => matches!(uri.scheme_str(), Some("https" | "http")),
        Reach::Public => {
            let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
            uri.scheme_str() == Some("https") && literal.map_or(true, is_public)
        }
    }
}

fn why(error: &(dyn std::error::Error + 'static)) -> NoAnswer {
    let causes = std::iter::successors(Some(error), |error| error.source());
    match causes.into_iter().any(|cause| cause.is::<NotPublic>()) {
        true => NoAnswer::Forbidden,
        false => NoAnswer::Unreachable,
    }
}

/// `Retry-After` in seconds or as a date.
fn retry_after(headers: &HeaderMap<HeaderValue>, now: TimeMs) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = httpdate::parse_http_date(text).ok()?;
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.0);
            at.duration_since(now).unwrap_or_default()
        }
    };
    Some(after.min(RETRY_AFTER_MAX))
}

/// Looks names up, and passes only addresses that may be asked: a public name may stand for a private address.
#[derive(Debug, Clone, Copy)]
struct Resolver {
    reach: Reach,
}

/// A name stands for addresses of private networks only.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the name stands for no public address")]
struct NotPublic;

type Found = Result<std::vec::IntoIter<SocketAddr>, Box<dyn std::error::Error + Send + Sync>>;

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Found> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.reach;
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<_> = match reach {
                Reach::Anywhere => found,
                Reach::Public => found.into_iter().filter(|found| is_public(found.ip())).collect(),
            };
            match allowed.is_empty() {
                true => Err(NotPublic.into()),
                false => Ok(allowed.into_iter()),
            }
        })
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("reach", &self.reach).finish_non_exhaustive()
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = match address.octets() {
        // This network, shared by carriers, protocol assignments, benchmarks; multicast and what is reserved.
        [0, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] | [224..=255, ..] => true,
        _ => false,
    };
    let is_near = address.is_private() || address.is_loopback() || address.is_link_local();
    !(is_special || is_near || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Teredo and other protocol assignments, documentation, 6to4: these wrap addresses of version 4.
        [0x2001, 0..0x200, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_may_be_asked() {
        for good in ["https://push.example/a", "https://93.184.216.34/", "https://[2606:4700::1111]:8443/a"] {
            assert!(may_be_asked(&good.parse().unwrap(), Reach::Public), "{good}");
        }
        let bad = [
            "http://push.example/",
            "https://user@push.example/",
            "/path",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1:8080/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[ff02::1]/",
        ];
        for bad in bad {
            assert!(!may_be_asked(&bad.parse().unwrap(), Reach::Public), "{bad}");
        }
        assert!(may_be_asked(&"http://127.0.0.1:9/".parse().unwrap(), Reach::Anywhere));
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_is_not_asked() {
        let http = Http::new(Reach::Public, "test").unwrap();
        let request = Request::post("https://localhost:9/").body(Full::default()).unwrap();
        assert_eq!(http.ask(request, TimeMs(0)).await.err(), Some(NoAnswer::Forbidden));
    }

    #[test]
    fn a_pause_is_told_in_seconds_or_as_a_date() {
        let asked = |text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            retry_after(&headers, TimeMs(784_111_700_000)).map(|after| after.as_secs())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(77));
        assert_eq!(asked("Sat, 05 Nov 1994 08:49:37 GMT"), Some(0));
        assert_eq!(asked("99999999"), Some(24 * 60 * 60));
        assert_eq!(asked("soon"), None);
    }
}
