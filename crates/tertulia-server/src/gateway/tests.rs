//! A gateway by itself, told one thing after the other.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tertulia_core::{DeviceId, Refusal, RoomId, TimeMs, UserId};
use tertulia_ports::{
    bus::{Envelope, GatewayId, LinkItem, OwnerId, ToGateway, ToOwner},
    directory::{FeedChange, FeedKind},
    time::manual::SeededEntropy,
};

use super::{
    errands::{Errand, Markers, Resumed, Returned},
    machine::{Gateway, Outlet, Settings},
    transport::ConnectionId,
};
use crate::identity::{Claims, Tokens};

const CONNECTION: ConnectionId = ConnectionId { index: 0, generation: 1 };
const USER: UserId = UserId::new(7);
const ROOM: RoomId = RoomId::new(77);

/// What a client was sent.
#[derive(Default)]
struct Sent(Vec<String>);

impl Outlet for Sent {
    fn send(&mut self, _: ConnectionId, frame: Bytes) -> bool {
        self.0.push(String::from_utf8_lossy(&frame).into_owned());
        true
    }

    fn send_live(&mut self, connection: ConnectionId, frame: &Bytes) -> bool {
        self.send(connection, frame.clone())
    }

    fn close(&mut self, _: ConnectionId, code: u16, reason: &str) {
        panic!("closed with {code} {reason}");
    }
}

fn gateway(tokens: &Tokens) -> Gateway {
    Gateway::new(Settings {
        id: GatewayId(1),
        tokens: tokens.clone(),
        history: "h".into(),
        entropy: Arc::new(SeededEntropy::new(1)),
        owner_of: Box::new(|_| Some(1)),
        hold_on_hole: true,
    })
}

/// The directory knows that somebody came in before the room's owner has shown it: their hello reads the new version of
/// their feed, and the owner says that they are no member. The word that their rooms changed comes last.
#[test]
fn a_room_that_its_owner_shows_while_somebody_says_hello_is_asked_for_again() {
    let tokens = Tokens::new(&[5; 32]);
    let (mut gateway, mut sent) = (gateway(&tokens), Sent::default());
    let claims = Claims { user: USER, device: DeviceId::new(9), expires_at: TimeMs(u64::MAX >> 16) };
    gateway.opened(CONNECTION);
    let hello = json!({"t": "hello", "token": tokens.issue(&claims), "cursors": {}});
    gateway.text(CONNECTION, &hello.to_string(), &mut sent);
    assert!(matches!(gateway.take_errands()[..], [Errand::Resume { user: USER, .. }]), "{:?}", sent.0);
    let resumed = Resumed::Known {
        name: "Amaia".to_owned(),
        admin: false,
        feed: 3,
        receipts: true,
        rooms: vec![ROOM],
        markers: Markers::default(),
        bans: Vec::new(),
    };
    gateway.returned(Returned::Resumed { connection: CONNECTION, resumed: Some(resumed) }, &mut sent);
    let mail = gateway.take_mail();
    let [(_, ToOwner::Attach { request, .. })] = mail[..] else { panic!("{mail:?}") };
    let changed = FeedChange { user: USER, version: 3, of: FeedKind::Rooms };
    gateway.mail(ToGateway::Feed(vec![changed]), &mut sent);
    let refused = LinkItem::Attached { request, user: USER, rooms: vec![Err((ROOM, Refusal::NotMember))] };
    let envelope = Envelope { owner: OwnerId(1), link_seq: 1, items: vec![refused] };
    gateway.mail(ToGateway::Link(envelope), &mut sent);
    assert!(sent.0[0].contains(r#"{"t":"welcome""#), "{:?}", sent.0);
    let errands = gateway.take_errands();
    assert!(errands.iter().any(|errand| matches!(errand, Errand::Rooms { user: USER })), "{errands:?}");
    let listed = Returned::Rooms { user: USER, rooms: vec![ROOM], markers: Markers::default() };
    gateway.returned(listed, &mut sent);
    let mail = gateway.take_mail();
    assert!(
        mail.iter().any(|(_, mail)| matches!(mail, ToOwner::Attach { rooms, .. } if *rooms == [ROOM])),
        "{mail:?}"
    );
}
