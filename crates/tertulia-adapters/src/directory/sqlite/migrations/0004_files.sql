-- Files: what people upload, what is stored of it, and which messages use it.

-- Stored content, one row for each that is not retired.
CREATE TABLE blobs (
    key TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    -- The key of the small picture that stands for it.
    thumb TEXT,
    -- 1: nothing has it, and nothing will again; it is being deleted.
    retired INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX blobs_by_hash ON blobs (hash) WHERE retired = 0;
CREATE INDEX blobs_by_thumb ON blobs (thumb) WHERE thumb IS NOT NULL;

CREATE TABLE uploads (
    id INTEGER NOT NULL PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    -- JSON of what the recorder knows of a voice note.
    voice TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- 0 receiving, 1 processing, 2 ready, 3 refused.
    state INTEGER NOT NULL,
    -- JSON, of one that is ready.
    attachment TEXT,
    reason TEXT,
    blob TEXT REFERENCES blobs,
    -- 1 once a message was to carry it.
    held INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX uploads_by_user ON uploads (user) WHERE held = 0;
CREATE INDEX uploads_by_expiry ON uploads (expires_at);
CREATE INDEX uploads_by_blob ON uploads (blob) WHERE blob IS NOT NULL;
CREATE INDEX uploads_in_processing ON uploads (created_at) WHERE state = 1;

-- What messages use: made from the log by the rooms' owners.
CREATE TABLE attachments (
    room INTEGER NOT NULL REFERENCES rooms ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    blob TEXT NOT NULL REFERENCES blobs,
    PRIMARY KEY (room, seq, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_by_blob ON attachments (blob);
