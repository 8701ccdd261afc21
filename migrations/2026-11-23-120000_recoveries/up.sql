-- Cases in which the Helpdesk appoints an administrator.
CREATE TABLE recoveries (
    id TEXT PRIMARY KEY NOT NULL,
    space_id TEXT NOT NULL REFERENCES spaces (id),
    appointee_id TEXT NOT NULL REFERENCES persons (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    opened_by TEXT NOT NULL REFERENCES persons (id),
    reason TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    confirmable_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'confirmed', 'withdrawn', 'stopped')),
    ended_at TIMESTAMP,
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK ((status = 'open') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX recoveries_open ON recoveries (space_id) WHERE status = 'open';
CREATE INDEX recoveries_by_space ON recoveries (space_id, id);
CREATE INDEX recoveries_by_status ON recoveries (status, id);

-- The administrators who are said to be unable to act.
CREATE TABLE recovery_memberships (
    recovery_id TEXT NOT NULL REFERENCES recoveries (id),
    membership_id TEXT NOT NULL REFERENCES memberships (id),
    PRIMARY KEY (recovery_id, membership_id)
);
CREATE INDEX recovery_memberships_by_membership ON recovery_memberships (membership_id);
