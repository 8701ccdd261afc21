-- Since when, and why, members only read; both are there while the Helpdesk suspends a space.
ALTER TABLE spaces ADD COLUMN suspended_at TIMESTAMP;
ALTER TABLE spaces ADD COLUMN suspension_reason TEXT CHECK ((suspension_reason IS NULL) = (suspended_at IS NULL));

-- What persons ask of the Helpdesk: another limit for a product of theirs.
CREATE TABLE limit_requests (
    id TEXT PRIMARY KEY NOT NULL,
    product_id TEXT NOT NULL REFERENCES products (id),
    space_limit BIGINT NOT NULL CHECK (space_limit BETWEEN 0 AND 1000000),
    reason TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'granted', 'refused')),
    created_at TIMESTAMP NOT NULL,
    decided_at TIMESTAMP,
    granted_limit BIGINT CHECK (granted_limit BETWEEN 0 AND 1000000),
    decision_reason TEXT,
    lock_seq BIGINT NOT NULL DEFAULT 0,
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK ((status = 'open') = (decision_reason IS NULL)),
    CHECK ((status = 'granted') = (granted_limit IS NOT NULL))
);
CREATE UNIQUE INDEX limit_requests_open ON limit_requests (product_id) WHERE status = 'open';
CREATE INDEX limit_requests_by_product ON limit_requests (product_id, id);
CREATE INDEX limit_requests_by_status ON limit_requests (status, id);
