-- Clients of OAuth that prove by a key who they are, whatever they stand for, and the assertions that they used.
CREATE TABLE clients (
    id TEXT PRIMARY KEY NOT NULL,
    jwks TEXT NOT NULL
);
CREATE TABLE client_assertions (
    client_id TEXT NOT NULL REFERENCES clients (id),
    digest TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (client_id, digest)
);
CREATE INDEX client_assertions_by_expiry ON client_assertions (expires_at);

-- Companies' own software: clients that are let into a space. They change under the space's lock.
CREATE TABLE system_users (
    id TEXT PRIMARY KEY NOT NULL REFERENCES clients (id),
    space_id TEXT NOT NULL REFERENCES spaces (id),
    name TEXT NOT NULL,
    rights TEXT NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    approved_by TEXT NOT NULL REFERENCES persons (id),
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'ended')),
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000)
);
CREATE INDEX system_users_by_space ON system_users (space_id, id);
CREATE INDEX system_users_by_end ON system_users (ends_at);

ALTER TABLE audit_entries ADD COLUMN actor_client TEXT;
