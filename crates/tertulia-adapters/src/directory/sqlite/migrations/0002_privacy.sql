-- What people let others see of them; their settings' JSON says the same.

ALTER TABLE settings ADD COLUMN presence INTEGER NOT NULL DEFAULT 1;
-- 0 everybody, 1 friends, 2 nobody.
ALTER TABLE settings ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE settings ADD COLUMN receipts INTEGER NOT NULL DEFAULT 1;
