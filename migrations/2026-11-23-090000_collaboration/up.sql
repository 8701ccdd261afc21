-- Counts what administrators change of a membership.
ALTER TABLE memberships ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 4000000000);
