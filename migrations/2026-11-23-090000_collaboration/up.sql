-- Counts what administrators change of a membership.
ALTER TABLE memberships ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 4000000000);
-- By this the members of a space are listed, those whose membership is over too.
CREATE INDEX memberships_by_space ON memberships (space_id, id);
