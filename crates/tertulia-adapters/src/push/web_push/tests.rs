//! The suite, against a push service that checks what the real ones and the browser behind them check.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use p256::{
    PublicKey, SecretKey,
    ecdh::diffie_hellman,
    ecdsa::{Signature, VerifyingKey, signature::Verifier},
    elliptic_curve::sec1::ToEncodedPoint,
};
use ring::aead::Aad;
use serde_json::Value;
use tempfile::TempDir;
use tertulia_core::TimeMs;
use tertulia_ports::{
    push::{
        Delivery, Notification, Push, Subscription, Topic, Urgency, WebSubscription,
        contract::{PushService, check},
        in_process::Answer,
    },
    time::Clock,
};

use super::{Reach, WebPush, encrypt, origin};

const NOW: TimeMs = TimeMs(1_800_000_000_000);

/// A push service, and the browsers that it delivers to.
struct Service {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

struct State {
    address: SocketAddr,
    /// The key that browsers subscribed with.
    key: String,
    devices: HashMap<String, Device>,
    answers: VecDeque<Answer>,
    taken: Vec<(Subscription, Notification)>,
    wrong: Vec<String>,
}

struct Device {
    subscription: WebSubscription,
    secret: SecretKey,
    has_ended: bool,
}

impl Service {
    async fn start(key: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            address,
            key: key.to_owned(),
            devices: HashMap::new(),
            answers: VecDeque::new(),
            taken: Vec::new(),
            wrong: Vec::new(),
        }));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let state = shared.clone();
                let service = service_fn(move |request| answer(state.clone(), request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(socket), service),
                );
            }
        });
        Self { state, address }
    }
}

impl PushService for Service {
    fn subscribe(&self) -> Subscription {
        let mut state = self.state.lock().unwrap();
        let number = state.devices.len() + 1;
        let secret = SecretKey::from_slice(&[u8::try_from(number).unwrap(); 32]).unwrap();
        let path = format!("/push/{number}");
        let subscription = WebSubscription {
            endpoint: format!("http://{}{path}", self.address),
            p256dh: secret.public_key().to_encoded_point(false).as_bytes().to_vec(),
            auth: vec![number as u8; 16],
        };
        let device = Device { subscription: subscription.clone(), secret, has_ended: false };
        state.devices.insert(path, device);
        Subscription::Web(subscription)
    }

    fn answer_next(&self, answer: Answer) {
        self.state.lock().unwrap().answers.push_back(answer);
    }

    fn taken(&self) -> Vec<(Subscription, Notification)> {
        let mut state = self.state.lock().unwrap();
        assert_eq!(state.wrong, [] as [String; 0]);
        std::mem::take(&mut state.taken)
    }
}

type Answered = Response<Full<Bytes>>;

async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Answered, std::convert::Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let (status, retry_after) = {
        let mut state = state.lock().unwrap();
        match state.judge(head.uri.path(), &head.headers, &body) {
            Ok(judged) => judged,
            Err(wrong) => {
                state.wrong.push(wrong);
                (Some(400), None)
            }
        }
    };
    let Some(status) = status else { return std::future::pending().await };
    let mut response = Response::builder().status(status);
    if let Some(after) = retry_after {
        response = response.header("retry-after", Duration::as_secs(&after));
    }
    if status == 307 {
        response = response.header("location", "/push/1");
    }
    Ok(response.body(Full::from("an answer")).unwrap())
}

type Judged = Result<(Option<u16>, Option<Duration>), String>;

impl State {
    /// The status, none for silence, and `Retry-After`; what was wrong with the request otherwise.
    fn judge(&mut self, path: &str, headers: &HeaderMap, body: &[u8]) -> Judged {
        if path == "/moved" {
            return Ok((Some(307), None));
        }
        if !self.is_for_key(headers)? {
            return Ok((Some(403), None));
        }
        if body.len() > 4_096 {
            return Err(format!("a body of {} bytes", body.len()));
        }
        let device = self.devices.get_mut(path).ok_or("no such device")?;
        let note = read_notification(device, headers, body)?;
        if device.has_ended {
            return Ok((Some(404), None));
        }
        Ok(match self.answers.pop_front().unwrap_or(Answer::Taken) {
            Answer::Taken => {
                self.taken.push((Subscription::Web(device.subscription.clone()), note));
                (Some(201), None)
            }
            Answer::Ended => {
                device.has_ended = true;
                (Some(410), None)
            }
            Answer::TooLarge => (Some(413), None),
            Answer::Malformed => (Some(400), None),
            Answer::Busy(after) => (Some(429), after),
            Answer::Broken => (Some(503), None),
            Answer::Silent => (None, None),
            Answer::Unauthorized => (Some(401), None),
        })
    }

    /// RFC 8292: the token is signed by the key it names, for this service, and soon ends.
    fn is_for_key(&self, headers: &HeaderMap) -> Result<bool, String> {
        let header = text(headers, "authorization")?;
        let (token, key) = header
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(", k="))
            .ok_or("no vapid in Authorization")?;
        let (signed, signature) = token.rsplit_once('.').ok_or("no token")?;
        let (head, claims) = signed.split_once('.').ok_or("no token")?;
        let point = BASE64.decode(key).map_err(|_| "the key is not base64url")?;
        let verifying = VerifyingKey::from_sec1_bytes(&point).map_err(|_| "the key is no point")?;
        let signature = BASE64.decode(signature).map_err(|_| "the signature is not base64url")?;
        let signature = Signature::from_slice(&signature).map_err(|_| "the signature has not 64 bytes")?;
        verifying.verify(signed.as_bytes(), &signature).map_err(|_| "the signature is wrong")?;
        let json = |part: &str| -> Value { serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap() };
        if json(head)["alg"] != "ES256" {
            return Err("not ES256".to_owned());
        }
        let claims = json(claims);
        if claims["aud"] != format!("http://{}", self.address) {
            return Err(format!("for another service: {}", claims["aud"]));
        }
        let now = NOW.0 / 1_000;
        if !claims["exp"].as_u64().is_some_and(|end| (now + 1..=now + 24 * 60 * 60).contains(&end)) {
            return Err(format!("ends at {}", claims["exp"]));
        }
        if !claims["sub"].as_str().is_some_and(|contact| contact.starts_with("mailto:")) {
            return Err("no contact".to_owned());
        }
        Ok(key == self.key)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, String> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or_else(|| format!("no {name}"))
}

/// What the browser shows: RFC 8030's headers, and RFC 8291 read with the browser's own secret.
fn read_notification(device: &Device, headers: &HeaderMap, body: &[u8]) -> Result<Notification, String> {
    if text(headers, "content-encoding")? != "aes128gcm" {
        return Err("not aes128gcm".to_owned());
    }
    let (head, record) = body.split_at_checked(86).ok_or("no header")?;
    if head[16..21] != [0, 0, 16, 0, 65] {
        return Err("another record size or key length".to_owned());
    }
    let theirs = PublicKey::from_sec1_bytes(&head[21..]).map_err(|_| "no point")?;
    let secret = diffie_hellman(device.secret.to_nonzero_scalar(), theirs.as_affine());
    let (key, nonce) =
        encrypt::keys(&device.subscription, &head[21..], &head[..16], secret.raw_secret_bytes()).unwrap();
    let mut record = record.to_vec();
    let plain = key.open_in_place(nonce, Aad::empty(), &mut record).map_err(|_| "not for this browser")?;
    let payload = plain.strip_suffix(&[2]).ok_or("not the last record")?.to_vec();
    let seconds = text(headers, "ttl")?.parse().map_err(|_| "no TTL")?;
    let urgency = match text(headers, "urgency")? {
        "low" => Urgency::Low,
        "normal" => Urgency::Normal,
        "high" => Urgency::High,
        other => return Err(format!("urgency {other}")),
    };
    let note =
        Notification::new(payload).unwrap().with_ttl(Duration::from_secs(seconds)).with_urgency(urgency);
    Ok(match headers.get("topic") {
        Some(topic) => note.with_topic(Topic::new(topic.to_str().unwrap()).ok_or("a topic that is none")?),
        None => note,
    })
}

fn push(reach: Reach) -> (WebPush, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock);
    (WebPush::open(folder.path(), "mailto:operator@example.com", reach, clock).unwrap(), folder)
}

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> TimeMs {
        NOW
    }
}

async fn reason(push: &WebPush, target: Subscription) -> String {
    let delivery = push.send(&target, &Notification::new("words").unwrap()).await.unwrap();
    let Delivery::Refused { reason } = delivery else { panic!("{delivery:?}") };
    reason
}

#[tokio::test]
async fn web_push_passes() {
    let (push, _folder) = push(Reach::Anywhere);
    let service = Service::start(push.public_key()).await;
    check(&push, &service).await;
}

#[tokio::test]
async fn a_service_that_is_not_there_is_for_later() {
    let (push, _folder) = push(Reach::Anywhere);
    let service = Service::start(push.public_key()).await;
    let Subscription::Web(mut target) = service.subscribe() else { panic!() };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    target.endpoint = format!("http://{free}/push/1");
    let sent = push.send(&Subscription::Web(target), &Notification::new("words").unwrap()).await.unwrap();
    assert_eq!(sent, Delivery::Later { after: None });
}

#[tokio::test]
async fn a_subscription_that_is_wrong_is_refused() {
    let (push, _folder) = push(Reach::Anywhere);
    let service = Service::start("another key").await;
    let Subscription::Web(target) = service.subscribe() else { panic!() };
    let with = |change: &dyn Fn(&mut WebSubscription)| {
        let mut target = target.clone();
        change(&mut target);
        Subscription::Web(target)
    };
    assert!(reason(&push, with(&|_| ())).await.contains("another key"));
    assert!(reason(&push, with(&|it| it.p256dh[1] ^= 1)).await.contains("no point"));
    assert!(reason(&push, with(&|it| it.p256dh.clear())).await.contains("length"));
    assert!(reason(&push, with(&|it| it.auth.push(1))).await.contains("length"));
    assert!(reason(&push, with(&|it| it.endpoint = "no address".to_owned())).await.contains("address"));
    assert!(reason(&push, with(&|it| it.endpoint.push_str(&"a".repeat(3_000)))).await.contains("too long"));
    let moved = format!("http://{}/moved", service.address);
    assert!(reason(&push, with(&|it| it.endpoint = moved.clone())).await.contains("307"), "not followed");
    assert!(reason(&push, Subscription::Fcm { token: "token".to_owned() }).await.contains("browser"));
    assert_eq!(service.taken(), []);
}

#[tokio::test]
async fn what_users_name_does_not_lead_into_the_operators_network() {
    let (push, _folder) = push(Reach::Public);
    let service = Service::start(push.public_key()).await;
    let Subscription::Web(target) = service.subscribe() else { panic!() };
    let port = service.address.port();
    for endpoint in [
        target.endpoint.clone(),
        format!("https://127.0.0.1:{port}/push/1"),
        format!("https://localhost:{port}/push/1"),
    ] {
        let target = WebSubscription { endpoint: endpoint.clone(), ..target.clone() };
        assert!(reason(&push, Subscription::Web(target)).await.contains("public"), "{endpoint}");
    }
}

#[test]
fn an_origin_is_written_as_browsers_do() {
    let origin = |uri: &str| origin(&uri.parse().unwrap());
    assert_eq!(origin("https://Push.Example:443/a/b"), "https://push.example");
    assert_eq!(origin("https://push.example:8443/"), "https://push.example:8443");
}
