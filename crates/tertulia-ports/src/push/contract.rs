//! The suite that every push adapter passes, against a service that checks what it gets as the real one does.

#![expect(clippy::unwrap_used, reason = "a suite of tests")]

use std::time::Duration;

use super::{
    Delivery, Notification, PAYLOAD_BYTES_MAX, Push, Subscription, TTL_MAX, Topic, Urgency,
    in_process::Answer,
};

/// The service on the other side of an adapter. It verifies signature, encryption and headers of every send before it
/// answers, and panics in [`PushService::taken`] when one was wrong.
pub trait PushService {
    /// A new device.
    fn subscribe(&self) -> Subscription;
    /// How the next send that has no answer yet is answered.
    fn answer_next(&self, answer: Answer);
    /// What devices got since this was asked last, decrypted, in order.
    fn taken(&self) -> Vec<(Subscription, Notification)>;
}

/// Checks everything.
pub async fn check(push: &impl Push, service: &impl PushService) {
    a_notification_arrives_as_it_was_sent(push, service).await;
    the_longest_arrives(push, service).await;
    each_device_gets_its_own(push, service).await;
    an_ended_subscription_is_gone(push, service).await;
    what_the_service_will_never_take_is_refused(push, service).await;
    trouble_is_for_later(push, service).await;
    a_server_that_is_not_known_is_told_so(push, service).await;
}

fn note(text: &str) -> Notification {
    Notification::new(text.as_bytes().to_vec()).unwrap()
}

async fn a_notification_arrives_as_it_was_sent(push: &impl Push, service: &impl PushService) {
    let device = service.subscribe();
    let notes = [
        note("plain"),
        note("").with_urgency(Urgency::Low),
        note("héllo 👋").with_topic(Topic::new("room-7_A").unwrap()).with_urgency(Urgency::High),
        note("now or never").with_ttl(Duration::ZERO),
        note("soon").with_ttl(Duration::from_millis(90_900)),
        note("for ever").with_ttl(Duration::MAX),
    ];
    for sent in &notes {
        assert_eq!(push.send(&device, sent).await.unwrap(), Delivery::Delivered);
    }
    let taken = service.taken();
    assert_eq!(taken, notes.map(|sent| (device.clone(), sent)));
    assert_eq!(taken[4].1.ttl(), Duration::from_secs(90));
    assert_eq!(taken[5].1.ttl(), TTL_MAX);
    assert_eq!(service.taken(), [], "sent once");
}

async fn the_longest_arrives(push: &impl Push, service: &impl PushService) {
    let device = service.subscribe();
    let longest = Notification::new(vec![b'x'; PAYLOAD_BYTES_MAX]).unwrap();
    assert_eq!(push.send(&device, &longest).await.unwrap(), Delivery::Delivered);
    assert_eq!(service.taken(), [(device, longest)]);
}

async fn each_device_gets_its_own(push: &impl Push, service: &impl PushService) {
    let [one, other] = [service.subscribe(), service.subscribe()];
    push.send(&one, &note("to one")).await.unwrap();
    push.send(&other, &note("to the other")).await.unwrap();
    assert_eq!(service.taken(), [(one, note("to one")), (other, note("to the other"))]);
}

async fn an_ended_subscription_is_gone(push: &impl Push, service: &impl PushService) {
    let [ended, other] = [service.subscribe(), service.subscribe()];
    service.answer_next(Answer::Ended);
    assert_eq!(push.send(&ended, &note("gone")).await.unwrap(), Delivery::Gone);
    assert_eq!(push.send(&ended, &note("still gone")).await.unwrap(), Delivery::Gone);
    assert_eq!(push.send(&other, &note("here")).await.unwrap(), Delivery::Delivered);
    assert_eq!(service.taken(), [(other, note("here"))]);
}

async fn what_the_service_will_never_take_is_refused(push: &impl Push, service: &impl PushService) {
    let device = service.subscribe();
    for answer in [Answer::TooLarge, Answer::Malformed] {
        service.answer_next(answer);
        let delivery = push.send(&device, &note("secret words")).await.unwrap();
        let Delivery::Refused { reason } = delivery else { panic!("{answer:?}: {delivery:?}") };
        assert!(!reason.is_empty() && !reason.contains("secret words"), "{reason}");
    }
    assert_eq!(push.send(&device, &note("fine")).await.unwrap(), Delivery::Delivered);
    assert_eq!(service.taken(), [(device, note("fine"))]);
}

async fn trouble_is_for_later(push: &impl Push, service: &impl PushService) {
    let device = service.subscribe();
    let minute = Some(Duration::from_secs(60));
    let troubles = [
        (Answer::Busy(minute), minute),
        (Answer::Busy(None), None),
        (Answer::Broken, None),
        (Answer::Silent, None),
    ];
    for (answer, after) in troubles {
        service.answer_next(answer);
        let delivery = push.send(&device, &note("later")).await.unwrap();
        assert_eq!(delivery, Delivery::Later { after }, "{answer:?}");
    }
    assert_eq!(service.taken(), [], "an adapter does not try again by itself");
    assert_eq!(push.send(&device, &note("at last")).await.unwrap(), Delivery::Delivered);
    assert_eq!(service.taken(), [(device, note("at last"))]);
}

async fn a_server_that_is_not_known_is_told_so(push: &impl Push, service: &impl PushService) {
    let device = service.subscribe();
    service.answer_next(Answer::Unauthorized);
    let error = push.send(&device, &note("who")).await.unwrap_err();
    assert!(!error.reason.is_empty());
    assert_eq!(push.send(&device, &note("me")).await.unwrap(), Delivery::Delivered);
    assert_eq!(service.taken(), [(device, note("me"))]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::block_on, push::in_process::InProcessPush};

    impl PushService for InProcessPush {
        fn subscribe(&self) -> Subscription {
            Self::subscribe(self)
        }

        fn answer_next(&self, answer: Answer) {
            Self::answer_next(self, answer);
        }

        fn taken(&self) -> Vec<(Subscription, Notification)> {
            Self::taken(self)
        }
    }

    #[test]
    fn the_reference_passes() {
        let push = InProcessPush::default();
        block_on(check(&push, &push));
    }

    #[test]
    fn what_is_too_long_is_no_notification() {
        let error = Notification::new(vec![0; PAYLOAD_BYTES_MAX + 1]).unwrap_err();
        assert_eq!(error.bytes, PAYLOAD_BYTES_MAX + 1);
        for bad in ["", "a b", "a/b", "é", &"a".repeat(33)] {
            assert_eq!(Topic::new(bad), None, "{bad}");
        }
        assert!(Topic::new("a".repeat(32)).is_some());
    }

    #[test]
    fn a_subscription_does_not_tell_its_address() {
        let fcm = Subscription::Fcm { token: "secret".to_owned() };
        let web = super::super::WebSubscription {
            endpoint: "https://push.example/secret".to_owned(),
            p256dh: vec![4; 65],
            auth: vec![1; 16],
        };
        assert_eq!(
            format!("{fcm:?} {web:?} {:?}", Subscription::Web(web.clone())),
            "Fcm(..) WebSubscription(..) Web(..)"
        );
    }
}
