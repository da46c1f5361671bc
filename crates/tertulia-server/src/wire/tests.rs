//! Every kind of entry and refusal, as it travels.

use serde_json::{Value, json as value};
use tertulia_core::{
    Entry, EntryBody, EntryKind, Nonce, Role, TimeMs, UserId,
    message::{Deleted, Reactions},
    permission::RoomKind,
    room::RoomSettings,
};

use super::*;

fn an_entry(body: EntryBody) -> Entry {
    Entry {
        seq: 7,
        posts: 5,
        sender: UserId::new(3),
        nonce: Nonce(1),
        at: TimeMs(1_763_900_000_123),
        kind: body.kind(),
        body: Some(body),
    }
}

fn every_entry() -> Vec<Entry> {
    let user = UserId::new(9);
    let set = RoomSettings { slow_mode_s: 5, broadcast: Some(room::Broadcast::Queued), ..Default::default() };
    let bodies = vec![
        EntryBody::Message { text: "a \"b\" \u{1}ñ 😀".into(), reply_to: None, attachments: Vec::new() },
        EntryBody::Message { text: "x".into(), reply_to: Some(3), attachments: Vec::new() },
        EntryBody::Edit { of: 1, text: "y".into() },
        EntryBody::Delete { of: 1, reason: Some("spam".into()) },
        EntryBody::Reaction { of: 1, emoji: "👍".into(), on: true },
        EntryBody::Created { room_kind: RoomKind::Group, name: "tea".into(), settings: set.clone() },
        EntryBody::Entered { user, role: Role::Moderator },
        EntryBody::Left { user },
        EntryBody::Removed { user, reason: None },
        EntryBody::Banned { user, until: Some(TimeMs(5)), reason: Some("no".into()) },
        EntryBody::Unbanned { user },
        EntryBody::RoleChanged { user, role: Role::Owner },
        EntryBody::Changed { name: Some("n".into()), topic: None, settings: Some(set) },
        EntryBody::RoomDeleted,
    ];
    let mut entries: Vec<Entry> = bodies.into_iter().map(an_entry).collect();
    entries.push(Entry { body: None, ..entries[0].clone() });
    entries.push(Entry { sender: SYSTEM, ..entries[13].clone() });
    entries
}

#[test]
fn the_fast_path_of_entries_says_what_serde_says() {
    let room = RoomId::new(77);
    for core in every_entry() {
        let frame = ServerFrame::Entry(RoomEntry { room, entry: entry(&core) });
        let slow = serde_json::to_string(&frame).unwrap();
        assert_eq!(String::from_utf8(entry_json(room, &core, None)).unwrap(), slow);
        assert_eq!(String::from_utf8(json(&frame)).unwrap(), slow);
        assert_eq!(serde_json::from_str::<ServerFrame>(&slow).unwrap(), frame);
    }
}

#[test]
fn only_readers_own_entries_have_their_nonces() {
    let (room, nonce) = (RoomId::new(77), "00000000000000000000000000000001");
    for core in every_entry() {
        for (reader, seen) in [(core.sender, Some(Nonce(1))), (UserId::new(99), None)] {
            let entry = entry_for(&core, reader);
            assert_eq!(entry.nonce, seen);
            let slow = serde_json::to_string(&ServerFrame::Entry(RoomEntry { room, entry })).unwrap();
            assert_eq!(slow.contains(nonce), seen.is_some());
            assert_eq!(String::from_utf8(entry_json(room, &core, Some(reader))).unwrap(), slow);
        }
        let besides = Entry { nonce: Nonce::default(), ..core };
        assert_eq!(entry_for(&besides, besides.sender).nonce, None);
    }
}

#[test]
fn kinds_have_their_names() {
    for core in every_entry() {
        let json = serde_json::to_value(entry(&core)).unwrap();
        match core.body {
            Some(_) => assert_eq!(json["kind"], kind_name(core.kind)),
            None => assert_eq!((&json["kind"], &json["was"]), (&value!("erased"), &value!("message"))),
        }
    }
    assert_eq!(kind_name(EntryKind::RoleChanged), "role_changed");
}

#[test]
fn a_state_tells_which_reactions_are_the_readers() {
    let state = StateOf {
        state: MessageState {
            seq: 7,
            changed_seq: 9,
            text: Some("new".into()),
            edited_at: Some(TimeMs(8)),
            deleted: Some(Deleted { by: UserId::new(3), at: TimeMs(9), reason: None }),
            reactions: vec![
                Reactions { emoji: "👍".into(), count: 2 },
                Reactions { emoji: "❤️".into(), count: 1 },
            ],
            ..Default::default()
        },
        mine: vec!["❤️".into()],
    };
    assert_eq!(
        serde_json::to_value(changed_message(&state)).unwrap(),
        value!({"seq": 7, "state": {
            "changed_seq": 9, "text": "new", "edited_at": 8, "deleted": {"by": "3", "at": 9},
            "reactions": [
                {"emoji": "👍", "count": 2, "mine": false}, {"emoji": "❤️", "count": 1, "mine": true},
            ],
        }})
    );
}

#[test]
fn settings_and_roles_come_back() {
    let set = RoomSettings {
        join: room::JoinPolicy::Open,
        history: room::HistoryPolicy::SinceJoin,
        slow_mode_s: 3,
        retention_days: Some(4),
        broadcast: Some(room::Broadcast::Direct),
    };
    assert_eq!(core_settings(&settings(&set)), set);
    assert_eq!(core_settings(&settings(&RoomSettings::default())), RoomSettings::default());
    for role_of in [Role::Member, Role::Moderator, Role::Owner] {
        assert_eq!(core_role(role(role_of)), role_of);
    }
    for state in [Presence::Off, Presence::Away, Presence::Busy, Presence::Here] {
        assert_eq!(core_presence(presence(state)), state);
    }
}

/// A row: the refusal, its code, field, value and bound.
#[test]
fn refusals_name_field_value_and_bound() {
    let none = Value::Null;
    let too_long = TextError::TooLong { length: 9, max: 8, unit: "bytes" };
    for (no, code, field, of, bound) in [
        (Refusal::NotMember, "not_member", "", none.clone(), none.clone()),
        (
            Refusal::Banned { until: Some(TimeMs(5)), reason: None },
            "banned",
            "until",
            value!(5),
            none.clone(),
        ),
        (Refusal::Text { field: "text", error: too_long }, "invalid", "text", value!(9), value!(8)),
        (
            Refusal::TooLarge { field: "slow_mode_s", value: 9, max: 8 },
            "invalid",
            "slow_mode_s",
            value!(9),
            value!(8),
        ),
        (Refusal::RoomFull { max: 2 }, "limit_reached", "members_per_room", none.clone(), value!(2)),
        (Refusal::StaleSend { since: 1, oldest: 5 }, "stale_send", "since", value!(1), value!(5)),
        (Refusal::NonceReused { seq: 4 }, "nonce_reused", "nonce", none.clone(), none.clone()),
        (Refusal::NoSuchMessage { seq: 4 }, "not_found", "message", value!(4), none.clone()),
        (Refusal::TooManyReactions { max: 20 }, "limit_reached", "reaction_kinds", none.clone(), value!(20)),
        (Refusal::LastOwner, "last_owner", "", none.clone(), none.clone()),
    ] {
        let error = serde_json::to_value(refusal(&no)).unwrap();
        assert_eq!(error["code"], code, "{no}");
        assert_eq!(error["field"].as_str().unwrap_or(""), field, "{no}");
        assert_eq!((&error["value"], &error["bound"]), (&of, &bound), "{no}");
    }
    let slow = refusal(&Refusal::SlowMode { retry_after_ms: 700 });
    assert_eq!((slow.code, slow.retry_after_ms), (Code::SlowMode, Some(700)));
    let banned = refusal(&Refusal::Banned { until: None, reason: Some("spam".into()) });
    assert!(banned.detail.ends_with(": spam"), "{}", banned.detail);
}
