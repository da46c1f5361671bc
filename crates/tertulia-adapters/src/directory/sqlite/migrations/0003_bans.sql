-- Who banned somebody: empty where nobody remembers, and where the system did.

ALTER TABLE memberships ADD COLUMN banned_by INTEGER;
