-- A row that an older server still writes has no `updated_at`: it was never edited.
ALTER TABLE persons ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 4000000000);
ALTER TABLE persons ADD COLUMN updated_at TIMESTAMP;

-- The space in which a session works.
ALTER TABLE sessions ADD COLUMN current_space TEXT REFERENCES spaces (id);

-- One row for each address that its owner, `person:{id}` or `space:{id}`, asked for. One that has no address any more is over,
-- and only counts: as its owner's, and as that of the person who asked.
CREATE TABLE awaiting_addresses (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    asked_by TEXT NOT NULL REFERENCES persons (id),
    email TEXT,
    code_digest TEXT NOT NULL,
    code_expires_at TIMESTAMP NOT NULL,
    tries_left BIGINT NOT NULL CHECK (tries_left BETWEEN 0 AND 1000),
    resends_left BIGINT NOT NULL CHECK (resends_left BETWEEN 0 AND 1000),
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX awaiting_addresses_one_an_owner ON awaiting_addresses (owner) WHERE email IS NOT NULL;
CREATE INDEX awaiting_addresses_by_owner ON awaiting_addresses (owner, created_at);
CREATE INDEX awaiting_addresses_by_asker ON awaiting_addresses (asked_by, created_at);
CREATE INDEX awaiting_addresses_by_expiry ON awaiting_addresses (code_expires_at);

-- By this the sessions that began with a product are found.
CREATE INDEX sessions_by_product ON sessions (product_id, id);
