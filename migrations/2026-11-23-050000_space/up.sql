-- What a closed space has, and no other: until when it can be restored, and whether its administrators were reminded.
ALTER TABLE spaces ADD COLUMN closed_at TIMESTAMP CHECK ((state = 'closed') = (closed_at IS NOT NULL));
ALTER TABLE spaces ADD COLUMN purge_at TIMESTAMP CHECK ((state = 'closed') = (purge_at IS NOT NULL));
ALTER TABLE spaces ADD COLUMN purge_reminded_at TIMESTAMP CHECK (purge_reminded_at IS NULL OR state = 'closed');
-- By this the jobs find what they purge, and of what they remind.
CREATE INDEX spaces_closed ON spaces (purge_at) WHERE state = 'closed';

-- One row for each space whose members said something of their company; sealed, for it names bank accounts.
CREATE TABLE company_profiles (
    space_id TEXT PRIMARY KEY NOT NULL REFERENCES spaces (id),
    sealed TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000)
);
