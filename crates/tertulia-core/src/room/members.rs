//! The rules about people and about the room itself: who makes it, comes in, goes, is kept out, gets a role.

use crate::{
    entry::EntryBody,
    ids::UserId,
    limits::Limits,
    membership::{BanUntil, Role},
    permission::{Action, RoomKind},
    text,
};

use super::{
    Ask, Circumstances, Command, JoinPolicy, Known, RETENTION_DAYS_MAX, Refusal, Room, RoomMeta,
    RoomSettings, SLOW_MODE_S_MAX, SYSTEM, SettingsChange, TAIL_ENTRIES,
    decide::{Case, Plan, check, check_reason, refuse_banned},
};

/// Most people that a room is made with, beside its maker: all its first entries stand in the tail, and go with one
/// append. More are added later.
pub const CREATE_MEMBERS_MAX: usize = TAIL_ENTRIES - 2;

/// The body of a room's first entry. The two of a direct room set nothing in it.
pub(super) fn created(kind: RoomKind, name: String, settings: RoomSettings) -> EntryBody {
    match kind {
        RoomKind::Direct => {
            EntryBody::Created { room_kind: kind, name: String::new(), settings: RoomSettings::default() }
        }
        RoomKind::Group | RoomKind::Channel => EntryBody::Created { room_kind: kind, name, settings },
    }
}

/// Who comes in when a room is made: the entries after the first.
pub(super) fn entered_besides(ask: &Ask) -> Vec<EntryBody> {
    let Command::Create { kind, members, .. } = &ask.command else { return Vec::new() };
    let role = if *kind == RoomKind::Direct { Role::Member } else { Role::Owner };
    let maker = EntryBody::Entered { user: ask.actor, role };
    let others = others(ask.actor, members).into_iter();
    std::iter::once(maker).chain(others.map(|user| EntryBody::Entered { user, role: Role::Member })).collect()
}

/// Each once, and not the maker again.
fn others(maker: UserId, members: &[UserId]) -> Vec<UserId> {
    let mut others: Vec<UserId> = members.iter().copied().filter(|user| *user != maker).collect();
    others.sort_unstable();
    others.dedup();
    others
}

impl Room {
    pub(super) fn check_create(
        &self,
        ask: &Ask,
        kind: RoomKind,
        name: &str,
        members: &[UserId],
        around: &Circumstances<'_>,
    ) -> Plan<()> {
        if ask.actor == SYSTEM {
            return Err(Refusal::NotAllowed.into());
        }
        let (max, many) = (CREATE_MEMBERS_MAX as u64, members.len() as u64);
        if many > max {
            return Err(Refusal::TooLarge { field: "members", value: many, max }.into());
        }
        let others = others(ask.actor, members);
        if others.contains(&SYSTEM) {
            return Err(Refusal::NoSuchMember.into());
        }
        let right = match (kind, others.as_slice()) {
            (RoomKind::Direct, [other]) => self.id.is_of(ask.actor, *other),
            (RoomKind::Direct, _) => false,
            (RoomKind::Group | RoomKind::Channel, _) => !self.id.is_direct(),
        };
        if !right {
            return Err(Refusal::NotAPair.into());
        }
        if self.meta.is_some() {
            return Err(Refusal::RoomExists.into());
        }
        self.check_since(ask)?;
        if let (RoomKind::Group | RoomKind::Channel, Command::Create { settings, .. }) = (kind, &ask.command)
        {
            check("name", text::check_name(name, text::ROOM_NAME_CHARS_MAX))?;
            check_settings(settings)?;
            let max = around.limits.members_per_room;
            if others.len() as u64 >= max {
                return Err(Refusal::RoomFull { max }.into());
            }
        }
        Ok(())
    }

    pub(super) fn plan_join(
        &self,
        ask: &Ask,
        invited: bool,
        meta: &RoomMeta,
        around: &Circumstances<'_>,
    ) -> Plan {
        if ask.actor == SYSTEM {
            return Err(Refusal::NotAllowed.into());
        }
        let known = self.known(ask.actor)?;
        refuse_banned(known, around.now)?;
        if known.role().is_some() {
            return Err(Refusal::AlreadyMember.into());
        }
        if meta.kind == RoomKind::Direct || !(invited || meta.settings.join == JoinPolicy::Open) {
            return Err(Refusal::NotMember.into());
        }
        self.check_since(ask)?;
        check_room_for_one(meta, around.limits)?;
        Ok(EntryBody::Entered { user: ask.actor, role: Role::Member })
    }

    pub(super) fn check_add(&self, case: &Case<'_>, user: UserId) -> Plan<()> {
        case.must(Action::Invite)?;
        let known = self.other(user)?;
        if known.role().is_some() {
            return Err(Refusal::AlreadyMember.into());
        }
        if known.is_banned(case.now) {
            return Err(Refusal::TargetBanned.into());
        }
        check_room_for_one(case.meta, case.limits)
    }

    pub(super) fn check_leave(&self, case: &Case<'_>) -> Plan<()> {
        case.must(Action::Leave)?;
        check_owner_stays(case.meta, Some(case.role))
    }

    pub(super) fn check_remove(&self, case: &Case<'_>, user: UserId, reason: &Option<String>) -> Plan<()> {
        case.must(Action::Remove)?;
        check_reason(reason)?;
        let theirs = self.other(user)?.role().ok_or(Refusal::NoSuchMember)?;
        if !case.is_above(Some(theirs)) {
            return Err(Refusal::NotAllowed.into());
        }
        check_owner_stays(case.meta, Some(theirs))
    }

    /// Bans who is a member, who was one, and who never was; bans again, for another time.
    pub(super) fn check_ban(
        &self,
        case: &Case<'_>,
        user: UserId,
        until: BanUntil,
        reason: &Option<String>,
    ) -> Plan<()> {
        case.must(Action::Ban)?;
        check_reason(reason)?;
        if until.is_some_and(|until| until <= case.now) {
            return Err(Refusal::NothingToChange.into());
        }
        let theirs = self.other(user)?.role();
        if !case.is_above(theirs) {
            return Err(Refusal::NotAllowed.into());
        }
        check_owner_stays(case.meta, theirs)
    }

    pub(super) fn check_unban(&self, case: &Case<'_>, user: UserId) -> Plan<()> {
        case.must(Action::Unban)?;
        match self.other(user)?.is_banned(case.now) {
            true => Ok(()),
            false => Err(Refusal::NotBanned.into()),
        }
    }

    pub(super) fn check_role(&self, case: &Case<'_>, user: UserId, role: Role) -> Plan<()> {
        case.must(Action::SetRole)?;
        let before = self.other(user)?.role().ok_or(Refusal::NoSuchMember)?;
        match before {
            _ if before == role => Err(Refusal::NothingToChange.into()),
            Role::Owner if case.meta.owners <= 1 => Err(Refusal::LastOwner.into()),
            _ => Ok(()),
        }
    }

    /// How somebody stands to whom something is to be done.
    fn other(&self, user: UserId) -> Plan<&Known> {
        if user == SYSTEM { Err(Refusal::NoSuchMember.into()) } else { self.known(user) }
    }
}

/// Where people are, somebody owns the room.
fn check_owner_stays(meta: &RoomMeta, going: Option<Role>) -> Plan<()> {
    match going == Some(Role::Owner) && meta.owners <= 1 && meta.members > 1 {
        true => Err(Refusal::LastOwner.into()),
        false => Ok(()),
    }
}

/// An empty room waits for its deletion: whoever came in would find no owner there.
fn check_room_for_one(meta: &RoomMeta, limits: &Limits) -> Plan<()> {
    match (meta.members, limits.members_per_room) {
        (0, _) => Err(Refusal::NotMember.into()),
        (members, max) if members >= max => Err(Refusal::RoomFull { max }.into()),
        _ => Ok(()),
    }
}

pub(super) fn check_delete_if_empty(case: &Case<'_>) -> Plan<()> {
    match (case.actor, case.meta.members) {
        (SYSTEM, 0) => Ok(()),
        (SYSTEM, _) => Err(Refusal::NotEmpty.into()),
        _ => Err(Refusal::NotAllowed.into()),
    }
}

pub(super) fn plan_change(
    case: &Case<'_>,
    name: &Option<String>,
    topic: &Option<String>,
    settings: &Option<SettingsChange>,
) -> Plan {
    case.must(Action::Change)?;
    if let Some(name) = name {
        check("name", text::check_name(name, text::ROOM_NAME_CHARS_MAX))?;
    }
    if let Some(topic) = topic {
        check("topic", text::check_line(topic, text::TOPIC_CHARS_MAX))?;
    }
    let settings = settings.as_ref().map(|change| change.applied_to(&case.meta.settings));
    settings.as_ref().map_or(Ok(()), check_settings)?;
    let name = name.clone().filter(|name| *name != case.meta.name);
    let topic = topic.clone().filter(|topic| *topic != case.meta.topic);
    let settings = settings.filter(|settings| *settings != case.meta.settings);
    if name.is_none() && topic.is_none() && settings.is_none() {
        return Err(Refusal::NothingToChange.into());
    }
    Ok(EntryBody::Changed { name, topic, settings })
}

fn check_settings(settings: &RoomSettings) -> Plan<()> {
    for (field, value, max) in [
        ("slow_mode_s", settings.slow_mode_s, SLOW_MODE_S_MAX),
        ("retention_days", settings.retention_days.unwrap_or(0), RETENTION_DAYS_MAX),
    ] {
        if value > max {
            return Err(Refusal::TooLarge { field, value: value.into(), max: max.into() }.into());
        }
    }
    Ok(())
}
