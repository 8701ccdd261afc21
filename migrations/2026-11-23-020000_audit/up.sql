-- The audit log. `audit_chains` holds the head of each chain, which is locked last of all; `audit_entries` is only ever
-- added to. No CHECK lists the acts and the kinds of actors: both lists grow with the program.
CREATE TABLE audit_chains (
    chain TEXT PRIMARY KEY NOT NULL,
    entries BIGINT NOT NULL CHECK (entries BETWEEN 0 AND 4000000000),
    hash TEXT NOT NULL,
    appended_at TIMESTAMP,
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK ((entries = 0) = (appended_at IS NULL))
);

CREATE TABLE audit_entries (
    chain TEXT NOT NULL REFERENCES audit_chains (chain),
    position BIGINT NOT NULL CHECK (position BETWEEN 1 AND 4000000000),
    recorded_at TIMESTAMP NOT NULL,
    act TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_product TEXT,
    object TEXT NOT NULL,
    changed TEXT NOT NULL,
    reason_code TEXT,
    reason_text TEXT,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain, position)
);

-- A person or space that comes later brings its chain in the transaction that keeps it, so two never begin the same one.
INSERT INTO audit_chains (chain, entries, hash)
SELECT 'person:' || id, 0, '0000000000000000000000000000000000000000000000000000000000000000' FROM persons;
INSERT INTO audit_chains (chain, entries, hash)
SELECT 'space:' || id, 0, '0000000000000000000000000000000000000000000000000000000000000000' FROM spaces;
