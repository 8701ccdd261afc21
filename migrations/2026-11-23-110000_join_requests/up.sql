-- What persons ask of spaces. `space_id` has no constraint: its check would be work for the identifiers alone that there are, and
-- a row is the same whether a space answers it or none does.
CREATE TABLE join_requests (
    id TEXT PRIMARY KEY NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    identifier TEXT NOT NULL,
    space_id TEXT,
    created_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    cancelled_at TIMESTAMP,
    decision TEXT CHECK (decision IN ('approved', 'refused')),
    decided_at TIMESTAMP,
    -- From when on the space's administrators are to be told, until they were.
    tell_at TIMESTAMP,
    CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CHECK (decision IS NULL OR decision <> 'approved' OR cancelled_at IS NULL)
);
CREATE INDEX join_requests_by_person ON join_requests (person_id, id);
CREATE INDEX join_requests_by_space ON join_requests (space_id, id);
CREATE INDEX join_requests_by_age ON join_requests (created_at);
CREATE INDEX join_requests_to_tell ON join_requests (tell_at) WHERE tell_at IS NOT NULL;
