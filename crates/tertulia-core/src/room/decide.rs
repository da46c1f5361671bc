//! The rules: what becomes of a command.
//!
//! The order is always the same: a nonce that was seen answers for itself; then who may act at all; then whether the
//! actor knows enough of the room to be sure that this is the first try; then the command's own rules; then numbers.

use crate::{
    entry::EntryBody,
    ids::{Seq, TimeMs, UserId},
    membership::{Member, Role, Standing},
    permission::{Action, RoomKind, may, outranks},
    text::{self, TextError},
};

use super::{
    Ask, Circumstances, Command, Decision, HistoryPolicy, JoinPolicy, MessageFacts, Need, RETENTION_DAYS_MAX, Refusal,
    Room, RoomMeta, RoomSettings, SLOW_MODE_S_MAX, SYSTEM, window,
};

/// Why there is no plan: something is missing, or the answer is no.
enum Stop {
    Need(Need),
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

type Plan<T = Vec<EntryBody>> = Result<T, Stop>;

impl Room {
    /// Checks a command against tentative state, and numbers what it makes.
    pub fn decide(&mut self, ask: &Ask, around: &mut Circumstances<'_>) -> Decision {
        if let Some((seq, digest)) = self.window.find(ask.actor, ask.nonce) {
            let known = first_body(ask).map(|body| window::digest(&body));
            return match (known, digest) {
                (Some(known), Some(digest)) if known != digest => Decision::Refused(Refusal::NonceReused { seq }),
                _ => Decision::Repeated { seq },
            };
        }
        let bodies = match self.plan(ask, around) {
            Ok(bodies) => bodies,
            Err(Stop::Need(need)) => return Decision::Need(need),
            Err(Stop::Refused(refusal)) => return Decision::Refused(refusal),
        };
        let first = self.head.seq + 1;
        for (at, body) in bodies.into_iter().enumerate() {
            let nonce = if at == 0 { ask.nonce } else { Default::default() };
            self.number(ask.actor, nonce, body, around);
        }
        Decision::Numbered { first, last: self.head.seq }
    }

    fn plan(&self, ask: &Ask, around: &Circumstances<'_>) -> Plan {
        if let Command::Create { kind, name, settings, members } = &ask.command {
            return self.plan_create(ask.actor, *kind, name, settings, members, around);
        }
        let meta = self.meta.as_ref().ok_or(Refusal::NotMember)?;
        match &ask.command {
            Command::Join { invited } => return self.plan_join(ask.actor, *invited, meta, around),
            Command::DeleteIfEmpty if meta.members > 0 => return Err(Refusal::NotEmpty.into()),
            Command::DeleteIfEmpty => return Ok(vec![EntryBody::RoomDeleted]),
            _ => {}
        }
        let role = self.acting_role(ask.actor, around.now)?;
        if let Some(since) = ask.since.filter(|since| *since < self.window.oldest()) {
            return Err(Refusal::StaleSend { since, oldest: self.window.oldest() }.into());
        }
        let allow = |action| match may(meta.kind, role, action) {
            true => Ok(()),
            false => Err(Stop::Refused(Refusal::NotAllowed)),
        };
        match &ask.command {
            Command::Post { text, reply_to } => {
                allow(Action::Post)?;
                self.plan_post(ask.actor, role, text, *reply_to, meta, around)
            }
            Command::Edit { of, text } => {
                allow(Action::EditOwn)?;
                self.plan_edit(ask.actor, *of, text, around)
            }
            Command::Delete { of, reason } => self.plan_delete(ask.actor, role, *of, reason, meta),
            Command::React { of, emoji, on } => {
                allow(Action::React)?;
                self.plan_react(*of, emoji, *on, around)
            }
            Command::Add { user } => {
                allow(Action::Invite)?;
                self.plan_add(*user, meta, around)
            }
            Command::Leave => {
                allow(Action::Leave)?;
                if role == Role::Owner && meta.owners == 1 && meta.members > 1 {
                    return Err(Refusal::LastOwner.into());
                }
                Ok(vec![EntryBody::Left { user: ask.actor }])
            }
            Command::Remove { user, reason } => {
                allow(Action::Remove)?;
                self.target_below(*user, role, true)?;
                check_reason(reason)?;
                Ok(vec![EntryBody::Removed { user: *user, reason: reason.clone() }])
            }
            Command::Ban { user, until, reason } => {
                allow(Action::Ban)?;
                self.target_below(*user, role, false)?;
                check_reason(reason)?;
                Ok(vec![EntryBody::Banned { user: *user, until: *until, reason: reason.clone() }])
            }
            Command::Unban { user } => {
                allow(Action::Unban)?;
                match self.known(*user)?.is_banned(around.now) {
                    true => Ok(vec![EntryBody::Unbanned { user: *user }]),
                    false => Err(Refusal::NotBanned.into()),
                }
            }
            Command::SetRole { user, role } => {
                allow(Action::SetRole)?;
                self.plan_role(*user, *role, meta)
            }
            Command::Change { name, topic, settings } => {
                allow(Action::Change)?;
                plan_change(name, topic, settings, meta)
            }
            Command::DeleteRoom => {
                allow(Action::DeleteRoom)?;
                Ok(vec![EntryBody::RoomDeleted])
            }
            Command::Create { .. } | Command::Join { .. } | Command::DeleteIfEmpty => Ok(Vec::new()),
        }
    }

    /// The role that the actor acts with; the system's is the highest.
    fn acting_role(&self, actor: UserId, now: TimeMs) -> Plan<Role> {
        if actor == SYSTEM {
            return Ok(Role::Owner);
        }
        let member = self.known(actor)?;
        if let (Standing::Banned { until, reason }, true) = (&member.standing, member.is_banned(now)) {
            return Err(Refusal::Banned { until: *until, reason: reason.clone() }.into());
        }
        let role = member.role().ok_or(Refusal::NotMember)?;
        match member.blocked {
            true => Err(Refusal::Blocked.into()),
            false => Ok(role),
        }
    }

    fn plan_create(
        &self,
        maker: UserId,
        kind: RoomKind,
        name: &str,
        settings: &RoomSettings,
        others: &[UserId],
        around: &Circumstances<'_>,
    ) -> Plan {
        if self.meta.is_some() {
            return Err(Refusal::RoomExists.into());
        }
        let max = if kind == RoomKind::Direct { 2 } else { around.limits.members_per_room };
        if others.len() as u64 >= max {
            return Err(Refusal::RoomFull { max }.into());
        }
        if kind != RoomKind::Direct {
            check("name", text::check_name(name, text::ROOM_NAME_CHARS_MAX))?;
        }
        check_settings(settings)?;
        let maker_role = if kind == RoomKind::Direct { Role::Member } else { Role::Owner };
        let created = EntryBody::Created { room_kind: kind, name: name.to_owned(), settings: settings.clone() };
        let mut bodies = vec![created, EntryBody::Entered { user: maker, role: maker_role }];
        let entered = others.iter().map(|user| EntryBody::Entered { user: *user, role: Role::Member });
        bodies.extend(entered);
        Ok(bodies)
    }

    fn plan_join(&self, user: UserId, invited: bool, meta: &RoomMeta, around: &Circumstances<'_>) -> Plan {
        let member = self.known(user)?;
        if let (Standing::Banned { until, reason }, true) = (&member.standing, member.is_banned(around.now)) {
            return Err(Refusal::Banned { until: *until, reason: reason.clone() }.into());
        }
        if member.role().is_some() {
            return Err(Refusal::AlreadyMember.into());
        }
        if meta.kind == RoomKind::Direct || !(invited || meta.settings.join == JoinPolicy::Open) {
            return Err(Refusal::NotMember.into());
        }
        enter(user, meta, around)
    }

    fn plan_post(
        &self,
        sender: UserId,
        role: Role,
        text: &str,
        reply_to: Option<Seq>,
        meta: &RoomMeta,
        around: &Circumstances<'_>,
    ) -> Plan {
        check("text", text::check_text(text, around.limits.text_bytes))?;
        if let Some(seq) = reply_to {
            self.readable(sender, seq, meta)?;
            self.message(seq)?;
        }
        let pause_ms = u64::from(meta.settings.slow_mode_s) * 1_000;
        if pause_ms > 0 && role == Role::Member {
            let last = self.members.get(&sender).map_or(TimeMs::default(), |cached| cached.last_post_at);
            let retry_after_ms = last.plus(pause_ms).since(around.now);
            if retry_after_ms > 0 && last != TimeMs::default() {
                return Err(Refusal::SlowMode { retry_after_ms }.into());
            }
        }
        Ok(vec![EntryBody::Message { text: text.to_owned(), reply_to }])
    }

    fn plan_edit(&self, sender: UserId, of: Seq, text: &str, around: &Circumstances<'_>) -> Plan {
        check("text", text::check_text(text, around.limits.text_bytes))?;
        match self.message(of)?.sender == sender {
            true => Ok(vec![EntryBody::Edit { of, text: text.to_owned() }]),
            false => Err(Refusal::NotAllowed.into()),
        }
    }

    fn plan_delete(&self, actor: UserId, role: Role, of: Seq, reason: &Option<String>, meta: &RoomMeta) -> Plan {
        check_reason(reason)?;
        let sender = self.message(of)?.sender;
        if sender == actor {
            if !may(meta.kind, role, Action::DeleteOwn) {
                return Err(Refusal::NotAllowed.into());
            }
        } else {
            let theirs = if actor == SYSTEM { Role::Member } else { self.known(sender)?.role().unwrap_or(Role::Member) };
            if !may(meta.kind, role, Action::DeleteOthers) || !outranks(role, theirs) {
                return Err(Refusal::NotAllowed.into());
            }
        }
        Ok(vec![EntryBody::Delete { of, reason: reason.clone() }])
    }

    fn plan_react(&self, of: Seq, emoji: &str, on: bool, around: &Circumstances<'_>) -> Plan {
        check("emoji", text::check_emoji(emoji))?;
        let facts = self.message(of)?;
        let max = around.limits.reaction_kinds;
        if on && facts.reactions.len() as u64 >= max && !facts.reactions.iter().any(|known| known == emoji) {
            return Err(Refusal::TooManyReactions { max }.into());
        }
        Ok(vec![EntryBody::Reaction { of, emoji: emoji.to_owned(), on }])
    }

    fn plan_add(&self, user: UserId, meta: &RoomMeta, around: &Circumstances<'_>) -> Plan {
        let member = self.known(user)?;
        if member.role().is_some() {
            return Err(Refusal::AlreadyMember.into());
        }
        if member.is_banned(around.now) {
            return Err(Refusal::TargetBanned.into());
        }
        enter(user, meta, around)
    }

    fn plan_role(&self, user: UserId, role: Role, meta: &RoomMeta) -> Plan {
        let before = self.known(user)?.role().ok_or(Refusal::NoSuchMember)?;
        if before == role {
            return Err(Refusal::NothingToChange.into());
        }
        if before == Role::Owner && meta.owners == 1 {
            return Err(Refusal::LastOwner.into());
        }
        Ok(vec![EntryBody::RoleChanged { user, role }])
    }

    /// Checks that somebody stands below `role`, and is a member if they must be.
    fn target_below(&self, user: UserId, role: Role, must_belong: bool) -> Plan<()> {
        match self.known(user)?.role() {
            Some(theirs) if !outranks(role, theirs) => Err(Refusal::NotAllowed.into()),
            None if must_belong => Err(Refusal::NoSuchMember.into()),
            _ => Ok(()),
        }
    }

    fn known(&self, user: UserId) -> Plan<&Member> {
        self.members.get(&user).map(|cached| &cached.member).ok_or(Stop::Need(Need::Member(user)))
    }

    /// The message of this number, if it is there and not deleted.
    fn message(&self, seq: Seq) -> Plan<MessageFacts> {
        if seq < self.first || seq > self.head.seq || seq == 0 {
            return Err(Refusal::NoSuchMessage { seq }.into());
        }
        let known = self.targets.get(&seq).map(|target| target.facts.clone());
        let facts = known.or_else(|| self.window.message(seq)).ok_or(Stop::Need(Need::Message(seq)))?;
        match facts.ok_or(Refusal::NoSuchMessage { seq })? {
            facts if facts.deleted => Err(Refusal::MessageDeleted { seq }.into()),
            facts => Ok(facts),
        }
    }

    /// Nobody quotes what they may not read.
    fn readable(&self, user: UserId, seq: Seq, meta: &RoomMeta) -> Plan<()> {
        let hidden = matches!(&self.known(user)?.standing, Standing::In { since_seq, .. }
            if meta.settings.history == HistoryPolicy::SinceJoin && seq < *since_seq);
        match hidden {
            true => Err(Refusal::NoSuchMessage { seq }.into()),
            false => Ok(()),
        }
    }
}

/// The body of the command's own entry, as far as it can be known without the room: to compare a retry.
fn first_body(ask: &Ask) -> Option<EntryBody> {
    Some(match ask.command.clone() {
        Command::Post { text, reply_to } => EntryBody::Message { text, reply_to },
        Command::Edit { of, text } => EntryBody::Edit { of, text },
        Command::Delete { of, reason } => EntryBody::Delete { of, reason },
        Command::React { of, emoji, on } => EntryBody::Reaction { of, emoji, on },
        Command::Create { kind: room_kind, name, settings, .. } => EntryBody::Created { room_kind, name, settings },
        Command::Join { .. } => EntryBody::Entered { user: ask.actor, role: Role::Member },
        Command::Add { user } => EntryBody::Entered { user, role: Role::Member },
        Command::Leave => EntryBody::Left { user: ask.actor },
        Command::Remove { user, reason } => EntryBody::Removed { user, reason },
        Command::Ban { user, until, reason } => EntryBody::Banned { user, until, reason },
        Command::Unban { user } => EntryBody::Unbanned { user },
        Command::SetRole { user, role } => EntryBody::RoleChanged { user, role },
        Command::Change { name, topic, settings } => EntryBody::Changed { name, topic, settings },
        Command::DeleteRoom | Command::DeleteIfEmpty => EntryBody::RoomDeleted,
    })
}

fn enter(user: UserId, meta: &RoomMeta, around: &Circumstances<'_>) -> Plan {
    if meta.kind == RoomKind::Direct {
        return Err(Refusal::NotAllowed.into());
    }
    let max = around.limits.members_per_room;
    match meta.members >= max {
        true => Err(Refusal::RoomFull { max }.into()),
        false => Ok(vec![EntryBody::Entered { user, role: Role::Member }]),
    }
}

fn plan_change(
    name: &Option<String>,
    topic: &Option<String>,
    settings: &Option<RoomSettings>,
    meta: &RoomMeta,
) -> Plan {
    if let Some(name) = name {
        check("name", text::check_name(name, text::ROOM_NAME_CHARS_MAX))?;
    }
    if let Some(topic) = topic {
        check("topic", text::check_line(topic, text::TOPIC_CHARS_MAX))?;
    }
    if let Some(settings) = settings {
        check_settings(settings)?;
    }
    let name = name.clone().filter(|name| *name != meta.name);
    let topic = topic.clone().filter(|topic| *topic != meta.topic);
    let settings = settings.clone().filter(|settings| *settings != meta.settings);
    if name.is_none() && topic.is_none() && settings.is_none() {
        return Err(Refusal::NothingToChange.into());
    }
    Ok(vec![EntryBody::Changed { name, topic, settings }])
}

fn check(field: &'static str, result: Result<(), TextError>) -> Plan<()> {
    result.map_err(|error| Stop::Refused(Refusal::Text { field, error }))
}

fn check_reason(reason: &Option<String>) -> Plan<()> {
    match reason {
        Some(reason) => check("reason", text::check_line(reason, text::REASON_CHARS_MAX)),
        None => Ok(()),
    }
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
