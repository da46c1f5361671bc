//! The rules: what becomes of a command.
//!
//! The order is always the same: a nonce that was seen answers for itself; then who may act at all; then whether the
//! actor knows enough of the room to be sure that this is the first try; then the command's own rules; then numbers.
//! Rules about messages are here, those about people and the room itself in `members.rs`.

use std::borrow::Cow;

use crate::{
    attachment::Attached,
    entry::EntryBody,
    ids::{Nonce, Seq, TimeMs, UserId},
    limits::Limits,
    membership::{Role, Standing},
    permission::{Action, RoomKind, may, outranks, system_may},
    text::{self, TextError},
};

use super::{
    Ask, Circumstances, Command, Decision, HistoryPolicy, Known, MessageFacts, Need, Refusal, Room, RoomMeta,
    SYSTEM, UNPUBLISHED_MAX, members,
};

/// How often a message can be edited: its state lists the entries that did it.
pub const EDITS_PER_MESSAGE_MAX: u32 = 100;

/// Why there is no plan: something is missing, or the answer is no.
pub(super) enum Stop {
    Need(Need),
    NeedUploads,
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The command's own entry.
pub(super) type Plan<T = EntryBody> = Result<T, Stop>;

/// A command under examination.
pub(super) struct Case<'a> {
    pub actor: UserId,
    /// The role that the actor acts with; the system's is the highest.
    pub role: Role,
    pub meta: &'a RoomMeta,
    pub limits: &'a Limits,
    pub now: TimeMs,
}

impl Case<'_> {
    pub fn may(&self, action: Action) -> bool {
        match self.actor {
            SYSTEM => system_may(self.meta.kind, action),
            _ => may(self.meta.kind, self.role, action),
        }
    }

    pub fn must(&self, action: Action) -> Plan<()> {
        if self.may(action) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    /// Whether the actor stands above somebody with this role.
    pub fn is_above(&self, theirs: Option<Role>) -> bool {
        self.actor == SYSTEM || outranks(self.role, theirs.unwrap_or(Role::Member))
    }
}

impl Room {
    /// Checks a command against tentative state, and numbers what it makes.
    pub fn decide(&mut self, ask: &Ask, around: &mut Circumstances<'_>) -> Decision {
        if let Some(seen) = self.window.find(ask.actor, ask.nonce) {
            return match seen.may_be(&first_body(ask)) {
                true => Decision::Repeated { seq: seen.seq },
                false => Decision::Refused(Refusal::NonceReused { seq: seen.seq }),
            };
        }
        let body = match self.plan(ask, around) {
            Ok(body) => body,
            Err(Stop::Need(need)) => return Decision::Need(need),
            Err(Stop::NeedUploads) => return Decision::NeedUploads,
            Err(Stop::Refused(refusal)) => return Decision::Refused(refusal),
        };
        let others = members::entered_besides(ask);
        if self.unpublished() + 1 + others.len() > UNPUBLISHED_MAX {
            return Decision::Refused(Refusal::Busy);
        }
        let first = self.number(ask.actor, ask.nonce, body, around);
        for body in others {
            self.number(ask.actor, Nonce::default(), body, around);
        }
        Decision::Numbered { first, last: self.head.seq }
    }

    fn plan(&self, ask: &Ask, around: &Circumstances<'_>) -> Plan {
        if ask.nonce == Nonce::default() && ask.actor != SYSTEM {
            return Err(Refusal::NoNonce.into());
        }
        if let Command::Create { kind, name, members, .. } = &ask.command {
            self.check_create(ask, *kind, name, members, around)?;
            return Ok(first_body(ask));
        }
        let meta = self.meta.as_ref().ok_or(Refusal::NotMember)?;
        if let Command::Join { invited } = &ask.command {
            return self.plan_join(ask, *invited, meta, around);
        }
        let role = self.acting_role(ask, meta, around.now)?;
        self.check_since(ask)?;
        let case = Case { actor: ask.actor, role, meta, limits: around.limits, now: around.now };
        match &ask.command {
            Command::Post { text, reply_to, attached } => {
                self.check_post(&case, text, *reply_to, attached)?
            }
            Command::Edit { of, text } => self.check_edit(&case, *of, text)?,
            Command::Delete { of, reason } => self.check_delete(&case, *of, reason)?,
            Command::React { of, emoji, on } => self.check_reaction(&case, *of, emoji, *on)?,
            Command::Add { user } => self.check_add(&case, *user)?,
            Command::Leave => self.check_leave(&case)?,
            Command::Remove { user, reason } => self.check_remove(&case, *user, reason)?,
            Command::Ban { user, until, reason } => self.check_ban(&case, *user, *until, reason)?,
            Command::Unban { user } => self.check_unban(&case, *user)?,
            Command::SetRole { user, role } => self.check_role(&case, *user, *role)?,
            Command::Change { name, topic, settings } => {
                return members::plan_change(&case, name, topic, settings);
            }
            Command::DeleteRoom => case.must(Action::DeleteRoom)?,
            Command::DeleteIfEmpty => members::check_delete_if_empty(&case)?,
            Command::Create { .. } | Command::Join { .. } => {}
        }
        Ok(first_body(ask))
    }

    fn acting_role(&self, ask: &Ask, meta: &RoomMeta, now: TimeMs) -> Plan<Role> {
        if ask.actor == SYSTEM {
            return Ok(Role::Owner);
        }
        let known = self.known(ask.actor)?;
        refuse_banned(known, now)?;
        let role = known.role().ok_or(Refusal::NotMember)?;
        // Nobody is kept from erasing their own words; but a reason would be words again.
        if meta.kind == RoomKind::Direct && !matches!(ask.command, Command::Delete { reason: None, .. }) {
            match known.blocked {
                Some(true) => return Err(Refusal::Blocked.into()),
                // The directory cannot tell of a room that it does not have yet.
                None if known.seq <= self.published.0 => return Err(Stop::Need(Need::Member(ask.actor))),
                _ => {}
            }
        }
        Ok(role)
    }

    /// A retry cannot be told from a first try if the first might have been numbered before all that is remembered.
    pub(super) fn check_since(&self, ask: &Ask) -> Plan<()> {
        let oldest = self.window.oldest();
        match ask.since {
            Some(since) if since < oldest => Err(Refusal::StaleSend { since, oldest }.into()),
            // Nobody has seen what was not numbered: such a `since` would take the protection away.
            Some(since) if since > self.head.seq => {
                Err(Refusal::TooLarge { field: "since", value: since, max: self.head.seq }.into())
            }
            _ => Ok(()),
        }
    }

    fn check_post(
        &self,
        case: &Case<'_>,
        text: &str,
        reply_to: Option<Seq>,
        attached: &Attached,
    ) -> Plan<()> {
        case.must(Action::Post)?;
        check_attached(attached, case.limits.attachments_per_message)?;
        if attached.is_empty() || !text.is_empty() {
            check("text", text::check_text(text, case.limits.text_bytes))?;
        }
        if let Some(seq) = reply_to {
            self.check_readable(case, seq)?;
            self.message(seq)?;
        }
        let pause_ms = case.meta.settings.slow_mode_ms();
        if pause_ms > 0 && case.role == Role::Member {
            // A clock that went back keeps nobody waiting.
            let last = self.last_posts.get(&case.actor).filter(|last| **last <= case.now);
            let retry_after_ms = last.map_or(0, |last| last.plus(pause_ms).since(case.now));
            if retry_after_ms > 0 {
                return Err(Refusal::SlowMode { retry_after_ms }.into());
            }
        }
        match attached {
            Attached::Uploads(uploads) if !uploads.is_empty() => Err(Stop::NeedUploads),
            _ => Ok(()),
        }
    }

    fn check_edit(&self, case: &Case<'_>, of: Seq, text: &str) -> Plan<()> {
        case.must(Action::EditOwn)?;
        check("text", text::check_text(text, case.limits.text_bytes))?;
        let facts = self.message(of)?;
        if facts.sender != case.actor {
            return Err(Refusal::NotAllowed.into());
        }
        match facts.edits >= EDITS_PER_MESSAGE_MAX {
            true => Err(Refusal::TooManyEdits { max: EDITS_PER_MESSAGE_MAX.into() }.into()),
            false => Ok(()),
        }
    }

    fn check_delete(&self, case: &Case<'_>, of: Seq, reason: &Option<String>) -> Plan<()> {
        check_reason(reason)?;
        let sender = self.message(of)?.sender;
        if sender == case.actor {
            return case.must(Action::DeleteOwn);
        }
        case.must(Action::DeleteOthers)?;
        let theirs = match sender {
            SYSTEM => Some(Role::Owner),
            _ if case.actor == SYSTEM => None,
            // Who has left stands as low as anybody.
            _ => self.known(sender)?.role(),
        };
        if case.is_above(theirs) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    fn check_reaction(&self, case: &Case<'_>, of: Seq, emoji: &str, on: bool) -> Plan<()> {
        case.must(Action::React)?;
        check("emoji", text::check_emoji(emoji))?;
        self.check_readable(case, of)?;
        let facts = self.message(of)?;
        let max = case.limits.reaction_kinds;
        if !on || (facts.reactions.len() as u64) < max {
            return Ok(());
        }
        match self.targets.get(&of) {
            Some(target) if target.kinds_may_be_fewer && target.changed_seq <= self.published.0 => {
                Err(Stop::Need(Need::Message(of)))
            }
            _ if facts.reactions.iter().any(|known| known == emoji) => Ok(()),
            _ => Err(Refusal::TooManyReactions { max }.into()),
        }
    }

    /// How somebody stands.
    pub(super) fn known(&self, user: UserId) -> Plan<&Known> {
        self.members.get(&user).ok_or(Stop::Need(Need::Member(user)))
    }

    /// The message of this number, if it is there and not deleted.
    fn message(&self, seq: Seq) -> Plan<Cow<'_, MessageFacts>> {
        if seq < self.first || seq > self.head.seq || seq == 0 {
            return Err(Refusal::NoSuchMessage { seq }.into());
        }
        let facts = match self.targets.get(&seq) {
            Some(target) => target.facts.as_ref().map(Cow::Borrowed),
            None => self.window.message(seq).ok_or(Stop::Need(Need::Message(seq)))?.map(Cow::Owned),
        };
        match facts.ok_or(Refusal::NoSuchMessage { seq })? {
            facts if facts.deleted => Err(Refusal::MessageDeleted { seq }.into()),
            facts => Ok(facts),
        }
    }

    /// Nobody quotes or reacts to what they may not read.
    fn check_readable(&self, case: &Case<'_>, seq: Seq) -> Plan<()> {
        if case.actor == SYSTEM || case.meta.settings.history == HistoryPolicy::All {
            return Ok(());
        }
        match self.known(case.actor)?.standing {
            Standing::In { since_seq, .. } if seq < since_seq => Err(Refusal::NoSuchMessage { seq }.into()),
            _ => Ok(()),
        }
    }
}

/// The command's own entry, as far as it can be told without the room: a change leaves out what stays.
fn first_body(ask: &Ask) -> EntryBody {
    match ask.command.clone() {
        Command::Post { text, reply_to, attached } => {
            let attachments =
                if let Attached::Held(attachments) = attached { attachments } else { Vec::new() };
            EntryBody::Message { text, reply_to, attachments }
        }
        Command::Edit { of, text } => EntryBody::Edit { of, text },
        Command::Delete { of, reason } => EntryBody::Delete { of, reason },
        Command::React { of, emoji, on } => EntryBody::Reaction { of, emoji, on },
        Command::Create { kind, name, settings, .. } => members::created(kind, name, settings),
        Command::Join { .. } => EntryBody::Entered { user: ask.actor, role: Role::Member },
        Command::Add { user } => EntryBody::Entered { user, role: Role::Member },
        Command::Leave => EntryBody::Left { user: ask.actor },
        Command::Remove { user, reason } => EntryBody::Removed { user, reason },
        Command::Ban { user, until, reason } => EntryBody::Banned { user, until, reason },
        Command::Unban { user } => EntryBody::Unbanned { user },
        Command::SetRole { user, role } => EntryBody::RoleChanged { user, role },
        Command::Change { name, topic, .. } => EntryBody::Changed { name, topic, settings: None },
        Command::DeleteRoom | Command::DeleteIfEmpty => EntryBody::RoomDeleted,
    }
}

pub(super) fn refuse_banned(known: &Known, now: TimeMs) -> Plan<()> {
    match &known.standing {
        Standing::Banned { until, reason } if known.is_banned(now) => {
            Err(Refusal::Banned { until: *until, reason: reason.clone() }.into())
        }
        _ => Ok(()),
    }
}

fn check_attached(attached: &Attached, max: u64) -> Plan<()> {
    let value = attached.len() as u64;
    match value > max {
        true => Err(Refusal::TooLarge { field: "attachments", value, max }.into()),
        false => Ok(()),
    }
}

pub(super) fn check(field: &'static str, result: Result<(), TextError>) -> Plan<()> {
    result.map_err(|error| Stop::Refused(Refusal::Text { field, error }))
}

pub(super) fn check_reason(reason: &Option<String>) -> Plan<()> {
    match reason {
        Some(reason) => check("reason", text::check_line(reason, text::REASON_CHARS_MAX)),
        None => Ok(()),
    }
}
