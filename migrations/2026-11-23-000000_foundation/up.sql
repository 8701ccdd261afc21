-- One text for both databases: ids and codes are TEXT, instants TIMESTAMP in UTC, numbers BIGINT with a range (a range
-- also keeps a text out of a number's column on SQLite), closed lists CHECKed. `lock_seq` is the lock of its row.

CREATE TABLE installation (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE persons (
    id TEXT PRIMARY KEY NOT NULL,
    number_digest TEXT NOT NULL UNIQUE,
    number_sealed TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    email TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('fr', 'de', 'en', 'lb')),
    created_at TIMESTAMP NOT NULL,
    lock_seq BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE products (
    id TEXT PRIMARY KEY NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    serial TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('luxtrust_private', 'luxtrust_professional', 'eid', 'eidas')),
    status TEXT NOT NULL CHECK (status IN ('registered', 'withdrawn')),
    space_limit BIGINT NOT NULL CHECK (space_limit BETWEEN 0 AND 1000000),
    created_at TIMESTAMP NOT NULL,
    lock_seq BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX products_by_person ON products (person_id, id);

CREATE TABLE registrations (
    id TEXT PRIMARY KEY NOT NULL,
    serial TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('luxtrust_private', 'luxtrust_professional', 'eid', 'eidas')),
    number_digest TEXT NOT NULL,
    number_sealed TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    assurance TEXT NOT NULL CHECK (assurance IN ('low', 'substantial', 'high')),
    email TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('fr', 'de', 'en', 'lb')),
    status TEXT NOT NULL CHECK (status IN ('awaiting_confirmation', 'confirmed', 'superseded')),
    code_digest TEXT NOT NULL,
    code_expires_at TIMESTAMP NOT NULL,
    tries_left BIGINT NOT NULL CHECK (tries_left BETWEEN 0 AND 1000),
    resends_left BIGINT NOT NULL CHECK (resends_left BETWEEN 0 AND 1000),
    created_at TIMESTAMP NOT NULL,
    lock_seq BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX registrations_awaiting ON registrations (serial) WHERE status = 'awaiting_confirmation';

CREATE TABLE assertion_uses (
    digest TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('registration', 'token')),
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (digest, purpose)
);
CREATE INDEX assertion_uses_by_expiry ON assertion_uses (expires_at);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    assurance TEXT NOT NULL CHECK (assurance IN ('low', 'substantial', 'high')),
    authenticated_at TIMESTAMP NOT NULL,
    helpdesk BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    refreshed_at TIMESTAMP NOT NULL,
    ended TEXT CHECK (ended IN ('refresh_reused', 'signed_out')),
    ended_at TIMESTAMP,
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK ((ended IS NULL) = (ended_at IS NULL))
);
CREATE INDEX sessions_by_person ON sessions (person_id, id);

CREATE TABLE refresh_tokens (
    digest TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    issued_at TIMESTAMP NOT NULL,
    spent_at TIMESTAMP
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE terms (
    version TEXT PRIMARY KEY NOT NULL,
    published_at TIMESTAMP NOT NULL
);

CREATE TABLE terms_texts (
    version TEXT NOT NULL REFERENCES terms (version),
    language TEXT NOT NULL CHECK (language IN ('fr', 'de', 'en', 'lb')),
    body TEXT NOT NULL,
    PRIMARY KEY (version, language)
);

CREATE TABLE terms_acceptances (
    person_id TEXT NOT NULL REFERENCES persons (id),
    version TEXT NOT NULL REFERENCES terms (version),
    product_id TEXT NOT NULL REFERENCES products (id),
    accepted_at TIMESTAMP NOT NULL,
    PRIMARY KEY (person_id, version)
);

CREATE TABLE spaces (
    id TEXT PRIMARY KEY NOT NULL,
    identifier TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('private', 'professional')),
    entity_type TEXT NOT NULL CHECK (entity_type IN ('legal_person', 'natural_person')),
    title TEXT,
    language TEXT NOT NULL CHECK (language IN ('fr', 'de', 'en', 'lb')),
    notification_email TEXT NOT NULL,
    notification_email_confirmed BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'suspended', 'closed', 'purged')),
    opened_with TEXT NOT NULL REFERENCES products (id),
    private_owner TEXT REFERENCES persons (id),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4000000000),
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK ((kind = 'private') = (private_owner IS NOT NULL)),
    CHECK ((kind = 'professional') = (title IS NOT NULL))
);
CREATE UNIQUE INDEX spaces_one_private ON spaces (private_owner) WHERE private_owner IS NOT NULL AND state <> 'purged';
CREATE INDEX spaces_by_product ON spaces (opened_with, kind, state);

CREATE TABLE memberships (
    id TEXT PRIMARY KEY NOT NULL,
    space_id TEXT NOT NULL REFERENCES spaces (id),
    person_id TEXT NOT NULL REFERENCES persons (id),
    role TEXT NOT NULL CHECK (role IN ('administrator', 'manager', 'contributor', 'reader')),
    scope TEXT NOT NULL CHECK (scope IN ('this_product', 'all_products')),
    product_id TEXT NOT NULL REFERENCES products (id),
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'ended')),
    ends_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX memberships_live ON memberships (space_id, person_id) WHERE status <> 'ended';
CREATE INDEX memberships_by_person ON memberships (person_id, space_id);

CREATE TABLE outbox (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('mail')),
    sealed TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    tries BIGINT NOT NULL CHECK (tries BETWEEN 0 AND 1000000)
);
CREATE INDEX outbox_by_due ON outbox (due_at, id);
