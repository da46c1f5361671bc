-- People, their devices and friends, rooms and who belongs to them.
-- Ids are positive 63-bit numbers, times are milliseconds since 1970, flags are 0 or 1.

CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    handle     TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    -- The name as it is compared and sorted (fold.rs).
    folded     TEXT    NOT NULL,
    about      TEXT    NOT NULL,
    admin      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- The version of the feed.
    feed       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX users_by_name ON users (folded, id);
CREATE INDEX users_admin ON users (id) WHERE admin = 1;

-- What a person is found by: the folded handle, and the folded name from each of its words on.
CREATE TABLE user_words (
    user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    word TEXT    NOT NULL,
    PRIMARY KEY (user, word)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_words_by_word ON user_words (word, user);

CREATE TABLE credentials (
    user     INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    password TEXT    NOT NULL
) STRICT;

CREATE TABLE settings (
    user INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    json TEXT    NOT NULL
) STRICT;

CREATE TABLE devices (
    id           INTEGER PRIMARY KEY,
    user         INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    client       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_user ON devices (user);
CREATE INDEX devices_by_expiry ON devices (expires_at);

-- Two rows a pair, one seen from each. State: 1 friends, 2 user asked other, 3 other asks user.
CREATE TABLE friendships (
    user  INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    other INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    state INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    user  INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    other INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;

-- Written by the room's owner only. `epoch` is the highest that ever wrote here, `seq` the last entry that changed this
-- row, `first_seq` the entry that made the room: what lies below was another room of this id.
CREATE TABLE rooms (
    id         INTEGER PRIMARY KEY,
    -- 1 direct, 2 group, 3 channel.
    kind       INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    topic      TEXT    NOT NULL,
    settings   TEXT    NOT NULL,
    members    INTEGER NOT NULL,
    owners     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- The two of a direct room, the lower id first.
    low        INTEGER,
    high       INTEGER,
    epoch      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    first_seq  INTEGER NOT NULL,
    UNIQUE (low, high)
) STRICT;
CREATE INDEX rooms_empty ON rooms (id) WHERE members = 0;

-- What is left of a deleted room, so that a late write does not bring it back.
CREATE TABLE deleted_rooms (
    id    INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    seq   INTEGER NOT NULL
) STRICT;

-- How people stand in rooms; a projection of the log, so a person need not exist here. Written by the room's owner only,
-- but for `muted` and `pinned`. `seq` is the last entry that changed it.
CREATE TABLE memberships (
    room         INTEGER NOT NULL REFERENCES rooms ON DELETE CASCADE,
    user         INTEGER NOT NULL,
    -- 0 out, 1 in, 2 banned.
    standing     INTEGER NOT NULL,
    -- 0 member, 1 moderator, 2 owner.
    role         INTEGER NOT NULL,
    since_seq    INTEGER NOT NULL,
    banned_until INTEGER,
    ban_reason   TEXT,
    muted        INTEGER NOT NULL DEFAULT 0,
    pinned       INTEGER NOT NULL DEFAULT 0,
    seq          INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_of_user ON memberships (user, room) WHERE standing = 1;
CREATE INDEX memberships_banned ON memberships (room, user) WHERE standing = 2;

CREATE TABLE invites (
    token      TEXT    PRIMARY KEY,
    room       INTEGER NOT NULL REFERENCES rooms ON DELETE CASCADE,
    by_user    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    uses_left  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_by_room ON invites (room, created_at);
CREATE INDEX invites_by_expiry ON invites (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX invites_used_up ON invites (token) WHERE uses_left = 0;

-- What changed for a user, by the version of their feed. Kinds are named as in ports (FeedKind).
CREATE TABLE user_changes (
    user    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    version INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    PRIMARY KEY (user, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   INTEGER,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;
