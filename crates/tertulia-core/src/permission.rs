//! Who may do what: one table.

use serde::{Deserialize, Serialize};

use crate::membership::Role;

/// The kinds of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Exactly two people; nobody joins, nobody is removed.
    Direct,
    /// Everybody writes.
    Group,
    /// Owners and moderators write, everybody reads.
    Channel,
}

/// What a member may want to do to a room, or to somebody in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Write a message.
    Post,
    /// Change one's own message.
    EditOwn,
    /// Delete one's own message.
    DeleteOwn,
    /// Delete somebody else's message.
    DeleteOthers,
    /// React to a message.
    React,
    /// Bring somebody in, or make an invite link.
    Invite,
    /// Take somebody out.
    Remove,
    /// Keep somebody out.
    Ban,
    /// Let somebody come again.
    Unban,
    /// Change somebody's role.
    SetRole,
    /// Change name, topic or settings.
    Change,
    /// Delete the room and all that was said.
    DeleteRoom,
    /// Go.
    Leave,
}

/// The lowest role that may do this in this kind of room; `None` if nobody may.
pub fn lowest_role(kind: RoomKind, action: Action) -> Option<Role> {
    use Action::*;
    use Role::*;
    match (kind, action) {
        (RoomKind::Direct, Post | EditOwn | DeleteOwn | React) => Some(Member),
        (RoomKind::Direct, _) => None,
        (RoomKind::Channel, Post | EditOwn | DeleteOwn | Invite) => Some(Moderator),
        (RoomKind::Group, Post | EditOwn | DeleteOwn | Invite) => Some(Member),
        (_, React | Leave) => Some(Member),
        (_, DeleteOthers | Remove | Ban | Unban | Change) => Some(Moderator),
        (_, SetRole | DeleteRoom) => Some(Owner),
    }
}

/// Whether somebody with this role may do this in this kind of room.
pub fn may(kind: RoomKind, role: Role, action: Action) -> bool {
    lowest_role(kind, action).is_some_and(|lowest| role >= lowest)
}

/// Whether the system may do this: jobs and administrators, who are no members. They outrank everybody, but the two of
/// a direct room stay the same.
pub fn system_may(kind: RoomKind, action: Action) -> bool {
    use Action::*;
    match action {
        Post | EditOwn | DeleteOwn | DeleteOthers | DeleteRoom => true,
        Invite | Remove | Ban | Unban | SetRole | Change => kind != RoomKind::Direct,
        React | Leave => false,
    }
}

/// Whether `role` may remove, ban or delete the words of somebody with the role `target`: only of lower ones.
pub fn outranks(role: Role, target: Role) -> bool {
    role > target
}

#[cfg(test)]
mod tests {
    use super::{Action::*, *};

    /// A row: the action, then the lowest role in direct rooms, groups and channels.
    #[test]
    fn table() {
        let [member, moderator, owner] = [Some(Role::Member), Some(Role::Moderator), Some(Role::Owner)];
        for (action, direct, group, channel) in [
            (Post, member, member, moderator),
            (EditOwn, member, member, moderator),
            (DeleteOwn, member, member, moderator),
            (DeleteOthers, None, moderator, moderator),
            (React, member, member, member),
            (Invite, None, member, moderator),
            (Remove, None, moderator, moderator),
            (Ban, None, moderator, moderator),
            (Unban, None, moderator, moderator),
            (SetRole, None, owner, owner),
            (Change, None, moderator, moderator),
            (DeleteRoom, None, owner, owner),
            (Leave, None, member, member),
        ] {
            assert_eq!(lowest_role(RoomKind::Direct, action), direct, "direct {action:?}");
            assert_eq!(lowest_role(RoomKind::Group, action), group, "group {action:?}");
            assert_eq!(lowest_role(RoomKind::Channel, action), channel, "channel {action:?}");
        }
    }

    #[test]
    fn nobody_outranks_their_equals() {
        assert!(outranks(Role::Owner, Role::Moderator) && outranks(Role::Moderator, Role::Member));
        for role in [Role::Member, Role::Moderator, Role::Owner] {
            assert!(!outranks(role, role));
        }
    }
}
